#include "glue/answers/dashboard_tracked.hpp"

#include <algorithm>

#include "glue/sums/tally.hpp"
#include "glue/sums/visitors.hpp"

namespace calytics::glue {

namespace {

using core::Unit;

constexpr std::int64_t kFunnelWindow = core::kDay;
constexpr std::int32_t kVisitors = 90;  // as calytics.measure has it

Span span_of(std::string_view role, std::string_view basis, const core::Period& period, Unit unit) {
  Span span = {};
  span.role = role;
  span.basis_name = basis;
  span.window = "period";
  span.basis = core::Basis::tracked;
  span.lo = period.starts_at;
  span.hi = period.cut_at;
  span.unit = unit;
  span.ended_by = core::kUnknown;
  span.as_of = period.as_of;
  return span;
}

// As calytics.track_spans has them.
std::size_t put_spans(std::string_view role, const core::Period& period, Unit unit, Span* spans) {
  spans[0] = span_of(role, "tracking", period, unit);
  spans[1] = span_of(role, "funnel", period, unit);
  spans[0].cells = spans[1].cells = true;
  spans[2] = span_of(role, "funnel", period, unit);
  spans[2].window = "open";
  spans[2].lo = std::max(period.starts_at, period.as_of - kFunnelWindow);
  spans[3] = span_of(role, "session", period, unit);
  return 4;
}

// Visitors on their way to a role's sums.
struct Counting {
  std::string_view role;
  const core::Period* period;
  Unit unit;
  SumSink sink;
  void* context;
  std::int64_t added_up = 0;
  std::int64_t total = 0;
  bool any = false;
};

void put_visitors(const Counting& to, std::string_view role, Unit unit, Timestamp at,
                  std::int64_t visitors) {
  NewTally tally(1);
  tally.out().put(kVisitors, visitors);
  to.sink(to.context, span_of(role, "visitor", *to.period, unit), false, at, {},
          bytes_of(tally.finish()));
}

void put_count(void* context, const VisitorCount& count) {
  auto& to = *static_cast<Counting*>(context);
  to.any = true;
  to.added_up += count.visitors;
  to.total = count.total;
  put_visitors(to, to.role, to.unit, count.unit, count.visitors);
}

}  // namespace

void collect_board(const TrackedBoard& board, MemoryContext memory, SumSink sink, void* context) {
  std::array<Span, 9> spans;
  std::size_t size = put_spans("series", board.now, board.unit, spans.data());
  size += put_spans("then", board.then, Unit::none, spans.data() + size);
  if (board.services.absent) {
    spans[size] = span_of(kOrigin, kOrigin, board.now, Unit::none);
    spans[size++].split = {.service = true, .host = true};
    Counting now = {"series", &board.now, board.unit, sink, context};
    Asked asked;
    asked.source = board.source;
    asked.lo = board.now.starts_at;
    asked.hi = board.now.cut_at;
    asked.unit = board.unit;
    asked.total = true;
    count_visitors(asked, memory, put_count, &now);
    // Added up, the series tells too many; this makes it right.
    if (now.any) put_visitors(now, "now", Unit::none, 0, now.total - now.added_up);
    Counting then = {"then", &board.then, Unit::none, sink, context};
    asked.lo = board.then.starts_at;
    asked.hi = board.then.cut_at;
    asked.unit = Unit::none;
    asked.total = false;
    count_visitors(asked, memory, put_count, &then);
  }
  collect_tracked(board.source, {spans.data(), size}, board.services, {}, memory, sink, context);
}

}  // namespace calytics::glue
