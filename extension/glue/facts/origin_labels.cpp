#include "glue/facts/origin_labels.hpp"

extern "C" {
#include "mb/pg_wchar.h"
#include "utils/date.h"
}

#include <algorithm>
#include <tuple>

#include "core/time/local_time.hpp"
#include "glue/facts/track_rows.hpp"
#include "glue/pg/parameters.hpp"

namespace calytics::glue {

namespace {

constexpr std::string_view kKinds[] = {"source", "medium", "campaign", "referrer"};
constexpr std::string_view kDirect = "(direct)";
constexpr std::string_view kNone = "(none)";
constexpr int kLongest = 80;  // characters

std::string_view clipped(std::string_view name, MemoryContext memory) {
  const auto size = static_cast<std::size_t>(
      pg_mbcharcliplen(name.data(), static_cast<int>(name.size()), kLongest));
  auto* copy = static_cast<char*>(MemoryContextAlloc(memory, size + 1));
  std::copy_n(name.data(), size, copy);
  return {copy, size};
}

std::string_view or_else(std::string_view name, std::string_view other) {
  return name.data() == nullptr ? other : name;
}

// A month of which no more names are taken in.
struct Full {
  std::int64_t month;  // its start in UTC
  std::string_view kind;
};

void take_full(void* context, const Datum* values, const bool* /*nulls*/) {
  auto& full = *static_cast<List<Full>*>(context);
  full.put({DatumGetDateADT(values[0]) * USECS_PER_DAY, kept_text(values[1], false, full.memory)});
}

struct Label {
  std::string_view text;
  MemoryContext memory;
};

void take_label(void* context, const Datum* values, const bool* nulls) {
  auto& label = *static_cast<Label*>(context);
  label.text = kept_text(values[0], nulls[0], label.memory);
}

std::int64_t month_of(TimestampTz at) {
  return core::start_of(core::Unit::month, at, 1);
}

bool alike(const OriginCount& a, const OriginCount& b) {
  return a.kind == b.kind && a.name == b.name && month_of(a.at) == month_of(b.at);
}

std::string_view label_of(const OriginCount& count, std::int32_t source, MemoryContext memory) {
  static const Oid types[] = {INT4OID, TIMESTAMPTZOID, TEXTOID, TEXTOID};
  static Statement query("select calytics.origin_label($1, $2, $3, $4)", types);
  const std::array<Datum, 4> values = {Int32GetDatum(source), TimestampTzGetDatum(count.at),
                                       text_datum(count.kind), text_datum(count.name)};
  Label label = {{}, memory};
  query.run(values.data(), nullptr, take_label, &label);
  return label.text;
}

}  // namespace

void put_origins(List<OriginCount>& counts, const core::SessionFact& session, std::int64_t weight) {
  const core::Origin& origin = session.origin;
  const std::array<std::string_view, 4> names = {
      or_else(or_else(origin[0], origin[core::kReferrer]), kDirect), or_else(origin[1], kNone),
      or_else(origin[2], kNone), or_else(origin[core::kReferrer], kNone)};
  for (std::size_t i = 0; i < names.size(); ++i) {
    counts.put({kKinds[i], clipped(names[i], counts.memory), session.began_at, session.claimed,
                session.booked, weight});
  }
}

void label_origins(List<OriginCount>& counts, std::int32_t source) {
  if (counts.size == 0) return;
  static const Oid types[] = {INT4OID};
  static Statement query(
      "select m.month, m.kind from calytics.origin_month m where m.source_id = $1 and m.is_full",
      types);
  List<Full> full = {counts.memory};
  const Datum value = Int32GetDatum(source);
  query.run(&value, nullptr, take_full, &full);
  if (full.size == 0) return;
  std::sort(counts.begin(), counts.end(), [](const OriginCount& a, const OriginCount& b) {
    return std::tie(a.kind, a.name, a.at) < std::tie(b.kind, b.name, b.at);
  });
  OriginCount asked = {};
  std::string_view label;
  for (OriginCount& count : counts) {
    const bool is_full = std::any_of(full.begin(), full.end(), [&](const Full& month) {
      return month.kind == count.kind && month.month == month_of(count.at);
    });
    if (!is_full) continue;
    if (asked.name.data() == nullptr || !alike(asked, count)) {
      asked = count;
      label = label_of(count, source, counts.memory);
    }
    count.name = label;
  }
}

}  // namespace calytics::glue
