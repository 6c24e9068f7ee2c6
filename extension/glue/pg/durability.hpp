// How durable a transaction is when its commit is answered. Tracking may give up durability, where
// calytics.track_durability says so; what shares its transaction with a webhook never does.
#pragma once

namespace calytics::glue {

// Lets this transaction's commit be answered before it is durable, if calytics.track_durability is
// relaxed and nothing was written in it yet.
void relax_durability();

// Takes that back.
void insist_on_durability();

}  // namespace calytics::glue
