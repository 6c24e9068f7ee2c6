// Writes that wait are committed together, and none of them notices. The lanes are held up by a
// lock until all that is to wait waits, so that what goes together is no matter of luck.
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include "gateway_fixture.hpp"

namespace calytics::gateway::test {
namespace {

using std::chrono::milliseconds;

struct Sent {
  std::string target;
  std::string body;
};

class Batch : public GatewayFixture {
 protected:
  static void until(const std::function<bool()>& holds) {
    for (int i = 0; i < 1000 && !holds(); ++i)
      std::this_thread::sleep_for(milliseconds(10));
    ASSERT_TRUE(holds());
  }

  static int blocked() {
    return std::stoi(
        sql("select count(*) from pg_stat_activity where application_name = 'calytics-gateway'"
            " and wait_event_type = 'Lock'"));
  }

  // The statuses of posts that all wait, in this order, while each of so many write lanes is held
  // up by a request of its own.
  std::vector<int> post_behind(int lanes, const std::vector<Sent>& posts) {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> holder(PQconnectdb(database_url().c_str()),
                                                              PQfinish);
    PQclear(PQexec(holder.get(), "select pg_advisory_lock(7)"));
    std::vector<Client> held;
    for (int i = 0; i < lanes; ++i) {
      held.push_back(connect());
      held.back().send("POST /gate/" + std::to_string(i) +
                       " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
      until([&] { return blocked() == i + 1; });
    }
    std::vector<Client> clients;
    for (const auto& post : posts) {
      clients.push_back(connect());
      clients.back().send("POST " + post.target + " HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                          std::to_string(post.body.size()) + "\r\n\r\n" + post.body);
      until([&] { return gateway().snapshot().writes.waiting == clients.size(); });
    }
    if (meanwhile_) meanwhile_();
    PQclear(PQexec(holder.get(), "select pg_advisory_unlock(7)"));
    for (auto& client : held)
      EXPECT_EQ(client.read().status, 200);
    std::vector<int> statuses;
    statuses.reserve(clients.size());
    for (auto& client : clients)
      statuses.push_back(client.read().status);
    return statuses;
  }

  std::vector<int> store_behind(int lanes, int count) {
    std::vector<Sent> posts;
    for (int i = 0; i < count; ++i)
      posts.push_back({"/store", std::to_string(i)});
    return post_behind(lanes, posts);
  }

  static std::vector<int> all_well(std::size_t count) { return std::vector<int>(count, 200); }

  // Has the commit do so for bodies of that kind, after every call has been answered.
  static void at_commit(const std::string& of, const std::string& action) {
    sql("create function cal.late() returns trigger language plpgsql as $$ begin " + action +
        "; return null; end $$;"
        "create constraint trigger late after insert on cal.stored initially deferred"
        " for each row when (convert_from(new.body, 'UTF8') in (" +
        of + ")) execute function cal.late()");
  }

  static std::string transactions() {
    return sql("select count(distinct xmin::text) from cal.stored");
  }

  std::function<void()> meanwhile_;  // done while all wait
};

TEST_F(Batch, WhatWaitsIsCommittedTogether) {
  start([](Settings& settings) {
    settings.write_lanes = 1;
    settings.batch_size = 20;
  });
  EXPECT_EQ(store_behind(1, 30), all_well(30));
  EXPECT_EQ(sql("select count(*) from cal.stored where copies = 1"), "30");
  EXPECT_EQ(transactions(), "2");
  const auto lanes = gateway().snapshot().write_lanes;
  EXPECT_EQ(lanes.calls, 31U);
  EXPECT_EQ(lanes.batches, 3U);
  EXPECT_EQ(lanes.batch_sizes.at(0), 1U);  // of the one call that held it up
  EXPECT_EQ(lanes.batch_sizes.at(3), 1U);  // of 10
  EXPECT_EQ(lanes.batch_sizes.at(4), 1U);  // of 20
  EXPECT_EQ(lanes.undone, 0U);
}

TEST_F(Batch, EachOfItIsWhatItWas) {
  start([](Settings& settings) { settings.write_lanes = 1; });
  EXPECT_EQ(post_behind(1, {{"/store", ""},
                            {"/store", std::string("\0\xff", 2)},
                            {"/store?hash", "x"},
                            {"/store", "{\"a\", NULL}"}}),
            all_well(4));
  EXPECT_EQ(
      sql("select string_agg(encode(body, 'hex'), ' ' order by length(body)) from cal.stored"),
      " 00ff 7b2261222c204e554c4c7d "
      "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
  EXPECT_EQ(transactions(), "1");
}

TEST_F(Batch, OfOneIsEachByItself) {
  start([](Settings& settings) {
    settings.write_lanes = 1;
    settings.batch_size = 1;
  });
  EXPECT_EQ(store_behind(1, 10), all_well(10));
  EXPECT_EQ(transactions(), "10");
}

TEST_F(Batch, SwitchedOffEachIsByItself) {
  start([](Settings& settings) {
    settings.write_lanes = 1;
    settings.batching = false;
  });
  EXPECT_EQ(store_behind(1, 10), all_well(10));
  EXPECT_EQ(transactions(), "10");
}

TEST_F(Batch, AnIdleLaneWaitsForNoCompany) {
  start([](Settings& settings) { settings.write_lanes = 1; });
  auto client = connect();
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(client.post("/store", std::to_string(i)).status, 200);
  EXPECT_EQ(transactions(), "10");
}

TEST_F(Batch, HasSoManyBytesAtMost) {
  start([](Settings& settings) { settings.write_lanes = 1; });
  std::vector<Sent> posts;
  for (int i = 0; i < 6; ++i)
    posts.push_back({"/store?hash", std::string(400'000, static_cast<char>('a' + i))});
  EXPECT_EQ(post_behind(1, posts), all_well(6));
  EXPECT_EQ(transactions(), "3");
}

TEST_F(Batch, OnlyOnePathsCallsGoTogether) {
  start([](Settings& settings) { settings.write_lanes = 1; });
  EXPECT_EQ(post_behind(1, {{"/store", "a"}, {"/touch?a", ""}, {"/store", "b"}, {"/touch?b", ""}}),
            all_well(4));
  EXPECT_EQ(transactions(), "1");
  EXPECT_EQ(sql("select count(distinct xmin::text) from cal.touched"), "1");
  EXPECT_EQ(sql("select count(*) from cal.touched join cal.stored on touched.xmin = stored.xmin"),
            "0");
}

TEST_F(Batch, APoisonedCallHarmsNoNeighbour) {
  start([](Settings& settings) { settings.write_lanes = 1; });
  std::vector<Sent> posts;
  auto expected = all_well(20);
  for (std::size_t i = 0; i < expected.size(); ++i)
    posts.push_back({"/store", std::to_string(i)});
  for (const std::size_t bad : {7, 13}) {
    posts[bad].target = "/store?22012";
    expected[bad] = 500;
  }
  EXPECT_EQ(post_behind(1, posts), expected);
  EXPECT_EQ(sql("select count(*) from cal.stored where copies = 1"), "18");
  EXPECT_EQ(gateway().snapshot().write_lanes.undone, 1U);
}

TEST_F(Batch, ACommitThatFailsIsNobodysSuccess) {
  start([](Settings& settings) { settings.write_lanes = 1; });
  at_commit("'3'", "raise exception using errcode = 'check_violation'");
  auto expected = all_well(6);
  expected[3] = 500;
  EXPECT_EQ(store_behind(1, 6), expected);
  EXPECT_EQ(sql("select count(*) from cal.stored where copies = 1"), "5");
}

// The one behind it is on its way by then.
TEST_F(Batch, ACommitThatFailsTakesNoOtherWithIt) {
  start([](Settings& settings) {
    settings.write_lanes = 1;
    settings.batch_size = 4;
  });
  at_commit("'3', '6'", "raise exception using errcode = 'check_violation'");
  auto expected = all_well(12);
  expected[3] = expected[6] = 500;
  EXPECT_EQ(store_behind(1, 12), expected);
  EXPECT_EQ(sql("select count(*) from cal.stored where copies = 1"), "10");
  EXPECT_EQ(gateway().snapshot().write_lanes.undone, 2U);
}

TEST_F(Batch, AsOneIsCommittedTheNextIsOnItsWay) {
  start([](Settings& settings) {
    settings.write_lanes = 1;
    settings.batch_size = 2;
  });
  at_commit("'0'", "perform pg_advisory_xact_lock_shared(8)");
  const std::unique_ptr<PGconn, decltype(&PQfinish)> holder(PQconnectdb(database_url().c_str()),
                                                            PQfinish);
  std::jthread release;
  meanwhile_ = [&] {
    PQclear(PQexec(holder.get(), "select pg_advisory_lock(8)"));
    release = std::jthread([&] {
      until([&] { return gateway().snapshot().writes.waiting == 0; });
      EXPECT_EQ(blocked(), 1);
      PQclear(PQexec(holder.get(), "select pg_advisory_unlock(8)"));
    });
  };
  EXPECT_EQ(store_behind(1, 4), all_well(4));
  EXPECT_EQ(transactions(), "2");
}

// Nobody knows what of it has been committed.
TEST_F(Batch, ACommitThatIsCutOffIsMadeAgainWithTheNext) {
  start([](Settings& settings) {
    settings.write_lanes = 1;
    settings.batch_size = 4;
  });
  at_commit(
      "'2'",
      "if nextval('cal.calls') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if");
  EXPECT_EQ(store_behind(1, 12), all_well(12));
  EXPECT_EQ(sql("select count(*) from cal.stored where copies = 1"), "12");
  EXPECT_GE(gateway().snapshot().write_lanes.lost, 1U);
}

TEST_F(Batch, OneThatIsHeldUpHoldsUpNoOther) {
  start([](Settings& settings) { settings.write_lanes = 1; });
  const std::unique_ptr<PGconn, decltype(&PQfinish)> holder(PQconnectdb(database_url().c_str()),
                                                            PQfinish);
  std::jthread release;
  meanwhile_ = [&] {
    PQclear(PQexec(holder.get(), "begin; select from cal.touched where name = 'a' for update"));
    release = std::jthread([&] {
      until([] { return sql("select calls from cal.touched where name = 'b'") == "2"; });
      PQclear(PQexec(holder.get(), "rollback"));
    });
  };
  EXPECT_EQ(post_behind(1, {{"/yield?b", ""}, {"/yield?a", ""}, {"/yield?b", ""}}), all_well(3));
  EXPECT_EQ(sql("select string_agg(calls::text, ' ' order by name) from cal.touched"), "1 2");
  EXPECT_EQ(gateway().snapshot().write_lanes.held_up, 1U);
  EXPECT_EQ(gateway().snapshot().write_lanes.undone, 0U);
}

TEST_F(Batch, LanesThatDeadlockLoseAndDoubleNothing) {
  start([](Settings& settings) {
    settings.write_lanes = 2;
    settings.batch_size = 2;
  });
  EXPECT_EQ(
      post_behind(2,
                  {{"/touch/1?a", ""}, {"/touch/2?b", ""}, {"/touch/1?b", ""}, {"/touch/2?a", ""}}),
      all_well(4));
  EXPECT_EQ(sql("select string_agg(calls::text, ' ' order by name) from cal.touched"), "2 2");
  EXPECT_GE(gateway().snapshot().write_lanes.undone, 1U);
}

TEST_F(Batch, WhatBlocksOnePathHoldsUpNoOther) {
  start([](Settings& settings) { settings.write_lanes = 3; });
  meanwhile_ = [&] {
    EXPECT_EQ(blocked(), 1);
    EXPECT_EQ(connect().post("/store", "b").status, 200);
  };
  EXPECT_EQ(post_behind(1, {{"/gate/0", ""}, {"/gate/0", ""}, {"/gate/0", ""}}), all_well(3));
}

TEST_F(Batch, AndItsOwnForSoLongOnly) {
  start([](Settings& settings) {
    settings.write_lanes = 3;
    settings.flush_interval = milliseconds(200);
  });
  meanwhile_ = [] { until([] { return blocked() == 2; }); };
  EXPECT_EQ(post_behind(1, {{"/gate/0", ""}}), all_well(1));
}

// The connection is lost before the batch is committed: all of it is made again, and counts once.
TEST_F(Batch, OneThatIsCutOffIsMadeAgain) {
  start([](Settings& settings) { settings.write_lanes = 1; });
  std::vector<Sent> posts;
  for (int i = 0; i < 10; ++i)
    posts.push_back({"/store", std::to_string(i)});
  posts.push_back({"/store?once", "cut"});
  EXPECT_EQ(post_behind(1, posts), all_well(11));
  EXPECT_EQ(sql("select count(*) from cal.stored where copies = 1"), "11");
  EXPECT_EQ(gateway().snapshot().write_lanes.lost, 1U);
}

TEST_F(Batch, FillsTheQueueAndNoMore) {
  start([](Settings& settings) {
    settings.write_lanes = 1;
    settings.queue_size = 5;
  });
  meanwhile_ = [&] {
    for (int i = 0; i < 3; ++i) {
      const auto refused = connect().post("/store", "refused");
      EXPECT_EQ(refused.status, 503);
      EXPECT_EQ(refused.header("retry-after"), "1");
    }
    EXPECT_EQ(connect().get("/nothing").status, 200);  // reads have room of their own
    const auto queue = gateway().snapshot().writes;
    EXPECT_EQ(queue.waiting, 5U);
    EXPECT_EQ(queue.capacity, 5U);
    EXPECT_EQ(queue.refused, 3U);
  };
  EXPECT_EQ(store_behind(1, 5), all_well(5));
}

}  // namespace
}  // namespace calytics::gateway::test
