// Cubes and the tables they are summed in, against plain maps.

#include "core/metrics/cube.hpp"

#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "core/metrics/hourly_cubes.hpp"

namespace {

using namespace calytics::core;

using Key = std::tuple<std::string, std::string, std::string>;
using Cells = std::map<Key, std::map<int, std::int64_t>>;

// Memory that lives as long as this.
class Heap {
 public:
  Memory memory() {
    return {[](void* self, std::size_t bytes) -> void* {
              auto& blocks = static_cast<Heap*>(self)->blocks_;
              blocks.push_back(std::make_unique<char[]>(bytes));
              return blocks.back().get();
            },
            this};
  }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
};

std::string tally_of(const std::map<int, std::int64_t>& counts) {
  std::string bytes(TallyWriter::room(counts.size()), '\0');
  auto* begin = reinterpret_cast<std::uint8_t*>(bytes.data());
  TallyWriter writer(begin);
  for (const auto& [index, count] : counts)
    writer.put(index, count);
  bytes.resize(static_cast<std::size_t>(writer.end() - begin));
  return bytes;
}

std::string key_of(const Key& key) {
  const CubeKey parts = {std::get<0>(key), std::get<1>(key), std::get<2>(key)};
  std::string bytes(room_of(parts), '\0');
  bytes.resize(static_cast<std::size_t>(write_key(parts, bytes.data()) - bytes.data()));
  return bytes;
}

std::string cube_of(SumTable& sums) {
  std::string bytes(room_of_cube(sums), '\0');
  bytes.resize(static_cast<std::size_t>(write_cube(sums, bytes.data()) - bytes.data()));
  return bytes;
}

std::string cube_of(const Cells& cells) {
  Heap heap;
  SumTable sums(heap.memory());
  for (const auto& [key, counts] : cells)
    EXPECT_EQ(sums.add(key_of(key), tally_of(counts), 1), TallyStatus::ok);
  return cube_of(sums);
}

Cells cells_of(std::string_view cube) {
  Cells cells;
  CubeReader reader(cube);
  while (reader.next()) {
    const CubeKey& key = reader.key();
    auto& counts =
        cells[{std::string(key.service), std::string(key.host), std::string(key.currency)}];
    TallyReader entries(reader.counts());
    while (entries.next())
      counts[entries.index()] = entries.count();
  }
  EXPECT_EQ(reader.status(), TallyStatus::ok);
  return cells;
}

void drop_zeros(Cells& cells) {
  for (auto& [key, counts] : cells)
    std::erase_if(counts, [](const auto& entry) { return entry.second == 0; });
  std::erase_if(cells, [](const auto& cell) { return cell.second.empty(); });
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(engine_); }

  Cells cells() {
    static const std::vector<std::string> names = {"", "*", "7", "101", std::string(300, 'x'), "é"};
    Cells result;
    for (int i = below(12); i > 0; --i) {
      auto& counts = result[{names[below(6)], names[below(6)], below(2) != 0 ? "EUR" : ""}];
      for (int j = below(9); j > 0; --j)
        counts[below(2) != 0 ? below(50) : below(kTallyIndexes)] = below(7) - 3;
    }
    drop_zeros(result);
    return result;
  }

 private:
  std::mt19937 engine_;
};

TEST(Cube, KeepsItsCells) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    const Cells cells = Random(seed).cells();
    EXPECT_EQ(cells_of(cube_of(cells)), cells) << "seed " << seed;
  }
}

TEST(Cube, SumsAreThoseOfTheCells) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    Random random(seed);
    Heap heap;
    SumTable sums(heap.memory());
    SumTable totals(heap.memory());
    SumTable hosts(heap.memory());
    Cells expected;
    Cells expected_totals;
    Cells expected_hosts;
    for (int n = 0; n < 20; ++n) {
      const Cells cells = random.cells();
      const int weight = random.below(5) - 2;
      ASSERT_EQ(add_cube(sums, cube_of(cells), weight), TallyStatus::ok);
      ASSERT_EQ(add_cube(totals, cube_of(cells), {}, heap.memory()), TallyStatus::ok);
      ASSERT_EQ(add_cube(hosts, cube_of(cells), {.service = false, .host = true}, heap.memory()),
                TallyStatus::ok);
      for (const auto& [key, counts] : cells) {
        for (const auto& [index, count] : counts) {
          expected[key][index] += weight * count;
          expected_totals[{"*", "*", std::get<2>(key)}][index] += count;
          expected_hosts[{"*", std::get<1>(key), std::get<2>(key)}][index] += count;
        }
      }
    }
    drop_zeros(expected);
    drop_zeros(expected_totals);
    drop_zeros(expected_hosts);
    EXPECT_EQ(cells_of(cube_of(sums)), expected) << "seed " << seed;
    EXPECT_EQ(cells_of(cube_of(totals)), expected_totals) << "seed " << seed;
    EXPECT_EQ(cells_of(cube_of(hosts)), expected_hosts) << "seed " << seed;
  }
}

TEST(Cube, EqualCubesAreEqualBytes) {
  const Cells cells = {{{"a", "x", "EUR"}, {{1, 2}}}, {{"b", "", ""}, {{3, -4}}}};
  Heap heap;
  SumTable backwards(heap.memory());
  ASSERT_EQ(backwards.add(key_of({"b", "", ""}), tally_of({{3, -4}, {9, 1}}), 1), TallyStatus::ok);
  ASSERT_EQ(backwards.add(key_of({"gone", "", ""}), tally_of({{1, 1}}), 1), TallyStatus::ok);
  ASSERT_EQ(backwards.add(key_of({"a", "x", "EUR"}), tally_of({{1, 1}}), 2), TallyStatus::ok);
  ASSERT_EQ(backwards.add(key_of({"b", "", ""}), tally_of({{9, 1}}), -1), TallyStatus::ok);
  ASSERT_EQ(backwards.add(key_of({"gone", "", ""}), tally_of({{1, 1}}), -1), TallyStatus::ok);
  EXPECT_EQ(cube_of(backwards), cube_of(cells));
  EXPECT_EQ(cube_of(Cells{}), "");
}

TEST(Cube, IndexesFromTheLimitOnAreLeftOut) {
  Heap heap;
  SumTable sums(heap.memory());
  const std::string key = key_of({"", "", ""});
  ASSERT_EQ(sums.add(key, tally_of({{5, 1}, {100, 7}}), 1, 100), TallyStatus::ok);
  ASSERT_EQ(sums.add(key, tally_of({{4, 1}, {5, 1}, {99, 1}, {200, 7}}), 1, 100), TallyStatus::ok);
  const Cells expected = {{{"", "", ""}, {{4, 1}, {5, 2}, {99, 1}}}};
  EXPECT_EQ(cells_of(cube_of(sums)), expected);
}

TEST(Cube, SumsBeyond64BitsAreRefused) {
  Heap heap;
  SumTable sums(heap.memory());
  const std::string key = key_of({"", "", ""});
  const std::string most = tally_of({{1, std::numeric_limits<std::int64_t>::max()}});
  EXPECT_EQ(sums.add(key, most, 2), TallyStatus::overflow);
  ASSERT_EQ(sums.add(key_of({"a", "", ""}), most, 1), TallyStatus::ok);
  EXPECT_EQ(sums.add(key_of({"a", "", ""}), tally_of({{1, 1}}), 1), TallyStatus::overflow);
}

TEST(HourlyCubes, AreThoseOfEachBasisAndHour) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    Random random(seed);
    Heap heap;
    HourlyCubes hourly(heap.memory());
    std::map<std::pair<int, std::int64_t>, Cells> expected;
    for (int n = 0; n < 60; ++n) {
      const int basis = random.below(3) * 1000;
      const std::int64_t hour = std::int64_t{random.below(5) - 2} * 3'600'000'000;
      const int weight = random.below(5) - 2;
      for (const auto& [key, counts] : random.cells()) {
        const auto& [service, host, currency] = key;
        ASSERT_EQ(hourly.add(static_cast<std::uint32_t>(basis), hour, {service, host, currency},
                             tally_of(counts), weight),
                  TallyStatus::ok);
        for (const auto& [index, count] : counts)
          expected[{basis, hour}][key][index] += weight * count;
      }
    }
    std::map<std::pair<int, std::int64_t>, std::string> expected_bytes;
    for (auto& [place, cells] : expected) {
      drop_zeros(cells);
      expected_bytes[place] = cube_of(cells);
    }
    std::map<std::pair<int, std::int64_t>, std::string> bytes;
    std::pair<int, std::int64_t> last = {-1, 0};
    hourly.each([&](const HourlyCube& cube) {
      const std::pair<int, std::int64_t> place = {static_cast<int>(cube.basis), cube.hour};
      EXPECT_LT(last, place) << "seed " << seed;
      last = place;
      std::string& out = bytes[place];
      out.resize(HourlyCubes::room_of(cube));
      out.resize(static_cast<std::size_t>(HourlyCubes::write_cube(cube, out.data()) - out.data()));
      EXPECT_EQ(out.empty(), expected[place].empty()) << "seed " << seed;
    });
    std::erase_if(expected_bytes, [&](const auto& entry) {
      return entry.second.empty() && !bytes.contains(entry.first);
    });
    EXPECT_EQ(bytes, expected_bytes) << "seed " << seed;
  }
}

// Reading stops at what is no cube, whatever the bytes, and reads nothing behind them.
TEST(Cube, DamageIsTold) {
  const std::string cube =
      cube_of(Cells{{{"a", "x", "EUR"}, {{1, 2}}}, {{"b", "", ""}, {{3, -4}}}});
  int damaged = 0;
  for (std::size_t size = 1; size < cube.size(); ++size) {
    const std::vector<char> exact(cube.begin(), cube.begin() + static_cast<std::ptrdiff_t>(size));
    CubeReader reader({exact.data(), exact.size()});
    while (reader.next()) {
    }
    damaged += reader.status() == TallyStatus::damaged ? 1 : 0;
  }
  // Between two cells it is a cube.
  EXPECT_EQ(damaged, static_cast<int>(cube.size()) - 2);
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::vector<char> bytes(random() % 40);
    for (char& byte : bytes)
      byte = static_cast<char>(random() % 5 == 0 ? random() : random() % 8);
    CubeReader reader({bytes.data(), bytes.size()});
    while (reader.next())
      (void)check_tally(reader.counts());
  }
}

}  // namespace
