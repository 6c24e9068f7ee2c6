// Streams of events: what is notified reaches those who listen, whatever happens to the database,
// the gateway's listener and the client in between.
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "gateway_fixture.hpp"

namespace calytics::gateway::test {
namespace {

using std::chrono::milliseconds;

// A client of a stream that reads an event at a time.
class Listening {
 public:
  Listening(Client client, const std::string& channels, const std::string& headers = "")
      : client_(std::move(client)) {
    client_.send("GET /events?" + channels + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n");
    response_ = client_.read();
  }
  const Response& response() const { return response_; }
  Client& client() { return client_; }
  const std::string& last_id() const { return last_id_; }

  // The data of the next event; what has none is passed over. "(end)" where the stream ends.
  std::string next() {
    for (;;) {
      const auto block = read_block();
      if (block.empty()) return "(end)";
      std::string data;
      bool any = false;
      for (std::size_t at = 0; at < block.size();) {
        const auto line = block.substr(at, block.find('\n', at) - at);
        at += line.size() + 1;
        if (line.starts_with("id: ")) last_id_ = line.substr(4);
        if (!line.starts_with("data: ")) continue;
        data += (any ? "|" : "") + line.substr(6);
        any = true;
      }
      if (any) return data;
    }
  }
  std::string read_block() { return client_.read_until("\n\n"); }

 private:
  Client client_;
  Response response_;
  std::string last_id_;
};

class Events : public GatewayFixture {
 protected:
  static constexpr const char* kReset = R"({"type": "reset"})";

  Listening listen(const std::string& channels, const std::string& headers = "") {
    return {connect(), channels, headers};
  }
  static void notify(const std::string& channel, const std::string& data) {
    sql("select pg_notify('" + channel + "', '" + data + "')");
  }
  static std::string resume(const std::string& id) { return "Last-Event-ID: " + id + "\r\n"; }
  static int listeners() {
    return std::stoi(
        sql("select count(*) from pg_stat_activity where application_name = 'calytics-gateway "
            "events'"));
  }
};

TEST_F(Events, ReachThoseWhoListenAndNobodyElse) {
  start();
  auto one = listen("one");
  auto both = listen("one,two");
  EXPECT_EQ(one.response().status, 200);
  EXPECT_EQ(one.response().header("content-type"), "text/event-stream");
  EXPECT_EQ(one.response().header("connection"), "close");
  EXPECT_EQ(one.response().header("x-request-id").size(), 32U);
  for (const auto* kept :
       {"x-calytics-listen", "x-calytics-lifetime", "x-calytics-other", "content-length"})
    EXPECT_EQ(one.response().headers.count(kept), 0U) << kept;
  EXPECT_EQ(one.next(), kReset);
  EXPECT_EQ(both.next(), kReset);
  notify("two", "for both");
  EXPECT_EQ(both.next(), "for both");
  notify("one", "a\nb\r\nc");
  EXPECT_EQ(both.next(), "a|b|c");
  EXPECT_EQ(one.next(), "a|b|c");
  EXPECT_EQ(one.last_id(), both.last_id());
  notify("One", "of another channel");
  notify("one", "last");
  EXPECT_EQ(one.next(), "last");
  EXPECT_EQ(listeners(), 1);
}

TEST_F(Events, OfTheSameWordsAreToldOnceInAWhile) {
  start();
  auto listening = listen("busy");
  EXPECT_EQ(listening.next(), kReset);
  constexpr int kSaid = 300;
  const auto took = seconds([] {
    sql("do $$ begin for i in 1 .. " + std::to_string(kSaid) +
        " loop perform pg_notify('busy', 'again'); commit; end loop; end $$");
  });
  notify("busy", "over");
  int told = 0;
  while (listening.next() == "again")
    ++told;
  EXPECT_GE(told, 1);
  EXPECT_LE(told, 2 + took / 0.25);
}

TEST_F(Events, AClientThatComesAgainHearsWhatItMissed) {
  start();
  auto first = listen("a,b");
  EXPECT_EQ(first.next(), kReset);
  notify("a", "seen");
  EXPECT_EQ(first.next(), "seen");
  first.client().socket().close();
  auto other = listen("a,b,c");
  EXPECT_EQ(other.next(), kReset);
  for (const auto* said : {"a:missed", "c:not asked for", "b:missed too"}) {
    notify(std::string(said, 1), said + 2);
    EXPECT_EQ(other.next(), said + 2);
  }
  auto again = listen("a,b", resume(first.last_id()));
  EXPECT_EQ(again.next(), "missed");
  EXPECT_EQ(again.next(), "missed too");
  notify("a", "new");
  EXPECT_EQ(again.next(), "new");
  // Nothing was missed, so there is nothing to say.
  auto current = listen("a,b", resume(again.last_id()));
  notify("b", "newer");
  EXPECT_EQ(current.next(), "newer");
}

TEST_F(Events, WhoseIdIsNotKnownReadsEverythingAgain) {
  start();
  auto first = listen("a");
  EXPECT_EQ(first.next(), kReset);
  const auto epoch = first.last_id().substr(0, first.last_id().find('-'));
  for (const auto& id :
       std::vector<std::string>{"", "x", "0-0", epoch, epoch + "-", epoch + "-99", epoch + "-0x",
                                epoch + "--1", epoch + "-99999999999999999999999"})
    EXPECT_EQ(listen("a", resume(id)).next(), kReset) << id;
  // Of a channel that nobody has listened to so far.
  EXPECT_EQ(listen("a,fresh", resume(first.last_id())).next(), kReset);
  start();
  EXPECT_EQ(listen("a", resume(first.last_id())).next(), kReset);
}

TEST_F(Events, GoOnWithAResetOnceALostDatabaseIsBack) {
  start();
  auto listening = listen("a");
  EXPECT_EQ(listening.next(), kReset);
  notify("a", "before");
  EXPECT_EQ(listening.next(), "before");
  const auto before = listening.last_id();
  ASSERT_TRUE(cluster("-m fast restart"));
  EXPECT_EQ(listening.next(), kReset);
  notify("a", "after");
  EXPECT_EQ(listening.next(), "after");
  EXPECT_EQ(listen("a", resume(before)).next(), kReset);
  // Only the listener's connection.
  sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = "
      "'calytics-gateway events'");
  EXPECT_EQ(listening.next(), kReset);
  notify("a", "again");
  EXPECT_EQ(listening.next(), "again");
}

TEST_F(Events, SayThatTheyAreAlive) {
  start([](Settings& settings) { settings.stream_heartbeat = milliseconds(50); });
  auto listening = listen("a");
  EXPECT_EQ(listening.next(), kReset);
  EXPECT_EQ(listening.read_block(), "id: " + listening.last_id() + "\n\n");
  EXPECT_EQ(listening.read_block(), "id: " + listening.last_id() + "\n\n");
}

TEST_F(Events, AreForNoMoreThanTheLimitAndRoomIsMadeByWhoeverLeaves) {
  start([](Settings& settings) { settings.max_streams = 3; });
  std::vector<Listening> listening;
  for (int i = 0; i < 3; ++i) {
    listening.push_back(listen("a"));
    EXPECT_EQ(listening.back().next(), kReset);
  }
  const auto refused = listen("a").response();
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.header("retry-after"), "");
  EXPECT_EQ(connect().get("/nothing").status, 200);
  listening.pop_back();
  int status = 503;
  for (int i = 0; status == 503 && i < 100; ++i) {
    std::this_thread::sleep_for(milliseconds(20));
    auto next = listen("a");
    status = next.response().status;
  }
  EXPECT_EQ(status, 200);
}

TEST_F(Events, EndInTimeForThoseWhoLostAccess) {
  start();
  auto listening = listen("a", "lifetime: 1\r\ntoken: good\r\n");
  EXPECT_EQ(listening.next(), kReset);
  sql("delete from cal.token");
  EXPECT_LT(seconds([&] { EXPECT_EQ(listening.next(), "(end)"); }), 5);
  const auto again =
      listen("a", "lifetime: 1\r\ntoken: good\r\n" + resume(listening.last_id())).response();
  EXPECT_EQ(again.status, 401);
  EXPECT_EQ(again.body, "who are you?");
}

TEST_F(Events, AClientThatDoesNotReadIsDroppedAndHoldsNobodyUp) {
  start([](Settings& settings) { settings.write_timeout = milliseconds(500); });
  auto reads = listen("big");
  EXPECT_EQ(reads.next(), kReset);
  auto lazy = connect();
  lazy.socket().setReceiveBufferSize(4096);
  lazy.send("GET /events?big HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(lazy.read().status, 200);
  constexpr std::size_t kSize = 7000;
  for (int round = 0; round < 8; ++round) {
    sql("select pg_notify('big', rpad(i::text, 7000, 'x')) from generate_series(10, 29) i");
    for (int i = 0; i < 20; ++i)
      ASSERT_EQ(reads.next().size(), kSize);
  }
  std::this_thread::sleep_for(milliseconds(1000));
  // Whoever isn't dropped goes on being silent, and is waited for much longer than that.
  EXPECT_LT(seconds([&] { EXPECT_LT(lazy.read_raw(64U << 20).size(), 8 * 20 * kSize); }), 15);
  notify("big", "still here");
  EXPECT_EQ(reads.next(), "still here");
}

TEST_F(Events, WhoMissedTooMuchReadsEverythingAgain) {
  start();
  auto first = listen("much");
  EXPECT_EQ(first.next(), kReset);
  sql("select pg_notify('much', rpad(i::text, 7000, 'x')) from generate_series(10, 29) i");
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(first.next().size(), 7000U);
  auto little = listen("much", resume(first.last_id()));
  auto much = listen("much", resume(first.last_id().substr(0, first.last_id().find('-')) + "-0"));
  EXPECT_EQ(much.next(), kReset);
  notify("much", "new");
  EXPECT_EQ(much.next(), "new");
  EXPECT_EQ(little.next(), "new");
}

TEST_F(Events, EndWhenTheGatewayDoes) {
  start();
  auto listening = listen("a");
  EXPECT_EQ(listening.next(), kReset);
  EXPECT_LT(seconds([&] {
              std::thread stopper([&] { EXPECT_TRUE(gateway().stop()); });
              EXPECT_EQ(listening.next(), "(end)");
              listening.client().socket().close();
              stopper.join();
            }),
            5);
}

TEST_F(Events, HeadIsOfAnAnswerWithoutAStream) {
  start();
  auto client = connect();
  const auto head = client.request("HEAD /events?a HTTP/1.1\r\nHost: a\r\n\r\n", true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-type"), "text/event-stream");
  EXPECT_EQ(head.headers.count("x-calytics-listen"), 0U);
  EXPECT_EQ(client.get("/nothing").status, 200);
}

}  // namespace
}  // namespace calytics::gateway::test
