// Tables of which a session remembers rows, and whether it must read them again.
//
// A trigger on them, calytics.forget(), tells all sessions of changes as the system catalogue tells
// of its own: at commit, so that a transaction that begins later knows; and the writer's own
// session at once.
#pragma once

#include "pg.hpp"

#include <array>

namespace calytics::glue {

class WatchedTables {
 public:
  static constexpr std::size_t kTables = 3;

  // In schema calytics.
  explicit WatchedTables(std::array<const char*, kTables> names) : names_(names) {}
  WatchedTables(const WatchedTables&) = delete;
  WatchedTables& operator=(const WatchedTables&) = delete;

  // Since it was asked before; true when it is asked first.
  bool have_changed();

 private:
  static void look_at(Datum self, Oid relation);

  std::array<const char*, kTables> names_;
  std::array<Oid, kTables> tables_ = {};
  bool listening_ = false;
  bool current_ = false;
};

}  // namespace calytics::glue
