-- Everything that the dashboard's tabs show, in one call and one snapshot.

create function calytics.series_unit(period text, length interval) returns text
  language sql immutable
  return case
    when period = 'day' then 'hour'
    when period in ('week', 'month') then 'day'
    when period = 'quarter' then 'week'
    when period = 'year' then 'month'
    when length <= interval '2 days' then 'hour'
    when length <= interval '62 days' then 'day'
    when length <= interval '200 days' then 'week'
    when length <= interval '1500 days' then 'month'
    else 'quarter'
  end;
comment on function calytics.series_unit(text, interval) is 'The bucket that fits a period, or a custom range of that length.';

create function calytics.dashboard_sums(
  s calytics.source, now_p calytics.period, then_p calytics.period, unit text, basis text, services text[],
  hosts text[], known_at timestamptz
) returns calytics.sums[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  in_tables text[] := array['period service', 'period ' || coalesce(nullif(basis, 'service'), 'booked')];
  spans calytics.span[] :=
    calytics.spans(now_p, 'series', unit, 'none', s,
                   array['period service', 'period booked', 'period event', 'upcoming service'])
    || calytics.spans(now_p, 'now', null, 'none', s, array['matured service', 'converted service'])
    || calytics.spans(now_p, 'service', null, 'service', s, in_tables, false)
    || calytics.spans(now_p, 'host', null, 'host', s, in_tables, false)
    || calytics.spans(then_p, 'then', null, 'none', s, null);
  sums calytics.sums[];
begin
  if known_at is null then
    sums := array(select c from calytics.collect(s.source_id, spans, services, hosts) c);
    if hosts is null then
      spans := calytics.track_spans(now_p, 'series', unit, 'none') || calytics.track_spans(then_p, 'then', null, 'none')
               || row('origin', 'origin', 'period', now_p.starts_at, now_p.cut_at, null, 'both', false, null, now_p.as_of)::calytics.span;
      sums := sums || array(select c from calytics.collect_tracked(s.source_id, spans, services) c);
    end if;
    if hosts is null and services is null then
      sums := sums || calytics.visitor_sums(s, now_p, 'series', unit, 'now') || calytics.visitor_sums(s, then_p, 'then', null);
    end if;
    return sums;
  end if;
  return array(select c from calytics.collect_known(s, spans, services, hosts, known_at) c);
end
$$;
comment on function calytics.dashboard_sums(
    calytics.source, calytics.period, calytics.period, text, text, text[], text[], timestamptz) is
  'All sums that a dashboard is made of.';

create type calytics.naming as (
  role  text,   -- service or host
  key   text,
  name  text
);
comment on type calytics.naming is 'What a key of a service, or of a host, is called now.';

create type calytics.point as (
  local      timestamp,
  starts_at  timestamptz,
  begun      boolean,
  ahead      boolean   -- not over yet
);
comment on type calytics.point is 'A bucket of a series as of a moment.';

create function calytics.dashboard_json(
  head jsonb, sums calytics.sums[], definitions calytics.metric[], basis text, calendar_unit text,
  tells_payments boolean, tells_refunds boolean, same_windows boolean, currency text, in_series text[],
  in_tables text[], names calytics.naming[], unit text, points calytics.point[]
) returns jsonb
  language c stable
  as 'MODULE_PATHNAME', 'calytics_dashboard_json';
comment on function calytics.dashboard_json(
    jsonb, calytics.sums[], calytics.metric[], text, text, boolean, boolean, boolean, text, text[], text[],
    calytics.naming[], text, calytics.point[]) is
  'An object''s pairs, and figures, series, services, hosts, heatmap and lead_times of a dashboard. Sums: role series '
  '(by time; added up they are figures, too), now and then (figures), service and host. calendar_unit: which people to count, NULL: that is not known; currency: of money where there is '
  'none; in_series, in_tables: metrics of the series and of the tables. Glue reads rows by position '
  '(extension/glue/dashboard.cpp).';

create function cal.dashboard(
  period text default 'week', at timestamptz default now(), source text default 'default',
  service text default null, host text default null, basis text default null,
  "from" timestamptz default null, "to" timestamptz default null, as_of timestamptz default null,
  known_at timestamptz default null
) returns jsonb
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  s calytics.source := calytics.source_named(source);
  services text[] := case when dashboard.service is not null then calytics.service_keys(s.source_id, dashboard.service) end;
  hosts text[] := case when dashboard.host is not null then calytics.host_keys(s.source_id, dashboard.host) end;
  now_p calytics.period := calytics.period_at(
    period, at, coalesce(as_of, at), "from", "to", 0, s.time_zone, s.week_start);
  then_p calytics.period := calytics.period_at(
    period, at, coalesce(as_of, at), "from", "to", 1, s.time_zone, s.week_start);
  unit text := calytics.series_unit(period, now_p.ends_at - now_p.starts_at);
  sums calytics.sums[];
  board jsonb;
  last_webhook timestamptz := (
    select x.received_at
      from calytics.webhook_delivery x where x.source_id = s.source_id order by x.delivery_id desc limit 1);
begin
  if dashboard.basis is not null then
    perform calytics.check_metrics(null, dashboard.basis, null, null);
  end if;
  sums := calytics.dashboard_sums(s, now_p, then_p, unit, dashboard.basis, services, hosts, known_at);
  board := calytics.dashboard_json(
    jsonb_build_object(
      'source', s.name, 'time_zone', s.time_zone, 'currency', s.currency, 'as_of', now_p.as_of,
      'period', jsonb_build_object(
        'name', period, 'from', now_p.starts_at, 'to', now_p.ends_at, 'cut_at', now_p.cut_at),
      'previous', jsonb_build_object('from', then_p.starts_at, 'to', then_p.ends_at, 'cut_at', then_p.cut_at),
      'last_webhook_at', last_webhook,
      'last_webhook_age_s', extract(epoch from clock_timestamp() - last_webhook)::bigint),
    array(select u from unnest(sums) u where u.role <> 'origin'),
    array(select m from calytics.metric m where calytics.can_tell(m, services, hosts, null, known_at)), dashboard.basis,
    case when services is null and hosts is null then now_p.unit end,
    calytics.tells(s.source_id, 'payment', known_at), calytics.tells(s.source_id, 'refund', known_at),
    s.rebook_within = s.convert_within, s.currency,
    array['created', 'confirmed', 'completed', 'upcoming', 'cancelled', 'no_show', 'rejected', 'rescheduled',
          'booked_minutes', 'booked_value', 'collected', 'new_customers', 'returning_customers', 'visitors', 'sessions',
          'page_views', 'funnel_viewed', 'funnel_booked'],
    array['created', 'completed', 'cancelled', 'cancellation_rate', 'no_show', 'no_show_rate', 'booked_minutes',
          'booked_value', 'average_ticket', 'revenue_per_booked_hour', 'new_customers', 'returning_customers'],
    array(
      (select row('service', v.event_type_id, v.service)::calytics.naming
         from (select distinct on (x.event_type_id) x.event_type_id, x.service
                 from calytics.service x
                where x.source_id = s.source_id
                order by x.event_type_id, x.first_at desc, x.service desc) v)
      union all
      (select row('host', v.host_id, v.host)::calytics.naming
         from (select distinct on (x.host_id) x.host_id, x.host
                 from calytics.host x
                where x.source_id = s.source_id
                order by x.host_id, x.first_at desc, x.host desc) v)),
    unit,
    array(
      select row(b.local, b.starts_at, b.starts_at < now_p.cut_at, b.ends_at > now_p.as_of)::calytics.point
        from calytics.buckets(now_p, unit, s.time_zone, s.week_start) b));
  return board || jsonb_build_object('funnel', calytics.funnel_json(board -> 'figures'), 'sources', calytics.sources_json(sums));
end
$$;
comment on function cal.dashboard(
    text, timestamptz, text, text, text, text, timestamptz, timestamptz, timestamptz, timestamptz) is
  'All that a dashboard shows of a period, exact in the caller''s snapshot; parameters as in cal.metrics. JSON: source, '
  'time_zone, currency, as_of, period and previous (from, to, cut_at: what is later is not counted yet), last_webhook_at '
  'and its age in seconds; figures: metric to {value, numerator, denominator, previous, previous_numerator, '
  'previous_denominator, change}, money by currency; series: unit, starts_at and a column a metric, zero-filled, NULL '
  'ahead (a day by hour, week and month by day, quarter by week, year by month); services and hosts: name and figures, '
  'the busiest first; heatmap: starts of accepted bookings, a row a weekday from Monday, a column an hour; lead_times: '
  'bookings by minutes from creation to start; funnel: steps (name, sessions, previous, conversion of the step before, '
  'overall_conversion), pending, median_s and mean_s from the first step; sources: where sessions came from, the twenty of '
  'most sessions. Money in minor units; NULL is what is not known.';
