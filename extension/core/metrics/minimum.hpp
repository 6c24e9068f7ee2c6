// The minimum of a function of a few numbers, without derivatives: the simplex method of Nelder and
// Mead (A simplex method for function minimization, 1965).
//
// Guarantees: nothing here allocates or throws, as long as the function doesn't; the result is
// never worse than the start, and the same for the same start.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace calytics::core {

template <std::size_t kSize>
using Point = std::array<double, kSize>;

// Ends when the corners' values differ by less than `tolerance` of them, or after so many steps.
template <std::size_t kSize, class Function>
Point<kSize> minimum_near(const Function& function, const Point<kSize>& start, double width,
                          double tolerance, int most_steps) {
  struct Corner {
    Point<kSize> at;
    double value;
  };
  std::array<Corner, kSize + 1> corners;
  for (std::size_t i = 0; i <= kSize; ++i) {
    corners[i].at = start;
    if (i > 0) corners[i].at[i - 1] += width;
    corners[i].value = function(corners[i].at);
  }
  const auto better = [](const Corner& a, const Corner& b) { return a.value < b.value; };
  Corner& worst = corners[kSize];
  for (int step = 0; step < most_steps; ++step) {
    std::sort(corners.begin(), corners.end(), better);
    if (worst.value - corners[0].value <= tolerance * std::abs(corners[0].value)) break;
    Point<kSize> centre = {};
    for (std::size_t i = 0; i < kSize; ++i)
      for (std::size_t k = 0; k < kSize; ++k)
        centre[k] += corners[i].at[k] / static_cast<double>(kSize);
    const auto beyond = [&](double factor) {
      Corner corner;
      for (std::size_t k = 0; k < kSize; ++k)
        corner.at[k] = centre[k] + factor * (worst.at[k] - centre[k]);
      corner.value = function(corner.at);
      return corner;
    };
    const Corner reflected = beyond(-1);
    if (reflected.value < corners[0].value) {
      worst = std::min(reflected, beyond(-2), better);
      continue;
    }
    if (reflected.value < corners[kSize - 1].value) {
      worst = reflected;
      continue;
    }
    const Corner contracted = beyond(reflected.value < worst.value ? -0.5 : 0.5);
    if (contracted.value < std::min(reflected.value, worst.value)) {
      worst = contracted;
      continue;
    }
    for (std::size_t i = 1; i <= kSize; ++i) {
      for (std::size_t k = 0; k < kSize; ++k)
        corners[i].at[k] = (corners[i].at[k] + corners[0].at[k]) / 2;
      corners[i].value = function(corners[i].at);
    }
  }
  return std::min_element(corners.begin(), corners.end(), better)->at;
}

}  // namespace calytics::core
