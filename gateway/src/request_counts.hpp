// How many requests were answered, how, and how long that took: by the class that the database puts
// a request in (see directives.hpp) and by status. Bounded, whatever clients ask for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "metrics_text.hpp"

namespace calytics::gateway {

struct AnsweredRequest {
  std::string_view request_class;  // empty: none
  int status = 0;
  double seconds = 0;  // from its first byte to the last of the answer, or its head
  std::size_t bytes_in = 0;
  std::size_t bytes_out = 0;
};

class RequestCounts {
 public:
  void count(const AnsweredRequest& request);
  void write(MetricsText& text) const;

 private:
  // Upper bounds in seconds; what took longer is in one more bucket.
  static constexpr std::array<double, 13> kBounds = {
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
  struct Class {
    std::map<int, std::uint64_t> statuses;
    std::array<std::uint64_t, kBounds.size() + 1> durations{};
    double seconds = 0;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Class, std::less<>> classes_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace calytics::gateway
