// Reads a row that a call of cal.http's form returned: (int4, jsonb, bytea) in PostgreSQL's binary
// formats.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include <libpq-fe.h>

#include "message.hpp"

namespace calytics::gateway {

// The answer, or what is wrong with the row.
std::variant<Answer, std::string> decode_answer(const PGresult* result, int row);

}  // namespace calytics::gateway
