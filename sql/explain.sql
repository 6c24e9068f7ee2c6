-- The bookings behind a number, and the webhooks behind the bookings.

create function cal.explain_metric(
  metric text, period text default 'week', at timestamptz default now(), "from" timestamptz default null,
  "to" timestamptz default null, source text default 'default', service text default null,
  host text default null, basis text default null, as_of timestamptz default null
) returns table (
  root_uid text, uid text, counted_at timestamptz, numerator bigint, denominator bigint, currency text,
  status text, starts_at timestamptz, service_name text, host_name text, deliveries bigint[]
)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(source);
  services text[] := calytics.service_keys(s.source_id, explain_metric.service);
  hosts text[] := calytics.host_keys(s.source_id, explain_metric.host);
  p calytics.period := calytics.period_at(
    period, at, coalesce(as_of, at), "from", "to", 0, s.time_zone, s.week_start);
  low bigint := (select f.segment from calytics.fold_state f order by f.run desc limit 1);
  m calytics.metric;
  step int := array_position(array['day', 'week', 'month', 'quarter', 'year'], p.unit) - 1;
  used text;
begin
  perform calytics.check_metrics(array[explain_metric.metric], explain_metric.basis, null, null);
  select x.* into m from calytics.metric x where x.metric = explain_metric.metric;
  if not 'host' = any (m.split_by) then
    raise exception 'metric "%" counts no bookings', metric
      using errcode = 'feature_not_supported', hint = 'cal.analytics_event has the events, cal.booking_funnel the ways to a booking.';
  end if;
  if m.by_calendar then
    if step is null or services is not null or hosts is not null then
      raise exception 'metric "%" can be explained for calendar periods of all services and hosts only', metric
        using errcode = 'feature_not_supported', hint = 'Leave service and host out, and use day, week, month, quarter or year.';
    end if;
    m.numerator := calytics.shift(m.numerator, step);
    m.denominator := calytics.shift(m.denominator, step);
  elsif m.kind = 'quantile' then
    m.numerator := '{28:1}';
    m.denominator := '{27:1}';
  end if;
  used := case when explain_metric.basis = any (m.bases) then explain_metric.basis else m.default_basis end;
  return query
  with span as materialized (
    select w.lo, w.hi, w."window", w.ended_by
      from unnest(calytics.spans(
        p, 'now', null, 'none', s, array[case when m."window" = 'ended' then 'period'
                           when m."window" = 'converted' and s.rebook_within = s.convert_within then 'matured'
                           else m."window" end || ' ' || used])) w
  ), changed as materialized (
    select u.before, u.after from calytics.unsettled(s.source_id, low) u
  ), candidate as (
    select c.root_uid from span w join calytics.chain c
        on c.source_id = s.source_id and c.starts_at >= w.lo and c.starts_at < w.hi
    union
    select h.root_uid from span w cross join lateral calytics.happened_between(s.source_id, w.lo, w.hi, s.lapse_after) h
  ), fact as (
    select c as fact
      from candidate d join calytics.chain c on c.source_id = s.source_id and c.root_uid = d.root_uid
     where not exists (select from changed u where (u.before).root_uid = c.root_uid)
    union all
    select u.after from changed u where (u.after).root_uid is not null
  ), told as (
    select f.fact, k.at, k.currency,
           case when w."window" = 'period' and k.basis in ('service', 'booked')
                     and (f.fact).awaiting_at > p.as_of - s.lapse_after and (f.fact).confirmed_at is not null
                     and calytics.get(k.counts, 5) > 0
                then calytics.plus(k.counts, '{5:-1,17:1}') else k.counts end as counts
      from fact f
     cross join lateral calytics.contributions(f.fact, s) k
      join span w on k.at >= w.lo and k.at < w.hi
     where k.basis = used
       and (services is null or (f.fact).service = any (services))
       and (hosts is null or (f.fact).host = any (hosts))
       and (m."window" not in ('ended', 'matured', 'converted') or (f.fact).ended_at <= w.ended_by)
  ), summed as (
    select (t.fact).root_uid, (t.fact).uid, (t.fact).status, (t.fact).starts_at, (t.fact).service, (t.fact).host,
           min(t.at) as at, case when m.per_currency then t.currency end as money,
           case when m.otherwise is not null and not exists (
                  select from told o where o.currency = t.currency and calytics.get(o.counts, 25) <> 0)
                then sum(calytics.dot(m.otherwise, t.counts))
                else sum(calytics.dot(m.numerator, t.counts)) end::bigint as above,
           sum(calytics.dot(m.denominator, t.counts))::bigint as below
      from told t
     where not m.per_currency or t.currency <> ''
     group by 1, 2, 3, 4, 5, 6, t.currency
  ), joined as (
    select x.root_uid, x.uid, x.status, x.starts_at, x.service, x.host, min(x.at) as at, x.money,
           sum(x.above)::bigint as above, sum(x.below)::bigint as below
      from summed x group by 1, 2, 3, 4, 5, 6, 8
  )
  select j.root_uid, j.uid, j.at, j.above, j.below, j.money, j.status, j.starts_at,
         calytics.service_name(s.source_id, j.service), calytics.host_name(s.source_id, j.host),
         array(select distinct h.delivery_id from calytics.booking b
                 join calytics.booking_change h on h.source_id = b.source_id and h.uid = b.uid
                where b.source_id = s.source_id and b.root_uid = j.root_uid order by 1)
    from joined j
   where j.above <> 0 or j.below <> 0
   order by j.at, j.root_uid, j.money;
end
$$;
comment on function cal.explain_metric(
    text, text, timestamptz, timestamptz, timestamptz, text, text, text, text, timestamptz) is
  'The bookings behind a metric''s value; parameters as in cal.metrics. numerator and denominator add up to the metric''s '
  '(of a lead time quantile: its minutes, and 1); counted_at: the instant by which it is in the period; deliveries: the '
  'webhooks in cal.delivery that made the booking what it is. Raises invalid_parameter_value, no_data_found.';
