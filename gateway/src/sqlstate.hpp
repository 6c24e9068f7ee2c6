// What an error of the database means for the request that met it.
#pragma once

#include <cstdint>
#include <string_view>

namespace calytics::gateway {

enum class Fault : std::uint8_t {
  lost,       // the connection is gone or not to be had: wait for another, then try again
  transient,  // the statement lost against another one: try again
  cancelled,  // the statement took too long
  read_only,  // it wanted to write where nothing can be written
  permanent   // trying again would end the same way
};

constexpr Fault classify(std::string_view sqlstate) {
  // Connection exceptions; shutdown, crash, starting up, idle session; too many connections; a
  // prepared statement that a pooler or DISCARD has forgotten. Empty: libpq found the connection
  // broken.
  if (sqlstate.empty() || sqlstate.starts_with("08") || sqlstate == "57P01" ||
      sqlstate == "57P02" || sqlstate == "57P03" || sqlstate == "57P05" || sqlstate == "53300" ||
      sqlstate == "26000")
    return Fault::lost;
  if (sqlstate == "40P01" || sqlstate == "40001" || sqlstate == "55P03") return Fault::transient;
  if (sqlstate == "57014") return Fault::cancelled;
  if (sqlstate == "25006") return Fault::read_only;
  return Fault::permanent;
}

}  // namespace calytics::gateway
