// The composite types by which requests come to handlers, and answers back.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/htup_details.h"
#include "utils/typcache.h"
}

#include <array>

namespace calytics::glue {

// calytics.http_request
enum RequestColumn { kMethod, kPath, kParams, kQuery, kHeaders, kBody, kClient, kCaller };
using RequestRow = std::array<NullableDatum, kCaller + 1>;

// calytics.http_response
enum ResponseColumn { kStatus, kAnswerHeaders, kAnswerBody };
using ResponseRow = std::array<NullableDatum, kAnswerBody + 1>;

inline constexpr NullableDatum kNone = {.value = 0, .isnull = true};
inline NullableDatum some(Datum value) {
  return {.value = value, .isnull = false};
}

// A row of a composite type in schema calytics.
Datum composite(const char* type, const NullableDatum* columns, std::size_t count);

template <std::size_t count>
Datum composite(const char* type, const std::array<NullableDatum, count>& columns) {
  return composite(type, columns.data(), count);
}

// The columns of such a row.
void take_apart(Datum row, NullableDatum* columns, std::size_t count);

template <std::size_t count>
std::array<NullableDatum, count> columns_of(Datum row) {
  std::array<NullableDatum, count> columns;
  take_apart(row, columns.data(), count);
  return columns;
}

// What a route's {source} stands for, of the params of a request.
std::string_view source_of(const NullableDatum& params);

}  // namespace calytics::glue
