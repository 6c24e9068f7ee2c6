// Percent-encoding (RFC 3986), read and written with an eye on what may hide behind it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace calytics::core {

bool has_percent_escape(std::string_view text) noexcept;

// Decodes valid escapes. The result may be any bytes. May throw std::bad_alloc.
std::string percent_decode(std::string_view text);

// How often that is done at most: nobody encodes more often who has nothing to hide.
inline constexpr int kMaxDecodings = 8;

// Decodes until no escape is left. Absent if that takes more than kMaxDecodings rounds. May throw
// std::bad_alloc.
std::optional<std::string> percent_decode_fully(std::string_view text);

// Appends `text` as a component of a URL: what has a meaning there, or isn't ASCII, is escaped.
// The brackets of markers stay legible. May throw std::bad_alloc.
void append_percent_encoded(std::string& out, std::string_view text);

}  // namespace calytics::core
