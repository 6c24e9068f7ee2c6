#include "glue/tracking/track.hpp"

#include <algorithm>
#include <span>

#include "core/tracking/track_parser.hpp"
#include "glue/facts/segment.hpp"
#include "glue/pg/durability.hpp"
#include "glue/pg/json_writer.hpp"
#include "glue/pg/settings.hpp"
#include "glue/tracking/event_ids.hpp"
#include "glue/tracking/event_row.hpp"
#include "glue/tracking/event_services.hpp"
#include "glue/tracking/event_store.hpp"
#include "glue/webhook/outcome_counts.hpp"
#include "glue/worker/wake.hpp"

namespace calytics::glue {
namespace {

using core::TrackBatch;
using core::TrackStatus;

constexpr std::size_t kMostEvents = 1000;

// The parser is one object for the backend's life and owns every byte of the batch, so that an
// error raised half-way leaves nothing behind. What is needed once statements run, and with them
// anybody's triggers, is copied before.
const TrackBatch& judge(const TrackedSource& source, const TrackRequest& request, TimestampTz at) {
  static core::TrackParser parser;
  core::TrackContext context = request.context;
  context.do_not_track = context.do_not_track && source.honour_signals;
  core::TrackOptions options;
  options.now = unix_microseconds(at);
  options.max_events = kMostEvents;
  options.anonymize_ip = source.anonymize_ips;
  options.strict = source.anonymous;
  options.body_names_client = !request.from_browser;
  options.visitor_salt = visitor_salt(source.id, at);
  options.user_key = source.user_key.value_or(std::string_view{});
  const TrackBatch& batch = parser.parse(request.body, context, options);
  if (batch.status == TrackStatus::out_of_memory) {
    ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("no memory for a batch of events")));
  }
  return batch;
}

std::string_view copy_of(std::string_view text) {
  return {pnstrdup(text.data(), text.size()), text.size()};
}

// What is told of a batch.
struct Answer {
  std::size_t received = 0;
  std::size_t judged = 0;  // good ones, duplicates among them
  std::size_t accepted = 0;
  std::size_t asked_not_to = 0;
  std::size_t removed = 0;
  std::optional<std::string_view> problem;  // of all of it
  std::span<core::Reject> rejects;

  Datum json() const {
    JsonWriter json;
    const auto count = [&json](std::string_view name, std::size_t number) {
      json.key(name);
      json.put(int64_to_numeric(static_cast<int64>(number)));
    };
    json.begin_object();
    count("received", received);
    count("accepted", accepted);
    count("duplicates", judged - accepted);
    count("private", asked_not_to);
    json.key("rejected");
    json.begin_array();
    if (problem) put_reject(json, nullptr, *problem);
    for (const core::Reject& reject : rejects)
      put_reject(json, int64_to_numeric(static_cast<int64>(reject.index)), reject.reason);
    json.end_array();
    count("removed", removed);
    json.end_object();
    return json.finish();
  }

  void count(std::int32_t source) const {
    const auto count = [source](std::string_view outcome, std::size_t number) {
      if (number > 0) count_outcome(source, outcome, static_cast<std::int64_t>(number));
    };
    count("event_accepted", accepted);
    count("event_duplicate", judged - accepted);
    count("event_private", asked_not_to);
    count("event_rejected", rejects.size());
  }

 private:
  static void put_reject(JsonWriter& json, Numeric index, std::string_view reason) {
    json.begin_object();
    json.key("index");
    json.put(index);
    json.key("reason");
    json.put(reason);
    json.end_object();
  }
};

Answer answer_to(const TrackBatch& batch) {
  Answer answer;
  switch (batch.status) {
    case TrackStatus::judged:
      answer.judged = batch.events.size();
      answer.received = batch.events.size() + batch.rejects.size();
      answer.removed = batch.removed.total();
      break;
    case TrackStatus::private_:
      answer.asked_not_to = batch.received;
      answer.received = batch.received;
      return answer;
    default:
      answer.problem = copy_of(batch.problem.value_or("the events can't be read"));
      return answer;
  }
  const std::size_t size = batch.rejects.size();
  answer.rejects = {static_cast<core::Reject*>(palloc(sizeof(core::Reject) * size)), size};
  std::ranges::transform(batch.rejects, answer.rejects.begin(), [](const core::Reject& reject) {
    return core::Reject{reject.index, copy_of(reject.reason)};
  });
  return answer;
}

core::EventKey key_of(std::string_view id) {
  const std::optional<core::EventKey> key = core::event_key(id);
  if (!key) ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("no memory for an event's id")));
  return *key;
}

// A batch's good events, copied out of the parser.
struct Rows {
  std::span<EventRow> rows;
  std::span<EventId> ids;  // of those that have one
};

Rows rows_of(const TrackBatch& batch, const Receipt& receipt) {
  const std::size_t size = batch.events.size();
  Rows all = {{static_cast<EventRow*>(palloc(sizeof(EventRow) * size)), size},
              {static_cast<EventId*>(palloc(sizeof(EventId) * size)), size}};
  std::size_t with_id = 0;
  PackedTexts texts;
  for (std::size_t i = 0; i < size; ++i) {
    write_row(batch.events[i], receipt, texts, all.rows[i]);
    if (const auto& id = batch.events[i].event_id) all.ids[with_id++] = {key_of(*id), i};
  }
  all.ids = all.ids.first(with_id);
  return all;
}

// Leaves those out that came before.
std::span<EventRow> new_rows(const Rows& all, const Receipt& receipt) {
  if (all.ids.empty()) return all.rows;
  auto* known = static_cast<bool*>(palloc0(all.rows.size()));
  for (const EventId& id : all.ids)
    known[id.event] = true;
  const std::size_t fresh = keep_new_ids(receipt.source, all.ids, receipt.at);
  for (const EventId& id : all.ids.first(fresh))
    known[id.event] = false;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.rows.size(); ++i) {
    if (!known[i]) all.rows[kept++] = all.rows[i];
  }
  return all.rows.first(kept);
}

}  // namespace

Tracked track(const TrackedSource& source, const TrackRequest& request) {
  const TimestampTz at = GetCurrentTimestamp();
  relax_durability();
  const TrackBatch& batch = judge(source, request, at);
  Answer answer = answer_to(batch);
  if (answer.judged > 0) {
    const bool counts = collects_metrics();
    const Receipt receipt = {source.id, counts ? open_segment() : -1, at};
    const std::span<EventRow> rows = new_rows(rows_of(batch, receipt), receipt);
    answer.accepted = rows.size();
    if (!rows.empty()) {
      bound_services(rows, receipt);
      store_events(rows, at);
      if (counts) wake_folder_at_commit(static_cast<std::int64_t>(rows.size()));
    }
  }
  answer.count(source.id);
  return {answer.json(), !answer.problem};
}

}  // namespace calytics::glue
