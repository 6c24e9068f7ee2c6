-- Everything that the dashboard's tabs show, in one call and one snapshot, in C++ (extension/glue/answers/dashboard.cpp).

create function cal.dashboard(
  period text default 'week', at timestamptz default now(), source text default 'default',
  service text default null, host text default null, basis text default null,
  "from" timestamptz default null, "to" timestamptz default null, as_of timestamptz default null,
  known_at timestamptz default null
) returns jsonb
  language c stable security definer set search_path = pg_catalog, pg_temp
  set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set enable_hashagg = off set enable_bitmapscan = off
  as 'MODULE_PATHNAME', 'calytics_dashboard';
comment on function cal.dashboard(
    text, timestamptz, text, text, text, text, timestamptz, timestamptz, timestamptz, timestamptz) is
  'All that a dashboard shows of a period, exact in the caller''s snapshot; parameters as in cal.metrics. JSON: source, '
  'time_zone, currency, as_of, period and previous (from, to, cut_at: what is later is not counted yet), last_webhook_at '
  'and its age in seconds; figures: metric to {value, numerator, denominator, previous, previous_numerator, '
  'previous_denominator, change}, money by currency; series: unit, starts_at and a column a metric, zero-filled, NULL '
  'ahead (a day by hour, week and month by day, quarter by week, year by month); services and hosts: name and figures, '
  'the busiest first; heatmap: starts of accepted bookings, a row a weekday from Monday, a column an hour; lead_times: '
  'bookings by minutes from creation to start; funnel: steps (name, sessions, previous, conversion of the step before, '
  'overall_conversion), pending, median_s and mean_ms from the first step; sources: where sessions came from, the twenty of '
  'most sessions. Money in minor units; NULL is what is not known.';
