// Reads the row that a call of cal.http's form returned: (int4, jsonb, bytea) in PostgreSQL's
// binary formats.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include <libpq-fe.h>

#include "message.hpp"

namespace calytics::gateway {

inline constexpr char kJsonbVersion = 1;  // the first byte of a binary jsonb

// The answer, or what is wrong with the row.
std::variant<Answer, std::string> decode_answer(const PGresult* result);

}  // namespace calytics::gateway
