// How other threads call the reactor: a list of connections that need it, and a socket that wakes
// its poll. Poco's PollSet has no wake-up of its own.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include <Poco/Net/StreamSocket.h>

namespace calytics::gateway {

class Connection;

class Mailbox {
 public:
  Mailbox();

  const Poco::Net::Socket& wake_socket() const { return receiver_; }
  void post(std::shared_ptr<Connection> connection);
  void wake();
  // What has been posted; for the reactor alone.
  std::vector<std::shared_ptr<Connection>> collect();

 private:
  Poco::Net::StreamSocket receiver_;
  Poco::Net::StreamSocket sender_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Connection>> posted_;
  std::atomic<bool> awake_{false};
};

}  // namespace calytics::gateway
