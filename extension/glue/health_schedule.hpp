// When a folder looks at the health of the installation: calytics.health_interval after the last
// time, as soon as that is shortened, and whether the last look worked or not.
#pragma once

#include "pg.hpp"

#include "settings.hpp"

namespace calytics::glue {

class HealthSchedule {
 public:
  TimestampTz next() const {
    if (health_interval() == 0) return DT_NOEND;
    if (looked_at_ == DT_NOBEGIN) return looked_at_;
    return TimestampTzPlusMilliseconds(looked_at_, health_interval());
  }

  void looked(TimestampTz now) { looked_at_ = now; }

 private:
  TimestampTz looked_at_ = DT_NOBEGIN;
};

}  // namespace calytics::glue
