#include "client.hpp"

#include <array>
#include <cstdlib>

#include <Poco/Exception.h>
#include <Poco/Timespan.h>
#include <sys/socket.h>

#include "text.hpp"

namespace calytics::gateway::test {
namespace {

constexpr int kPatienceSeconds = 20;

}  // namespace

Client::Client(const std::string& address) {
  socket_.connect(Poco::Net::SocketAddress(address), Poco::Timespan(kPatienceSeconds, 0));
  socket_.setReceiveTimeout(Poco::Timespan(kPatienceSeconds, 0));
  socket_.setSendTimeout(Poco::Timespan(kPatienceSeconds, 0));
  socket_.setNoDelay(true);
}

bool Client::send(std::string_view bytes) {
  try {
    while (!bytes.empty())
      bytes.remove_prefix(static_cast<std::size_t>(
          socket_.sendBytes(bytes.data(), static_cast<int>(bytes.size()), MSG_NOSIGNAL)));
    return true;
  } catch (const Poco::Exception&) {
    return false;
  }
}

bool Client::fill() {
  std::array<char, 16384> part{};
  try {
    const auto count = socket_.receiveBytes(part.data(), part.size());
    if (count <= 0) return false;
    received_.append(part.data(), static_cast<std::size_t>(count));
    return true;
  } catch (const Poco::Exception&) {
    return false;
  }
}

Response Client::read(bool head) {
  std::size_t head_end = 0;
  while ((head_end = received_.find("\r\n\r\n")) == std::string::npos)
    if (!fill()) return {};
  Response response;
  response.status = std::atoi(received_.c_str() + std::string_view("HTTP/1.1 ").size());
  auto line = received_.find("\r\n") + 2;
  while (line < head_end) {
    const auto end = received_.find("\r\n", line);
    const auto colon = received_.find(": ", line);
    response.headers[to_lower(received_.substr(line, colon - line))] =
        received_.substr(colon + 2, end - colon - 2);
    line = end + 2;
  }
  received_.erase(0, head_end + 4);
  const auto length = response.header("content-length");
  const auto size = head || length.empty() ? 0 : std::stoul(length);
  while (received_.size() < size)
    if (!fill()) return {};
  response.body = received_.substr(0, size);
  received_.erase(0, size);
  return response;
}

Response Client::request(std::string_view bytes, bool head) {
  // What is refused in mid-request may stop the sending, and is answered all the same.
  send(bytes);
  return read(head);
}

Response Client::get(const std::string& target) {
  return request("GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n");
}

Response Client::post(const std::string& target, const std::string& body) {
  return request("POST " + target + " HTTP/1.1\r\nHost: test\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + body);
}

std::string Client::read_raw(std::size_t size) {
  while (received_.size() < size && fill()) {
  }
  auto bytes = received_.substr(0, size);
  received_.erase(0, bytes.size());
  return bytes;
}

std::string Client::read_until(std::string_view end) {
  std::size_t at = 0;
  while ((at = received_.find(end)) == std::string::npos)
    if (!fill()) return {};
  return read_raw(at + end.size());
}

bool Client::closed_by_peer() {
  char byte = 0;
  try {
    return received_.empty() && socket_.receiveBytes(&byte, 1) == 0;
  } catch (const Poco::TimeoutException&) {
    return false;
  } catch (const Poco::Exception&) {
    return true;
  }
}

}  // namespace calytics::gateway::test
