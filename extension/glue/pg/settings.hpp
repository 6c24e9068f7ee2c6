// The configuration parameters calytics.*.
#pragma once

namespace calytics::glue {

// To be called once, while the library is being loaded.
void define_settings();

// The largest webhook body that is taken in, and whether webhooks keep the metrics current.
int max_body_size();  // bytes
bool collects_metrics();

// Whether databases have folders, how often they run at most, and how often they merge.
bool fold_worker();
int fold_interval();   // ms
int merge_interval();  // ms

// How often the health of the installation is looked at, 0: never.
int health_interval();  // ms

// Whether an answer to tracking means that its events survive a crash of the server.
bool tracks_durably();

// Whether this session remembers sums.
bool remember();

}  // namespace calytics::glue
