#include "glue/facts/known_facts.hpp"

extern "C" {
#include "utils/memutils.h"
}

#include <algorithm>
#include <tuple>

#include "glue/facts/pending_events.hpp"
#include "glue/pg/parameters.hpp"

namespace calytics::glue {

void sort(List<SessionRow>& rows) {
  std::sort(rows.begin(), rows.end(), [](const SessionRow& a, const SessionRow& b) {
    return std::tie(a.session, a.fact.began_at) < std::tie(b.session, b.fact.began_at);
  });
}

void sort(List<FunnelRow>& rows) {
  std::sort(rows.begin(), rows.end(), [](const FunnelRow& a, const FunnelRow& b) {
    return std::tie(a.session, a.fact.service) < std::tie(b.session, b.fact.service);
  });
}

namespace {

// Facts of more sessions than this are not remembered.
constexpr std::size_t kMost = 50'000;

using Ids = std::span<const std::string_view>;

void take_session(void* context, const Datum* values, const bool* nulls) {
  auto& rows = static_cast<KnownFacts*>(context)->sessions;
  rows.put(session_row(values, nulls, rows.memory));
}

void take_funnel(void* context, const Datum* values, const bool* nulls) {
  auto& rows = static_cast<KnownFacts*>(context)->funnels;
  rows.put(funnel_row(values, nulls, rows.memory));
}

void take_kept_from(void* context, const Datum* values, const bool* nulls) {
  if (!nulls[0]) static_cast<KnownFacts*>(context)->kept_from = DatumGetTimestampTz(values[0]);
}

void look_up(std::int32_t source, Ids ids, KnownFacts& facts) {
  static const Oid types[] = {INT4OID, TEXTARRAYOID};
  static Statement sessions(
      "select " CALYTICS_SESSION_COLUMNS("x")
      "  from unnest($2) i (id) cross join lateral ("
      "    select s.* from calytics.tracked_session s"
      "     where s.source_id = $1 and s.session_id = i.id offset 0) x",
      types);
  static Statement funnels(
      "select " CALYTICS_FUNNEL_COLUMNS("x")
      "  from unnest($2) i (id) cross join lateral ("
      "    select f.* from calytics.funnel f"
      "     where f.source_id = $1 and f.session_id = i.id offset 0) x",
      types);
  auto* texts = static_cast<Datum*>(palloc(sizeof(Datum) * (ids.size() + 1)));
  std::ranges::transform(ids, texts, [](std::string_view id) { return text_datum(id); });
  std::array<Datum, 2> values = {Int32GetDatum(source), array_of(texts, ids.size(), TEXTOID)};
  const std::size_t first = facts.sessions.size;
  sessions.run(values.data(), nullptr, take_session, &facts);
  // Who has a funnel has a session: most ids are new, and neither is looked for twice.
  std::size_t known = 0;
  for (std::size_t i = first; i < facts.sessions.size; ++i) {
    if (i == first || facts.sessions.items[i].session != facts.sessions.items[i - 1].session)
      texts[known++] = text_datum(facts.sessions.items[i].session);
  }
  if (known > 0) {
    values[1] = array_of(texts, known, TEXTOID);
    funnels.run(values.data(), nullptr, take_funnel, &facts);
  }
  sort(facts.sessions);
  sort(facts.funnels);
}

void look_up_policy(std::int32_t source, KnownFacts& facts) {
  static const Oid types[] = {INT4OID};
  static Statement query("select t.kept_from from calytics.tracking t where t.source_id = $1",
                         types);
  const Datum value = Int32GetDatum(source);
  query.run(&value, nullptr, take_kept_from, &facts);
}

struct Remembered {
  MemoryContext memory = nullptr;
  bool whole = false;
  std::int32_t source = 0;
  FoldRun run = {};
  List<std::string_view> ids = {};  // that were looked up, sorted
  KnownFacts facts = {};
};

Remembered remembered;

void remember_for(std::int32_t source, const FoldRun& run) {
  if (remembered.whole && remembered.source == source && remembered.run.run == run.run &&
      remembered.run.state_table == run.state_table && remembered.ids.size <= kMost)
    return;
  if (remembered.memory == nullptr) {
    remembered.memory =
        AllocSetContextCreate(CacheMemoryContext, "calytics known facts", ALLOCSET_DEFAULT_SIZES);
  }
  MemoryContext memory = remembered.memory;
  remembered.whole = false;
  MemoryContextReset(memory);
  remembered = {memory, false, source, run, {memory}, {{memory}, {memory}}};
  look_up_policy(source, remembered.facts);
  remembered.whole = true;
}

}  // namespace

KnownFacts known_facts(std::int32_t source, const FoldRun& run, Ids ids, MemoryContext memory) {
  if (run.run == 0 || ids.size() > kMost || !remembers()) {
    KnownFacts facts = {{memory}, {memory}};
    look_up_policy(source, facts);
    look_up(source, ids, facts);
    return facts;
  }
  remember_for(source, run);
  List<std::string_view> missing = {memory};
  std::size_t next = 0;
  for (const std::string_view id : ids) {
    while (next < remembered.ids.size && remembered.ids.items[next] < id)
      ++next;
    if (next == remembered.ids.size || remembered.ids.items[next] != id) missing.put(id);
  }
  if (missing.size > 0) {
    remembered.whole = false;
    look_up(source, {missing.items, missing.size}, remembered.facts);
    for (const std::string_view id : missing) {
      auto* copy = static_cast<char*>(MemoryContextAlloc(remembered.memory, id.size() + 1));
      std::copy(id.begin(), id.end(), copy);
      remembered.ids.put({copy, id.size()});
    }
    std::sort(remembered.ids.begin(), remembered.ids.end());
    remembered.whole = true;
  }
  return remembered.facts;
}

}  // namespace calytics::glue
