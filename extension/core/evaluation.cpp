#include "evaluation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>

namespace calytics::core {

namespace {

constexpr std::int32_t kCollected = 25;  // measure held_collected, see calytics.measure

auto place(const Sums& sums) {
  return std::tie(sums.role, sums.at, sums.service, sums.host);
}

bool add_product(std::int64_t& sum, std::int64_t a, std::int64_t b) noexcept {
  std::int64_t product = 0;
  return !__builtin_mul_overflow(a, b, &product) && !__builtin_add_overflow(sum, product, &sum);
}

TallyStatus add_weighted(std::int64_t& sum, std::string_view weights,
                         const std::int64_t* measures) noexcept {
  TallyReader reader(weights);
  while (reader.next() && reader.index() < kMeasures) {
    if (!add_product(sum, reader.count(), measures[reader.index()])) return TallyStatus::overflow;
  }
  return reader.status();
}

bool wanted(const Formula& formula, const Sums& sums, bool scoped) noexcept {
  if (sums.basis != formula.basis) return false;
  if (sums.window != formula.window && sums.window != formula.besides) return false;
  if (formula.per_currency && sums.currency.empty()) return false;
  if (!scoped) return true;
  if (sums.role == "series") return formula.in_series;
  return (sums.role != "service" && sums.role != "host") || formula.in_tables;
}

// What a formula has added up at one place.
class Account {
 public:
  explicit Account(const Formula& formula) noexcept : formula_(formula) {}

  bool empty() const noexcept { return empty_; }

  TallyStatus add(const Sums& sums, const std::int64_t* measures) noexcept {
    if (empty_ && formula_.kind == Formula::Kind::quantile) bins_.fill(0);
    empty_ = false;
    if (formula_.kind == Formula::Kind::quantile) return add_bins(sums.counts);
    for (auto [sum, weights] :
         {std::pair{&above_, formula_.above}, std::pair{&below_, formula_.below},
          std::pair{&otherwise_, formula_.otherwise}}) {
      const TallyStatus status = add_weighted(*sum, weights, measures);
      if (status != TallyStatus::ok) return status;
    }
    return add_product(collected_, measures[kCollected], 1) ? TallyStatus::ok
                                                            : TallyStatus::overflow;
  }

  TallyStatus write(Number& number) const noexcept {
    const bool instead = !formula_.otherwise.empty() && collected_ == 0;
    number.above = instead ? otherwise_ : above_;
    number.below = below_;
    return formula_.kind == Formula::Kind::quantile ? rank(number.bin) : TallyStatus::ok;
  }

 private:
  TallyStatus add_bins(std::string_view counts) noexcept {
    TallyReader reader(counts);
    while (reader.next()) {
      const std::int32_t bin = reader.index() - kFirstBin;
      if (bin >= 0 && bin < kBins &&
          !add_product(bins_[static_cast<std::size_t>(bin)], reader.count(), 1))
        return TallyStatus::overflow;
    }
    return reader.status();
  }

  // The nearest rank, as tally_quantile has it.
  TallyStatus rank(std::int32_t& bin) const noexcept {
    bin = -1;
    std::int64_t total = 0;
    for (const std::int64_t count : bins_) {
      if (!add_product(total, count, 1)) return TallyStatus::overflow;
    }
    if (total <= 0) return TallyStatus::ok;
    const double wanted = std::ceil(formula_.quantile * static_cast<double>(total));
    const std::int64_t goal = wanted < 1 ? 1
                              : wanted < static_cast<double>(total)
                                  ? static_cast<std::int64_t>(wanted)
                                  : total;
    std::int64_t reached = 0;
    while (reached < goal && ++bin < kBins) {
      if (!add_product(reached, bins_[static_cast<std::size_t>(bin)], 1))
        return TallyStatus::overflow;
    }
    return TallyStatus::ok;
  }

  const Formula& formula_;
  bool empty_ = true;
  std::int64_t above_ = 0;
  std::int64_t below_ = 0;
  std::int64_t otherwise_ = 0;
  std::int64_t collected_ = 0;
  std::array<std::int64_t, kBins> bins_;
};

}  // namespace

TallyStatus evaluate(std::span<const Formula> formulas, std::span<const Sums> sums, bool scoped,
                     std::uint32_t* order, std::int64_t* dense, Number* out,
                     std::size_t& size) noexcept {
  size = 0;
  std::iota(order, order + sums.size(), 0U);
  std::sort(order, order + sums.size(), [sums](std::uint32_t a, std::uint32_t b) {
    return std::tuple_cat(place(sums[a]), std::tie(sums[a].currency)) <
           std::tuple_cat(place(sums[b]), std::tie(sums[b].currency));
  });
  std::fill_n(dense, sums.size() * kMeasures, std::int64_t{0});
  for (std::size_t i = 0; i < sums.size(); ++i) {
    TallyReader reader(sums[i].counts);
    while (reader.next() && reader.index() < kMeasures)
      dense[i * kMeasures + static_cast<std::size_t>(reader.index())] = reader.count();
    if (reader.status() != TallyStatus::ok) return reader.status();
  }

  for (std::uint32_t f = 0; f < formulas.size(); ++f) {
    const Formula& formula = formulas[f];
    const auto together = [&](std::uint32_t a, std::uint32_t b) {
      return place(sums[a]) == place(sums[b]) &&
             (!formula.per_currency || sums[a].currency == sums[b].currency);
    };
    for (std::size_t i = 0; i < sums.size();) {
      const std::uint32_t first = order[i];
      Account account(formula);
      for (; i < sums.size() && together(first, order[i]); ++i) {
        const std::uint32_t at = order[i];
        if (!wanted(formula, sums[at], scoped)) continue;
        const TallyStatus status = account.add(sums[at], dense + std::size_t{at} * kMeasures);
        if (status != TallyStatus::ok) return status;
      }
      if (account.empty()) continue;
      out[size] = {f, first};
      const TallyStatus status = account.write(out[size++]);
      if (status != TallyStatus::ok) return status;
    }
  }
  return TallyStatus::ok;
}

}  // namespace calytics::core
