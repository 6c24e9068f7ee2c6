#include "core/tracking/track_parser.hpp"

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "core/text/body.hpp"
#include "core/text/json_document.hpp"
#include "core/text/json_value.hpp"
#include "core/tracking/event_judge.hpp"
#include "core/tracking/event_reader.hpp"

namespace calytics::core {

namespace {

constexpr std::string_view kNoObject =
    "the body is no JSON object or array: send an event, an array of events, or "
    "{\"events\": [...]}";

// What the root object says before events are read.
struct TrackEnvelope {
  bool has_events = false;
  bool events_is_array = false;
  std::size_t events_member = 0;  // its place among the members
  Client client;
};

}  // namespace

// One parser's buffers, and the steps of a parse that use them.
class TrackParser::Reader {
 public:
  // May throw std::bad_alloc.
  void read(std::string_view body, const TrackContext& context, const TrackOptions& options,
            TrackBatch& batch) {
    texts_.clear();
    context_ = &context;
    options_ = &options;
    batch_ = &batch;

    const std::string_view content = content_of(body);
    if (content.empty()) {
      refuse(TrackStatus::malformed, "the body is empty: send an event as JSON");
    } else if (content.front() != '{' && content.front() != '[') {
      refuse(TrackStatus::malformed, kNoObject);
    } else {
      read_json(content, static_cast<std::size_t>(content.data() - body.data()));
    }
  }

 private:
  void read_json(std::string_view text, std::size_t offset) {
    batch_->status = TrackStatus::judged;
    JsonError error = document_.open(text);
    std::string place;
    if (!error) {
      error = text.front() == '[' ? read_list() : read_object();
      place = " at byte " + std::to_string(offset + document_.position());
    }
    if (error) explain(error, place);
  }

  JsonError read_list() {
    JsonValue root;
    if (const JsonError error = document_.root(root)) return error;
    judge_.begin(*context_, {}, *options_);
    if (const JsonError error = read_events(root)) return error;
    return document_.at_end() ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
  }

  // The context may stand behind the events, and counts for them all: the object is visited twice.
  JsonError read_object() {
    JsonValue root;
    TrackEnvelope envelope;
    if (const JsonError error = document_.root(root)) return error;
    if (const JsonError error = read_envelope(root, envelope)) return error;
    if (!document_.at_end()) return simdjson::TRAILING_CONTENT;

    if (const JsonError error = document_.root(root)) return error;
    if (!envelope.has_events) {
      judge_.begin(*context_, {}, *options_);
      return read_event(root);
    }
    if (!envelope.events_is_array) {
      refuse(TrackStatus::malformed, "events is not an array: send {\"events\": [...]}");
      return simdjson::SUCCESS;
    }
    judge_.begin(*context_, envelope.client, *options_);
    std::size_t member = 0;
    return visit_members(root, texts_, [&](std::string_view, JsonValue& value) {
      return member++ == envelope.events_member ? read_events(value) : simdjson::SUCCESS;
    });
  }

  // Walks over all members, and thereby makes sure that the document is whole.
  JsonError read_envelope(JsonValue& root, TrackEnvelope& envelope) {
    std::size_t member = 0;
    return visit_members(root, texts_, [&](std::string_view name, JsonValue& value) {
      if (name == "events") {
        envelope.has_events = true;
        envelope.events_is_array = is_array(value);
        envelope.events_member = member;
      }
      ++member;
      if (name != "context") return simdjson::SUCCESS;
      envelope.client = {};
      return reader_.read_context(value, envelope.client);
    });
  }

  JsonError read_events(JsonValue& list) {
    const JsonError error =
        visit_elements(list, [this](JsonValue& element) { return read_event(element); });
    if (!error && batch_->received > options_->max_events) {
      const std::string_view problem = reader_.describe(
          {"the batch holds ", std::to_string(batch_->received), " events: send at most ",
           std::to_string(options_->max_events), " in one request"});
      refuse(TrackStatus::too_many_events, problem);
    }
    return error;
  }

  JsonError read_event(JsonValue& value) {
    const std::size_t index = batch_->received++;
    if (context_->do_not_track || index >= options_->max_events) return simdjson::SUCCESS;
    if (!is_object(value)) {
      batch_->rejects.push_back({index,
                                 "the event is not an object: send {\"sessionId\": ..., "
                                 "\"eventType\": ...}"});
      return simdjson::SUCCESS;
    }
    RawEvent event;
    if (const JsonError error =
            reader_.read(value, options_->max_properties, !options_->strict, event)) {
      return error;
    }
    TrackedEvent& row = batch_->events.emplace_back();
    row.index = index;
    if (const auto problem = judge_.judge(event, row)) {
      batch_->events.pop_back();
      batch_->rejects.push_back({index, *problem});
    } else {
      batch_->removed += row.removed;
    }
    return simdjson::SUCCESS;
  }

  void explain(JsonError error, std::string_view place) {
    if (error == simdjson::MEMALLOC) throw std::bad_alloc();
    if (error == simdjson::UNCLOSED_STRING) {
      refuse(TrackStatus::malformed,
             "invalid JSON: a string is not closed; the body seems to be cut off");
    } else if (error == simdjson::UNESCAPED_CHARS) {
      refuse(TrackStatus::malformed, "invalid JSON: a string holds an unescaped control character");
    } else {
      refuse(TrackStatus::malformed, reader_.describe({"invalid JSON", place}));
    }
  }

  void refuse(TrackStatus status, std::string_view problem) {
    batch_->status = status;
    batch_->problem = problem;
    batch_->events.clear();
    batch_->rejects.clear();
    batch_->removed = {};
  }

  const TrackContext* context_ = nullptr;
  const TrackOptions* options_ = nullptr;
  TrackBatch* batch_ = nullptr;
  JsonDocument document_;
  TextStore texts_;
  EventReader reader_{texts_};
  EventJudge judge_{texts_};
};

TrackParser::TrackParser() noexcept = default;

TrackParser::~TrackParser() = default;

const TrackBatch& TrackParser::parse(std::string_view body, const TrackContext& context,
                                     const TrackOptions& options) noexcept {
  // The lists' memory stays with the batch.
  TrackBatch empty;
  empty.events.swap(batch_.events);
  empty.rejects.swap(batch_.rejects);
  empty.events.clear();
  empty.rejects.clear();
  batch_ = std::move(empty);

  try {
    if (!reader_) reader_ = std::make_unique<Reader>();
    reader_->read(body, context, options, batch_);
    if (context.do_not_track && batch_.status == TrackStatus::judged) {
      batch_.status = TrackStatus::private_;
    }
  } catch (const std::exception&) {
    batch_ = {};
    batch_.status = TrackStatus::out_of_memory;
    batch_.problem = kOutOfMemory;
    reader_.reset();
  }
  return batch_;
}

}  // namespace calytics::core
