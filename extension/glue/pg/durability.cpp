#include "glue/pg/pg.hpp"

#include "glue/pg/durability.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/guc.h"
}

#include <array>

#include "glue/pg/settings.hpp"

namespace calytics::glue {
namespace {

// When the transaction began that was relaxed last, and what it was before.
TimestampTz relaxed_at = 0;
std::array<char, 32> before;

void set_for_transaction(const char* value) {
  set_config_option("synchronous_commit", value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true,
                    0, false);
}

}  // namespace

void relax_durability() {
  // Whoever has written already did so without a thought of tracking.
  if (tracks_durably() || TransactionIdIsValid(GetTopTransactionIdIfAny()) ||
      relaxed_at == GetCurrentTransactionStartTimestamp())
    return;
  strlcpy(before.data(), GetConfigOption("synchronous_commit", false, false), before.size());
  set_for_transaction("off");
  relaxed_at = GetCurrentTransactionStartTimestamp();
}

void insist_on_durability() {
  if (relaxed_at != GetCurrentTransactionStartTimestamp()) return;
  set_for_transaction(before.data());
  relaxed_at = 0;
}

}  // namespace calytics::glue
