#include "core/metrics/tally_text.hpp"

#include <algorithm>
#include <charconv>

#include "core/text/text.hpp"

namespace calytics::core {

namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(trim_ascii(text)) {}

  bool at_end() const noexcept { return rest_.empty(); }

  bool take(char wanted) noexcept {
    if (rest_.empty() || rest_.front() != wanted) return false;
    skip(1);
    return true;
  }

  std::errc number(std::int64_t& value) noexcept {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    skip(static_cast<std::size_t>(end - rest_.data()));
    return error;
  }

 private:
  void skip(std::size_t size) noexcept { rest_ = trim_ascii(rest_.substr(size)); }

  std::string_view rest_;
};

TallyTextStatus parse_entry(Scanner& scanner, TallyEntry& entry) noexcept {
  std::int64_t index = 0;
  const std::errc index_error = scanner.number(index);
  if (index_error == std::errc::invalid_argument || !scanner.take(':'))
    return TallyTextStatus::malformed;
  if (index_error != std::errc() || index < 0 || index >= kTallyIndexes)
    return TallyTextStatus::index_out_of_range;
  entry.index = static_cast<std::uint16_t>(index);
  const std::errc count_error = scanner.number(entry.count);
  if (count_error == std::errc()) return TallyTextStatus::ok;
  return count_error == std::errc::result_out_of_range ? TallyTextStatus::count_out_of_range
                                                       : TallyTextStatus::malformed;
}

}  // namespace

std::size_t text_entries(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::count(text, ':'));
}

TallyTextStatus parse_tally(std::string_view text, std::span<TallyEntry>& entries) noexcept {
  Scanner scanner(text);
  std::size_t size = 0;
  if (!scanner.take('{')) return TallyTextStatus::malformed;
  if (!scanner.take('}')) {
    do {
      TallyEntry entry{};
      const TallyTextStatus status = parse_entry(scanner, entry);
      if (status != TallyTextStatus::ok) return status;
      entries[size++] = entry;
    } while (scanner.take(','));
    if (!scanner.take('}')) return TallyTextStatus::malformed;
  }
  if (!scanner.at_end()) return TallyTextStatus::malformed;
  entries = entries.first(size);
  return TallyTextStatus::ok;
}

TallyStatus print_tally(std::string_view bytes, char* out, char*& end) noexcept {
  constexpr std::ptrdiff_t widest = 20;
  end = out;
  *end++ = '{';
  TallyReader reader(bytes);
  for (bool first = true; reader.next(); first = false) {
    if (!first) *end++ = ',';
    end = std::to_chars(end, end + widest, reader.index()).ptr;
    *end++ = ':';
    end = std::to_chars(end, end + widest, reader.count()).ptr;
  }
  *end++ = '}';
  return reader.status();
}

}  // namespace calytics::core
