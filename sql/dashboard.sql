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
as $$
declare
  spans calytics.span[] :=
    calytics.spans(now_p, 'series', unit, false, s,
                   array['period service', 'period booked', 'period event', 'upcoming service'])
    || calytics.spans(now_p, 'now', null, false, s, array['matured service', 'converted service'])
    || calytics.spans(now_p, 'split', null, true, s,
                      array['period service', 'period ' || coalesce(nullif(basis, 'service'), 'booked')], false)
    || calytics.spans(then_p, 'then', null, false, s, null);
begin
  if known_at is null then
    return calytics.named(
      s.source_id, array(select c from calytics.collect(s.source_id, spans, services, hosts) c), 'service,host');
  end if;
  return calytics.named(
    s.source_id, array(select c from calytics.collect_known(s, spans, services, hosts, known_at) c), 'service,host');
end
$$;
comment on function calytics.dashboard_sums(
    calytics.source, calytics.period, calytics.period, text, text, text[], text[], timestamptz) is
  'All sums that a dashboard is made of.';

create type calytics.number as (
  role         text,
  metric       text,
  at           timestamp,
  service      text,
  host         text,
  currency     text,
  value        numeric,
  numerator    bigint,
  denominator  bigint
);
comment on type calytics.number is 'A metric''s value in one place of a dashboard.';

create function calytics.dashboard_numbers(
  sums calytics.sums[], basis text, calendar_unit text, paid boolean, refunds boolean, same_windows boolean
) returns setof calytics.number
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  in_series constant text[] := array[
    'created', 'confirmed', 'completed', 'upcoming', 'cancelled', 'no_show', 'rejected', 'rescheduled',
    'booked_minutes', 'booked_value', 'collected', 'new_customers', 'returning_customers'];
  in_tables constant text[] := array[
    'created', 'completed', 'cancelled', 'cancellation_rate', 'no_show', 'no_show_rate', 'booked_minutes',
    'booked_value', 'average_ticket', 'revenue_per_booked_hour', 'new_customers', 'returning_customers'];
begin
  return query
  select e.role, e.metric, e.at, e.service, e.host, e.currency, e.value, e.numerator, e.denominator
    from calytics.evaluate(
      array(
        select u from unnest(sums) u where u.role <> 'split'
        union all
        select row(x.role, u.basis, u."window", null, case x.role when 'service' then u.service end,
                   case x.role when 'host' then u.host end, u.currency, u.counts)::calytics.sums
          from unnest(sums) u
          join (values ('split', 'service'), ('split', 'host'), ('series', 'now')) x (part, role) on x.part = u.role),
      null, dashboard_numbers.basis, calendar_unit, paid, refunds, same_windows, in_series, in_tables) e
   where e.role in ('now', 'then') or e.metric not in ('customers', 'retention');
end
$$;
comment on function calytics.dashboard_numbers(
    calytics.sums[], text, text, boolean, boolean, boolean) is
  'The figures now and then, the series, and the tables by service and by host, as numbers.';

create function calytics.figures_json(
  numbers calytics.number[], currency text, calendar boolean, paid boolean, refunds boolean
) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
begin
  return (
    with pair as materialized (
      select n.metric, n.currency,
             max(n.value) filter (where n.role = 'now') as value,
             max(n.numerator) filter (where n.role = 'now') as numerator,
             max(n.denominator) filter (where n.role = 'now') as denominator,
             bool_or(n.role = 'now') as there,
             max(n.value) filter (where n.role = 'then') as previous,
             max(n.numerator) filter (where n.role = 'then') as previous_numerator,
             max(n.denominator) filter (where n.role = 'then') as previous_denominator,
             bool_or(n.role = 'then') as previously
        from unnest(numbers) n
       where n.role in ('now', 'then')
       group by n.metric, n.currency
    ), cell as materialized (
      select m.metric, m.unit, m.kind, m.per_currency, coalesce(p.currency, figures_json.currency) as currency,
             k.known, coalesce(p.there, false) as there, coalesce(p.previously, false) as previously,
             p.value, p.numerator, p.denominator, p.previous, p.previous_numerator, p.previous_denominator
        from calytics.metric m
        left join pair p on p.metric = m.metric
       cross join lateral (
         select (not m.by_calendar or calendar)
                and case m.known_by when 'payment' then paid when 'refund' then refunds else true end as known
         offset 0) k
    ), filled as materialized (
      select c.metric, c.per_currency, c.currency, c.unit,
             calytics.filled(c.kind, c.known, c.there, c.value) as value,
             calytics.filled(case c.kind when 'quantile' then c.kind else 'sum' end, c.known, c.there,
                             c.numerator) as numerator,
             calytics.filled(case c.kind when 'ratio' then 'sum' else '' end, c.known, c.there,
                             c.denominator) as denominator,
             calytics.filled(c.kind, c.known, c.previously, c.previous) as previous,
             calytics.filled(case c.kind when 'quantile' then c.kind else 'sum' end, c.known, c.previously,
                             c.previous_numerator) as previous_numerator,
             calytics.filled(case c.kind when 'ratio' then 'sum' else '' end, c.known, c.previously,
                             c.previous_denominator) as previous_denominator
        from cell c
    ), figure as materialized (
      select f.metric, f.per_currency, f.currency,
             jsonb_build_object(
               'value', f.value, 'numerator', f.numerator, 'denominator', f.denominator, 'previous', f.previous,
               'previous_numerator', f.previous_numerator, 'previous_denominator', f.previous_denominator,
               'change', case when f.unit = 'rate' then f.value - f.previous
                              else (f.value - f.previous) / nullif(f.previous, 0) end) as figure
        from filled f
    )
    select jsonb_object_agg(f.metric, f.figure)
      from (
        select c.metric, c.figure from figure c where not c.per_currency
        union all
        select c.metric, coalesce(jsonb_object_agg(c.currency, c.figure) filter (where c.currency is not null), '{}')
          from figure c where c.per_currency group by c.metric) f);
end
$$;
comment on function calytics.figures_json(calytics.number[], text, boolean, boolean, boolean) is
  'An object: metric to its figure, or to an object of figures by currency.';

create function calytics.series_json(
  numbers calytics.number[], p calytics.period, unit text, s calytics.source
) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
begin
  return (
    with bucket as materialized (
      select b.* from calytics.buckets(p, unit, s.time_zone, s.week_start) b
    ), line as materialized (
      select distinct n.metric, n.currency from unnest(numbers) n where n.role = 'series'
      union
      select m.metric, null from calytics.metric m
       where m.metric in ('created', 'confirmed', 'completed', 'upcoming', 'cancelled', 'no_show', 'rejected',
                          'rescheduled', 'booked_minutes', 'new_customers', 'returning_customers')
    ), filled as materialized (
      select l.metric, l.currency,
             jsonb_agg(
               case when l.metric = 'upcoming' and b.ends_at > p.as_of
                      or l.metric <> 'upcoming' and b.starts_at < p.cut_at
                    then coalesce(n.value, 0) end
               order by b.local) as points
        from line l
       cross join bucket b
        left join unnest(numbers) n
          on n.role = 'series' and n.metric = l.metric and n.at = b.local
         and coalesce(n.currency, '') = coalesce(l.currency, '')
       group by l.metric, l.currency
    )
    select jsonb_build_object(
             'unit', unit, 'starts_at', (select jsonb_agg(b.starts_at order by b.local) from bucket b))
           || (select jsonb_object_agg(x.metric, x.points)
                 from (select f.metric, f.points from filled f where f.currency is null
                       union all
                       select f.metric, jsonb_object_agg(f.currency, f.points)
                         from filled f where f.currency is not null group by f.metric) x));
end
$$;
comment on function calytics.series_json(
    calytics.number[], calytics.period, text, calytics.source) is
  'The series as columns: starts_at, and each metric''s values, by currency where it is money. NULL is what lies '
  'ahead; no column for money that nobody told of.';

create function calytics.table_json(numbers calytics.number[], by text) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
begin
  return (
    with number as materialized (
      select coalesce(n.service, n.host) as name, n.metric, n.currency, n.value
        from unnest(numbers) n where n.role = by
    )
    select coalesce(jsonb_agg(jsonb_build_object('name', r.name) || r.figures
                              order by r.completed desc nulls last, r.created desc nulls last, r.name), '[]')
      from (
        select x.name, jsonb_object_agg(x.metric, x.figure) as figures,
               max(x.value) filter (where x.metric = 'completed') as completed,
               max(x.value) filter (where x.metric = 'created') as created
          from (select n.name, n.metric, to_jsonb(n.value) as figure, n.value
                  from number n where n.currency is null
                union all
                select n.name, n.metric, jsonb_object_agg(n.currency, n.value), null
                  from number n where n.currency is not null group by n.name, n.metric) x
         group by x.name) r);
end
$$;
comment on function calytics.table_json(calytics.number[], text) is
  'Figures by service or by host, the busiest first; money by currency.';

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
  services text[] := calytics.service_keys(s.source_id, dashboard.service);
  hosts text[] := calytics.host_keys(s.source_id, dashboard.host);
  now_p calytics.period := calytics.period_at(
    period, at, coalesce(as_of, at), "from", "to", 0, s.time_zone, s.week_start);
  then_p calytics.period := calytics.period_at(
    period, at, coalesce(as_of, at), "from", "to", 1, s.time_zone, s.week_start);
  unit text := calytics.series_unit(period, now_p.ends_at - now_p.starts_at);
  sums calytics.sums[];
  numbers calytics.number[];
  paid boolean := calytics.tells(s.source_id, 'payment');
  refunds boolean := calytics.tells(s.source_id, 'refund');
  calendar boolean := now_p.unit is not null and services is null and hosts is null;
  last_webhook timestamptz;
  starts calytics.tally;
  made calytics.tally;
begin
  perform calytics.check_metrics(null, dashboard.basis, null, null);
  sums := calytics.dashboard_sums(s, now_p, then_p, unit, dashboard.basis, services, hosts, known_at);
  numbers := array(
    select n from calytics.dashboard_numbers(
      sums, dashboard.basis, now_p.unit, paid, refunds, s.rebook_within = s.convert_within) n);
  select x.received_at into last_webhook
    from calytics.webhook_delivery x where x.source_id = s.source_id order by x.delivery_id desc limit 1;
  select calytics.sum(u.counts) filter (where u.basis = 'service'),
         calytics.sum(u.counts) filter (where u.basis = coalesce(nullif(dashboard.basis, 'event'), 'booked'))
    into starts, made
    from unnest(sums) u where u.role = 'series' and u."window" = 'period';

  return jsonb_build_object(
    'source', s.name, 'time_zone', s.time_zone, 'currency', s.currency, 'as_of', now_p.as_of,
    'period', jsonb_build_object(
      'name', period, 'from', now_p.starts_at, 'to', now_p.ends_at, 'cut_at', now_p.cut_at),
    'previous', jsonb_build_object('from', then_p.starts_at, 'to', then_p.ends_at, 'cut_at', then_p.cut_at),
    'last_webhook_at', last_webhook,
    'last_webhook_age_s', extract(epoch from clock_timestamp() - last_webhook)::bigint,
    'figures', calytics.figures_json(numbers, s.currency, calendar, paid, refunds),
    'series', calytics.series_json(numbers, now_p, unit, s),
    'services', calytics.table_json(numbers, 'service'),
    'hosts', calytics.table_json(numbers, 'host'),
    'heatmap', (select jsonb_agg(to_jsonb(calytics.dense(coalesce(starts, '{}'), 200 + 24 * d, 24)) order by d)
                  from generate_series(0, 6) d),
    'lead_times', jsonb_build_object(
      'from_minutes', '[0, 60, 360, 1440, 4320, 10080, 20160, 40320, 80640]'::jsonb,
      'bookings', to_jsonb(calytics.dense(coalesce(made, '{}'), 100, 9))));
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
  'bookings by minutes from creation to start. Money in minor units; NULL is what is not known.';
