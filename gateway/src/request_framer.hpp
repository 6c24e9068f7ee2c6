// Frames HTTP/1.x requests in a stream of bytes, without sockets: bytes in; a request, an error, or
// "more" out. Why not Poco::Net::HTTPRequest: it reads from a blocking stream, decodes RFC 2047
// words in values, joins folded lines and skips lines without a colon, so it can neither work
// incrementally nor refuse what has to be refused to keep two servers from framing one stream
// differently.
//
// Guarantees: the result depends on the bytes alone, never on how they were split; memory stays
// within the limits; after an error nothing is taken any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "message.hpp"

namespace calytics::gateway {

struct FramingLimits {
  std::size_t url = 8 * 1024;
  std::size_t header_bytes = 32 * 1024;  // all field lines and trailers together
  std::size_t header_count = 100;
  std::size_t body = 1024 * 1024;
};

struct FramingError {
  int status = 0;
  std::string reason;
  bool operator==(const FramingError&) const = default;
};

class RequestFramer {
 public:
  explicit RequestFramer(const FramingLimits& limits) : limits_(limits) {}

  // Takes bytes up to the end of one request, or up to an error; returns how many it took.
  std::size_t feed(std::string_view bytes);

  bool started() const { return request_.bytes > 0; }
  bool complete() const { return stage_ == Stage::complete; }
  bool failed() const { return stage_ == Stage::failed; }
  const FramingError& error() const { return error_; }
  // Bytes held for a request that isn't complete.
  std::size_t buffered() const { return line_.size() + request_.body.size() + header_bytes_; }
  // Whether the client holds its body back until told to go on (Expect: 100-continue).
  bool awaits_continue() const { return awaits_continue_; }
  void continued() { awaits_continue_ = false; }

  // The complete request; the framer is then ready for the next one.
  Request take();

 private:
  enum class Stage : std::uint8_t {
    request_line,
    fields,
    body,
    chunk_size,
    chunk_data,
    chunk_end,
    trailers,
    complete,
    failed
  };

  void fail(int status, std::string reason);
  void step(std::string_view& bytes);
  bool take_line(std::string_view& bytes, std::string_view& line);
  void on_partial_line(std::string_view line);
  void on_line(std::string_view line);
  void check_request_line(std::string_view line);
  void on_request_line(std::string_view line);
  void on_target(std::string_view target);
  void on_field(std::string_view line);
  void add_field(std::string name, std::string_view value);
  void on_head_end();
  void on_connection_options(std::string_view value);
  void on_chunk_size(std::string_view line);
  void on_trailer(std::string_view line);
  void take_body(std::string_view& bytes, Stage next);

  FramingLimits limits_;
  Stage stage_ = Stage::request_line;
  FramingError error_;
  std::string line_;  // the part of the current line that earlier bytes brought
  Request request_;
  std::string authority_;  // of an absolute-form target
  std::size_t header_bytes_ = 0;
  std::size_t header_count_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t body_left_ = 0;
  bool awaits_continue_ = false;
  bool empty_line_skipped_ = false;
};

}  // namespace calytics::gateway
