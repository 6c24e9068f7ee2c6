// A row of calytics.chain as the core's fact, a row of calytics.source as its rules. Both by the
// position of the columns, in the order of sql/fact.sql and sql/source.sql.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/htup_details.h"
#include "pgtime.h"
}

#include "core/metrics/contribution.hpp"

namespace calytics::glue {

inline constexpr int kChainColumns = 33;
inline constexpr int kSourceColumns = 11;

// Views of the values, or of copies in the current memory context where they had to be unpacked.
core::Fact fact_of(const Datum* values, const bool* nulls);
core::Fact fact_of(HeapTupleHeader chain);

// The zone is in the current memory context.
core::Rules rules_of(const Datum* values, const bool* nulls);
core::Rules rules_of(HeapTupleHeader source);

// A name as `at time zone` understands it: an abbreviation goes before a zone of that name.
struct Zone {
  const text* name;
  const pg_tz* zone;    // nullptr for an abbreviation
  bool fixed;           // an abbreviation that always meant the same
  std::int64_t offset;  // of it, in microseconds
};

// Raises invalid_parameter_value where there is no such zone.
const Zone* zone_named(const text* name);

// What `at time zone` says. A core::Rules' local.
std::int64_t local_time(const void* zone, core::Instant at);

}  // namespace calytics::glue
