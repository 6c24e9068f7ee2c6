// The parts of a dashboard about what is tracked: the funnel, step by step, and where sessions came
// from.

#include "glue/answers/board.hpp"
#include "glue/sums/tally.hpp"

namespace calytics::glue {

namespace {

using core::Number;
using core::Role;

struct Step {
  std::string_view name;
  std::string_view metric;
  std::string_view rate;  // of the step before
};

constexpr Step kSteps[] = {{"SERVICE_VIEW", "funnel_viewed", ""},
                           {"SERVICE_SELECT", "funnel_selected", "selection_rate"},
                           {"BOOKING_START", "funnel_began", "start_rate"},
                           {"BOOKING_SUBMIT", "funnel_submitted", "submission_rate"},
                           {"BOOKED", "funnel_booked", "verification_rate"}};

constexpr std::size_t kMostOrigins = 20;

bool tells(const Board& board, std::string_view metric) {
  for (std::size_t f = 0; f < board.definitions.size; ++f) {
    if (board.metric(f) == metric) return true;
  }
  return false;
}

const Number* number_of(const Board& board, Role role, std::string_view metric) {
  for (const Number& number : std::span(board.begin(), board.numbers.size)) {
    if (board.place(number).role == role && board.metric(number.formula) == metric) return &number;
  }
  return nullptr;
}

Numeric count_of(const Board& board, Role role, std::string_view metric) {
  const Number* const number = number_of(board, role, metric);
  return number == nullptr ? board.zero : int64_to_numeric(number->above);
}

Numeric value_of(const Board& board, std::string_view metric) {
  const Number* const number = number_of(board, Role::now, metric);
  return number == nullptr ? nullptr : value_of(board.definitions, *number);
}

Numeric quotient(std::int64_t above, std::int64_t below) {
  return below == 0
             ? nullptr
             : numeric_div_opt_error(int64_to_numeric(above), int64_to_numeric(below), nullptr);
}

struct Origin {
  std::string_view name;
  std::int64_t sessions = 0;
  std::int64_t booked = 0;
};

}  // namespace

void write_funnel(Board& board) {
  JsonWriter& json = board.json;
  if (!tells(board, kSteps[0].metric)) {
    json.put_null();
    return;
  }
  const Number* const first = number_of(board, Role::now, kSteps[0].metric);
  json.begin_object();
  json.key("steps");
  json.begin_array();
  for (const Step& step : kSteps) {
    const Number* const now = number_of(board, Role::now, step.metric);
    json.begin_object();
    json.key("name");
    json.put(step.name);
    json.key("sessions");
    json.put(count_of(board, Role::now, step.metric));
    json.key("previous");
    json.put(count_of(board, Role::then, step.metric));
    json.key("conversion");
    json.put(value_of(board, step.rate));
    json.key("overall_conversion");
    json.put(quotient(now == nullptr ? 0 : now->above, first == nullptr ? 0 : first->above));
    json.end_object();
  }
  json.end_array();
  json.key("pending");
  json.put(count_of(board, Role::now, "funnel_pending"));
  json.key("median_s");
  json.put(value_of(board, "time_to_convert_p50"));
  json.key("mean_ms");
  json.put(value_of(board, "mean_time_to_convert"));
  json.end_object();
}

void write_origins(Board& board, std::span<const core::Sums> sums) {
  constexpr std::int32_t sessions = 70;  // as calytics.measure has them
  constexpr std::int32_t booked = 72;
  auto* origins = static_cast<Origin*>(palloc(sizeof(Origin) * (sums.size() + 1)));
  std::size_t size = 0;
  for (const core::Sums& sum : sums) {
    if (sum.host != "source") continue;
    Origin origin = {sum.service};
    raise_unless_ok(core::tally_get(sum.counts, sessions, origin.sessions));
    raise_unless_ok(core::tally_get(sum.counts, booked, origin.booked));
    if (origin.sessions > 0) origins[size++] = origin;
  }
  std::sort(origins, origins + size, [](const Origin& a, const Origin& b) {
    return a.sessions != b.sessions ? a.sessions > b.sessions : a.name < b.name;
  });
  JsonWriter& json = board.json;
  json.begin_array();
  for (const Origin& origin : std::span(origins, std::min(size, kMostOrigins))) {
    json.begin_object();
    json.key("name");
    json.put(origin.name);
    json.key("booked");
    json.put(int64_to_numeric(origin.booked));
    json.key("sessions");
    json.put(int64_to_numeric(origin.sessions));
    json.key("conversion");
    json.put(quotient(origin.booked, origin.sessions));
    json.end_object();
  }
  json.end_array();
}

}  // namespace calytics::glue
