#include "member_names.hpp"

#include <algorithm>

#include "ascii.hpp"

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
static_assert(std::ranges::is_sorted(kKnownNames, {}, &KnownName::name));

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

template <class Names>
bool contains(const Names& names, std::string_view name) noexcept {
  return std::ranges::find(names, name) != names.end();
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
  const std::string_view name = text();
  const auto* known = std::ranges::lower_bound(kKnownNames, name, {}, &KnownName::name);
  if (known != kKnownNames.end() && known->name == name) return known->kind;
  const bool secret = name.size() >= 5 && std::ranges::any_of(kSecretWords, [name](auto word) {
                        return name.find(word) != std::string_view::npos;
                      });
  return secret ? std::optional(PersonalData::token) : std::nullopt;
}

std::optional<PersonalData> MemberName::kind_in_url() const noexcept {
  if (contains(kSecretParameters, text()) || contains(kClickParameters, text())) {
    return PersonalData::token;
  }
  return kind();
}

bool MemberName::is_of_identifier() const noexcept {
  return std::ranges::any_of(kIdentifierEnds,
                             [this](std::string_view end) { return text().ends_with(end); });
}

bool MemberName::is_of_attribution() const noexcept {
  const std::string_view name = text();
  return name.starts_with("utm") || name.find("referrer") != std::string_view::npos ||
         name == "referer" || name == "campaign" || contains(kClickParameters, name);
}

}  // namespace calytics::core
