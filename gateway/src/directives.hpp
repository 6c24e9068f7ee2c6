// Fields of an answer that the database means for the gateway and not for the client, X-Calytics-*:
//   X-Calytics-Listen    channels, between commas: the answer goes on as a stream of their events
//   X-Calytics-Lifetime  for how many seconds such a stream may live
//   X-Calytics-Class     under which name the request is counted
// None of them, nor any other of that prefix, leaves the gateway.
#pragma once

#include <string>
#include <vector>

#include "clock.hpp"
#include "message.hpp"

namespace calytics::gateway {

struct Directives {
  std::vector<std::string> channels;
  Milliseconds lifetime{60'000};
  std::string request_class;
};

// Takes them out of the answer.
Directives take_directives(Answer& answer);

}  // namespace calytics::gateway
