// How many bytes of a text a row takes; what is longer is cut between two characters.
#pragma once

#include <cstddef>

namespace calytics::core {

inline constexpr std::size_t kMaxUid = 255;  // a longer one isn't cut, but a problem

inline constexpr std::size_t kNameLimit = 200;    // of things: slugs, handles, codes
inline constexpr std::size_t kPersonLimit = 320;  // names, addresses and numbers of people
inline constexpr std::size_t kProseLimit = 10'000;

inline constexpr std::size_t kUidLimit = kMaxUid + 5;  // room to see that a uid is too long

inline constexpr std::size_t kMaxAttendees = 1000;

}  // namespace calytics::core
