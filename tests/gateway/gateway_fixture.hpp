// A gateway in this process, against the cluster that with_cluster.sh started.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/types.h>

#include "client.hpp"
#include "gateway.hpp"
#include "settings.hpp"

namespace calytics::gateway::test {

class GatewayFixture : public testing::Test {
 protected:
  void SetUp() override;

  // Starts with defaults on a free port, changed by `change`.
  void start(const std::function<void(Settings&)>& change = [](Settings&) {});
  Client connect() const { return Client(gateway_->address()); }
  Gateway& gateway() { return *gateway_; }

  static std::string database_url();
  // Runs SQL apart from the gateway; the first field of the first row.
  static std::string sql(const std::string& statement);
  // pg_ctl on the cluster; false if that failed or the server isn't ours.
  static bool cluster(const std::string& action);
  // The server's processes that serve the gateway, and its first, which lets new connections in.
  static std::vector<pid_t> backends();
  static pid_t postmaster();
  // Runs a shell command that inherits none of our sockets, which it would keep open; its exit
  // code.
  static int run_apart(const std::string& command);
  // Stops processes for as long as it lives.
  class Stopped {
   public:
    explicit Stopped(std::vector<pid_t> pids);
    Stopped(const Stopped&) = delete;
    Stopped& operator=(const Stopped&) = delete;
    ~Stopped();

   private:
    const std::vector<pid_t> pids_;
  };
  static double seconds(const std::function<void()>& work);

 private:
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace calytics::gateway::test
