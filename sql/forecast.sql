-- What the coming days may bring, from the days that are over. Which model, and what it would have been off by, is C++'s
-- business (extension/core/metrics/forecast.hpp); which days and which number, SQL's.

create function calytics.forecast_ranges(
  history float8[], weekday int, lengths int[], never_negative boolean, confidence float8,
  out outcome text, out on_roots boolean, out season int, out folds int, out fold_days int, out error float8,
  out naive_error float8, out coverage float8, out value float8[], out low float8[], out high float8[]
)
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_forecast_ranges';
comment on function calytics.forecast_ranges(float8[], int, int[], boolean, float8) is
  'A value a day, the last day last, to the ranges of so many days that follow. weekday: of the first day, any day of the week '
  'being 0; outcome: made, too short (the history) or out of reach (the day); season: the weekdays on which anything ever '
  'happens. The rest as cal.forecast has it.';

create function calytics.check_forecast(metric text, horizon int, every text, confidence float8, filtered_by text[])
  returns calytics.metric
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  m calytics.metric;
begin
  perform calytics.check_metrics(array[metric], null, every, null);
  select x.* into m from calytics.metric x where x.metric = check_forecast.metric;
  -- Days that are over must stay as they are: what is counted by the day of booking changes as the booking does.
  if not m.additive or m."window" not in ('period', 'ended') or m.default_basis = 'booked' and m.metric <> 'created' then
    raise exception 'metric "%" can''t be forecast', coalesce(metric, 'NULL')
      using errcode = 'invalid_parameter_value',
            hint = 'Use one whose days add up and are final once they are over, such as created, completed or booked_value.';
  elsif not filtered_by <@ m.split_by then
    raise exception 'metric "%" isn''t known by %', metric, array_to_string(filtered_by, ' and ')
      using errcode = 'invalid_parameter_value', hint = 'Leave service and host out.';
  elsif horizon is null or horizon not between 1 and 366 then
    raise exception 'nothing can be forecast for % days', coalesce(horizon::text, 'NULL')
      using errcode = 'invalid_parameter_value', hint = 'Use 1 to 366.';
  elsif every = 'hour' then
    raise exception 'nothing can be forecast by the hour'
      using errcode = 'invalid_parameter_value', hint = 'Use day, week, month, quarter or year.';
  elsif confidence is null or not confidence between 0.01 and 0.999 then
    raise exception 'an interval can''t hold with a confidence of %', coalesce(confidence::text, 'NULL')
      using errcode = 'invalid_parameter_value', hint = 'Use 0.01 to 0.999, such as 0.8.';
  end if;
  return m;
end
$$;
comment on function calytics.check_forecast(text, int, text, float8, text[]) is
  'The definition of a metric that is to be forecast. Raises invalid_parameter_value on what cal.forecast can''t do.';

create function calytics.days_of(
  metric text, source text, service text, host text, currency text, since timestamptz, until timestamptz,
  out first_day date, out history float8[], out currency_used text, out known boolean
)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  s calytics.source := calytics.source_named(source);
begin
  with line as materialized (
    select (m.starts_at at time zone s.time_zone)::date as day, m.currency, m.value
      from cal.metrics('custom', "from" => since, "to" => until, at => until, source => source, service => service, host => host,
                       every => 'day', metrics => array[days_of.metric]) m
  ), money as materialized (
    -- What was asked for, or the source's, or what there is most of.
    select coalesce(upper(days_of.currency), s.currency,
                    (select l.currency from line l group by 1 order by count(*) filter (where l.value <> 0) desc, 1 limit 1)) as used
  ), series as materialized (
    select l.day, sum(l.value) filter (where l.currency is null or l.currency = (select y.used from money y)) as value,
           bool_or(l.currency is not null) as money, bool_or(l.value is not null) as known
      from line l group by l.day
  ), begun as materialized (
    select min(x.day) as day from series x where x.value <> 0
  )
  select b.day, array_agg(coalesce(x.value, 0)::float8 order by x.day) filter (where x.day >= b.day),
         case when bool_or(x.money) then (select y.used from money y) end, coalesce(bool_or(x.known), false)
    into first_day, history, currency_used, known
    from series x cross join begun b
   group by b.day;
end
$$;
comment on function calytics.days_of(text, text, text, text, text, timestamptz, timestamptz) is
  'A metric''s values by local day, from the first day on that has one but 0. known: whether anyone told of it at all.';

create function cal.forecast(
  metric text default 'created', horizon int default 28, source text default 'default', service text default null,
  host text default null, currency text default null, every text default 'day', confidence float8 default 0.8,
  at timestamptz default now()
) returns table (
  starts_at timestamptz, ends_at timestamptz, currency_used text, value numeric, low numeric, high numeric, reason text,
  method text, history_days int, trial_folds int, trial_days int, error numeric, naive_error numeric, coverage numeric,
  reason_code text
)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  s calytics.source := calytics.source_named(source);
  m calytics.metric := calytics.check_forecast(
    forecast.metric, horizon, every, confidence,
    array_remove(array[case when forecast.service is not null then 'service' end, case when forecast.host is not null then 'host' end], null));
  today timestamp := date_trunc('day', forecast.at at time zone s.time_zone);
  starts timestamptz;
  ends timestamptz;
  days record;
  made record;
  digits int := case m.unit when 'count' then 2 else 0 end;
begin
  if today is null or not isfinite(today) then
    raise exception 'a forecast needs a moment to be made at'
      using errcode = 'invalid_parameter_value', hint = 'Leave "at" out for now.';
  end if;
  starts := calytics.hour_begins(today, s.time_zone);
  ends := calytics.hour_begins(today + make_interval(days => horizon), s.time_zone);
  days := calytics.days_of(
    m.metric, s.name, forecast.service, forecast.host, forecast.currency,
    calytics.hour_begins(today - interval '730 days', s.time_zone), starts);
  return query
  with bucket as materialized (
    select b.starts_at, b.ends_at, row_number() over (order by b.starts_at)::int as i,
           (b.ends_at at time zone s.time_zone)::date - (b.starts_at at time zone s.time_zone)::date as days
      from calytics.buckets(
             calytics.period_at('custom', starts, ends, starts, ends, 0, s.time_zone, s.week_start),
             every, s.time_zone, s.week_start) b where every is not null
    union all
    select starts, ends, 1, horizon where every is null
  ), made as materialized (
    select f.*
      from calytics.forecast_ranges(
             coalesce(days.history, '{}'), coalesce(extract(isodow from days.first_day)::int, 1) - 1,
             (select array_agg(b.days order by b.i) from bucket b), m.metric <> 'net', confidence) f
  )
  select b.starts_at, b.ends_at, days.currency_used,
         case when f.outcome = 'made' then round(f.value[b.i]::numeric, digits) end,
         case when f.outcome = 'made' then round(f.low[b.i]::numeric, digits) end,
         case when f.outcome = 'made' then round(f.high[b.i]::numeric, digits) end,
         case when f.outcome = 'made' then null
              when not coalesce(days.known, false) then 'not known: nobody told of any'
              when days.history is null then 'too little history: none yet'
              else format('too little history: %s days of the 56 that it takes', cardinality(days.history)) end,
         case when f.outcome = 'made'
              then format('ETS(A,Ad,A), a week of %s days%s', f.season, case when f.on_roots then ', on square roots' else '' end) end,
         coalesce(cardinality(days.history), 0), f.folds, f.fold_days, round(f.error::numeric, 4),
         round(f.naive_error::numeric, 4), round(f.coverage::numeric, 4),
         case when f.outcome = 'made' then null
              when not coalesce(days.known, false) then 'unknown'
              when days.history is null then 'no_history'
              else 'short_history' end
    from bucket b cross join made f
   order by b.starts_at;
end
$$;
comment on function cal.forecast(text, int, text, text, text, text, text, float8, timestamptz) is
  'What a metric may come to on the days from today on (horizon, 1 to 366), by day, week, month, quarter or year (every; NULL: all '
  'at once), of a service or host by name or key; at: as of an earlier moment, by the bookings as they are known now. A row a '
  'range of days, the first and last clipped to the horizon: value (expected), low and high (between which it lies with that confidence), minor units of '
  'currency_used for money; NULL, with a reason, where fewer than 56 days of history tell of it. Metrics whose days add up '
  'and are final once they are over. Method: exponential smoothing with a damped trend and an additive week, ETS(A,Ad,A), by '
  'least squares over up to 730 days, on the values or their square roots, whichever erred less in trial; weekdays on which '
  'nothing ever happens stay at nothing; intervals are those of its state-space model (Hyndman, Koehler, Ord, Snyder: '
  'Forecasting with Exponential Smoothing, 2008). It knows the days that are over, not what is booked already. Trial: '
  'trial_folds forecasts of the past, a week apart, of trial_days each; error: their mean absolute error by that of guessing '
  'each day of the history by the same weekday before (MASE), naive_error: that guess''s own on the same days; coverage: the '
  'share of days within their interval. reason_code: unknown, no_history or short_history, for pages in other languages. Raises invalid_parameter_value and no_data_found (no such source).';
