#include "glue/tracking/tracked_source.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/memutils.h"
}

#include "glue/pg/columns.hpp"
#include "glue/pg/watched_tables.hpp"

namespace calytics::glue {
namespace {

constexpr Oid kNameOrId[] = {TEXTOID, INT4OID};
constexpr Oid kSourceAndDay[] = {INT4OID, DATEOID};
constexpr Oid kSourceAndTime[] = {INT4OID, TIMESTAMPTZOID};

// As calytics.tracking has it by default.
Statement find_source(
    "select s.source_id, s.name, k.person_key, coalesce(t.anonymize_ips, true),"
    " coalesce(t.honour_signals, true), coalesce(t.anonymous, false), coalesce(t.origins, '{}')"
    " from calytics.source s left join calytics.source_key k using (source_id)"
    " left join calytics.tracking t using (source_id)"
    " where s.name = $1 or s.source_id = $2",
    kNameOrId);

Statement find_salt(
    "select x.salt from calytics.visitor_salt x where x.source_id = $1 and x.day = $2",
    kSourceAndDay);

Statement make_salt("select calytics.todays_salt($1, $2)", kSourceAndTime);

// All that is remembered.
WatchedTables tables("source", "source_key", "tracking");
MemoryContext remembered = nullptr;
const TrackedSource* sources = nullptr;

void forget() {
  if (remembered == nullptr) {
    remembered =
        AllocSetContextCreate(TopMemoryContext, "calytics tracked sources", ALLOCSET_SMALL_SIZES);
  }
  sources = nullptr;
  MemoryContextReset(remembered);
}

void remember(void* /*context*/, const Datum* values, const bool* nulls) {
  MemoryContext before = MemoryContextSwitchTo(remembered);
  auto* source = static_cast<TrackedSource*>(palloc0(sizeof(TrackedSource)));
  Columns row(values, nulls);
  row.take(source->id);
  row.take(source->name);
  row.take(source->user_key);
  row.take(source->anonymize_ips);
  row.take(source->honour_signals);
  row.take(source->anonymous);
  source->origins = PointerGetDatum(DatumGetArrayTypePCopy(values[6]));
  source->next = sources;
  sources = source;
  MemoryContextSwitchTo(before);
}

template <class Matches>
const TrackedSource* remembered_source(Matches matches) {
  if (tables.have_changed()) forget();
  for (const TrackedSource* source = sources; source != nullptr; source = source->next) {
    if (matches(*source)) return source;
  }
  return nullptr;
}

struct Salt {
  MemoryContext memory;
  std::string_view bytes;
};

void take_salt(void* context, const Datum* values, const bool* nulls) {
  auto* salt = static_cast<Salt*>(context);
  MemoryContext before = MemoryContextSwitchTo(salt->memory);
  Columns(values, nulls).take(salt->bytes);
  MemoryContextSwitchTo(before);
}

}  // namespace

const TrackedSource* tracked_source(std::string_view name) {
  const auto matches = [name](const TrackedSource& source) { return source.name == name; };
  if (const TrackedSource* known = remembered_source(matches)) return known;
  Arguments().put(name).skip().write(find_source, remember);
  return remembered_source(matches);
}

const TrackedSource* tracked_source(std::int32_t id) {
  const auto matches = [id](const TrackedSource& source) { return source.id == id; };
  if (const TrackedSource* known = remembered_source(matches)) return known;
  Arguments().skip().put(id).write(find_source, remember);
  return remembered_source(matches);
}

std::string_view visitor_salt(std::int32_t source, TimestampTz at) {
  Salt salt = {CurrentMemoryContext, {}};
  const auto day = static_cast<DateADT>(at / USECS_PER_DAY);
  const Arguments today = Arguments().put(source).put(DateADTGetDatum(day));
  if (today.write(find_salt, take_salt, &salt) == 0) {
    Arguments().put(source).put(TimestampTzGetDatum(at)).write(make_salt, take_salt, &salt);
  }
  return salt.bytes;
}

}  // namespace calytics::glue
