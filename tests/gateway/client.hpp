// A client for tests that does what it is told, byte by byte, with none of a library's good
// manners.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

namespace calytics::gateway::test {

struct Response {
  int status = 0;  // 0: the connection ended, or nothing came for 20 s, before a whole response
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

class Client {
 public:
  explicit Client(const std::string& address);

  // False if the peer takes no more.
  bool send(std::string_view bytes);
  Response read(bool head = false);
  Response request(std::string_view bytes, bool head = false);
  Response get(const std::string& target);
  Response post(const std::string& target, const std::string& body);
  // Reads up to `size` bytes as they come.
  std::string read_raw(std::size_t size);
  // What comes up to the first `end`, and with it; nothing if it doesn't come.
  std::string read_until(std::string_view end);
  // Whether the peer closes, or resets, before it sends anything more.
  bool closed_by_peer();
  void shutdown_send() { socket_.shutdownSend(); }
  Poco::Net::StreamSocket& socket() { return socket_; }

 private:
  bool fill();

  Poco::Net::StreamSocket socket_;
  std::string received_;
};

}  // namespace calytics::gateway::test
