// What a fact contributes, on its way to the spans that it belongs to.
#pragma once

#include "glue/facts/fact.hpp"
#include "glue/facts/zone.hpp"
#include "glue/sums/reader.hpp"
#include "glue/sums/tally.hpp"

namespace calytics::glue {

// Hands a fact's contributions on, in the bytes of a tally.
struct Feed {
  Reader* reader;
  const core::Fact* fact;
  std::int64_t weight;
  const Correction* correction = nullptr;  // for cut facts
  TimestampTz ended_by = core::kUnknown;   // for those that outlast it
};

// The bytes of a tally of whatever a fact contributes at once.
using TallyRoom = std::array<std::uint8_t, core::TallyWriter::room(128)>;

inline std::string_view tally_bytes(const core::Contribution& contribution, TallyRoom& room) {
  if (core::TallyWriter::room(contribution.counts.size()) > room.size())
    elog(ERROR, "a contribution is too long");
  core::TallyWriter writer(room.data());
  for (const core::TallyEntry& entry : contribution.counts)
    writer.put(entry.index, entry.count);
  return {reinterpret_cast<const char*>(room.data()),
          static_cast<std::size_t>(writer.end() - room.data())};
}

inline bool within(const Span& span, TimestampTz at) {
  return at >= span.lo && at < span.hi;
}

inline void contribute(Feed& feed, unsigned bases, void (*sink)(void*, const core::Contribution&)) {
  const core::Fact& fact = *feed.fact;
  if (!feed.reader->sums->lets(fact.service, fact.host)) return;
  raise_unless_ok(core::contribute(fact, feed.reader->sums->rules(), bases, sink, &feed));
}

// Adds a contribution to the spans that `wanted` picks.
template <typename Wanted>
void add_contribution(const Feed& feed, const core::Contribution& contribution, Wanted wanted) {
  TallyRoom room;
  std::string_view counts;
  Timestamp local = 0;
  const core::CubeKey key = {feed.fact->service, feed.fact->host, contribution.currency};
  for (const Span& span : feed.reader->sums->spans().all) {
    bool unfinished = false;
    if (span.basis != contribution.basis || !wanted(span, unfinished)) continue;
    if (counts.empty()) {
      counts = tally_bytes(contribution, room);
      local = local_time(feed.reader->sums->rules(), contribution.at);
    }
    feed.reader->sums->add(span, unfinished, local, key, counts, feed.weight);
  }
}

// Of a span that leaves out what had not ended by a moment: true if this had not.
inline bool outlasts(const Span& span, TimestampTz ended_at, TimestampTz ended_by) {
  return span.basis == core::Basis::service && span.ended_by != core::kUnknown &&
         span.ended_by == ended_by && ended_at > ended_by;
}

inline void add_outlasting(void* context, const core::Contribution& contribution) {
  const Feed& feed = *static_cast<Feed*>(context);
  add_contribution(feed, contribution, [&](const Span& span, bool& unfinished) {
    unfinished = span.window == "period";
    return within(span, contribution.at) && outlasts(span, feed.fact->ended_at, feed.ended_by);
  });
}

}  // namespace calytics::glue
