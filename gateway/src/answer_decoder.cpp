#include "answer_decoder.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include "call.hpp"

namespace calytics::gateway {
namespace {

std::string_view field(const PGresult* result, int row, int column) {
  return {PQgetvalue(result, row, column),
          static_cast<std::size_t>(PQgetlength(result, row, column))};
}

// The object's members: a string is a field, an array of strings is a field repeated.
bool read_headers(std::string_view json, std::vector<Header>& headers) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::object members;
  if (parser.parse(json.data(), json.size()).get(members) != simdjson::SUCCESS) return false;
  for (const auto& [name, value] : members) {
    std::string_view text;
    simdjson::dom::array repeated;
    if (value.get(text) == simdjson::SUCCESS) {
      headers.push_back({std::string(name), std::string(text)});
    } else if (value.get(repeated) == simdjson::SUCCESS) {
      for (const auto& element : repeated) {
        if (element.get(text) != simdjson::SUCCESS) return false;
        headers.push_back({std::string(name), std::string(text)});
      }
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

std::variant<Answer, std::string> decode_answer(const PGresult* result, int row) {
  if (row >= PQntuples(result) || PQnfields(result) != 3) return "the call returned no row";
  Answer answer;
  const auto status = field(result, row, 0);
  if (PQgetisnull(result, row, 0) != 0 || status.size() != sizeof(std::uint32_t))
    return "the call returned no status";
  std::uint32_t number = 0;
  for (const char byte : status)
    number = (number << 8) | static_cast<unsigned char>(byte);
  if (number < 200 || number > 599) return "the call returned a status out of range";
  answer.status = static_cast<int>(number);

  if (PQgetisnull(result, row, 1) == 0) {
    auto headers = field(result, row, 1);
    if (headers.empty() || headers.front() != kJsonbVersion)
      return "the call returned headers that aren't jsonb";
    headers.remove_prefix(1);
    if (!read_headers(headers, answer.headers))
      return "the call returned headers that aren't an object of strings";
  }
  answer.body = field(result, row, 2);
  return answer;
}

}  // namespace calytics::gateway
