// Turns an answer into the bytes of an HTTP/1.1 response. The gateway alone decides on framing
// (Date, Content-Length, Connection) and on X-Request-Id; fields of the same name in an answer are
// left out, and a field that isn't one is left out and logged, so that no answer can break the
// stream apart. Every answer, the gateway's own included, carries the security headers that it
// doesn't set itself; HSTS where the request says that it came by TLS, for browsers heed it from
// there alone.
#pragma once

#include <string>
#include <string_view>

#include "message.hpp"

namespace calytics::gateway {

struct AnswerFraming {
  bool head_only = false;  // HEAD: the fields of GET, Content-Length included, without the body
  bool keep_alive = false;
  bool stream = false;  // the body goes on until the connection is closed
  bool http_1_0 = false;
  bool by_tls = false;
  std::string_view request_id;  // none if empty
};

std::string serialize(const Answer& answer, const AnswerFraming& framing);

}  // namespace calytics::gateway
