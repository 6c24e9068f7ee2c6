// Asks another server for something: one GET over HTTP or HTTPS, the server's certificate checked
// against the machine's list. Every step has a time limit, an answer a greatest size, and redirects
// aren't followed: whoever is asked gets credentials.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>

#include "message.hpp"

namespace calytics::gateway {

struct Fetched {
  int status = 0;       // 0: there is no answer
  std::string problem;  // why
  std::vector<Header> headers;
  std::string body;
};

class HttpFetcher {
 public:
  explicit HttpFetcher(std::size_t max_body);

  Fetched get(const std::string& url, const std::vector<Header>& headers);
  // Ends what is under way, and whatever would follow. From any thread.
  void abort();

 private:
  class Session;

  void read(Poco::Net::HTTPClientSession& session, const std::string& path,
            const std::vector<Header>& headers, Fetched& fetched) const;

  const std::size_t max_body_;
  const Poco::Net::Context::Ptr tls_;
  std::mutex mutex_;
  Poco::Net::HTTPClientSession* session_ = nullptr;  // the one under way
  bool aborted_ = false;
};

}  // namespace calytics::gateway
