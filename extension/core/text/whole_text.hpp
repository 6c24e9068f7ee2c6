// A name or an address looked for as a whole: "ann" stands neither in "Joanne" nor in "annex", and
// an address in no longer one. The case of ASCII letters makes no difference.
//
// Guarantees: nothing is found of a text that is empty; all else stays, byte for byte.
#pragma once

#include <string>
#include <string_view>

namespace calytics::core {

// May throw std::bad_alloc.
bool contains_whole(std::string_view text, std::string_view wanted);

// Wherever it stands. May throw std::bad_alloc.
void replace_whole(std::string& text, std::string_view wanted, std::string_view other);

}  // namespace calytics::core
