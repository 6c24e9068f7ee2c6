// Replaces personal data in texts by markers such as "[email]", also where it is percent-encoded.
//
// Guarantee: nothing that the scanner knows is left in what is appended, read as it stands or
// decoded any number of times.
#pragma once

#include <string>
#include <string_view>

#include "core/privacy/number_run.hpp"
#include "core/privacy/personal_data.hpp"

namespace calytics::core {

// Texts beyond this length aren't read: a caller cuts or refuses them.
inline constexpr std::size_t kMaxScrubbed = std::size_t{16} * 1024;

// How what was found behind percent-encoding is written.
enum class Encoding : bool { text, url };

// Appends `text` without personal data, and returns whether there was any. May throw
// std::bad_alloc.
bool append_scrubbed(std::string& out, std::string_view text, NumberHint hint, Encoding encoding,
                     PersonalDataCounts& counts);

// Whether something would be found. May throw std::bad_alloc.
bool holds_personal_data(std::string_view text, NumberHint hint);

}  // namespace calytics::core
