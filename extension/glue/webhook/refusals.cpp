// Refused deliveries and calls leave no row, or anyone could fill the disk; they are counted in
// shared memory instead, so that a wrong secret at Cal.com shows. Counting never blocks and never
// fails; without preloading there is nothing to count in, and cal.health() says so.

#include "glue/pg/pg.hpp"

extern "C" {
#include "port/atomics.h"
}

#include <array>

#include "glue/pg/shared_memory.hpp"
#include "glue/webhook/refusals.hpp"

CALYTICS_SQL_FUNCTION(calytics_count_refusal);
CALYTICS_SQL_FUNCTION(calytics_refusals);

namespace {

constexpr std::array<std::string_view, 4> outcomes = {"unauthorized", "too_large", "forbidden",
                                                      "rate_limited"};

struct Counters {
  std::array<pg_atomic_uint64, outcomes.size()> by_outcome;
};

Counters* counters = nullptr;

void attach(void* memory, bool there) {
  counters = static_cast<Counters*>(memory);
  if (there) return;
  for (auto& counter : counters->by_outcome)
    pg_atomic_init_u64(&counter, 0);
}

}  // namespace

void calytics::glue::request_refusal_counters() {
  share_memory({"calytics refusals", sizeof(Counters), 0, attach});
}

void calytics::glue::count_refusal(std::string_view outcome) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcome != outcomes[i]) continue;
    if (counters != nullptr) pg_atomic_fetch_add_u64(&counters->by_outcome[i], 1);
    return;
  }
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("\"%.*s\" is not the outcome of a refusal",
                         static_cast<int>(outcome.size()), outcome.data())));
}

Datum calytics_count_refusal(PG_FUNCTION_ARGS) {
  calytics::glue::count_refusal(calytics::glue::bytes_of(PG_GETARG_TEXT_PP(0)));
  PG_RETURN_VOID();
}

Datum calytics_refusals(PG_FUNCTION_ARGS) {
  InitMaterializedSRF(fcinfo, 0);
  if (counters != nullptr) {
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      std::array<Datum, 2> values = {
          calytics::glue::text_datum(outcomes[i]),
          Int64GetDatum(static_cast<int64>(pg_atomic_read_u64(&counters->by_outcome[i])))};
      std::array<bool, 2> nulls = {false, false};
      tuplestore_putvalues(result->setResult, result->setDesc, values.data(), nulls.data());
    }
  }
  return Datum{0};
}
