// The small pure parts: text, answers on the wire, settings, SQLSTATEs, the memory budget, the
// queue.
#include <array>
#include <climits>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <simdjson.h>
#include <unistd.h>

#include "answer_writer.hpp"
#include "exchange.hpp"
#include "log.hpp"
#include "memory_budget.hpp"
#include "settings.hpp"
#include "sqlstate.hpp"
#include "text.hpp"

namespace calytics::gateway::test {
namespace {

using namespace std::string_literals;

TEST(Text, TakesWhatIsNotUtf8AsLatin1) {
  EXPECT_EQ(as_utf8("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(as_utf8("caf\xe9"), "caf\xc3\xa9");
  EXPECT_EQ(as_utf8("\xff\x80"), "\xc3\xbf\xc2\x80");
}

// Whatever the bytes, the literal is JSON and means the text (simdjson being the judge).
TEST(Text, JsonStringsReadBackAsTheText) {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (auto i = random() % 20; i > 0; --i)
      bytes += static_cast<char>(random());
    const auto text = as_utf8(bytes);
    std::string literal;
    append_json_text(literal, bytes);
    simdjson::dom::parser parser;
    std::string_view read;
    ASSERT_EQ(parser.parse(literal).get(read), simdjson::SUCCESS) << "seed " << seed;
    ASSERT_EQ(read, text) << "seed " << seed;
  }
}

// A pipe of packets shows what is written at a time.
TEST(Log, LinesOfABatchAreWrittenTogetherAndWhole) {
  constexpr int lines = 60;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_DIRECT | O_NONBLOCK), 0);
  const int stderr_before = ::dup(STDERR_FILENO);
  ::dup2(ends[1], STDERR_FILENO);
  {
    const LogBatch together;
    for (int i = 0; i < lines; ++i)
      LogLine(LogLevel::error, "line").number("i", i).text("text", std::string(100, 'x'));
  }
  LogLine(LogLevel::error, "line").number("i", lines);
  ::dup2(stderr_before, STDERR_FILENO);
  ::close(stderr_before);
  ::close(ends[1]);

  std::string all;
  std::string packet(2 * PIPE_BUF, '\0');
  int packets = 0;
  for (ssize_t size = 0; (size = ::read(ends[0], packet.data(), packet.size())) > 0; ++packets) {
    EXPECT_LE(size, PIPE_BUF);
    EXPECT_EQ(packet[static_cast<std::size_t>(size) - 1], '\n');
    all.append(packet, 0, static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  EXPECT_LT(packets, lines / 10);
  std::istringstream read(all);
  std::string line;
  for (int i = 0; i <= lines; ++i) {
    ASSERT_TRUE(std::getline(read, line));
    EXPECT_NE(line.find("\"i\":" + std::to_string(i) + (i < lines ? "," : "}")), std::string::npos);
  }
  EXPECT_FALSE(std::getline(read, line));
}

std::string wire(const Answer& answer, const AnswerFraming& framing) {
  auto bytes = serialize(answer, framing);
  const auto date = bytes.find("Date: ");
  EXPECT_NE(date, std::string::npos);
  return bytes.erase(date, bytes.find("\r\n", date) + 2 - date);
}

const std::string kSecurityFields =
    "Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n";

TEST(AnswerWriter, FramesTheBody) {
  EXPECT_EQ(wire({200, {{"X-A", "1"}}, "abc"}, {.keep_alive = true, .request_id = "i"}),
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Request-Id: i\r\nX-A: 1\r\n" +
                kSecurityFields + "\r\nabc");
  EXPECT_EQ(wire({200, {}, "abc"}, {.head_only = true, .keep_alive = true, .request_id = ""}),
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" + kSecurityFields + "\r\n");
  EXPECT_EQ(wire({204, {}, "abc"}, {}),
            "HTTP/1.1 204 No Content\r\nConnection: close\r\n" + kSecurityFields + "\r\n");
  EXPECT_EQ(wire({304, {}, "abc"}, {.keep_alive = true, .http_1_0 = true, .request_id = ""}),
            "HTTP/1.1 304 Not Modified\r\nConnection: keep-alive\r\n" + kSecurityFields + "\r\n");
}

TEST(AnswerWriter, TellsBrowsersToStayWithTlsWhereTheyAre) {
  const auto bytes = wire({503, {}, ""}, {.keep_alive = true, .by_tls = true, .request_id = ""});
  EXPECT_NE(bytes.find("Strict-Transport-Security: max-age=31536000\r\n"), std::string::npos);
}

TEST(AnswerWriter, LeavesAnAnswersOwnSecurityHeadersAlone) {
  const Answer answer{200, {{"content-security-policy", "script-src 'self'"}}, ""};
  const auto bytes = wire(answer, {.keep_alive = true, .request_id = ""});
  EXPECT_NE(bytes.find("content-security-policy: script-src 'self'\r\n"), std::string::npos);
  EXPECT_EQ(bytes.find("default-src"), std::string::npos);
  EXPECT_NE(bytes.find("X-Content-Type-Options: nosniff\r\n"), std::string::npos);
}

TEST(AnswerWriter, LetsNoFieldBreakTheStream) {
  const Answer answer{200,
                      {{"content-length", "9"},
                       {"Transfer-Encoding", "chunked"},
                       {"X-A", "1\r\nX-B: 2"},
                       {"X C", "3"},
                       {"", "4"},
                       {"X-D", "5"}},
                      "abc"};
  EXPECT_EQ(wire(answer, {.keep_alive = true, .request_id = ""}),
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-D: 5\r\n" + kSecurityFields + "\r\nabc");
}

Settings load(const Values& flags, const std::map<std::string, std::string>& environment,
              const Values& file) {
  return load_settings(
      flags,
      [&](const char* name) {
        const auto found = environment.find(name);
        return found == environment.end() ? nullptr : found->second.c_str();
      },
      file);
}

TEST(Settings, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  EXPECT_EQ(load({}, {}, {}).port, 8080);
  EXPECT_EQ(load({}, {}, {{"port", "1"}}).port, 1);
  EXPECT_EQ(load({}, {{"CALYTICS_PORT", "2"}}, {{"port", "1"}}).port, 2);
  EXPECT_EQ(load({{"port", "3"}}, {{"CALYTICS_PORT", "2"}}, {{"port", "1"}}).port, 3);
  EXPECT_EQ(load({}, {{"DATABASE_URL", "dbname=a"}}, {}).database_url, "dbname=a");
  EXPECT_EQ(
      load({}, {{"DATABASE_URL", "dbname=a"}, {"CALYTICS_GATEWAY_DATABASE_URL", "dbname=b"}}, {})
          .database_url,
      "dbname=b");
}

TEST(Settings, DefaultsAreWhatTheTableSays) {
  const auto settings = load({}, {}, {});
  EXPECT_EQ(settings.host, "127.0.0.1");
  EXPECT_EQ(settings.limits.body, 1U << 20);
  EXPECT_EQ(settings.limits.header_bytes, 32U << 10);
  EXPECT_EQ(settings.limits.url, 8U << 10);
  EXPECT_EQ(settings.db_wait, std::chrono::seconds{10});
  EXPECT_EQ(settings.db_timeout, std::chrono::seconds{30});
  EXPECT_EQ(settings.max_connections, 4096U);
}

TEST(Settings, RefusesBadValuesByName) {
  const auto refusal = [](const std::string& flag, const std::string& value) -> std::string {
    try {
      load({{flag, value}}, {}, {});
    } catch (const SettingError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal("port", "70000"), "--port must be a whole number from 0 to 65535");
  EXPECT_NE(refusal("port", "80x"), "");
  EXPECT_NE(refusal("port", ""), "");
  EXPECT_NE(refusal("write-lanes", "0"), "");
  EXPECT_EQ(refusal("enable-batching", "yes"), "--enable-batching must be true or false");
  EXPECT_NE(refusal("batch-size", "0"), "");
  EXPECT_NE(refusal("max-body", "1TiB"), "");
  EXPECT_NE(refusal("max-body", "99999999999999999999"), "");
  EXPECT_NE(refusal("db-wait", "-1"), "");
  EXPECT_NE(refusal("db-wait", "1 fortnight"), "");
  EXPECT_NE(refusal("log-level", "loud"), "");
  EXPECT_NE(refusal("host", ""), "");
  for (const auto* flag : {"database-url", "read-url"}) {
    const auto url = refusal(flag, "postgresql://u:hunter2@[/");
    EXPECT_NE(url, "");
    EXPECT_EQ(url.find("hunter2"), std::string::npos);
  }
  EXPECT_THROW(load({}, {}, {{"prot", "1"}}), SettingError);
}

TEST(Settings, UnderstandsUnits) {
  EXPECT_EQ(parse_duration("250ms").count(), 250);
  EXPECT_EQ(parse_duration("10").count(), 10'000);
  EXPECT_EQ(parse_duration(" 5 min ").count(), 300'000);
  EXPECT_EQ(parse_duration("10", Milliseconds{1}).count(), 10);
  EXPECT_EQ(parse_duration("10s", Milliseconds{1}).count(), 10'000);
  EXPECT_EQ(parse_duration("1H").count(), 3'600'000);
  EXPECT_EQ(parse_size("7"), 7U);
  EXPECT_EQ(parse_size("32kib"), 32U << 10);
  EXPECT_EQ(parse_size("1 MiB"), 1U << 20);
}

TEST(SqlState, SaysWhatARequestHasToDo) {
  for (const auto* state : {"", "08006", "08P01", "57P01", "57P02", "57P03", "53300"})
    EXPECT_EQ(classify(state), Fault::lost) << state;
  for (const auto* state : {"40P01", "40001", "55P03"})
    EXPECT_EQ(classify(state), Fault::transient) << state;
  EXPECT_EQ(classify("57014"), Fault::cancelled);
  EXPECT_EQ(classify("25006"), Fault::read_only);
  for (const auto* state : {"22012", "42883", "XX000", "53200"})
    EXPECT_EQ(classify(state), Fault::permanent) << state;
}

TEST(MemoryBudget, IsNeverExceededAndGivenBack) {
  MemoryBudget budget(100);
  {
    MemoryCharge first(budget);
    MemoryCharge second(budget);
    EXPECT_TRUE(first.resize(60));
    EXPECT_FALSE(second.resize(41));
    EXPECT_TRUE(second.resize(40));
    EXPECT_FALSE(first.resize(61));
    const MemoryCharge moved(std::move(first));
    EXPECT_EQ(budget.used(), 100U);
  }
  EXPECT_EQ(budget.used(), 0U);
}

// Keeps what would have gone to a client.
class Recorder : public AnswerSink {
 public:
  const std::string& peer() const override { return peer_; }
  bool stays_open() const override { return true; }
  void deliver(std::string bytes, bool close) override {
    answers.push_back(std::move(bytes));
    closes.push_back(close);
  }
  bool deliver_stream(std::string, Subscription) override { return false; }
  std::vector<std::string> answers;
  std::vector<bool> closes;

 private:
  std::string peer_ = "192.0.2.1";
};

class ExchangeTest : public testing::Test {
 protected:
  std::unique_ptr<Exchange> make(std::vector<Header> headers) {
    Request request;
    request.method = "GET";
    request.headers = std::move(headers);
    return std::make_unique<Exchange>(std::move(request), sink_, MemoryCharge(budget_));
  }
  MemoryBudget budget_{1000};
  std::shared_ptr<Recorder> sink_ = std::make_shared<Recorder>();
};

TEST_F(ExchangeTest, IsAnsweredExactlyOnceEvenIfForgotten) {
  auto exchange = make({});
  exchange->answer({200, {}, "a"});
  exchange->answer({200, {}, "b"});
  exchange.reset();
  make({}).reset();
  ASSERT_EQ(sink_->answers.size(), 2U);
  EXPECT_TRUE(sink_->answers[0].ends_with("\r\n\r\na"));
  EXPECT_TRUE(sink_->answers[1].starts_with("HTTP/1.1 503 "));
}

TEST_F(ExchangeTest, TheFirstAnswerOfTwinsCounts) {
  set_log_level(LogLevel::error);
  for (std::size_t round = 0; round < 500; ++round) {
    auto one = make({{"x-request-id", "same"}});
    auto other = one->twin();
    EXPECT_EQ(other->id(), "same");
    EXPECT_FALSE(one->answered() || other->answered());
    const auto race = [](std::unique_ptr<Exchange> twin, const char* body) {
      twin->answer({200, {}, body});
      EXPECT_TRUE(twin->answered());
    };
    std::thread beside(race, std::move(other), "b");
    race(std::move(one), "a");
    beside.join();
    ASSERT_EQ(sink_->answers.size(), round + 1);
  }
  auto one = make({});
  auto other = one->twin();
  one.reset();  // forgotten, which is an answer
  EXPECT_TRUE(other->answered());
  EXPECT_TRUE(sink_->answers.back().starts_with("HTTP/1.1 503 "));
}

TEST_F(ExchangeTest, TellsTheDatabaseWhoAsksWhateverTheClientSays) {
  const auto json = make({{"host", "a\"\\\x01"},
                          {"x-calytics-peer", "10.0.0.1"},
                          {"x-request-id", "good.id_1"},
                          {"x-latin", "\xe9"}})
                        ->headers_json();
  EXPECT_EQ(json,
            "{\"x-calytics-peer\":\"192.0.2.1\",\"x-request-id\":\"good.id_1\","
            "\"host\":\"a\\\"\\\\\\u0001\",\"x-latin\":\"\xc3\xa9\"}");
}

TEST_F(ExchangeTest, ReplacesARequestIdThatIsNone) {
  for (const auto& bad : {""s, "a b"s, "<x>"s, std::string(47, 'a')}) {
    const auto id = make({{"x-request-id", bad}})->id();
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  }
  EXPECT_NE(make({})->id(), make({})->id());
}

}  // namespace
}  // namespace calytics::gateway::test
