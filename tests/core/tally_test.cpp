// Tallies: every operation against a std::map, canonical bytes, hostile bytes, and the edge of 64
// bits.
#include "core/metrics/tally.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/metrics/tally_sum.hpp"
#include "core/metrics/tally_text.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

using Map = std::map<std::int32_t, std::int64_t>;
using Generator = std::mt19937_64;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

std::string bytes_of(const Map& map) {
  std::vector<std::uint8_t> room(TallyWriter::room(map.size()));
  TallyWriter writer(room.data());
  for (const auto& [index, count] : map)
    writer.put(index, count);
  EXPECT_LE(writer.end(), room.data() + room.size());
  return {room.data(), writer.end()};
}

Map map_of(std::string_view bytes) {
  Map map;
  TallyReader reader(bytes);
  while (reader.next()) {
    EXPECT_NE(reader.count(), 0);
    EXPECT_TRUE(map.emplace(reader.index(), reader.count()).second);
  }
  EXPECT_EQ(reader.status(), TallyStatus::ok);
  EXPECT_LE(map.size(), TallyWriter::entries(bytes.size()));
  return map;
}

// Of some indexes or of many, narrow or wide; counts that can be added up and multiplied.
Map random_map(Generator& generator) {
  const std::size_t sizes[] = {0, 1, 5, 40, 400};
  const std::uint64_t widths[] = {8, 500, kTallyIndexes};
  const std::uint64_t width = widths[generator() % 3];
  Map map;
  for (std::size_t size = sizes[generator() % 5]; size > 0; --size) {
    const auto count = static_cast<std::int64_t>(generator()) >> (16 + generator() % 48);
    if (count != 0) map[static_cast<std::int32_t>(generator() % width)] = count;
  }
  return map;
}

Map without_zeros(Map map) {
  std::erase_if(map, [](const auto& entry) { return entry.second == 0; });
  return map;
}

Map sum(Map a, const Map& b, std::int64_t weight) {
  for (const auto& [index, count] : b)
    a[index] += count * weight;
  return without_zeros(std::move(a));
}

TallyStatus add(std::string_view a, std::string_view b, std::int64_t weight, std::string& out) {
  std::vector<std::uint8_t> room(
      TallyWriter::room(TallyWriter::entries(a.size()) + TallyWriter::entries(b.size())));
  TallyWriter writer(room.data());
  const TallyStatus status = add_tallies(a, b, weight, writer);
  out.assign(room.data(), writer.end());
  return status;
}

// A sum with just the room that its interface asks for.
class Sum {
 public:
  TallyStatus add(std::string_view tally, std::int64_t weight) {
    std::uint32_t unknown = 0;
    const TallyStatus status = add_known(sum_, tally, weight, unknown);
    if (status != TallyStatus::ok) return status;
    counts_.resize(sum_.size + unknown);
    indexes_.resize(sum_.size + unknown);
    sum_.counts = counts_.data();
    sum_.indexes = indexes_.data();
    return add_unknown(sum_, tally, weight, unknown);
  }
  std::string bytes() const {
    std::vector<std::uint8_t> room(TallyWriter::room(entries_of(sum_)));
    TallyWriter writer(room.data());
    write_sum(sum_, writer);
    return {room.data(), writer.end()};
  }

 private:
  std::vector<std::int64_t> counts_;
  std::vector<std::uint16_t> indexes_;
  TallySum sum_;
};

std::string print(std::string_view bytes) {
  std::string text(text_room(TallyWriter::entries(bytes.size())), '\0');
  char* end = nullptr;
  EXPECT_EQ(print_tally(bytes, text.data(), end), TallyStatus::ok);
  text.resize(static_cast<std::size_t>(end - text.data()));
  return text;
}

std::string written(std::span<const TallyEntry> entries) {
  std::vector<std::uint8_t> room(TallyWriter::room(entries.size()));
  TallyWriter writer(room.data());
  for (const TallyEntry& entry : entries)
    writer.put(entry.index, entry.count);
  return {room.data(), writer.end()};
}

TallyTextStatus parse(std::string_view text, std::string& bytes) {
  std::vector<TallyEntry> room(text_entries(text));
  std::span<TallyEntry> entries(room);
  const TallyTextStatus status = parse_tally(text, entries);
  if (status != TallyTextStatus::ok) return status;
  EXPECT_EQ(sort_entries(entries), TallyStatus::ok);
  bytes = written(entries);
  return status;
}

TEST(Tally, HoldsWhatWasWritten) {
  auto generator = testing::make_generator();
  for (int round = 0; round < 2000; ++round) {
    const Map map = random_map(generator);
    EXPECT_EQ(map_of(bytes_of(map)), map);
  }
  const Map edges = {{0, kLeast}, {1, kMost}, {65534, -1}, {65535, 1}};
  EXPECT_EQ(map_of(bytes_of(edges)), edges);
  EXPECT_EQ(bytes_of({}), "");
  EXPECT_EQ(bytes_of({{0, 0}}), "");
  EXPECT_EQ(bytes_of({{3, 5}, {1004, -2}}), "\x03\x0A\xE8\x07\x03");
}

TEST(Tally, AddsAndSubtracts) {
  auto generator = testing::make_generator();
  for (int round = 0; round < 3000; ++round) {
    const Map a = random_map(generator);
    const Map b = random_map(generator);
    const auto weight = static_cast<std::int64_t>(generator() % 9) - 4;
    std::string result;
    ASSERT_EQ(add(bytes_of(a), bytes_of(b), weight, result), TallyStatus::ok);
    ASSERT_EQ(result, bytes_of(sum(a, b, weight)));
    ASSERT_EQ(add(bytes_of(a), bytes_of(a), -1, result), TallyStatus::ok);
    ASSERT_EQ(result, "");
  }
}

TEST(Tally, SumsManyInAnyOrder) {
  auto generator = testing::make_generator();
  for (int round = 0; round < 200; ++round) {
    Map expected;
    Sum actual;
    for (std::uint64_t tallies = generator() % 40; tallies > 0; --tallies) {
      const Map map = random_map(generator);
      const auto weight = static_cast<std::int64_t>(generator() % 5) - 2;
      expected = sum(std::move(expected), map, weight);
      ASSERT_EQ(actual.add(bytes_of(map), weight), TallyStatus::ok);
    }
    ASSERT_EQ(actual.bytes(), bytes_of(expected));
  }
}

TEST(Tally, MakesOneOfEntriesOfOneIndex) {
  auto generator = testing::make_generator();
  for (int round = 0; round < 2000; ++round) {
    Map expected;
    std::vector<TallyEntry> made(generator() % 100);
    for (auto& [index, count] : made) {
      index = static_cast<std::uint16_t>(generator() % (generator() % 2 == 0 ? 60 : kTallyIndexes));
      count = static_cast<std::int64_t>(generator() % 5) - 2;
      expected[index] += count;
    }
    std::span<TallyEntry> entries(made);
    ASSERT_EQ(sort_entries(entries), TallyStatus::ok);
    ASSERT_EQ(entries.size(), expected.size());
    ASSERT_EQ(written(entries), bytes_of(without_zeros(expected)));
  }
}

TEST(Tally, ReadsCountsAndProducts) {
  auto generator = testing::make_generator();
  for (int round = 0; round < 2000; ++round) {
    Map a;
    Map b;
    for (const auto& [index, count] : random_map(generator))
      a[index] = 1 + std::abs(count % 20);
    for (const auto& [index, count] : random_map(generator))
      b[index] = count % 1000;
    const std::string bytes = bytes_of(a);

    std::int64_t product = 0;
    std::int64_t expected_product = 0;
    for (const auto& [index, count] : a)
      expected_product += b.contains(index) ? count * b[index] : 0;
    ASSERT_EQ(tally_dot(bytes, bytes_of(without_zeros(b)), product), TallyStatus::ok);
    ASSERT_EQ(product, expected_product);

    for (const auto& [index, count] : a) {
      std::int64_t found = 0;
      ASSERT_EQ(tally_get(bytes, index, found), TallyStatus::ok);
      ASSERT_EQ(found, count);
      ASSERT_EQ(tally_get(bytes, index + 1, found), TallyStatus::ok);
      ASSERT_EQ(found, a.contains(index + 1) ? a[index + 1] : 0);
    }
  }
}

TEST(Tally, TextComesBackAsItWas) {
  auto generator = testing::make_generator();
  for (int round = 0; round < 1000; ++round) {
    const std::string bytes = bytes_of(random_map(generator));
    std::string again;
    ASSERT_EQ(parse(print(bytes), again), TallyTextStatus::ok);
    ASSERT_EQ(again, bytes);
  }
  EXPECT_EQ(print(bytes_of({{3, 5}, {1004, -2}})), "{3:5,1004:-2}");
  EXPECT_EQ(print(bytes_of({{0, kLeast}, {65535, kMost}})),
            "{0:-9223372036854775808,65535:9223372036854775807}");
  EXPECT_EQ(print(""), "{}");
}

TEST(Tally, NoTextCrashesIt) {
  auto generator = testing::make_generator();
  constexpr std::string_view kLetters = "{}:,- 0123456789x";
  for (int round = 0; round < 200'000; ++round) {
    std::string text = "{1:2,34:-5}";
    for (std::uint64_t changes = 1 + generator() % 4; changes > 0; --changes) {
      const std::size_t at = generator() % text.size();
      const char letter = kLetters[generator() % kLetters.size()];
      if (generator() % 2 == 0) {
        text[at] = letter;
      } else {
        text.insert(at, 1, letter);
      }
    }
    std::string bytes;
    if (parse(text, bytes) == TallyTextStatus::ok) map_of(bytes);
  }
}

// Whatever the bytes: every operation says they are damaged, or reads them to the same end.
void expect_survived(const std::string& heap_bytes) {
  // A copy of exactly that size, so that a sanitizer sees any byte read beyond it.
  const std::vector<char> exact(heap_bytes.begin(), heap_bytes.end());
  const std::string_view bytes(exact.data(), exact.size());
  const TallyStatus status = check_tally(bytes);
  std::string result;
  Sum sum;
  if (status == TallyStatus::ok) {
    EXPECT_EQ(bytes_of(map_of(bytes)), bytes) << "not canonical, yet accepted";
    EXPECT_EQ(sum.add(bytes, 1), TallyStatus::ok);
    EXPECT_EQ(sum.bytes(), bytes);
  } else {
    EXPECT_EQ(add({}, bytes, 1, result), TallyStatus::damaged);
    EXPECT_EQ(sum.add(bytes, 1), TallyStatus::damaged);
  }
  std::int64_t number = 0;
  tally_get(bytes, 300, number);
  tally_dot(bytes, bytes, number);
}

TEST(Tally, NoBytesHurtIt) {
  auto generator = testing::make_generator();
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = bytes_of(random_map(generator));
    if (bytes.size() > 60) bytes.resize(60);
    bytes.resize(bytes.size() - std::min<std::size_t>(bytes.size(), generator() % 3));
    for (std::uint64_t flips = generator() % 4; flips > 0 && !bytes.empty(); --flips)
      bytes[generator() % bytes.size()] = static_cast<char>(generator());
    expect_survived(bytes);
  }
  for (int length = 0; length < 30; ++length) {
    for (int byte = 0; byte < 256; ++byte)
      expect_survived(std::string(static_cast<std::size_t>(length), static_cast<char>(byte)));
  }
}

TEST(Tally, RefusesOtherFormsOfTheSame) {
  const auto refused = [](std::string_view bytes) {
    return check_tally(bytes) == TallyStatus::damaged;
  };
  using namespace std::string_view_literals;
  EXPECT_TRUE(refused("\x00"sv)) << "an index alone";
  EXPECT_TRUE(refused("\x00\x00"sv)) << "a zero";
  EXPECT_TRUE(refused("\x80\x00\x02"sv)) << "an index longer than need be";
  EXPECT_TRUE(refused("\x00\x82\x00"sv)) << "a count longer than need be";
  EXPECT_TRUE(refused("\x80\x80\x04\x02"sv)) << "index 65536";
  EXPECT_FALSE(refused("\xFF\xFF\x03\x02"sv)) << "index 65535";
  EXPECT_TRUE(refused("\xFF\xFF\x03\x02\x00\x02"sv)) << "an index beyond 65535";
  EXPECT_FALSE(refused("\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv)) << "the least count";
  EXPECT_TRUE(refused("\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"sv)) << "beyond 64 bits";
  EXPECT_TRUE(refused("\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\x00"sv)) << "eleven bytes";
}

TEST(Tally, TellsOfOverflow) {
  const std::string most = bytes_of({{1, kMost}});
  const std::string least = bytes_of({{1, kLeast}});
  const std::string one = bytes_of({{1, 1}});
  std::string result;
  EXPECT_EQ(add(most, one, 1, result), TallyStatus::overflow);
  EXPECT_EQ(add(most, one, -1, result), TallyStatus::ok);
  EXPECT_EQ(map_of(result), Map({{1, kMost - 1}}));
  EXPECT_EQ(add(least, one, -1, result), TallyStatus::overflow);
  EXPECT_EQ(add({}, least, -1, result), TallyStatus::overflow);
  EXPECT_EQ(add({}, most, -1, result), TallyStatus::ok);
  EXPECT_EQ(add({}, most, 2, result), TallyStatus::overflow);

  Sum sum;
  EXPECT_EQ(sum.add(most, 1), TallyStatus::ok);
  EXPECT_EQ(sum.add(one, 1), TallyStatus::overflow);
  Sum product;
  EXPECT_EQ(product.add(most, 2), TallyStatus::overflow);

  std::int64_t number = 0;
  EXPECT_EQ(tally_dot(most, bytes_of({{1, 2}}), number), TallyStatus::overflow);
  TallyEntry twice[] = {{1, kMost}, {1, 1}};
  std::span<TallyEntry> entries(twice);
  EXPECT_EQ(sort_entries(entries), TallyStatus::overflow);
}

}  // namespace
}  // namespace calytics::core
