#include "core/privacy/member_names.hpp"

#include <algorithm>
#include <cstdint>

#include "core/text/ascii.hpp"

namespace calytics::core {

namespace {

struct KnownName {
  std::string_view name;
  PersonalData kind;
};

constexpr auto kKnownNames = std::to_array<KnownName>({
    {"accountnumber", PersonalData::iban},
    {"address", PersonalData::person},
    {"address1", PersonalData::person},
    {"address2", PersonalData::person},
    {"addressline1", PersonalData::person},
    {"addressline2", PersonalData::person},
    {"apellido", PersonalData::person},
    {"apellidos", PersonalData::person},
    {"attendeeemail", PersonalData::email},
    {"attendeename", PersonalData::person},
    {"attendeephone", PersonalData::phone},
    {"authorization", PersonalData::token},
    {"bearer", PersonalData::token},
    {"birthdate", PersonalData::person},
    {"birthday", PersonalData::person},
    {"cardcvc", PersonalData::card},
    {"cardnumber", PersonalData::card},
    {"cookie", PersonalData::token},
    {"correo", PersonalData::email},
    {"creditcard", PersonalData::card},
    {"customeremail", PersonalData::email},
    {"customername", PersonalData::person},
    {"customerphone", PersonalData::phone},
    {"cvc", PersonalData::card},
    {"cvv", PersonalData::card},
    {"dateofbirth", PersonalData::person},
    {"dni", PersonalData::national_id},
    {"dob", PersonalData::person},
    {"email", PersonalData::email},
    {"emailaddress", PersonalData::email},
    {"familyname", PersonalData::person},
    {"firstname", PersonalData::person},
    {"fullname", PersonalData::person},
    {"givenname", PersonalData::person},
    {"homeaddress", PersonalData::person},
    {"iban", PersonalData::iban},
    {"ip", PersonalData::ip_address},
    {"ipaddress", PersonalData::ip_address},
    {"jwt", PersonalData::token},
    {"lastname", PersonalData::person},
    {"mail", PersonalData::email},
    {"mobilenumber", PersonalData::phone},
    {"mobilephone", PersonalData::phone},
    {"nationalid", PersonalData::national_id},
    {"nie", PersonalData::national_id},
    {"nif", PersonalData::national_id},
    {"nino", PersonalData::national_id},
    {"otp", PersonalData::token},
    {"passcode", PersonalData::token},
    {"passport", PersonalData::national_id},
    {"passportnumber", PersonalData::national_id},
    {"phone", PersonalData::phone},
    {"phonenumber", PersonalData::phone},
    {"postaladdress", PersonalData::person},
    {"privatekey", PersonalData::token},
    {"pwd", PersonalData::token},
    {"realname", PersonalData::person},
    {"remoteaddr", PersonalData::ip_address},
    {"ssn", PersonalData::national_id},
    {"street", PersonalData::person},
    {"streetaddress", PersonalData::person},
    {"surname", PersonalData::person},
    {"taxid", PersonalData::national_id},
    {"telefono", PersonalData::phone},
    {"telephone", PersonalData::phone},
    {"useremail", PersonalData::email},
    {"username", PersonalData::person},
    {"userphone", PersonalData::phone},
});

// Whatever else such a name says.
constexpr auto kSecretWords = std::to_array<std::string_view>(
    {"token", "secret", "passw", "apikey", "credential", "accesskey", "signingkey"});

constexpr auto kSecretParameters = std::to_array<std::string_view>({
    "auth",      "code",  "hash",         "hmac",    "invite",  "jsessionid",
    "key",       "login", "magic",        "nonce",   "oobcode", "pass",
    "phpsessid", "pin",   "samlresponse", "session", "sessid",  "sessionid",
    "sid",       "sig",   "signature",    "state",   "ticket",  "xamzsignature",
});

// Given to one click of one person.
constexpr auto kClickParameters = std::to_array<std::string_view>({
    "dclid",   "epik", "fbc",   "fbclid", "fbp",       "ga",      "gbraid", "gclid",
    "gclsrc",  "gl",   "hsenc", "igshid", "irclickid", "lifatid", "mceid",  "mkttok",
    "msclkid", "scid", "sccid", "ttclid", "twclid",    "wbraid",  "yclid",
});

constexpr auto kIdentifierEnds = std::to_array<std::string_view>({
    "id",       "uid",       "uuid",   "sku",     "ref",   "reference", "number", "no",
    "nr",       "price",     "amount", "total",   "cost",  "revenue",   "value",  "time",
    "date",     "timestamp", "count",  "version", "order", "invoice",   "ean",    "isbn",
    "duration", "size",      "ids",    "at",      "ms",
});

// What is known of a name, in properties and in URLs.
struct Entry {
  std::string_view name;
  std::optional<PersonalData> kind;
  std::optional<PersonalData> kind_in_url;
  bool click = false;
};

constexpr std::uint32_t hash_of(std::string_view name) noexcept {
  std::uint32_t hash = 2'166'136'261U;  // FNV-1a
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return hash;
}

// Every name we know, by its hash: each key of properties and URLs is looked up here.
class NameTable {
 public:
  constexpr NameTable() noexcept {
    for (const KnownName& known : kKnownNames) {
      Entry& entry = put(known.name);
      entry.kind = known.kind;
      entry.kind_in_url = known.kind;
    }
    for (const std::string_view name : kSecretParameters)
      put(name).kind_in_url = PersonalData::token;
    for (const std::string_view name : kClickParameters) {
      put(name).kind_in_url = PersonalData::token;
      put(name).click = true;
    }
  }

  // An empty entry if there is none.
  constexpr const Entry& find(std::string_view name) const noexcept {
    return entries_[place(name)];
  }

 private:
  static constexpr std::size_t kSize = 512;

  constexpr std::size_t place(std::string_view name) const noexcept {
    std::size_t place = hash_of(name) % kSize;
    while (!entries_[place].name.empty() && entries_[place].name != name)
      place = (place + 1) % kSize;
    return place;
  }

  constexpr Entry& put(std::string_view name) noexcept {
    Entry& entry = entries_[place(name)];
    entry.name = name;
    return entry;
  }

  std::array<Entry, kSize> entries_{};
};

constexpr NameTable kNames;

bool has_secret_word(std::string_view name) noexcept {
  constexpr std::size_t kShortest = 5;
  static constexpr CharacterSet kSeconds("oeapci");
  static constexpr CharacterSet kFirsts("tspac");
  for (std::size_t i = 0; i + kShortest <= name.size(); ++i) {
    if (!kFirsts.has(name[i]) || !kSeconds.has(name[i + 1])) continue;
    for (const std::string_view word : kSecretWords) {
      if (word[0] == name[i] && name.substr(i).starts_with(word)) return true;
    }
  }
  return false;
}

}  // namespace

MemberName::MemberName(std::string_view name) noexcept {
  for (const char c : name) {
    if (c == '_' || c == '-' || c == '.' || c == ' ') continue;
    if (size_ == buffer_.size()) {
      size_ = 0;
      break;
    }
    buffer_[size_++] = to_lower(c);
  }
}

std::optional<PersonalData> MemberName::kind() const noexcept {
  const std::optional<PersonalData>& kind = kNames.find(text()).kind;
  if (!kind && has_secret_word(text())) return PersonalData::token;
  return kind;
}

std::optional<PersonalData> MemberName::kind_in_url() const noexcept {
  const std::optional<PersonalData>& kind = kNames.find(text()).kind_in_url;
  return kind ? kind : this->kind();
}

bool MemberName::is_of_identifier() const noexcept {
  return std::ranges::any_of(kIdentifierEnds,
                             [this](std::string_view end) { return text().ends_with(end); });
}

bool MemberName::is_of_attribution() const noexcept {
  const std::string_view name = text();
  return name.starts_with("utm") || name.find("referrer") != std::string_view::npos ||
         name == "referer" || name == "campaign" || kNames.find(name).click;
}

}  // namespace calytics::core
