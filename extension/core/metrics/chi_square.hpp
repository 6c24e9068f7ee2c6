// The chi-squared distribution's upper tail, by its recurrence in the degrees of freedom
// (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.4.8).
#pragma once

#include <algorithm>
#include <cmath>

namespace calytics::core {

// The probability that a sum of so many squared standard normals is `x` or more.
inline double chi_square_tail(double x, int degrees) {
  if (x <= 0) return 1;
  double tail = degrees % 2 == 1 ? std::erfc(std::sqrt(x / 2)) : std::exp(-x / 2);
  for (int d = degrees % 2 == 1 ? 1 : 2; d < degrees; d += 2)
    tail += std::exp(d / 2.0 * std::log(x / 2) - x / 2 - std::lgamma(d / 2.0 + 1));
  return std::min(tail, 1.0);
}

}  // namespace calytics::core
