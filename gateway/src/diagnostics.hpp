// What the gateway tells of itself, whatever the database has to say:
//   /live     200 as long as it answers at all
//   /ready    503 at once where no lane has a database; otherwise the database answers itself,
//             which shows that requests get there, or 503 says that it doesn't (see ProbeWatch)
//   /metrics  the database's answer with the gateway's own metrics after it; while the database is
//             away or doesn't answer the gateway's own alone, for those whom the database let in
//             before; calytics_gateway_database_answered says which it is
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message.hpp"
#include "metrics_text.hpp"
#include "request_counts.hpp"

namespace calytics::gateway {

class Diagnostics {
 public:
  // `has_database`: whether lanes of each kind have one; `write`: all metrics but those of
  // requests.
  Diagnostics(std::function<bool()> has_database, std::function<void(MetricsText&)> write);

  RequestCounts& requests() { return requests_; }
  // Whether it asks how the gateway fares, and what the database has to say to that.
  static bool is_probe(const Request& request);
  // The answer to a request that is not to be put before the database.
  std::optional<Answer> answer_alone(const Request& request) const;
  // Has its say in what is answered to /metrics.
  void complete(const Request& request, Answer& answer);

 private:
  std::string metrics(bool of_database) const;
  bool was_let_in(std::string_view authorization) const;
  void remember(std::string_view authorization, bool let_in);

  const std::function<bool()> has_database_;
  const std::function<void(MetricsText&)> write_;
  RequestCounts requests_;
  mutable std::mutex mutex_;
  std::vector<std::string> let_in_;  // Authorization fields with which metrics were read lately
};

}  // namespace calytics::gateway
