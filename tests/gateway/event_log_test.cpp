// Which events a client missed, or that nobody knows: against a list of everything that happened.
#include "event_log.hpp"

#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "metrics_text.hpp"

namespace calytics::gateway::test {
namespace {

using namespace std::string_literals;

TEST(EventLog, TellsExactlyWhatFollowedOrThatItDoesNotKnow) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  std::mt19937 random(seed);
  const auto below = [&](int limit) {
    return std::uniform_int_distribution<int>(0, limit - 1)(random);
  };
  for (int run = 0; run < 50; ++run) {
    const auto capacity = static_cast<std::size_t>(1 + below(20));
    EventLog log(capacity, "epoch" + std::to_string(run));
    struct Told {
      std::string channel;
      std::string text;
    };
    struct Place {
      std::string id;
      std::size_t told;
    };
    std::vector<Told> told;
    std::vector<Place> places;
    std::map<std::string, std::size_t> heard;  // since when
    for (int step = 0; step < 60; ++step) {
      const std::string channel(1, static_cast<char>('a' + below(3)));
      if (below(4) == 0) {
        log.hear(channel);
        heard.try_emplace(channel, places.size());
      } else if (heard.contains(channel)) {
        told.push_back({channel, log.append(channel, std::to_string(step)).text});
      }
      places.push_back({log.id(), told.size()});
    }
    for (std::size_t at = 0; at < places.size(); ++at) {
      const std::vector<std::string> wanted = {"a", "b"};
      const bool listened = log.hears(wanted) && heard["a"] <= at && heard["b"] <= at;
      const auto missed = log.since(places[at].id, wanted);
      if (!listened || told.size() - places[at].told > capacity) {
        ASSERT_FALSE(missed.has_value());
        continue;
      }
      std::string expected;
      for (auto i = places[at].told; i < told.size(); ++i)
        if (told[i].channel != "c") expected += told[i].text;
      ASSERT_EQ(missed, expected);
    }
  }
}

TEST(EventLog, AnEpochKnowsNoOther) {
  EventLog log(10, "first");
  log.hear("a");
  const auto before = log.id();
  log.restart("second");
  const std::vector<std::string> wanted = {"a"};
  EXPECT_FALSE(log.hears(wanted));
  log.hear("a");
  EXPECT_EQ(log.since(before, wanted), std::nullopt);
  EXPECT_EQ(log.since(log.id(), wanted), ""s);
}

TEST(StreamEvent, IsOneWhateverItsData) {
  EXPECT_EQ(stream_event("1", ""), "id: 1\ndata: \n\n");
  EXPECT_EQ(stream_event("1", "a"), "id: 1\ndata: a\n\n");
  EXPECT_EQ(stream_event("1", "a\nb\r\n\rid: 2\n\n"),
            "id: 1\ndata: a\ndata: b\ndata: \ndata: id: 2\ndata: \ndata: \n\n");
}

TEST(MetricsTextTest, EscapesLabelsAndWritesNumbersShortest) {
  MetricsText text;
  text.gauge("a", "What a is.", 0.1);
  text.family("b_total", "counter", "What b is.");
  text.sample(12345678901.0, {{"x", "q\"\\\n"}, {"y", ""}});
  EXPECT_EQ(text.text(),
            "# HELP a What a is.\n# TYPE a gauge\na 0.1\n"
            "# HELP b_total What b is.\n# TYPE b_total counter\n"
            "b_total{x=\"q\\\"\\\\\\n\",y=\"\"} 12345678901\n");
}

}  // namespace
}  // namespace calytics::gateway::test
