// Evaluation of metrics: random sums under random formulas against plain maps; what is not asked
// for is left out; damaged tallies and sums beyond 64 bits are a status.
#include "core/metrics/evaluation.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "support.hpp"

namespace calytics::core {
namespace {

using Map = std::map<std::int32_t, std::int64_t>;
using Generator = std::mt19937_64;
using Kind = Formula::Kind;

constexpr std::int32_t kHeldCollected = 25;

std::string bytes_of(const Map& map) {
  std::vector<std::uint8_t> room(TallyWriter::room(map.size()));
  TallyWriter writer(room.data());
  for (const auto& [index, count] : map)
    writer.put(index, count);
  return {room.data(), writer.end()};
}

Map random_map(Generator& generator, std::int32_t below, std::int64_t most) {
  Map map;
  for (std::uint64_t n = generator() % 6; n > 0; --n) {
    map[static_cast<std::int32_t>(generator() % static_cast<std::uint64_t>(below))] =
        1 + static_cast<std::int64_t>(generator() % static_cast<std::uint64_t>(most));
  }
  return map;
}

std::int64_t dot(const Map& weights, const Map& counts) {
  std::int64_t sum = 0;
  for (const auto& [index, weight] : weights) {
    const auto found = counts.find(index);
    if (found != counts.end()) sum += weight * found->second;
  }
  return sum;
}

struct Outcome {
  TallyStatus status;
  std::vector<Number> numbers;
};

Outcome run(const std::vector<Formula>& formulas, const std::vector<Sums>& sums) {
  std::vector<std::uint32_t> order(sums.size());
  std::vector<Cell> cells(sums.size());
  std::vector<std::int64_t> dense(sums.size() * static_cast<std::size_t>(kMeasures), -1);
  std::vector<Number> numbers(sums.size() * formulas.size());
  std::size_t size = 0;
  const TallyStatus status =
      evaluate(formulas, sums, {order.data(), cells.data(), dense.data()}, numbers.data(), size);
  numbers.resize(size);
  return {status, numbers};
}

TEST(Evaluation, EqualsPlainMaps) {
  Generator generator = testing::make_generator();
  const Role roles[] = {Role::now, Role::series, Role::service};
  const std::uint32_t parts[] = {part_of("booked", "period"), part_of("service", "unfinished"),
                                 part_of("event", "matured"), part_of("cohort", "matured")};
  const auto shifted = [](const Map& weights, std::int32_t by) {
    Map moved;
    for (const auto& [index, weight] : weights)
      moved[index + by] = weight;
    return moved;
  };
  const std::string_view names[] = {"", "a", "b"};
  for (int round = 0; round < 300; ++round) {
    std::vector<Map> maps;
    std::vector<std::string> bytes;
    for (int n = 0; n < 60; ++n) {
      Map map = random_map(generator, 40, 1000);
      map.merge(random_map(generator, 3000, 50));
      if (generator() % 2 == 0) map.erase(kHeldCollected);
      bytes.push_back(bytes_of(map));
      maps.push_back(std::move(map));
    }
    std::vector<Sums> sums;
    for (std::size_t n = 0; n < 40; ++n) {
      sums.push_back({roles[generator() % 3], parts[generator() % 4],
                      static_cast<std::int64_t>(generator() % 2), names[generator() % 3],
                      names[generator() % 2], names[generator() % 3], bytes[n]});
    }
    std::vector<Formula> formulas;
    for (std::size_t n = 40; n + 2 < 60; n += 3) {
      const auto kind = static_cast<Kind>(generator() % 3);
      formulas.push_back(
          {kind, parts[generator() % 4] | parts[generator() % 3], generator() % 2 == 0,
           generator() % 2 == 0, generator() % 2 == 0, static_cast<double>(generator() % 101) / 100,
           static_cast<std::int32_t>(generator() % 3), generator() % 2 == 0 ? 1000 : 1500, bytes[n],
           bytes[n + 1],
           kind == Kind::ratio && generator() % 2 == 0 ? std::string_view(bytes[n + 2]) : ""});
    }

    using Place = std::tuple<std::uint32_t, Role, std::int64_t, std::string_view, std::string_view,
                             std::string_view>;
    std::map<Place, Map> expected;
    for (std::uint32_t f = 0; f < formulas.size(); ++f) {
      const Formula& formula = formulas[f];
      for (std::size_t n = 0; n < sums.size(); ++n) {
        const Sums& s = sums[n];
        if ((s.part & formula.parts) == 0) continue;
        if (formula.per_currency && s.currency.empty()) continue;
        if (s.role == Role::series && !formula.in_series) continue;
        if (s.role == Role::service && !formula.in_tables) continue;
        Map& total =
            expected[{f, s.role, s.at, s.service, s.host, formula.per_currency ? s.currency : ""}];
        for (const auto& [index, count] : maps[n])
          total[index] += count;
      }
    }

    const auto [status, numbers] = run(formulas, sums);
    ASSERT_EQ(status, TallyStatus::ok);
    ASSERT_EQ(numbers.size(), expected.size());
    const auto rank = [&sums = sums](const Number& number) {
      const Sums& s = sums[number.sums];
      return std::tuple(s.role, s.at, s.service, s.host, number.formula, s.currency);
    };
    for (std::size_t n = 1; n < numbers.size(); ++n)
      ASSERT_LT(rank(numbers[n - 1]), rank(numbers[n]));
    for (const Number& number : numbers) {
      const Formula& formula = formulas[number.formula];
      const Sums& s = sums[number.sums];
      const auto found = expected.find({number.formula, s.role, s.at, s.service, s.host,
                                        formula.per_currency ? s.currency : ""});
      ASSERT_NE(found, expected.end());
      const Map& total = found->second;
      if (formula.kind == Kind::quantile) {
        std::vector<std::int32_t> each;
        for (const auto& [index, count] : total) {
          if (index >= formula.first_bin && index < formula.first_bin + kBins)
            each.insert(each.end(), static_cast<std::size_t>(count), index - formula.first_bin);
        }
        const double rank = std::ceil(formula.quantile * static_cast<double>(each.size()));
        const std::size_t nth = rank < 1 ? 0 : static_cast<std::size_t>(rank) - 1;
        EXPECT_EQ(number.bin, each.empty() ? -1 : each[nth]);
        continue;
      }
      const std::size_t which = 40 + std::size_t{3} * number.formula;
      const auto collected = total.find(kHeldCollected);
      const bool instead =
          !formula.otherwise.empty() && (collected == total.end() || collected->second == 0);
      const Map measures(total.begin(), total.lower_bound(kMeasures));
      EXPECT_EQ(number.above,
                dot(shifted(maps[instead ? which + 2 : which], formula.shift), measures));
      EXPECT_EQ(number.below, dot(shifted(maps[which + 1], formula.shift), measures));
      EXPECT_EQ(number.bin, -1);
    }
  }
}

TEST(Evaluation, RefusesWhatIsDamagedOrTooLarge) {
  const std::string one = bytes_of({{1, 1}});
  const std::string most = bytes_of({{1, std::numeric_limits<std::int64_t>::max()}});
  const auto sums = [](const std::string& counts) {
    return Sums{Role::now, part_of("booked", "period"), 0, "", "", "", counts};
  };
  Formula formula;
  formula.parts = part_of("booked", "period");
  formula.above = one;
  EXPECT_EQ(run({formula}, {}).numbers.size(), 0U);
  EXPECT_EQ(run({}, {sums(one)}).numbers.size(), 0U);
  EXPECT_EQ(run({formula}, {sums(most)}).status, TallyStatus::ok);
  EXPECT_EQ(run({formula}, {sums(most), sums(one)}).status, TallyStatus::overflow);
  EXPECT_EQ(run({formula}, {sums("\x80")}).status, TallyStatus::damaged);
  const std::string twice = bytes_of({{1, 2}});
  formula.above = twice;
  EXPECT_EQ(run({formula}, {sums(most)}).status, TallyStatus::overflow);
}

}  // namespace
}  // namespace calytics::core
