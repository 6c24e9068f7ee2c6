// What the gateway tells of itself, with the database there and without.
#include <chrono>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "gateway_fixture.hpp"

namespace calytics::gateway::test {
namespace {

using std::chrono::milliseconds;

class DiagnosticsTest : public GatewayFixture {
 protected:
  static Response metrics(Client& client, const std::string& authorization = "good") {
    return client.request("GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: " + authorization +
                          "\r\n\r\n");
  }
  // Starts, and waits until all lanes are connected.
  Client start_ready() {
    start();
    while (gateway().snapshot().write_lanes.connected < 2 ||
           gateway().snapshot().read_lanes.connected < 4)
      std::this_thread::sleep_for(milliseconds(5));
    return connect();
  }
  // The value of a sample, as it is written; "" if there is none.
  static std::string sample(const std::string& text, const std::string& name) {
    const auto at = ("\n" + text).find("\n" + name + " ");
    if (at == std::string::npos) return "";
    const auto value = at + name.size() + 1;
    return text.substr(value, text.find('\n', value) - value);
  }
};

TEST_F(DiagnosticsTest, MetricsFollowThoseOfTheDatabase) {
  auto client = start_ready();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(client.get("/ready").status, 200);
  EXPECT_EQ(client.get("/nowhere").status, 404);
  EXPECT_EQ(client.post("/store", "x").status, 200);
  EXPECT_EQ(metrics(client, "bad").status, 401);
  const auto answer = metrics(client);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "text/plain; version=0.0.4");
  const auto& text = answer.body;
  EXPECT_EQ(sample(text, "of_the_database"), "1");
  EXPECT_EQ(sample(text, R"(calytics_gateway_requests_total{class="probe",status="200"})"), "3");
  EXPECT_EQ(sample(text, R"(calytics_gateway_requests_total{class="other",status="200"})"), "1");
  EXPECT_EQ(sample(text, R"(calytics_gateway_requests_total{class="other",status="404"})"), "1");
  EXPECT_EQ(sample(text, R"(calytics_gateway_requests_total{class="other",status="401"})"), "1");
  EXPECT_EQ(sample(text, R"(calytics_gateway_request_seconds_count{class="probe"})"), "3");
  EXPECT_EQ(sample(text, R"(calytics_gateway_request_seconds_bucket{class="probe",le="+Inf"})"),
            "3");
  EXPECT_EQ(sample(text, R"(calytics_gateway_calls_total{lanes="write"})"), "1");
  EXPECT_EQ(sample(text, R"(calytics_gateway_batch_size_count{lanes="write"})"), "1");
  EXPECT_EQ(sample(text, "calytics_gateway_connections"), "1");
  EXPECT_EQ(sample(text, "calytics_gateway_streams"), "0");
  EXPECT_GT(std::stod(sample(text, "process_resident_memory_bytes")), 1e6);
}

TEST_F(DiagnosticsTest, TheGatewayIsAliveToThoseWhoAskAlone) {
  start();
  auto client = connect();
  EXPECT_EQ(client.get("/live").body, "{\"status\": \"live\"}\n");
  EXPECT_EQ(client.request("HEAD /live HTTP/1.1\r\nHost: a\r\n\r\n", true).status, 200);
  const auto options = client.request("OPTIONS /live HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("allow"), "GET, HEAD, OPTIONS");
  const auto refused = client.post("/live", "x");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.header("allow"), "GET, HEAD, OPTIONS");
}

TEST_F(DiagnosticsTest, WhileTheDatabaseIsAwayTheGatewaySaysSoAtOnce) {
  auto client = start_ready();
  EXPECT_EQ(metrics(client).status, 200);
  ASSERT_TRUE(cluster("-m fast stop"));
  int status = 200;
  for (int i = 0; status == 200 && i < 250; ++i) {
    std::this_thread::sleep_for(milliseconds(20));
    // Has the lanes notice.
    connect().send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    connect().send("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    if (i > 5) status = client.get("/ready").status;
  }
  EXPECT_EQ(status, 503);
  EXPECT_LT(seconds([&] {
              EXPECT_EQ(client.get("/live").status, 200);
              EXPECT_EQ(client.get("/ready").status, 503);
              const auto own = metrics(client);
              EXPECT_EQ(own.status, 200);
              EXPECT_EQ(sample(own.body, R"(calytics_gateway_lanes_connected{lanes="read"})"), "0");
              EXPECT_EQ(sample(own.body, "of_the_database"), "");
              EXPECT_EQ(metrics(client, "bad").status, 503);
              EXPECT_EQ(client.get("/metrics").status, 503);
            }),
            5);
  ASSERT_TRUE(cluster("start"));
  for (int i = 0; status != 200 && i < 250; ++i) {
    std::this_thread::sleep_for(milliseconds(20));
    status = client.get("/ready").status;
  }
  EXPECT_EQ(status, 200);
}

// Neither an answer nor an end of the connection comes from processes that are stopped. Calls may
// take 30 s.
TEST_F(DiagnosticsTest, WhileTheDatabaseHangsTheGatewaySaysSoSoon) {
  auto client = start_ready();
  EXPECT_EQ(sample(metrics(client).body, "calytics_gateway_database_answered"), "1");
  auto pids = backends();
  pids.push_back(postmaster());
  {
    const Stopped stopped(pids);
    EXPECT_LT(seconds([&] {
                EXPECT_EQ(client.get("/ready").status, 503);
                EXPECT_EQ(client.request("HEAD /ready HTTP/1.1\r\nHost: a\r\n\r\n", true).status,
                          503);
                const auto own = metrics(client);
                EXPECT_EQ(own.status, 200);
                EXPECT_EQ(sample(own.body, "calytics_gateway_database_answered"), "0");
                EXPECT_EQ(sample(own.body, R"(calytics_gateway_lanes_busy{lanes="read"})"), "3");
                EXPECT_EQ(sample(own.body, "of_the_database"), "");
                EXPECT_EQ(metrics(client, "bad").status, 503);
                EXPECT_EQ(client.get("/live").status, 200);
              }),
              15);
  }
  // What the lanes are answered now goes nowhere: the client hears of its later requests alone.
  EXPECT_EQ(client.get("/echo").header("content-type"), "application/json");
  EXPECT_EQ(client.get("/ready").body, "ready");
  const auto text = metrics(client).body;
  EXPECT_EQ(sample(text, "calytics_gateway_database_answered"), "1");
  EXPECT_EQ(sample(text, R"(calytics_gateway_requests_total{class="other",status="503"})"), "3");
  EXPECT_EQ(sample(text, R"(calytics_gateway_requests_total{class="probe",status="200"})"), "1");
}

TEST_F(DiagnosticsTest, NobodyIsRememberedWhoWasTurnedAwaySince) {
  auto client = start_ready();
  EXPECT_EQ(metrics(client).status, 200);
  const auto answer_always = [](const std::string& status) {
    sql("create or replace function cal.http(text, text, text, jsonb, bytea, out status int, "
        "out headers jsonb, out body bytea) language plpgsql as $$ begin status := " +
        status + "; headers := '{}'; body := ''; end $$");
  };
  answer_always("1 / 0");
  EXPECT_EQ(metrics(client).status, 200);
  answer_always("401");
  EXPECT_EQ(metrics(client).status, 401);
  answer_always("1 / 0");
  EXPECT_EQ(metrics(client).status, 500);
}

}  // namespace
}  // namespace calytics::gateway::test
