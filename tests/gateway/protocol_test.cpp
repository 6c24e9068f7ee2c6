// What a client sees: HTTP over real sockets, with the database behind it.
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <simdjson.h>
#include <sys/resource.h>

#include "gateway_fixture.hpp"

namespace calytics::gateway::test {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;

class Protocol : public GatewayFixture {};

std::string member(const std::string& json, const std::string& path) {
  simdjson::dom::parser parser;
  const auto value = parser.parse(json).at_pointer(path);
  std::string_view text;
  std::int64_t number = 0;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  if (value.get(number) == simdjson::SUCCESS) return std::to_string(number);
  return "(none)";
}

TEST_F(Protocol, PassesTheRequestAndReturnsTheAnswer) {
  start();
  auto client = connect();
  const auto echoed = client.request(
      "PUT /echo?x=%20&y HTTP/1.1\r\nHost: h\r\nX-Dup: 1\r\nx-dup: 2\r\nX-Calytics-Peer: "
      "9.9.9.9\r\n"
      "X-Latin: \xe9\r\nX-Quote: \"\\\r\nContent-Length: 4\r\n\r\n\0\xff\r\n"s);
  ASSERT_EQ(echoed.status, 200);
  EXPECT_EQ(echoed.header("content-type"), "application/json");
  EXPECT_EQ(member(echoed.body, "/method"), "PUT");
  EXPECT_EQ(member(echoed.body, "/path"), "/echo");
  EXPECT_EQ(member(echoed.body, "/query"), "x=%20&y");
  EXPECT_EQ(member(echoed.body, "/size"), "4");
  EXPECT_EQ(member(echoed.body, "/md5"), sql("select md5('\\x00ff0d0a'::bytea)"));
  EXPECT_EQ(member(echoed.body, "/headers/x-dup"), "1, 2");
  EXPECT_EQ(member(echoed.body, "/headers/x-calytics-peer"), "127.0.0.1");
  EXPECT_EQ(member(echoed.body, "/headers/x-latin"), "\xc3\xa9");
  EXPECT_EQ(member(echoed.body, "/headers/x-quote"), "\"\\");
  EXPECT_EQ(member(echoed.body, "/headers/x-request-id"), echoed.header("x-request-id"));
  EXPECT_EQ(echoed.header("x-request-id").size(), 32U);
  EXPECT_NE(echoed.header("date"), "");
  EXPECT_EQ(client.get("/nowhere").status, 404);
}

TEST_F(Protocol, ReturnsStatusAndHeadersAsTheDatabaseGaveThem) {
  start();
  auto client = connect();
  const auto made = client.post(
      "/answer",
      R"({"status":418,"headers":{"X-A":"b","Content-Length":"99","Bad Name":"x"},"body":"tea"})");
  EXPECT_EQ(made.status, 418);
  EXPECT_EQ(made.header("x-a"), "b");
  EXPECT_EQ(made.headers.count("bad name"), 0U);
  EXPECT_EQ(made.body, "tea");
  EXPECT_EQ(client.post("/answer", R"({"status":204,"headers":null,"body":null})").status, 204);
  EXPECT_EQ(client.post("/answer", R"({"status":99,"headers":{},"body":""})").status, 500);
  EXPECT_EQ(client.post("/answer", R"({"status":null,"headers":{},"body":""})").status, 500);
  EXPECT_EQ(client.post("/answer", R"({"status":200,"headers":[],"body":""})").status, 500);
  EXPECT_EQ(client.post("/answer", R"({"status":200,"headers":{"a":1},"body":""})").status, 500);
  client.send(
      "POST /answer HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 71\r\n\r\n"
      R"({"status":200,"headers":{"Set-Cookie":["a=1","b=2"]},"body":"two"}     )");
  const auto raw = client.read_raw(10'000);
  EXPECT_NE(raw.find("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"), std::string::npos) << raw;
}

TEST_F(Protocol, HeadHasTheHeadersOfGetWithoutItsBody) {
  start();
  auto client = connect();
  const auto head = client.request("HEAD /bytes?1000 HTTP/1.1\r\nHost: a\r\n\r\n", true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "1000");
  EXPECT_EQ(client.get("/bytes?1000").body, std::string(1000, 'x'));  // the stream is still in step
}

TEST_F(Protocol, AnswersPipelinedRequestsInOrder) {
  start();
  auto client = connect();
  std::string requests;
  for (int i = 0; i < 200; ++i)
    requests +=
        "POST /answer HTTP/1.1\r\nHost: a\r\nContent-Length: 47\r\n\r\n" +
        (R"({"status":200,"headers":{},"body":")" + std::to_string(10'000 + i) + "\"}      ")
            .substr(0, 47);
  client.send(requests);
  for (int i = 0; i < 200; ++i)
    ASSERT_EQ(client.read().body, std::to_string(10'000 + i));
}

TEST_F(Protocol, AnswersAClientThatHasFinishedSending) {
  start();
  auto client = connect();
  client.send("GET /sleep?0.2 HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
  client.shutdown_send();
  EXPECT_EQ(client.read().body, "slept");
  EXPECT_EQ(client.read().body, "ok");
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(Protocol, ReadsChunkedBodies) {
  start();
  auto client = connect();
  const auto echoed = client.request(
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;e=1\r\nhello\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\n");
  EXPECT_EQ(member(echoed.body, "/md5"), sql("select md5('hello!')"));
}

TEST_F(Protocol, KeepsOrClosesAsAsked) {
  start();
  auto stays = connect();
  EXPECT_EQ(stays.get("/nothing").header("connection"), "");
  EXPECT_EQ(stays.request("GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                .header("connection"),
            "close");
  EXPECT_TRUE(stays.closed_by_peer());
  auto old = connect();
  EXPECT_EQ(
      old.request("GET /nothing HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").header("connection"),
      "keep-alive");
  EXPECT_EQ(old.request("GET /nothing HTTP/1.0\r\n\r\n").header("connection"), "close");
  EXPECT_TRUE(old.closed_by_peer());
}

TEST_F(Protocol, TellsAClientThatWaitsToGoOn) {
  start();
  auto client = connect();
  EXPECT_EQ(client
                .request("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                         "Expect: 100-continue\r\n\r\n")
                .status,
            100);
  EXPECT_EQ(member(client.request("hello").body, "/size"), "5");
  // A body that won't be taken is refused instead.
  EXPECT_EQ(client
                .request("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n"
                         "Expect: 100-continue\r\n\r\n")
                .status,
            413);
}

TEST_F(Protocol, RefusesWhatIsTooLargeAndStillGetsTheAnswerAcross) {
  start();
  const auto refused = [&](const std::string& bytes) {
    auto client = connect();
    const auto response = client.request(bytes);
    EXPECT_EQ(response.header("connection"), "close");
    EXPECT_NE(member(response.body, "/error/message"), "(none)");
    EXPECT_TRUE(client.closed_by_peer());
    return response.status;
  };
  const std::string huge(20 << 20, 'x');
  EXPECT_EQ(refused("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                    std::to_string(huge.size()) + "\r\n\r\n" + huge),
            413);
  EXPECT_EQ(
      refused("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n80000\r\n" +
              std::string(0x80000, 'x') + "\r\n80001\r\n" + huge),
      413);
  EXPECT_EQ(refused("GET /" + huge + " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nX: " + huge + "\r\n\r\n"), 431);
  EXPECT_EQ(refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400);
  EXPECT_EQ(refused("\x16\x03\x01\x02"), 400);
  EXPECT_EQ(refused("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
}

TEST_F(Protocol, SendsLargeAnswersToSlowReaders) {
  start();
  auto slow = connect();
  slow.socket().setReceiveBufferSize(65536);
  slow.send("GET /bytes?8000000 HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_EQ(connect().get("/nothing").status, 200);
  const auto response = slow.read();
  EXPECT_EQ(response.body.size(), 8'000'000U);
  EXPECT_EQ(response.body.find_first_not_of('x'), std::string::npos);
  EXPECT_EQ(slow.get("/nothing").status, 200);
}

TEST_F(Protocol, ClosesOnAClientThatDoesNotTakeItsAnswer) {
  start([](Settings& settings) { settings.write_timeout = milliseconds(300); });
  auto client = connect();
  client.send("GET /bytes?20000000 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read_raw(1), "H");
  std::this_thread::sleep_for(milliseconds(1500));
  EXPECT_EQ(client.read().status, 0);
}

TEST_F(Protocol, GivesARequestSoMuchTimeAndNoMore) {
  start([](Settings& settings) { settings.read_timeout = milliseconds(500); });
  auto client = connect();
  const auto taken = seconds([&] {
    // A byte now and then doesn't buy more time.
    for (const char byte : "GET / HTTP/1.1\r\nX: slow"s) {
      if (!client.send({&byte, 1})) break;
      std::this_thread::sleep_for(milliseconds(50));
    }
    EXPECT_EQ(client.read().status, 408);
  });
  EXPECT_LT(taken, 4);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(Protocol, ABodyThatNeverEndsIsCutOffInTimeOrInSize) {
  start([](Settings& settings) { settings.read_timeout = milliseconds(500); });
  const auto drip = [&](const std::string& head, const std::string& piece) {
    auto client = connect();
    client.send(head);
    for (int i = 0; i < 40 && client.send(piece); ++i)
      std::this_thread::sleep_for(milliseconds(50));
    return client.read().status;
  };
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(drip(head + "Content-Length: 100000\r\n\r\n", "x"), 408);
  EXPECT_EQ(drip(head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), 408);
  EXPECT_EQ(drip(head + "Transfer-Encoding: chunked\r\n\r\n",
                 "40000\r\n" + std::string(0x40000, 'x') + "\r\n"),
            413);
}

TEST_F(Protocol, ClosesIdleConnections) {
  start([](Settings& settings) {
    settings.read_timeout = milliseconds(300);
    settings.keepalive_timeout = milliseconds(200);
  });
  auto never_used = connect();
  auto used = connect();
  EXPECT_EQ(used.get("/nothing").status, 200);
  EXPECT_LT(seconds([&] {
              EXPECT_TRUE(used.closed_by_peer());
              EXPECT_TRUE(never_used.closed_by_peer());
            }),
            2);
}

TEST_F(Protocol, AThousandIdleAndSlowConnectionsHoldUpNobody) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  start();
  std::vector<Client> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.push_back(connect());
    if (i % 3 == 1) idle.back().send("POST /echo HTTP/1.1\r\nContent-Le");
    if (i % 3 == 2)
      idle.back().send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  }
  auto client = connect();
  const auto taken = seconds([&] {
    for (int i = 0; i < 100; ++i)
      ASSERT_EQ(client.get("/nothing").status, 200);
  });
  EXPECT_LT(taken, 3);
  // And they are all still good.
  EXPECT_EQ(idle[0].get("/nothing").status, 200);
  EXPECT_EQ(member(idle[998].request("defghij").body, "/size"), "10");
}

TEST_F(Protocol, RefusesConnectionsBeyondTheLimitHonestly) {
  start([](Settings& settings) { settings.max_connections = 3; });
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(connect());
    EXPECT_EQ(clients.back().get("/nothing").status, 200);
  }
  auto refused = connect();
  const auto response = refused.read();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.header("retry-after"), "1");
  EXPECT_TRUE(refused.closed_by_peer());
  clients.pop_back();
  for (int tries = 0; tries < 50; ++tries) {
    if (connect().get("/nothing").status == 200) return;
    std::this_thread::sleep_for(milliseconds(20));
  }
  FAIL() << "a freed place stays taken";
}

TEST_F(Protocol, RefusesWhatTheQueueHasNoRoomFor) {
  start([](Settings& settings) {
    settings.read_lanes = 1;
    settings.queue_size = 1;
  });
  EXPECT_EQ(connect().get("/nothing").status, 200);
  auto served = connect();
  served.send("GET /sleep?0.5 HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(100));
  auto waits = connect();
  waits.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(100));
  auto client = connect();
  const auto taken = seconds([&] {
    const auto refused = client.get("/nothing");
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.header("retry-after"), "1");
  });
  EXPECT_LT(taken, 0.2);
  EXPECT_EQ(served.read().status, 200);
  EXPECT_EQ(waits.read().status, 200);
  EXPECT_EQ(client.get("/nothing").status, 200);  // the refusal didn't cost it its connection
}

TEST_F(Protocol, BoundsTheMemoryOfAllRequestsTogether) {
  start([](Settings& settings) { settings.max_memory = 1 << 20; });
  const auto half = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" +
                    std::string(700'000, 'x');
  auto first = connect();
  first.send(half);
  std::this_thread::sleep_for(milliseconds(200));
  auto second = connect();
  EXPECT_EQ(second.request(half).status, 503);
  EXPECT_EQ(member(first.request(std::string(200'000, 'x')).body, "/size"), "900000");
  EXPECT_EQ(connect().post("/echo", std::string(900'000, 'x')).status, 200);
}

TEST_F(Protocol, BoundsTheMemoryOfAnswersThatNobodyTakes) {
  start([](Settings& settings) { settings.max_memory = 40 << 20; });
  std::vector<Client> greedy;
  for (int i = 0; i < 4; ++i) {
    greedy.push_back(connect());
    greedy.back().send("GET /bytes?30000000 HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  // Nobody reads until the answers must have been made; then a client is served whole or cut off.
  std::this_thread::sleep_for(milliseconds(3000));
  int whole = 0;
  for (auto& client : greedy)
    whole += client.read().body.size() == 30'000'000;
  EXPECT_GE(whole, 1);
  EXPECT_LT(whole, 4);
  EXPECT_EQ(connect().get("/nothing").status, 200);
}

// A client may go at any moment; nothing of it stays.
TEST_F(Protocol, SurvivesClientsThatGo) {
  start();
  for (int round = 0; round < 50; ++round) {
    connect();
    connect().send("GET /");
    connect().send("GET /bytes?300000 HTTP/1.1\r\nHost: a\r\n\r\n");
    auto reset = connect();
    reset.socket().setLinger(true, 0);
    reset.send("POST /store HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  }
  EXPECT_EQ(connect().get("/nothing").status, 200);
}

}  // namespace
}  // namespace calytics::gateway::test
