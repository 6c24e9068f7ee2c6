// How durable a transaction is when its commit is answered. Tracking may give up durability, where
// calytics.track_durability says so; what shares its transaction with a webhook never does.
#pragma once

namespace calytics::glue {

// Takes back what tracking gave up earlier in this transaction.
void insist_on_durability();

}  // namespace calytics::glue
