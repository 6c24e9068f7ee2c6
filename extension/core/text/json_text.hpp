// Writes parsed JSON values out again as text that PostgreSQL's jsonb always takes.
//
// Guarantees: valid UTF-8 without NUL or lone surrogates; no nesting beyond kMaxDepth (deeper
// containers become null); little more than kMaxBytes (once full, further members are left out
// whole); numbers that a double can't hold become strings, and what is no JSON value becomes null.
// Equal keys stay as they are.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/text/json_value.hpp"

namespace calytics::core {

class JsonWriter {
 public:
  static constexpr std::size_t kMaxDepth = 32;
  static constexpr std::size_t kMaxBytes = std::size_t{64} * 1024;

  // What happens to members, at any depth, whose names look like those of secrets.
  enum class Secrets : bool { keep, omit };

  // Appends to `out`. All that writes may throw std::bad_alloc.
  JsonWriter(std::string& out, TextStore& texts, Secrets secrets);

  JsonError write(JsonValue& value);

  // An object put together by hand.
  void open_object() { out_ += '{'; }
  JsonError write_member(std::string_view name, JsonValue& value);
  void close_object() { out_ += '}'; }

  // What was written after a mark can be taken back.
  std::size_t mark() const noexcept { return out_.size(); }
  void take_back_to(std::size_t mark) { out_.resize(mark); }

 private:
  JsonError write_object(JsonValue& value);
  JsonError write_array(JsonValue& value);
  void write_scalar(JsonValue& value);
  void separate_from(char opening);
  void keep_if_it_fits(std::size_t mark);

  std::string& out_;
  TextStore& texts_;
  Secrets secrets_;
  std::size_t depth_ = 0;
  bool full_ = false;
};

}  // namespace calytics::core
