#include <chrono>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

#include "gateway_metrics.hpp"

namespace calytics::gateway {
namespace {

// Once, as near to the start as a static can be.
const double kStarted =
    std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

void write_process_metrics(MetricsText& text) {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0)
    text.counter("process_cpu_seconds_total", "Processor time used.",
                 seconds(usage.ru_utime) + seconds(usage.ru_stime));
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  if (std::ifstream("/proc/self/statm") >> total_pages >> resident_pages) {
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    text.gauge("process_virtual_memory_bytes", "Size of the address space.",
               static_cast<double>(total_pages) * page);
    text.gauge("process_resident_memory_bytes", "What of it is in memory.",
               static_cast<double>(resident_pages) * page);
  }
  std::error_code fault;
  const std::filesystem::directory_iterator open("/proc/self/fd", fault);
  if (!fault)
    text.gauge("process_open_fds", "Open file descriptors.",
               static_cast<double>(std::distance(begin(open), end(open))));
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    text.gauge("process_max_fds", "How many there may be.", static_cast<double>(limit.rlim_cur));
  text.gauge("process_start_time_seconds", "When the process started, since 1970.", kStarted);
}

}  // namespace calytics::gateway
