// Evaluates metrics: from sums of measures, each at a place (a role, a time, a service, a host), to
// the numbers above and below each metric's line there. The definitions come from SQL
// (calytics.metric); here they are only carried out, hundreds of them for one dashboard.
//
// Guarantees: nothing here throws or allocates; arithmetic beyond 64 bits is a status. Memory is
// the caller's.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/metrics/tally.hpp"

namespace calytics::core {

// Measures are the indexes below this one; cells of histograms lie above.
inline constexpr std::int32_t kMeasures = 100;
// How many bins a histogram has.
inline constexpr std::int32_t kBins = 640;

enum class Role : std::uint8_t { now, then, series, service, host };

// One bit for a basis and window that sums are for; 0 for what no metric knows.
std::uint32_t part_of(std::string_view basis, std::string_view window) noexcept;

struct Formula {
  enum class Kind { sum, ratio, quantile };
  Kind kind = Kind::sum;
  std::uint32_t parts = 0;  // sums of any of them count
  bool per_currency = false;
  bool in_series = false;  // wanted in role series
  bool in_tables = false;  // wanted in roles service and host
  double quantile = 0;
  std::int32_t shift = 0;      // of the indexes that the weights tell
  std::int32_t first_bin = 0;  // of a quantile's histogram
  std::string_view above;      // tallies of weights
  std::string_view below;
  std::string_view otherwise;  // above, where nothing was collected; empty for most
};

struct Sums {
  Role role = Role::now;
  std::uint32_t part = 0;
  std::int64_t at = 0;
  std::string_view service;
  std::string_view host;
  std::string_view currency;
  std::string_view counts;
};

struct Number {
  std::uint32_t formula = 0;
  std::uint32_t sums = 0;  // one of the place's, and of the currency's where the formula is by it
  std::int64_t above = 0;
  std::int64_t below = 0;
  std::int32_t bin = -1;  // of a quantile; -1 where there is none
};

// Sums of one place, currency and part: a range of `order`.
struct Cell {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::uint32_t part = 0;
  std::string_view currency;
};

// Room for one entry, and in `dense` for kMeasures counts, per row of sums.
struct Workspace {
  std::uint32_t* order = nullptr;
  Cell* cells = nullptr;
  std::int64_t* dense = nullptr;
};

// `out` has room for a number for each formula and row. They are ordered by role, time, service and
// host; at one place by formula and currency.
TallyStatus evaluate(std::span<const Formula> formulas, std::span<const Sums> sums,
                     const Workspace& work, Number* out, std::size_t& size) noexcept;

}  // namespace calytics::core
