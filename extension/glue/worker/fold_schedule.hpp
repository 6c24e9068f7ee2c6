// When a folder runs, and when a run merges.
//
// Only when something was committed, and at most once in calytics.fold_interval while somebody
// reads or much waits. Otherwise at most once in ten times that, up to a second: what changes
// several times meanwhile is folded once. Where rows are left that wait for a merge, when
// calytics.merge_interval has passed since the last one. After an error a second later, and twice
// that after each further one, up to a minute. And once a minute whatever happens, for a wake-up
// may be lost; that run merges.
#pragma once

#include "glue/pg/pg.hpp"

#include <algorithm>

#include "glue/pg/settings.hpp"

namespace calytics::glue {

// What others have told a folder.
struct FoldDemand {
  std::int64_t waiting;    // rows committed since the last run began
  TimestampTz read_until;  // somebody reads until then, as far as is known

  // So much that whoever came to read would notice.
  static constexpr std::int64_t much = 10000;

  bool presses(TimestampTz now) const { return waiting >= much || read_until > now; }
};

class FoldSchedule {
 public:
  TimestampTz next(const FoldDemand& demand, TimestampTz now) const {
    if (failures_ > 0) return after(ran_at_, back_off_ms());
    if (ran_at_ == never) return ran_at_;
    const TimestampTz soonest = after(ran_at_, fold_interval());
    const TimestampTz latest = std::max(soonest, after(ran_at_, patience_ms(demand, now)));
    if (left_ == 0) return latest;
    return std::clamp(after(merged_at_, merge_interval()), soonest, latest);
  }

  bool merges(TimestampTz now) const {
    return merged_at_ == never || now >= after(merged_at_, merge_interval()) ||
           now >= after(ran_at_, heart_beat_ms);
  }

  void ran(TimestampTz now, bool merged, std::int64_t left) {
    ran_at_ = now;
    if (merged) merged_at_ = now;
    left_ = left;
    failures_ = 0;
  }

  void failed(TimestampTz now) {
    ran_at_ = now;
    ++failures_;
  }

 private:
  static constexpr TimestampTz never = DT_NOBEGIN;
  static constexpr int heart_beat_ms = 60'000;

  static TimestampTz after(TimestampTz time, int ms) {
    return time == never ? never : TimestampTzPlusMilliseconds(time, ms);
  }

  static int patience_ms(const FoldDemand& demand, TimestampTz now) {
    constexpr int longest_ms = 1000;
    if (demand.waiting == 0) return heart_beat_ms;
    if (demand.presses(now)) return 0;
    return static_cast<int>(std::min<std::int64_t>(std::int64_t{10} * fold_interval(), longest_ms));
  }

  int back_off_ms() const {
    constexpr int most_doublings = 6;
    return std::min(1000 << std::min(failures_ - 1, most_doublings), heart_beat_ms);
  }

  TimestampTz ran_at_ = never;
  TimestampTz merged_at_ = never;
  std::int64_t left_ = 0;
  int failures_ = 0;
};

}  // namespace calytics::glue
