// Makes a row of an event as sent, or says why it can't be one.
//
// The events of a batch mostly come from one client, one session and few pages: what is dear to
// find out (pseudonyms, scrubbed URLs) is kept from one event to the next.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/privacy/url.hpp"
#include "core/text/json_value.hpp"
#include "core/tracking/event_reader.hpp"
#include "core/tracking/track.hpp"

namespace calytics::core {

// What was found out last, and about what.
template <class Result>
class Last {
 public:
  void forget() noexcept { known_ = false; }

  // The text must stay in its place until forget().
  template <class Find>
  const Result& of(std::string_view text, Find find) {
    if (!known_ || text != text_) {
      result_ = find(text);
      text_ = text;
      known_ = true;
    }
    return result_;
  }

 private:
  bool known_ = false;
  std::string_view text_;
  Result result_{};
};

class EventJudge {
 public:
  explicit EventJudge(TextStore& texts) : texts_(texts) {}

  // For one batch. All texts, also those of events, must live until the next begin(). Like the
  // rest, it may throw std::bad_alloc.
  void begin(const TrackContext& context, const Client& batch, const TrackOptions& options);

  // Fills `row`, or returns the reason against it.
  std::optional<std::string_view> judge(const RawEvent& event, TrackedEvent& row);

 private:
  struct Address {
    std::optional<IpAddress> ip;
    std::optional<std::string_view> text;
  };

  struct StoredUrl {
    using Text = std::optional<std::string_view>;

    Text text;
    Text host;
    Text utm_source;
    Text utm_medium;
    Text utm_campaign;
    PersonalDataCounts found;
  };

  struct Identifier {
    std::optional<std::string_view> text;  // absent if it has to be hidden and there is no key
  };

  std::optional<std::string_view> take_identity(const RawEvent& event, TrackedEvent& row);
  void take_time(const RawEvent& event, TrackedEvent& row) const;
  void take_client(const RawEvent& event, TrackedEvent& row);
  void take_pages(const RawEvent& event, TrackedEvent& row);
  void take_texts(const RawEvent& event, TrackedEvent& row);

  Identifier identifier(std::string_view text);
  Address address(std::string_view text);
  StoredUrl url(std::string_view text, UrlPart part);
  std::optional<std::string_view> scrubbed(std::optional<std::string_view> text,
                                           PersonalDataCounts& removed);
  std::optional<std::string_view> stored(std::string_view text);

  TextStore& texts_;
  TrackOptions options_;
  Client client_;  // where an event says nothing
  Last<Identifier> session_;
  Last<Address> address_;
  Last<UserAgent> agent_;
  Last<std::optional<Pseudonym>> user_;
  Last<StoredUrl> url_;
  Last<StoredUrl> referrer_;
  std::optional<Pseudonym> visitor_;  // of the next two
  std::optional<std::string_view> visitor_address_;
  std::optional<std::string_view> visitor_agent_;
};

}  // namespace calytics::core
