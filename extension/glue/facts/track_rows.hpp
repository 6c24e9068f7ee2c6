// Rows of calytics.tracked_session and calytics.funnel as the core's facts, and back.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/tracking/track_facts.hpp"
#include "glue/pg/columns.hpp"
#include "glue/pg/list.hpp"

namespace calytics::glue {

struct SessionRow {
  std::string_view session;
  core::SessionFact fact;
};

struct FunnelRow {
  std::string_view session;
  core::FunnelFact fact;
};

// What a query is to select of them, by these names of a row; `sessions` and `funnels` below take
// it.
#define CALYTICS_SESSION_COLUMNS(row)                                                            \
  row ".session_id, " row ".began_at, " row ".ended_at, " row ".received_first, " row            \
      ".received_last, " row ".events, (" row ".origin).source, (" row ".origin).medium, (" row  \
      ".origin).campaign, (" row ".origin).referrer, " row ".origin_at, " row ".origin_id, " row \
      ".claimed, " row ".booked"
#define CALYTICS_FUNNEL_COLUMNS(row)                                                      \
  row ".session_id, " row ".service, " row ".received_first, " row ".received_last, " row \
      ".started_at, " row ".ended_at, " row ".viewed_at, " row ".selected_at, " row       \
      ".began_at, " row ".submitted_at, " row ".claimed_at, " row ".abandoned_at, " row   \
      ".booked_at, " row ".uid, " row ".reached"
inline constexpr int kSessionColumns = 14;
inline constexpr int kFunnelColumns = 15;

// Their texts are copied to the memory context.
SessionRow session_row(const Datum* values, const bool* nulls, MemoryContext memory);
FunnelRow funnel_row(const Datum* values, const bool* nulls, MemoryContext memory);

// A copy in the memory context; without data for NULL.
std::string_view kept_text(Datum value, bool null, MemoryContext memory);

// All columns of a row of the tables, in the current memory context. origin: that type's shape.
Arguments session_columns(TupleDesc origin, std::int32_t source, std::string_view session,
                          const core::SessionFact& fact);
Arguments funnel_columns(std::int32_t source, std::string_view session,
                         const core::FunnelFact& fact);

// The same as rows of the tables' types.
struct TrackShapes {
  TupleDesc session;
  TupleDesc funnel;
  TupleDesc origin;
};
TrackShapes track_shapes(Oid session, Oid funnel);
Datum session_datum(const TrackShapes& shapes, std::int32_t source, std::string_view session,
                    const core::SessionFact& fact);
Datum funnel_datum(const TrackShapes& shapes, std::int32_t source, std::string_view session,
                   const core::FunnelFact& fact);

}  // namespace calytics::glue
