#include "core/metrics/evaluation.hpp"

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

auto place_and_part(const Sums& sums) {
  return std::tie(sums.role, sums.at, sums.service, sums.host, sums.currency, sums.part);
}

bool wanted(const Formula& formula, Role role) noexcept {
  if (role == Role::series) return formula.in_series;
  return (role != Role::service && role != Role::host) || formula.in_tables;
}

// A histogram, kept for the next formula, which most often is of the same sums.
class Histogram {
 public:
  // The bins of the cells so far may be used again if the same ones are asked for.
  bool is_of(std::uint32_t first, std::uint32_t last, const Formula& formula) noexcept {
    if (first == first_ && last == last_ && formula.parts == parts_ &&
        formula.first_bin == first_bin_)
      return true;
    first_ = first;
    last_ = last;
    parts_ = formula.parts;
    first_bin_ = formula.first_bin;
    bins_.fill(0);
    return false;
  }

  TallyStatus add(std::string_view counts) noexcept {
    TallyReader reader(counts);
    while (reader.next()) {
      const std::int32_t bin = reader.index() - first_bin_;
      if (bin >= 0 && bin < kBins &&
          !add_product(bins_[static_cast<std::size_t>(bin)], reader.count(), 1))
        return TallyStatus::overflow;
    }
    return reader.status();
  }

  // The nearest rank, as percentile_disc has it.
  TallyStatus rank(double quantile, std::int32_t& bin) const noexcept {
    bin = -1;
    std::int64_t total = 0;
    for (const std::int64_t count : bins_) {
      if (!add_product(total, count, 1)) return TallyStatus::overflow;
    }
    if (total <= 0) return TallyStatus::ok;
    // 2^63 as a double is beyond the largest total, and so is compared before it is converted.
    const double wanted = std::ceil(quantile * static_cast<double>(total));
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

 private:
  std::uint32_t first_ = 0;
  std::uint32_t last_ = 0;
  std::uint32_t parts_ = 0;
  std::int32_t first_bin_ = 0;
  std::array<std::int64_t, kBins> bins_;
};

class Evaluation {
 public:
  Evaluation(std::span<const Formula> formulas, std::span<const Sums> sums, const Workspace& work,
             Number* out) noexcept
      : formulas_(formulas), sums_(sums), work_(work), out_(out) {}

  std::size_t size() const noexcept { return size_; }

  void sort() noexcept {
    std::iota(work_.order, work_.order + sums_.size(), 0U);
    std::sort(work_.order, work_.order + sums_.size(), [this](std::uint32_t a, std::uint32_t b) {
      return place_and_part(sums_[a]) < place_and_part(sums_[b]);
    });
  }

  // All formulas at the place whose sums start at this position of the order; moves behind it.
  TallyStatus at_place(std::uint32_t& position) noexcept {
    const Role role = ordered(position).role;
    TallyStatus status = read_place(position);
    for (std::uint32_t f = 0; f < formulas_.size() && status == TallyStatus::ok; ++f) {
      if (wanted(formulas_[f], role)) status = carry_out(f);
    }
    return status;
  }

 private:
  const Sums& ordered(std::uint32_t position) const noexcept {
    return sums_[work_.order[position]];
  }

  static bool holds(const Cell& cell, const Sums& sums) noexcept {
    return cell.part == sums.part && cell.currency == sums.currency;
  }

  TallyStatus read_place(std::uint32_t& position) noexcept {
    const Sums& first = ordered(position);
    cells_ = 0;
    parts_ = 0;
    for (; position < sums_.size() && place(ordered(position)) == place(first); ++position) {
      const Sums& sums = ordered(position);
      if (cells_ == 0 || !holds(work_.cells[cells_ - 1], sums)) {
        work_.cells[cells_] = {position, position, sums.part, sums.currency};
        parts_ |= sums.part;
        std::fill_n(measures(cells_++), kMeasures, std::int64_t{0});
      }
      work_.cells[cells_ - 1].last = position + 1;
      std::int64_t* const counts = measures(cells_ - 1);
      TallyReader reader(sums.counts);
      while (reader.next() && reader.index() < kMeasures) {
        if (!add_product(counts[reader.index()], reader.count(), 1)) return TallyStatus::overflow;
      }
      if (reader.status() != TallyStatus::ok) return reader.status();
    }
    return TallyStatus::ok;
  }

  TallyStatus carry_out(std::uint32_t f) noexcept {
    const Formula& formula = formulas_[f];
    if ((formula.parts & parts_) == 0) return TallyStatus::ok;
    for (std::uint32_t c = 0; c < cells_;) {
      const std::uint32_t first = c;
      const std::string_view currency = work_.cells[first].currency;
      const auto together = [&](std::uint32_t cell) {
        return !formula.per_currency || work_.cells[cell].currency == currency;
      };
      bool any = false;
      for (; c < cells_ && together(c); ++c)
        any = any || (work_.cells[c].part & formula.parts) != 0;
      if (!any || (formula.per_currency && currency.empty())) continue;
      Number& number = out_[size_++];
      number = {f, work_.order[work_.cells[first].first]};
      const TallyStatus status = formula.kind == Formula::Kind::quantile
                                     ? rank(formula, first, c, number)
                                     : add_up(formula, first, c, number);
      if (status != TallyStatus::ok) return status;
    }
    return TallyStatus::ok;
  }

  TallyStatus add_up(const Formula& formula, std::uint32_t first, std::uint32_t last,
                     Number& number) noexcept {
    std::int64_t collected = 0;
    std::int64_t otherwise = 0;
    for (std::uint32_t c = first; c < last; ++c) {
      if ((work_.cells[c].part & formula.parts) == 0) continue;
      for (auto [sum, weights] :
           {std::pair{&number.above, formula.above}, std::pair{&number.below, formula.below},
            std::pair{&otherwise, formula.otherwise}}) {
        TallyReader reader(weights);
        while (reader.next() && reader.index() + formula.shift < kMeasures) {
          if (!add_product(*sum, reader.count(), measures(c)[reader.index() + formula.shift]))
            return TallyStatus::overflow;
        }
        if (reader.status() != TallyStatus::ok) return reader.status();
      }
      if (!add_product(collected, measures(c)[kCollected], 1)) return TallyStatus::overflow;
    }
    if (!formula.otherwise.empty() && collected == 0) number.above = otherwise;
    return TallyStatus::ok;
  }

  TallyStatus rank(const Formula& formula, std::uint32_t first, std::uint32_t last,
                   Number& number) noexcept {
    const std::uint32_t begin = work_.cells[first].first;
    const std::uint32_t end = work_.cells[last - 1].last;
    if (!histogram_.is_of(begin, end, formula)) {
      for (std::uint32_t at = begin; at < end; ++at) {
        if ((ordered(at).part & formula.parts) == 0) continue;
        const TallyStatus status = histogram_.add(ordered(at).counts);
        if (status != TallyStatus::ok) return status;
      }
    }
    return histogram_.rank(formula.quantile, number.bin);
  }

  std::int64_t* measures(std::uint32_t cell) const noexcept {
    return work_.dense + std::size_t{cell} * kMeasures;
  }

  std::span<const Formula> formulas_;
  std::span<const Sums> sums_;
  Workspace work_;
  Number* out_;
  std::size_t size_ = 0;
  std::uint32_t cells_ = 0;
  std::uint32_t parts_ = 0;  // of all cells
  Histogram histogram_;
};

}  // namespace

std::uint32_t part_of(std::string_view basis, std::string_view window) noexcept {
  using Part = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Part, 20> parts = {
      {{"service", "period"},    {"service", "unfinished"}, {"service", "matured"},
       {"service", "converted"}, {"service", "upcoming"},   {"booked", "period"},
       {"booked", "unfinished"}, {"booked", "matured"},     {"booked", "converted"},
       {"booked", "upcoming"},   {"event", "period"},       {"event", "unfinished"},
       {"event", "matured"},     {"event", "converted"},    {"event", "upcoming"},
       {"tracking", "period"},   {"session", "period"},     {"visitor", "period"},
       {"funnel", "period"},     {"funnel", "open"}}};
  const auto* const found = std::find(parts.begin(), parts.end(), Part{basis, window});
  return found == parts.end() ? 0U : 1U << static_cast<unsigned>(found - parts.begin());
}

TallyStatus evaluate(std::span<const Formula> formulas, std::span<const Sums> sums,
                     const Workspace& work, Number* out, std::size_t& size) noexcept {
  Evaluation evaluation(formulas, sums, work, out);
  evaluation.sort();
  TallyStatus status = TallyStatus::ok;
  for (std::uint32_t position = 0; position < sums.size() && status == TallyStatus::ok;)
    status = evaluation.at_place(position);
  size = evaluation.size();
  return status;
}

}  // namespace calytics::core
