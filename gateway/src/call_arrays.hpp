// Many calls as one statement takes them: an array for each parameter, in PostgreSQL's binary
// format. A statement of its own for each call would cost the server a tenth of what a webhook
// does.
#pragma once

#include <array>
#include <span>
#include <string>

#include "call.hpp"

namespace calytics::gateway {

inline constexpr std::size_t kCallParameters = 5;
// The types of a call's parameters, and of arrays of them.
inline constexpr std::array<unsigned, kCallParameters> kCallTypes = {25, 25, 25, 3802, 17};
inline constexpr std::array<unsigned, kCallParameters> kCallArrayTypes = {1009, 1009, 1009, 3807,
                                                                          1001};

std::array<std::string, kCallParameters> arrays_of(std::span<const Call> calls);

}  // namespace calytics::gateway
