// Tables of which a session remembers rows, and whether it must read them again. Of relations of
// any kind it may remember the ids alone.
//
// A trigger on them, calytics.forget(), tells all sessions of changes as the system catalogue tells
// of its own: at commit, so that a transaction that begins later knows; and the writer's own
// session at once.
#pragma once

#include "glue/pg/pg.hpp"

#include <array>

namespace calytics::glue {

class WatchedTables {
 public:
  static constexpr std::size_t kMost = 3;

  // In schema calytics.
  template <class... Names>
  explicit WatchedTables(Names... names) : names_{names...}, count_(sizeof...(names)) {
    static_assert(sizeof...(names) <= kMost);
  }
  WatchedTables(const WatchedTables&) = delete;
  WatchedTables& operator=(const WatchedTables&) = delete;

  // Since it was asked before; true when it is asked first.
  bool have_changed();

 private:
  static void look_at(Datum argument, Oid relation);

  // All that were ever asked: a server has few places for those who listen.
  static WatchedTables* all;

  std::array<const char*, kMost> names_;
  std::size_t count_;
  std::array<Oid, kMost> tables_ = {};
  bool listening_ = false;
  bool current_ = false;
  WatchedTables* next_ = nullptr;
};

}  // namespace calytics::glue
