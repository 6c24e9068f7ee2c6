// Fetches what the database wants from elsewhere: it asks cal.sync_step what to get, gets it,
// brings it there, and asks what next. What is asked, how often, and what an answer means is SQL's
// business; nothing is kept here, and what is lost on the way is asked for again.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "database.hpp"
#include "http_fetcher.hpp"

namespace calytics::gateway {

class Courier {
 public:
  Courier(std::string url, Milliseconds db_timeout);
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;
  ~Courier();

 private:
  void run(const std::stop_token& stop);
  bool connect();
  // What cal.sync_step says of what was fetched; nothing if it couldn't be asked.
  std::optional<Answer> bring(const Fetched& fetched, const std::string& fetch);
  void fail(const DatabaseError& error);
  void rest(const std::stop_token& stop, Milliseconds time);

  const std::string url_;
  const Milliseconds timeout_;
  HttpFetcher fetcher_;
  std::mutex mutex_;
  std::condition_variable_any rested_;
  int failures_ = 0;
  std::stop_source stop_;
  Database database_;
  std::thread thread_;
};

}  // namespace calytics::gateway
