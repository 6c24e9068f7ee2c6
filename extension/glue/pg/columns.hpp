// Columns of a row as C++ values: parameters of a statement being filled from left to right, and
// the row that a statement gives, taken from left to right.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "datatype/timestamp.h"
}

#include <array>
#include <optional>
#include <tuple>

#include "core/privacy/person.hpp"
#include "core/time/moment.hpp"
#include "glue/pg/statement.hpp"

namespace calytics::glue {

// The infinities of both are the same.
inline TimestampTz timestamp_of(core::Moment moment) {
  return TIMESTAMP_NOT_FINITE(moment.at) ? moment.at : moment.at - kEpochsApart;
}

inline core::Moment moment_of(TimestampTz at) {
  return {TIMESTAMP_NOT_FINITE(at) ? at : unix_microseconds(at)};
}

class Arguments {
 public:
  Arguments& put(Datum value) {
    nulls_[size_] = false;
    values_[size_++] = value;
    return *this;
  }
  Arguments& skip() {
    nulls_[size_++] = true;
    return *this;
  }
  Arguments& put(bool value) { return put(BoolGetDatum(value)); }
  Arguments& put(std::int32_t value) { return put(Int32GetDatum(value)); }
  Arguments& put(std::int64_t value) { return put(Int64GetDatum(value)); }
  Arguments& put(std::string_view value) { return put(text_datum(value)); }
  Arguments& put(core::Moment value) { return put(TimestampTzGetDatum(timestamp_of(value))); }
  Arguments& put(const core::PersonId& value) { return put(uuid_datum(value.data())); }
  template <class T>
  Arguments& put(const std::optional<T>& value) {
    return value ? put(*value) : skip();
  }
  template <class... Values>
  Arguments& put_all(const Values&... values) {
    (put(values), ...);
    return *this;
  }
  // All columns of a state of the core.
  template <class State>
  Arguments& put_row(const State& state) {
    std::apply([this](const auto&... members) { put_all(members...); }, State::columns(state));
    return *this;
  }

  int size() const { return size_; }
  const Datum* values() const { return values_.data(); }
  const bool* nulls() const { return nulls_.data(); }

  std::uint64_t write(Statement& statement, RowSink sink = nullptr, void* context = nullptr) const {
    if (sink == nullptr) return statement.write(values_.data(), nulls_.data());
    return statement.write(values_.data(), nulls_.data(), sink, context);
  }

 private:
  int size_ = 0;
  std::array<Datum, Statement::most_parameters> values_;
  std::array<bool, Statement::most_parameters> nulls_;
};

// Texts are copied into the current memory context.
class Columns {
 public:
  Columns(const Datum* values, const bool* nulls) : values_(values), nulls_(nulls) {}

  template <class T>
  void take(T& member) {
    if (!*nulls_) set(member, *values_);
    ++values_;
    ++nulls_;
  }
  template <class State>
  State take_row() {
    State state;
    std::apply([this](auto&... members) { (take(members), ...); }, State::columns(state));
    return state;
  }

 private:
  static void set(bool& member, Datum value) { member = DatumGetBool(value); }
  static void set(std::int32_t& member, Datum value) { member = DatumGetInt32(value); }
  static void set(std::int64_t& member, Datum value) { member = DatumGetInt64(value); }
  static void set(core::Moment& member, Datum value) {
    member = moment_of(DatumGetTimestampTz(value));
  }
  static void set(core::PersonId& member, Datum value) {
    memcpy(member.data(), DatumGetUUIDP(value)->data, member.size());
  }
  static void set(std::string_view& member, Datum value) {
    const std::string_view text = bytes_of(PG_DETOAST_DATUM_PACKED(value));
    auto* copy = static_cast<char*>(palloc(text.size() + 1));
    memcpy(copy, text.data(), text.size());
    member = {copy, text.size()};
  }
  template <class T>
  static void set(std::optional<T>& member, Datum value) {
    set(member.emplace(), value);
  }

  const Datum* values_;
  const bool* nulls_;
};

}  // namespace calytics::glue
