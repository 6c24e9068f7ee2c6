// Registers of which only the greatest, the latest or the first telling is kept. Ties go by value.
// An absent value is less than any other.
#pragma once

#include <optional>
#include <tuple>

#include "core/time/moment.hpp"

namespace calytics::core {

template <class T>
void keep_greatest(T& mine, const T& other) noexcept {
  if (mine < other) mine = other;
}

inline void keep_first(std::optional<Moment>& mine, const std::optional<Moment>& other) noexcept {
  if (other && (!mine || *other < *mine)) mine = other;
}

// The same for members that belong together, led by the time at which they were told.
template <class... Members>
void keep_latest(std::tuple<Members&...> mine, std::tuple<const Members&...> other) noexcept {
  if (mine < other) mine = other;
}

template <class... Members>
void keep_first(std::tuple<std::optional<Moment>&, Members&...> mine,
                std::tuple<const std::optional<Moment>&, const Members&...> other) noexcept {
  if (std::get<0>(other) && (!std::get<0>(mine) || other < mine)) mine = other;
}

}  // namespace calytics::core
