// The configuration parameters calytics.*.

#include "glue/pg/pg.hpp"

#include "glue/pg/settings.hpp"

#include <array>

namespace {

int max_body_size_value = 1024 * 1024;
bool collect_metrics_value = true;
bool fold_worker_value = true;
bool remember_value = true;
// Short, for a dashboard pays for each pending chain. While nobody reads it is longer, for chains
// and sums that change several times meanwhile are folded once.
int fold_interval_value = 100;
int merge_interval_value = 10'000;
int health_interval_value = 30'000;
int health_retention_value = 14 * 24 * 60;
int most_origins_value = 1000;
int most_services_value = 1000;

enum Durability { durable, relaxed };
int track_durability_value = durable;
constexpr std::array<config_enum_entry, 3> durabilities = {
    {{"durable", durable, false}, {"relaxed", relaxed, false}, {nullptr, 0, false}}};

constexpr int shortest_interval = 10;
constexpr int longest_interval = 3600 * 1000;

}  // namespace

int calytics::glue::max_body_size() {
  return max_body_size_value;
}

bool calytics::glue::collects_metrics() {
  return collect_metrics_value;
}

bool calytics::glue::fold_worker() {
  return fold_worker_value;
}

bool calytics::glue::tracks_durably() {
  return track_durability_value == durable;
}

bool calytics::glue::remember() {
  return remember_value;
}

int calytics::glue::fold_interval() {
  return fold_interval_value;
}

int calytics::glue::merge_interval() {
  return merge_interval_value;
}

int calytics::glue::health_interval() {
  return health_interval_value;
}

void calytics::glue::define_settings() {
  DefineCustomIntVariable("calytics.max_body_size", "Largest webhook body that is taken in.",
                          "Larger ones are answered with too_large and not kept.",
                          &max_body_size_value, 1024 * 1024, 1024, 64 * 1024 * 1024, PGC_SIGHUP,
                          GUC_UNIT_BYTE, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("calytics.collect_metrics", "Keeps metrics current as webhooks come in.",
                           "Off for bulk loads: cal.repair_metrics() makes up for it afterwards.",
                           &collect_metrics_value, true, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("calytics.fold_worker",
                           "Whether a background worker folds in every database with calytics.",
                           "Metrics are exact without, but slower to read.", &fold_worker_value,
                           true, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable(
      "calytics.fold_interval", "How often a folder runs at most while somebody reads.",
      "Ten times that, up to a second, while nobody does and little waits.", &fold_interval_value,
      100, shortest_interval, longest_interval, PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("calytics.merge_interval",
                          "How often a folder merges what it has folded at most.", nullptr,
                          &merge_interval_value, 10'000, shortest_interval, longest_interval,
                          PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("calytics.health_interval",
                          "How often a folder looks at the health of the installation.",
                          "Each time it keeps a sample, and raises and clears alerts. 0: never.",
                          &health_interval_value, 30'000, 0, 24 * longest_interval, PGC_SIGHUP,
                          GUC_UNIT_MS, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("calytics.health_retention", "How long samples of health are kept.",
                          nullptr, &health_retention_value, 14 * 24 * 60, 60, 400 * 24 * 60,
                          PGC_SIGHUP, GUC_UNIT_MIN, nullptr, nullptr, nullptr);
  DefineCustomIntVariable(
      "calytics.most_origins",
      "How many names of origins of a kind the sessions of a month are counted by.",
      "Names that come after them count as (other); what was counted stays.", &most_origins_value,
      1000, 1, 100'000, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable(
      "calytics.most_services",
      "How many services that Cal.com doesn't know the events of a month are told apart by.",
      "Events of services that come after them are of (other).", &most_services_value, 1000, 0,
      100'000, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable(
      "calytics.remember", "Whether a session remembers the sums it has read.",
      "Asked again, it adds what has changed since. Sums are the same without.", &remember_value,
      true, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomEnumVariable("calytics.track_durability", "What an answer to tracking promises.",
                           "durable: its events survive a crash of the server; relaxed: but for "
                           "those of the last second.",
                           &track_durability_value, durable, durabilities.data(), PGC_SUSET, 0,
                           nullptr, nullptr, nullptr);
  MarkGUCPrefixReserved("calytics");
}
