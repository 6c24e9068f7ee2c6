#include "mailbox.hpp"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <Poco/Net/StreamSocketImpl.h>
#include <sys/socket.h>

namespace calytics::gateway {

Mailbox::Mailbox() {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) != 0)
    throw std::system_error(errno, std::generic_category(), "socketpair");
  receiver_ = Poco::Net::StreamSocket(new Poco::Net::StreamSocketImpl(pair[0]));
  sender_ = Poco::Net::StreamSocket(new Poco::Net::StreamSocketImpl(pair[1]));
  // Poco assumes that sockets block until told otherwise.
  receiver_.setBlocking(false);
  sender_.setBlocking(false);
}

void Mailbox::post(std::shared_ptr<Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(connection));
  }
  wake();
}

void Mailbox::wake() {
  if (awake_.exchange(true)) return;
  const char signal = 0;
  sender_.sendBytes(&signal, 1, MSG_NOSIGNAL);
}

std::vector<std::shared_ptr<Connection>> Mailbox::collect() {
  std::array<char, 64> signals{};
  while (receiver_.receiveBytes(signals.data(), signals.size()) == signals.size()) {
  }
  awake_ = false;
  const std::lock_guard lock(mutex_);
  return std::exchange(posted_, {});
}

}  // namespace calytics::gateway
