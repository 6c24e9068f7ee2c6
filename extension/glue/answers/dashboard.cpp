// cal.dashboard: all that a dashboard shows of a period, read, evaluated and written as jsonb in
// one go, because SQL took longer to ask the questions and to build the document than it takes to
// answer them.

#include "glue/pg/pg.hpp"

#include "glue/answers/board.hpp"
#include "glue/answers/board_source.hpp"
#include "glue/answers/dashboard_tracked.hpp"
#include "glue/facts/zone.hpp"
#include "glue/pg/list.hpp"
#include "glue/pg/statement.hpp"
#include "glue/sums/period.hpp"
#include "glue/sums/spans.hpp"
#include "glue/sums/tally.hpp"

CALYTICS_SQL_FUNCTION(calytics_dashboard);

namespace calytics::glue {

namespace {

using core::Role;
using core::Sums;
using core::Unit;

constexpr std::string_view kInSeries[] = {
    "created",    "confirmed",     "completed",           "upcoming",       "cancelled",
    "no_show",    "rejected",      "rescheduled",         "booked_minutes", "booked_value",
    "collected",  "new_customers", "returning_customers", "visitors",       "sessions",
    "page_views", "funnel_viewed", "funnel_booked"};
constexpr std::string_view kInTables[] = {"created",        "completed",
                                          "cancelled",      "cancellation_rate",
                                          "no_show",        "no_show_rate",
                                          "booked_minutes", "booked_value",
                                          "average_ticket", "revenue_per_booked_hour",
                                          "new_customers",  "returning_customers"};

// By position, as cal.dashboard has them.
struct Asked {
  PeriodAsked period;
  NullableDatum source;
  NullableDatum service;
  NullableDatum host;
  NullableDatum basis;
  NullableDatum known_at;
};

Asked asked_of(FunctionCallInfo fcinfo) {
  const NullableDatum* args = fcinfo->args;
  const NullableDatum& as_of = args[8].isnull ? args[1] : args[8];
  return {{args[0], args[1], as_of, args[6], args[7]}, args[2], args[3], args[4], args[5], args[9]};
}

// What is shown, before it is evaluated.
struct Shown {
  BoardSource source;
  core::Period now;
  core::Period then;
  Unit unit = Unit::none;  // of the series
  std::string_view basis;  // empty: each metric's own
  bool filtered = false;
  Rows definitions;
  std::span<const Sums> origins;
  std::span<core::Naming> names;
};

std::size_t ask_spans(const Shown& shown, Span* spans) {
  constexpr core::Split none = {.service = false, .host = false};
  constexpr core::Split service = {.service = true, .host = false};
  constexpr core::Split host = {.service = false, .host = true};
  const core::Rules& rules = shown.source.rules;
  const unsigned in_tables =
      core::kPeriodService | (shown.basis == "event" ? core::kPeriodEvent : core::kPeriodBooked);
  std::size_t size = 0;
  size += spans_of(
      shown.now, rules, {"series", shown.unit, none, true},
      core::kPeriodService | core::kPeriodBooked | core::kPeriodEvent | core::kUpcomingService,
      spans + size);
  size += spans_of(shown.now, rules, {"now", Unit::none, none, true},
                   core::kMaturedService | core::kConvertedService, spans + size);
  size +=
      spans_of(shown.now, rules, {"service", Unit::none, service, false}, in_tables, spans + size);
  size += spans_of(shown.now, rules, {"host", Unit::none, host, false}, in_tables, spans + size);
  size += spans_of(shown.then, rules, {"then", Unit::none, none, true}, core::kAllWindows,
                   spans + size);
  return size;
}

// The sums of the board as they come.
struct SumsSink {
  Board* board;
  std::span<const core::Naming> names;
  MemoryContext memory;
  List<Sums> origins;
  std::size_t room = 0;
};

void put(SumsSink& to, std::string_view role, const Sums& sums) {
  constexpr std::size_t first_room = 128;
  constexpr std::size_t most_places = 2;
  Board& board = *to.board;
  if (board.size + most_places > to.room) {
    to.room = to.room == 0 ? first_room : 2 * to.room;
    auto* larger = static_cast<Sums*>(MemoryContextAllocHuge(to.memory, sizeof(Sums) * to.room));
    std::copy_n(board.sums, board.size, larger);
    board.sums = larger;
  }
  board.size += core::places_of(role, sums, to.names, board.sums + board.size);
}

std::string_view copied(std::string_view text, MemoryContext memory) {
  if (text.empty()) return {};
  auto* copy = static_cast<char*>(MemoryContextAlloc(memory, text.size()));
  std::copy(text.begin(), text.end(), copy);
  return {copy, text.size()};
}

void put_sum(void* context, const Span& span, bool unfinished, Timestamp at,
             const core::CubeKey& key, std::string_view counts) {
  auto& to = *static_cast<SumsSink*>(context);
  Sums sums;
  sums.part = core::part_of(span.basis_name, unfinished ? "unfinished" : span.window);
  sums.at = span.unit == Unit::none ? core::kNoTime : at;
  if (span.split.service) sums.service = copied(key.service, to.memory);
  if (span.split.host) sums.host = copied(key.host, to.memory);
  sums.currency = copied(key.currency, to.memory);
  sums.counts = copied(counts, to.memory);
  if (span.role == kOrigin) {
    to.origins.put(sums);
  } else {
    put(to, span.role, sums);
  }
}

// Within SPI_connect and SPI_finish; what is read is in the memory given.
Shown read(const Asked& asked, Board& board, MemoryContext memory) {
  Shown shown;
  shown.source = source_named(asked.source, memory);
  BoardSource& source = shown.source;
  const Filter services = service_filter(source, asked.service, memory);
  const Filter hosts = host_filter(source, asked.host, memory);
  const core::Clock clock = clock_of(source.rules);
  shown.now = period_at(asked.period, 0, clock, source.rules.week_start);
  shown.then = period_at(asked.period, 1, clock, source.rules.week_start);
  shown.unit = core::series_unit(shown.now);
  shown.filtered = !services.absent || !hosts.absent;
  if (!asked.basis.isnull) {
    shown.basis = bytes_of(DatumGetTextPP(asked.basis.value));
    check_basis(shown.basis);
  }
  shown.definitions = metric_rows(services, hosts, asked.known_at, memory);
  shown.names = names_of(source, memory);

  constexpr std::size_t most_spans = 5 * core::kMostWindows;
  std::array<Span, most_spans> room;
  const std::span<const Span> spans = {room.data(), ask_spans(shown, room.data())};
  SumsSink sink = {&board, shown.names, memory, {memory}};
  if (asked.known_at.isnull) {
    collect(source.id, spans, services, hosts, memory, put_sum, &sink);
    if (!hosts.absent) return shown;
    collect_board({source.id, shown.now, shown.then, shown.unit, services}, memory, put_sum, &sink);
    shown.origins = {sink.origins.items, sink.origins.size};
    return shown;
  }
  const TimestampTz known_at = DatumGetTimestampTz(asked.known_at.value);
  read_told_by(source, known_at);
  const Rows rows = sums_known(source, spans, services, hosts, known_at, memory);
  for (int i = 0; i < rows.size; ++i) {
    const Row row = rows.at(i);
    put(sink, row.bytes(0), sums_of(row));
  }
  return shown;
}

void define(Board& board, const Shown& shown) {
  const BoardSource& source = shown.source;
  const std::string_view calendar_unit = shown.filtered ? "" : core::name_of(shown.now.unit);
  board.zero = int64_to_numeric(0);
  board.definitions = definitions_of(
      shown.definitions, {shown.basis, calendar_unit, source.tells_payments, source.tells_refunds,
                          source.rules.rebook_within == source.rules.convert_within});
  const auto in = [](std::span<const std::string_view> names, std::string_view metric) {
    return std::find(names.begin(), names.end(), metric) != names.end();
  };
  for (std::size_t f = 0; f < board.definitions.size; ++f) {
    board.definitions.formulas[f].in_series = in(kInSeries, board.metric(f));
    board.definitions.formulas[f].in_tables = in(kInTables, board.metric(f));
  }
  board.numbers = numbers_of(board.definitions, board.sums, board.size);
}

void write_period(JsonWriter& json, const core::Period& period, const NullableDatum* name) {
  json.begin_object();
  if (name != nullptr) {
    json.key("name");
    json.put(bytes_of(DatumGetTextPP(name->value)));
  }
  json.key("from");
  json.put_instant(period.starts_at);
  json.key("to");
  json.put_instant(period.ends_at);
  json.key("cut_at");
  json.put_instant(period.cut_at);
  json.end_object();
}

void write_head(Board& board, const Shown& shown, const Asked& asked) {
  const BoardSource& source = shown.source;
  JsonWriter& json = board.json;
  json.key("source");
  json.put(source.name);
  json.key("time_zone");
  json.put(source.time_zone);
  json.key("currency");
  source.currency.empty() ? json.put_null() : json.put(source.currency);
  json.key("as_of");
  json.put_instant(shown.now.as_of);
  json.key("period");
  write_period(json, shown.now, &asked.period.name);
  json.key("previous");
  write_period(json, shown.then, nullptr);
  json.key("last_webhook_at");
  if (source.last_webhook == core::kUnknown) {
    json.put_null();
    json.key("last_webhook_age_s");
    json.put_null();
    return;
  }
  json.put_instant(source.last_webhook);
  const std::int64_t age = GetCurrentTimestamp() - source.last_webhook;
  const std::int64_t half = age < 0 ? -USECS_PER_SEC / 2 : USECS_PER_SEC / 2;
  json.key("last_webhook_age_s");
  json.put(int64_to_numeric((age + half) / USECS_PER_SEC));
}

void write_body(Board& board, const Shown& shown) {
  const core::Rules& rules = shown.source.rules;
  JsonWriter& json = board.json;
  json.key("figures");
  write_figures(board, shown.source.currency);
  json.key("series");
  write_series(board, points_of(shown.now, shown.unit, clock_of(rules), rules.week_start),
               core::name_of(shown.unit));
  json.key("services");
  write_table(board, Role::service);
  json.key("hosts");
  write_table(board, Role::host);
  // Starts by weekday and hour, bookings by lead time: cells as calytics.contributions has them.
  json.key("heatmap");
  write_cells(board, core::part_of("service", "period"), 200, 7, 24);
  json.key("lead_times");
  json.begin_object();
  json.key("from_minutes");
  json.begin_array();
  for (const std::int64_t minutes : {0, 60, 360, 1440, 4320, 10080, 20160, 40320, 80640})
    json.put(int64_to_numeric(minutes));
  json.end_array();
  json.key("bookings");
  write_cells(board, core::part_of(shown.basis == "service" ? shown.basis : "booked", "period"),
              100, 1, 9);
  json.end_object();
  json.key("funnel");
  write_funnel(board);
  json.key("sources");
  write_origins(board, shown.origins);
}

}  // namespace

}  // namespace calytics::glue

Datum calytics_dashboard(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  const Asked asked = asked_of(fcinfo);
  Board board;
  MemoryContext memory = CurrentMemoryContext;
  SPI_connect();
  const Shown shown = read(asked, board, memory);
  SPI_finish();
  define(board, shown);
  board.json.begin_object();
  write_head(board, shown, asked);
  write_body(board, shown);
  board.json.end_object();
  return board.json.finish();
}
