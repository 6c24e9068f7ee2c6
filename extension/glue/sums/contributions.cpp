// calytics.contributions: what a fact contributes, as rows.

#include "glue/pg/pg.hpp"

#include "glue/facts/fact.hpp"
#include "glue/sums/tally.hpp"

CALYTICS_SQL_FUNCTION(calytics_contributions);

namespace {

using calytics::core::Basis;
using calytics::core::Contribution;
using calytics::glue::NewTally;
using calytics::glue::raise_unless_ok;
using calytics::glue::text_datum;

std::string_view name_of(Basis basis) {
  switch (basis) {
    case Basis::booked:
      return "booked";
    case Basis::service:
      return "service";
    case Basis::event:
      return "event";
    case Basis::cohort:
    case Basis::tracked:
      break;
  }
  return "cohort";
}

void put_row(void* context, const Contribution& contribution) {
  auto* rows = static_cast<ReturnSetInfo*>(context);
  NewTally counts(contribution.counts.size());
  for (const auto& [index, count] : contribution.counts)
    counts.out().put(index, count);
  Datum values[] = {text_datum(name_of(contribution.basis)), TimestampTzGetDatum(contribution.at),
                    text_datum(contribution.currency), PointerGetDatum(counts.finish())};
  bool nulls[] = {false, false, false, false};
  tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
}

}  // namespace

Datum calytics_contributions(PG_FUNCTION_ARGS) {
  InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
  const auto fact = calytics::glue::fact_of(PG_GETARG_HEAPTUPLEHEADER(0));
  const auto rules = calytics::glue::rules_of(PG_GETARG_HEAPTUPLEHEADER(1));
  raise_unless_ok(calytics::core::contribute(fact, rules, calytics::core::kAllBases, put_row,
                                             fcinfo->resultinfo));
  return Datum{0};
}
