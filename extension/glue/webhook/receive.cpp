// cal.receive_webhook: a webhook's way in, in one transaction: verify, archive, deduplicate, apply.
// An authentic body is never lost and never answered with an error because it isn't understood.

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/detoast.h"
#include "access/xact.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
}

#include <array>

#include "core/access/signature.hpp"
#include "glue/access/headers.hpp"
#include "glue/pg/columns.hpp"
#include "glue/pg/durability.hpp"
#include "glue/pg/settings.hpp"
#include "glue/pg/table.hpp"
#include "glue/webhook/erased.hpp"
#include "glue/webhook/keys.hpp"
#include "glue/webhook/outcome_counts.hpp"
#include "glue/webhook/packed_body.hpp"
#include "glue/webhook/receive.hpp"
#include "glue/webhook/refusals.hpp"
#include "glue/webhook/understand.hpp"

CALYTICS_SQL_FUNCTION(calytics_receive_webhook);

namespace {

using calytics::core::Kind;
using calytics::core::Moment;
using calytics::core::Webhook;
using calytics::glue::Archive;
using calytics::glue::Arguments;
using calytics::glue::bytes_of;
using calytics::glue::Received;
using calytics::glue::RowKey;
using calytics::glue::Secret;
using calytics::glue::Sent;
using calytics::glue::SourceKeys;
using calytics::glue::Statement;
using calytics::glue::Table;
using calytics::glue::text_datum;
using calytics::glue::Understood;

constexpr const char* kDigestKey = "webhook_delivery_source_id_digest_key";

constexpr Oid kRepeat[] = {INT4OID, BYTEAOID, TIMESTAMPTZOID};

Statement count_repeat(
    "update calytics.webhook_delivery d set repeats = d.repeats + 1, repeated_at = $3"
    " where d.source_id = $1 and d.digest = $2 returning d.delivery_id",
    kRepeat);

// The body is nullptr where none was sent.
struct Request {
  const bytea* body;
  Jsonb* headers;
  std::string_view source;
  bool waits;

  template <class... Names>
  const text* header(Names... names) const {
    const std::array<std::string_view, sizeof...(names)> all = {names...};
    return calytics::glue::header_of(headers, all);
  }
};

// Whether one of the source's secrets that hold now signed it.
bool is_signed(std::string_view body, const text* header, const SourceKeys* keys) {
  const TimestampTz now = GetCurrentTransactionStartTimestamp();
  const std::string_view signature = header == nullptr ? std::string_view{} : bytes_of(header);
  bool tried = false;
  for (std::size_t i = 0; keys != nullptr && i < keys->secret_count; ++i) {
    const Secret& secret = keys->secrets[i];
    if (now < secret.valid_from || now >= secret.valid_until) continue;
    tried = true;
    if (calytics::core::verify_signature(body, signature, secret.secret)) return true;
  }
  // Time, too, must not tell which sources there are.
  if (!tried) calytics::core::verify_signature(body, signature, "the secret of no source");
  return false;
}

void put_header(Arguments& row, const text* value, int most) {
  if (value == nullptr) {
    row.skip();
  } else {
    row.put(DirectFunctionCall2(text_left, PointerGetDatum(value), Int32GetDatum(most)));
  }
}

Datum digest_of(std::string_view body) {
  const std::optional<calytics::core::Sha256Digest> digest = calytics::core::sha256(body);
  if (!digest) {
    ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not digest a webhook's body")));
  }
  return calytics::glue::bytea_datum(digest->data(), digest->size());
}

RowKey key_of(std::int32_t source, Datum digest) {
  return RowKey().put(source).put_bytes(digest);
}

// Counts the same bytes, which came before, once more.
Received repeated(std::int32_t source, Datum digest, Moment received) {
  Received answer = {
      .outcome = "duplicate", .delivery = {}, .detail = "the same bytes were received before"};
  Arguments().put(source).put(digest).put(received).write(
      count_repeat,
      [](void* context, const Datum* values, const bool* /*nulls*/) {
        static_cast<Received*>(context)->delivery = DatumGetInt64(values[0]);
      },
      &answer);
  calytics::glue::count_outcome(source, answer.outcome);
  return answer;
}

// A webhook on its way into the archive.
struct Kept {
  Table& deliveries;
  const Request& request;
  const Webhook& webhook;
  std::int32_t source;
  Datum digest;
  Moment received;

  Arguments row(const Understood& understood) const {
    Arguments row;
    row.put_all(source, understood.change).put(digest).put(received);
    row.put_all(webhook.trigger, webhook.uid, understood.outcome);
    if (understood.detail.empty()) {
      row.skip();
    } else {
      row.put(understood.detail);
    }
    put_header(row, request.header("x-cal-webhook-version"), 40);
    put_header(row, request.header("content-type"), 100);
    constexpr std::int32_t repeats = 0;
    row.put(repeats).skip().put(understood.change).skip();
    row.put(calytics::glue::packed_body(bytes_of(request.body)));
    return row;
  }
};

void keep(void* context, const Understood& understood) {
  const auto& kept = *static_cast<const Kept*>(context);
  kept.deliveries.insert(kept.row(understood));
}

Received receive(Table& deliveries, Request request) {
  const Moment received = calytics::glue::moment_of(GetCurrentTimestamp());
  const text* signature = request.header("x-cal-signature-256", "cal-webhook-signature");
  const SourceKeys* keys = calytics::glue::keys_of(request.source);
  const bool sent = request.body != nullptr;
  const std::string_view body = sent ? bytes_of(request.body) : std::string_view{};
  if (!sent || !is_signed(body, signature, keys)) {
    calytics::glue::count_refusal("unauthorized");
    if (keys != nullptr) calytics::glue::count_outcome(keys->source, "unauthorized");
    return {.outcome = "unauthorized",
            .delivery = {},
            .detail = "the signature does not match: enter this source's secret at Cal.com"};
  }
  const std::int32_t source = keys->source;
  const std::string_view person_key = keys->person_key;
  const Datum digest = digest_of(body);
  const Webhook& webhook = calytics::glue::parse_webhook(body, person_key);
  // A booking's shows when it is kept; but who was erased is seen to before, and once.
  const bool looks = webhook.kind != Kind::booking || calytics::glue::has_erased();
  if (looks && deliveries.find(key_of(source, digest))) return repeated(source, digest, received);

  const bytea* cleaned = calytics::glue::without_erased(source, webhook, request.body, person_key);
  if (cleaned != nullptr) {
    request.body = cleaned;
    calytics::glue::parse_webhook(bytes_of(cleaned), person_key);
  }
  Kept kept = {deliveries, request, webhook, source, digest, received};
  const Archive archive = {.keep = keep, .context = &kept, .key = kDigestKey};
  deliveries.open();
  const Understood understood = calytics::glue::understand(webhook, {.source = source,
                                                                     .received = received,
                                                                     .delivery = {},
                                                                     .known = {},
                                                                     .ordinal = {},
                                                                     .archive = &archive,
                                                                     .waits = request.waits});
  if (understood.held_up) {
    return {.outcome = understood.outcome,
            .delivery = {},
            .detail = "another transaction has its hands on what this one needs: send it again"};
  }
  const bool is_kept = !understood.repeated &&
                       (understood.kept || deliveries.insert_unless_there(kept.row(understood)));
  if (!is_kept) return repeated(source, digest, received);
  calytics::glue::count_outcome(source, understood.outcome);
  return {
      .outcome = understood.outcome, .delivery = understood.change, .detail = understood.detail};
}

std::string_view copied(std::string_view text, MemoryContext memory) {
  auto* copy = static_cast<char*>(MemoryContextAlloc(memory, text.size() + 1));
  memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

Received receive_sized(const Sent& sent) {
  const bool empty = sent.body.isnull;
  const auto size = empty ? 0 : static_cast<int>(toast_raw_datum_size(sent.body.value) - VARHDRSZ);
  if (size > calytics::glue::max_body_size()) {
    calytics::glue::count_refusal("too_large");
    return {.outcome = "too_large",
            .delivery = {},
            .detail = psprintf("the body has %d bytes, calytics.max_body_size allows %d", size,
                               calytics::glue::max_body_size())};
  }
  Table deliveries("webhook_delivery", kDigestKey);
  const Received received = receive(
      deliveries, {.body = empty ? nullptr : DatumGetByteaPP(sent.body.value),
                   .headers = sent.headers.isnull ? nullptr : DatumGetJsonbP(sent.headers.value),
                   .source = sent.source,
                   .waits = sent.waits});
  deliveries.close();
  return received;
}

}  // namespace

Received calytics::glue::receive_webhook(const Sent& sent) {
  insist_on_durability();
  MemoryContext memory = CurrentMemoryContext;
  SPI_connect();
  Received received = receive_sized(sent);
  received.detail = copied(received.detail, memory);
  SPI_finish();
  return received;
}

Datum calytics_receive_webhook(PG_FUNCTION_ARGS) {
  TupleDesc type = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &type) != TYPEFUNC_COMPOSITE) {
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("cal.receive_webhook must return a row")));
  }
  const Received received = calytics::glue::receive_webhook(
      {.body = fcinfo->args[0],
       .headers = fcinfo->args[1],
       .source = PG_ARGISNULL(2) ? std::string_view{} : bytes_of(PG_GETARG_TEXT_PP(2))});
  std::array<Datum, 3> row = {text_datum(received.outcome),
                              Int64GetDatum(received.delivery.value_or(0)),
                              text_datum(received.detail)};
  std::array<bool, 3> nulls = {false, !received.delivery, received.detail.empty()};
  PG_RETURN_DATUM(
      HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(type), row.data(), nulls.data())));
}
