#include "glue/webhook/erased.hpp"

#include "glue/pg/columns.hpp"
#include "glue/pg/watched_tables.hpp"

namespace calytics::glue {
namespace {

constexpr Oid kErased[] = {INT4OID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID};

Statement find_anybody("select from calytics.erased limit 1");

Statement erase_again(
    "select calytics.erase_again($1, calytics.parse_webhook($4, $5), $4)"
    " where exists (select from calytics.erased e where e.source_id = $1 and e.uid = $2)"
    " or exists (select from calytics.erased e where e.source_id = $1 and e.uid = $3)",
    kErased);

}  // namespace

bool has_erased() {
  static WatchedTables tables("erased");
  static bool any = false;
  if (tables.have_changed()) any = find_anybody.write(nullptr, nullptr) > 0;
  return any;
}

const bytea* without_erased(std::int32_t source, const core::Webhook& webhook, const bytea* body,
                            std::string_view person_key) {
  if (!webhook.uid || !has_erased()) return nullptr;
  struct Kept {
    MemoryContext memory;
    const bytea* body;
  };
  Kept kept = {CurrentMemoryContext, nullptr};
  Arguments()
      .put_all(source, webhook.uid, webhook.reschedule_uid)
      .put(PointerGetDatum(body))
      .put(bytea_datum(reinterpret_cast<const std::uint8_t*>(person_key.data()), person_key.size()))
      .write(
          erase_again,
          [](void* context, const Datum* values, const bool* /*nulls*/) {
            auto* kept = static_cast<Kept*>(context);
            MemoryContext before = MemoryContextSwitchTo(kept->memory);
            kept->body = DatumGetByteaPCopy(values[0]);
            MemoryContextSwitchTo(before);
          },
          &kept);
  return kept.body;
}

}  // namespace calytics::glue
