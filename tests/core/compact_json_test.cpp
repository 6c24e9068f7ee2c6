// The pieces of a document, put together again, are the document; a document that is cut short
// ends.

#include "core/text/compact_json.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using calytics::core::CompactJson;
using calytics::core::JsonPiece;

struct Piece {
  JsonPiece piece;
  std::string text;
};

std::vector<Piece> pieces_of(std::string_view json) {
  std::vector<Piece> pieces;
  CompactJson reader(json);
  for (JsonPiece piece = reader.next(); piece != JsonPiece::end; piece = reader.next())
    pieces.push_back({piece, std::string(reader.text())});
  return pieces;
}

std::string put_together(const std::vector<Piece>& pieces) {
  std::string json;
  for (const auto& [piece, text] : pieces) {
    const bool closes = piece == JsonPiece::object_end || piece == JsonPiece::array_end;
    if (!closes && !json.empty() && json.back() != '{' && json.back() != '[' && json.back() != ':')
      json += ',';
    switch (piece) {
      case JsonPiece::object:
        json += '{';
        break;
      case JsonPiece::object_end:
        json += '}';
        break;
      case JsonPiece::array:
        json += '[';
        break;
      case JsonPiece::array_end:
        json += ']';
        break;
      case JsonPiece::key:
        json += '"' + text + "\":";
        break;
      case JsonPiece::string:
        json += '"' + text + '"';
        break;
      case JsonPiece::number:
        json += text;
        break;
      case JsonPiece::yes:
        json += "true";
        break;
      case JsonPiece::no:
        json += "false";
        break;
      default:
        json += "null";
    }
  }
  return json;
}

constexpr std::string_view kDocument =
    R"({"a":1,"b":[],"c":{},"":"","d\"\\":"x,y:{}[]\"","e":[-1.5e3,[true,{"f":null}],false],"g":"é"})";

TEST(CompactJson, IsPutTogetherAgain) {
  EXPECT_EQ(put_together(pieces_of(kDocument)), kDocument);
}

TEST(CompactJson, TellsOfEscapes) {
  CompactJson reader(R"({"a":"b\n","c\u0041":"d"})");
  std::string escaped;
  for (JsonPiece piece = reader.next(); piece != JsonPiece::end; piece = reader.next()) {
    if (piece == JsonPiece::key || piece == JsonPiece::string)
      escaped += reader.is_escaped() ? 'e' : 'p';
  }
  EXPECT_EQ(escaped, "peep");
}

TEST(CompactJson, EndsWhereItIsCut) {
  for (std::size_t size = 0; size < kDocument.size(); ++size)
    EXPECT_LE(pieces_of(kDocument.substr(0, size)).size(), size) << size;
}

}  // namespace
