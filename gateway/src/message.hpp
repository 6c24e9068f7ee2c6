// The two values that pass between HTTP and the database: a request as received, an answer to send.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace calytics::gateway {

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

// Header names are in lower case, each once: repeated fields are joined by ", ", cookies by "; ".
struct Request {
  std::string method;
  std::string path;   // raw, without the query
  std::string query;  // raw, after the '?'
  std::vector<Header> headers;
  std::string body;
  bool http_1_0 = false;
  bool keep_alive = false;
  std::size_t bytes = 0;  // taken from the connection, framing included
  bool operator==(const Request&) const = default;
};

// True if by its method it asks for nothing to be changed (RFC 9110).
inline bool is_safe(const Request& request) {
  return request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
}

struct Answer {
  int status = 500;
  std::vector<Header> headers;
  std::string body;
  bool is_error = false;  // the gateway's own: the body is why, and sent within JSON
};

inline Answer error_answer(int status, std::string reason) {
  return {status,
          {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          std::move(reason),
          true};
}

// 503: nothing was done, the client may come again.
inline Answer unavailable_answer(std::string reason) {
  Answer answer = error_answer(503, std::move(reason));
  answer.headers.push_back({"Retry-After", "1"});
  return answer;
}

}  // namespace calytics::gateway
