#include "call_arrays.hpp"

#include <cstdint>
#include <string_view>

namespace calytics::gateway {
namespace {

constexpr std::size_t kHeaders = 3;

void put_int(std::string& out, std::size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<std::uint32_t>(number) >> shift & 0xff);
}

// One dimension, no NULLs, of that type, counted from 1.
void begin_array(std::string& out, unsigned type, std::size_t count) {
  for (const std::size_t number :
       {std::size_t{1}, std::size_t{0}, std::size_t{type}, count, std::size_t{1}})
    put_int(out, number);
}

}  // namespace

std::array<std::string, kCallParameters> arrays_of(std::span<const Call> calls) {
  std::array<std::string, kCallParameters> arrays;
  for (std::size_t i = 0; i < arrays.size(); ++i)
    begin_array(arrays.at(i), kCallTypes.at(i), calls.size());
  for (const auto& call : calls) {
    const std::array<std::string_view, kCallParameters> values = {
        call.method, call.path, call.query, call.headers_json, call.body};
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      put_int(arrays.at(i), values.at(i).size() + (i == kHeaders ? 1 : 0));
      if (i == kHeaders) arrays.at(i) += kJsonbVersion;
      arrays.at(i) += values.at(i);
    }
  }
  return arrays;
}

}  // namespace calytics::gateway
