// What a dashboard reads besides sums: the source, the names of its services and hosts, the
// definitions of the metrics. All within SPI_connect and SPI_finish; what is read lives in the
// memory context that was current before.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/metrics/dashboard.hpp"
#include "core/metrics/period.hpp"
#include "glue/pg/rows.hpp"
#include "glue/sums/collect.hpp"

namespace calytics::glue {

struct BoardSource {
  std::int32_t id = 0;
  std::string_view name;
  std::string_view time_zone;
  std::string_view currency;  // empty: there is none
  core::Rules rules;
  TimestampTz last_webhook = core::kUnknown;
  bool tells_payments = false;
  bool tells_refunds = false;
};

// Raises what calytics.source_named does.
BoardSource source_named(NullableDatum name, MemoryContext memory);

// Raises what calytics.check_metrics does, unless there is such a date basis.
void check_basis(std::string_view basis);

// Whether anyone had told of payments by then, and of refunds.
void read_told_by(BoardSource& source, TimestampTz known_at);

// The keys of a service, or of a host, by its name; all of them where none is given.
Filter service_filter(const BoardSource& source, NullableDatum name, MemoryContext memory);
Filter host_filter(const BoardSource& source, NullableDatum name, MemoryContext memory);

// What keys are called now, ready for lookups.
std::span<core::Naming> names_of(const BoardSource& source, MemoryContext memory);

// Those of calytics.metric that can be told of these services and hosts, as of now or as they were
// known at a moment.
Rows metric_rows(const Filter& services, const Filter& hosts, NullableDatum known_at,
                 MemoryContext memory);

// calytics.sums of the facts as they were known then.
Rows sums_known(const BoardSource& source, std::span<const Span> spans, const Filter& services,
                const Filter& hosts, TimestampTz known_at, MemoryContext memory);

}  // namespace calytics::glue
