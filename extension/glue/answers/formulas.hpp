// Metrics' definitions, rows of calytics.metric, made ready for one occasion: by which basis, by
// which calendar unit people are counted, who told of money. And the numbers that come of them, in
// numeric, so that their digits are those of SQL.
#pragma once

#include "glue/pg/rows.hpp"

extern "C" {
#include "utils/numeric.h"
}

#include "core/metrics/evaluation.hpp"

namespace calytics::glue {

struct Occasion {
  std::string_view basis;          // instead of each metric's default, where it can be
  std::string_view calendar_unit;  // which people to count; empty: that is not known
  bool tells_payments = false;
  bool tells_refunds = false;
  bool same_windows = false;  // window matured stands for converted as well
};

struct Definition {
  Datum metric = 0;
  Datum basis = 0;
  std::int32_t factor = 1;
  bool known = true;
  bool rate = false;
  bool upcoming = false;
};

struct Definitions {
  core::Formula* formulas = nullptr;
  Definition* rows = nullptr;
  std::size_t size = 0;
};

// What is not known has a formula that no sums count for.
Definitions definitions_of(const Rows& metrics, const Occasion& occasion);

struct Numbers {
  core::Number* numbers = nullptr;
  std::size_t size = 0;
};

// Evaluates, or raises what hinders it.
Numbers numbers_of(const Definitions& definitions, const core::Sums* sums, std::size_t size);

// NULL where there is none: a ratio of nothing, a quantile of nothing.
Numeric value_of(const Definitions& definitions, const core::Number& number);

// By position, as calytics.sums has it; the role is the caller's to read.
core::Sums sums_of(const Row& row);

}  // namespace calytics::glue
