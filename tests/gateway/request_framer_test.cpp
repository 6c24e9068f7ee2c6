#include "request_framer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "framing_run.hpp"

namespace calytics::gateway::test {
namespace {

using namespace std::string_literals;

Request only(const std::string& stream) {
  auto run = run_framer(FramingLimits{}, stream);
  EXPECT_EQ(run.error.reason, "") << stream;
  EXPECT_EQ(run.requests.size(), 1U) << stream;
  return run.requests.empty() ? Request{} : run.requests.front();
}

int status_of(const std::string& stream, const FramingLimits& limits = {}) {
  return run_framer(limits, stream).error.status;
}

std::string header(const Request& request, std::string_view name) {
  for (const auto& field : request.headers)
    if (field.name == name) return field.value;
  return "(none)";
}

std::string get(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string post(const std::string& fields, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

const std::string kChunked = "Transfer-Encoding: chunked\r\n";

TEST(RequestFramer, SplitsTheTarget) {
  const auto request = only("GET /a%20b/c?d=e?f&g HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/a%20b/c");
  EXPECT_EQ(request.query, "d=e?f&g");
  EXPECT_EQ(only("GET /? HTTP/1.1\r\nHost: a\r\n\r\n").query, "");
}

TEST(RequestFramer, TakesHostsOfAllForms) {
  for (const auto* host :
       {"", "a", "a:", "a:80", "192.0.2.1:8080", "[::1]", "[2001:db8::1]:443", "x_y.example"})
    EXPECT_EQ(header(only("GET / HTTP/1.1\r\nHost: "s + host + "\r\n\r\n"), "host"), host);
}

TEST(RequestFramer, TakesAbsoluteFormAndItsAuthorityForHost) {
  const auto request = only("GET HTTP://x.example:81/p?q HTTP/1.1\r\nHost: other\r\n\r\n");
  EXPECT_EQ(request.path, "/p");
  EXPECT_EQ(request.query, "q");
  EXPECT_EQ(header(request, "host"), "x.example:81");
  EXPECT_EQ(only("GET https://x?q HTTP/1.1\r\nHost: x\r\n\r\n").path, "/");
  EXPECT_EQ(header(only("GET http://[2001:db8::1]:81/ HTTP/1.1\r\nHost: x\r\n\r\n"), "host"),
            "[2001:db8::1]:81");
  EXPECT_EQ(header(only("GET http://x/ HTTP/1.0\r\n\r\n"), "host"), "x");
  EXPECT_EQ(only("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").path, "*");
}

TEST(RequestFramer, LowersNamesAndJoinsRepeatedFields) {
  const auto request = only(get("Accept: b\r\nX-A:\t 1 \t\r\naccept: c\r\nEmpty:\r\n"));
  EXPECT_EQ(header(request, "accept"), "b, c");
  EXPECT_EQ(header(request, "x-a"), "1");
  EXPECT_EQ(header(request, "empty"), "");
  EXPECT_EQ(header(only(get("Cookie: a=1\r\nCookie: b=2\r\n")), "cookie"), "a=1; b=2");
}

TEST(RequestFramer, KeepsEncodedWordsAndRawBytes) {
  EXPECT_EQ(header(only(get("X: =?utf-8?q?a?=\r\n")), "x"), "=?utf-8?q?a?=");
  EXPECT_EQ(header(only(get("X: \xe9\r\n")), "x"), "\xe9");
}

TEST(RequestFramer, KnowsWhenAConnectionStays) {
  EXPECT_TRUE(only(get("")).keep_alive);
  EXPECT_FALSE(only(get("Connection: x, Close\r\n")).keep_alive);
  EXPECT_FALSE(only("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(only("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
  EXPECT_FALSE(only("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n").keep_alive);
}

TEST(RequestFramer, ReadsBodies) {
  EXPECT_EQ(only(post("Content-Length: 3\r\n", "a\0b"s)).body, "a\0b"s);
  EXPECT_EQ(only(post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc")).body, "abc");
  EXPECT_EQ(only(post("Content-Length: 0\r\n", "")).body, "");
  EXPECT_EQ(only(post(kChunked, "3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n")).body,
            "abc0123456789");
  const auto request = only(post(kChunked, "3;a=b;c=\"d\"\r\nabc\r\n0 ;x\r\nDigest: y\r\n\r\n"));
  EXPECT_EQ(request.body, "abc");
  EXPECT_EQ(header(request, "digest"), "(none)");
}

TEST(RequestFramer, CountsTheBytesItTook) {
  const std::string stream = post(kChunked, "3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(only(stream).bytes, stream.size());
  EXPECT_EQ(only("\r\n" + stream).bytes, stream.size() + 2);
}

TEST(RequestFramer, SaysWhenTheClientWaitsToBeToldToGoOn) {
  RequestFramer framer(FramingLimits{});
  framer.feed(post("Content-Length: 3\r\nExpect: 100-Continue\r\n", ""));
  EXPECT_TRUE(framer.awaits_continue());
  framer.feed("abc");
  EXPECT_FALSE(framer.awaits_continue());
  EXPECT_TRUE(framer.complete());
  EXPECT_EQ(status_of(post("Content-Length: 3\r\nExpect: else\r\n", "")), 417);
}

TEST(RequestFramer, RefusesWhatMustNotBeGuessedAt) {
  const std::vector<std::pair<std::string, int>> cases = {
      {"\x16\x03\x01", 400},                      // TLS
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},  // HTTP/2
      {"GET / HTTP/2.0\r\n", 505},
      {"GET /\r\n", 400},  // HTTP/0.9
      {"GET  / HTTP/1.1\r\n", 400},
      {"GET / HTTP/1.1 \r\n", 400},
      {"GET / http/1.1\r\n", 400},
      {"GET / HTTP/1.1\n", 400},  // bare LF
      {" GET / HTTP/1.1\r\n", 400},
      {"\r\n\r\n", 400},
      {"G\x80T", 400},
      {std::string(33, 'G'), 501},
      {"GET x HTTP/1.1\r\n", 400},
      {"GET ftp://x/ HTTP/1.1\r\n", 400},
      {"GET http:///x HTTP/1.1\r\n", 400},
      {"GET * HTTP/1.1\r\n", 400},
      {"GET /\x01 HTTP/1.1\r\n", 400},
      {"GET /\xe9 HTTP/1.1\r\n", 400},
      {"CONNECT a:1 HTTP/1.1\r\n", 501},
      {"TRACE / HTTP/1.1\r\n", 501},
      {"GET / HTTP/1.1\r\n\r\n", 400},  // no Host
      {get("Host: b\r\n"), 400},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a:b:80\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: [::1]80\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: []\r\n\r\n", 400},
      {"GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {get("X: a\r\n folded\r\n"), 400},
      {get("X : a\r\n"), 400},
      {get(": a\r\n"), 400},
      {get("no colon\r\n"), 400},
      {get("X: a\0b\r\n"s), 400},
      {get("X: a\rb\r\n"), 400},
      {get("X: a\x7f\r\n"), 400},
      {get("X: a\n"), 400},
      {post("Content-Length: 3\r\nContent-Length: 4\r\n", "abc"), 400},
      {post("Content-Length: 3, 3\r\n", "abc"), 400},
      {post("Content-Length: +3\r\n", "abc"), 400},
      {post("Content-Length: -1\r\n", "abc"), 400},
      {post("Content-Length: 0x3\r\n", "abc"), 400},
      {post("Content-Length:\r\n", "abc"), 400},
      {post("Content-Length: 99999999999999999999999\r\n", "abc"), 413},
      {post("Content-Length: 3\r\n" + kChunked, "0\r\n\r\n"), 400},
      {post("Transfer-Encoding: gzip, chunked\r\n", ""), 501},
      {post("Transfer-Encoding: identity\r\n", ""), 501},
      {post("Transfer-Encoding: chunked, chunked\r\n", ""), 400},
      {post(kChunked + kChunked, ""), 400},
      {post("Transfer-Encoding:\r\n", ""), 400},
      {"POST / HTTP/1.0\r\n" + kChunked + "\r\n", 400},
      {post(kChunked, "\r\n"), 400},
      {post(kChunked, "g\r\n"), 400},
      {post(kChunked, "-1\r\n"), 400},
      {post(kChunked, "0x1\r\n"), 400},
      {post(kChunked, "1 1\r\n"), 400},
      {post(kChunked, "1\na\r\n"), 400},
      {post(kChunked, "1\r\nab\r\n"), 400},
      {post(kChunked, "1\r\na\n"), 400},
      {post(kChunked, "FFFFFFFFFFFFFFFF\r\n"), 413},
      {post(kChunked, "00000000000000001\r\n"), 400},
      {post(kChunked, "1;a=\0\r\n"s), 400},
      {post(kChunked, "0\r\nno colon\r\n\r\n"), 400},
  };
  for (const auto& [stream, status] : cases)
    EXPECT_EQ(status_of(stream), status) << stream;
}

// Each limit holds to the byte: what just fits is taken, one more is refused.
TEST(RequestFramer, LimitsAreExact) {
  const FramingLimits limits{.url = 20, .header_bytes = 300, .header_count = 4, .body = 10};
  const auto url = [&](std::size_t size) {
    return status_of("GET /" + std::string(size - 1, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", limits);
  };
  EXPECT_EQ(url(20), 0);
  EXPECT_EQ(url(21), 414);
  EXPECT_EQ(status_of("GET /" + std::string(20, 'x'), limits), 414);

  const auto fields = [&](std::size_t size) {  // "Host: a\r\n" "X: ...\r\n" "\r\n"
    return status_of(get("X: " + std::string(size - 9 - 5 - 2, 'x') + "\r\n"), limits);
  };
  EXPECT_EQ(fields(300), 0);
  EXPECT_EQ(fields(301), 431);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + std::string(300, 'x'), limits), 431);
  EXPECT_EQ(status_of(get("A: 1\r\nB: 2\r\nC: 3\r\n"), limits), 0);
  EXPECT_EQ(status_of(get("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n"), limits), 431);

  EXPECT_EQ(status_of(post("Content-Length: 10\r\n", "0123456789"), limits), 0);
  EXPECT_EQ(status_of(post("Content-Length: 11\r\n", ""), limits), 413);
  EXPECT_EQ(status_of(post(kChunked, "5\r\n01234\r\n5\r\n01234\r\n0\r\n\r\n"), limits), 0);
  EXPECT_EQ(status_of(post(kChunked, "5\r\n01234\r\n6\r\n"), limits), 413);
  EXPECT_EQ(status_of(post(kChunked, std::string(257, '0')), limits), 400);
  const auto trailers = [&](std::size_t size) {  // with the fields and their empty line, 39 bytes
    return status_of(post(kChunked, "0\r\nT: " + std::string(size - 39 - 7, 'x') + "\r\n\r\n"),
                     limits);
  };
  EXPECT_EQ(trailers(300), 0);
  EXPECT_EQ(trailers(301), 431);
  EXPECT_EQ(status_of(post(kChunked, "0\r\nT: 1\r\nT: 2\r\nT: 3\r\n\r\n"), limits), 431);

  const auto extension = "1;" + std::string(150, 'x') + "\r\na\r\n";
  EXPECT_EQ(status_of(post(kChunked, extension + "0\r\n\r\n"), limits), 0);
  EXPECT_EQ(status_of(post(kChunked, extension + extension), limits), 400);
}

TEST(RequestFramer, TakesNothingAfterAnError) {
  RequestFramer framer(FramingLimits{});
  framer.feed("\x16");
  ASSERT_TRUE(framer.failed());
  EXPECT_EQ(framer.feed(get("")), 0U);
}

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }

  std::string text(std::size_t size) {
    std::string out;
    while (out.size() < size)
      out += static_cast<char>('a' + below(26));
    return out;
  }

  // A valid request as the framer should report it, and one of its many forms on the wire.
  std::pair<Request, std::string> request() {
    Request request;
    request.method = std::array{"GET", "POST", "PUT", "X-Y"}.at(below(4));
    request.path = "/" + text(below(20));
    request.keep_alive = true;
    std::string target = request.path;
    if (below(2) == 0) {
      request.query = text(below(20));
      target += "?" + request.query;
    }
    std::string wire = below(4) == 0 ? "\r\n" : "";
    wire += request.method + " " + target + " HTTP/1.1\r\n";
    field(request, wire, "host", text(5));
    for (auto i = below(4); i > 0; --i)
      field(request, wire, "x-" + std::to_string(i), text(below(30)));
    switch (below(3)) {
      case 0:
        break;
      case 1:
        request.body = text(below(200));
        field(request, wire, "content-length", std::to_string(request.body.size()));
        break;
      default:
        field(request, wire, "transfer-encoding", "chunked");
    }
    wire += "\r\n";
    if (request.headers.back().name == "transfer-encoding") {
      wire += chunks(request);
    } else {
      wire += request.body;
    }
    request.bytes = wire.size();
    return {request, wire};
  }

  // Damages some bytes.
  std::string damage(std::string stream) {
    constexpr std::string_view liked = "\r\n :;0123456789abcdef,\t/?HTTP\0\xff";
    for (auto i = 1 + below(3); i > 0 && !stream.empty(); --i) {
      const auto at = below(stream.size());
      switch (below(3)) {
        case 0:
          stream.erase(at, 1 + below(3));
          break;
        case 1:
          stream.insert(at, 1, liked[below(liked.size())]);
          break;
        default:
          stream[at] = liked[below(liked.size())];
      }
    }
    return stream;
  }

 private:
  void field(Request& request, std::string& wire, const std::string& name,
             const std::string& value) {
    request.headers.push_back({name, value});
    std::string shown = name;
    if (below(2) == 0) shown[0] = static_cast<char>(shown[0] - 32);
    wire += shown + ":" + std::string(below(3), ' ') + value + std::string(below(2), '\t') + "\r\n";
  }

  std::string chunks(Request& request) {
    std::string wire;
    for (auto i = below(4); i > 0; --i) {
      const auto part = text(1 + below(40));
      std::array<char, 8> size{};
      std::snprintf(size.data(), size.size(), below(2) == 0 ? "%zx" : "%03zX", part.size());
      wire += size.data() + std::string(below(2) == 0 ? ";e=1" : "") + "\r\n" + part + "\r\n";
      request.body += part;
    }
    return wire + "0\r\n" + (below(2) == 0 ? "Trailer-Field: x\r\n" : "") + "\r\n";
  }

  std::mt19937 random_;
};

// Pipelined requests come out as they were made, wherever the stream is cut; damaged streams end
// the same way wherever they are cut.
TEST(RequestFramer, CutsMakeNoDifference) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  Generator generator(seed);
  const FramingLimits limits{.url = 64, .header_bytes = 256, .header_count = 8, .body = 200};
  for (int round = 0; round < 2000; ++round) {
    FramingRun expected;
    std::string stream;
    for (auto i = 1 + generator.below(4); i > 0; --i) {
      auto [request, wire] = generator.request();
      expected.requests.push_back(request);
      stream += wire;
    }
    ASSERT_EQ(run_framer(FramingLimits{}, stream), expected) << stream;
    for (const auto& text : {stream, generator.damage(stream)}) {
      const auto whole = run_framer(limits, text);
      ASSERT_EQ(run_framer(limits, text, [] { return std::size_t{1}; }), whole) << text;
      ASSERT_EQ(run_framer(limits, text, [&] { return 1 + generator.below(40); }), whole) << text;
    }
  }
}

TEST(RequestFramer, EveryCutInTwoMakesNoDifference) {
  const std::string stream = post("Content-Length: 3\r\n", "abc") +
                             post(kChunked, "3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n") +
                             get("X: 1\r\nx: 2\r\n") + "GET / HTTP/1.1\r\nBad Field: 1\r\n\r\n";
  const auto whole = run_framer(FramingLimits{}, stream);
  ASSERT_EQ(whole.requests.size(), 3U);
  ASSERT_EQ(whole.error.status, 400);
  for (std::size_t cut = 1; cut < stream.size(); ++cut)
    EXPECT_EQ(run_framer(FramingLimits{}, stream, [&] { return cut; }), whole) << cut;
}

}  // namespace
}  // namespace calytics::gateway::test
