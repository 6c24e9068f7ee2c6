-- Metrics for analysts: tidy rows, one a metric, bucket, service, host and currency.

create function calytics.check_metrics(metrics text[], basis text, every text, split text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  unknown text;
begin
  select n into unknown from unnest(metrics) n
   where not exists (select from calytics.metric m where m.metric = n) limit 1;
  if found then
    raise exception 'there is no metric "%"', unknown
      using errcode = 'invalid_parameter_value', hint = 'cal.metric lists the metrics.';
  elsif basis not in ('booked', 'service', 'event') then
    raise exception 'there is no date basis "%"', basis
      using errcode = 'invalid_parameter_value', hint = 'Use booked, service or event.';
  elsif every not in ('hour', 'day', 'week', 'month', 'quarter', 'year') then
    raise exception 'metrics can''t be had every "%"', every
      using errcode = 'invalid_parameter_value', hint = 'Use hour, day, week, month, quarter or year.';
  elsif split not in ('service', 'host', 'service,host') then
    raise exception 'metrics can''t be split by "%"', split
      using errcode = 'invalid_parameter_value', hint = 'Use service, host, or both: ''service,host''.';
  end if;
end
$$;
comment on function calytics.check_metrics(text[], text, text, text) is
  'Raises invalid_parameter_value on what cal.metrics doesn''t know.';

create function calytics.sums_of(
  s calytics.source, p calytics.period, role text, unit text, split text, services text[],
  hosts text[], known_at timestamptz
) returns calytics.sums[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  spans calytics.span[] := calytics.spans(p, role, unit, split is not null, s, null);
begin
  if known_at is null then
    return array(
      select row(c.role, c.basis, c."window", c.at, case when split <> 'host' then c.service end,
                 case when split <> 'service' then c.host end, c.currency, c.counts)::calytics.sums
        from calytics.collect(s.source_id, spans, services, hosts) c);
  end if;
  return array(
    select row(c.role, c.basis, c."window", c.at, case when split <> 'host' then c.service end,
               case when split <> 'service' then c.host end, c.currency, c.counts)::calytics.sums
      from calytics.collect_known(s, spans, services, hosts, known_at) c);
end
$$;
comment on function calytics.sums_of(
    calytics.source, calytics.period, text, text, text, text[], text[], timestamptz) is
  'All sums that metrics of a period are made of, as they are or as they were known at a moment.';

create function calytics.tells(src int, kind text) returns boolean
  language sql stable
  return kind = 'payment' and exists (
           select from calytics.chain c where c.paid_at is not null and c.source_id = src)
      or exists (select from calytics.payment p where p.source_id = src and p.kind = tells.kind);
comment on function calytics.tells(int, text) is
  'True if anyone ever told of a payment, or of a refund, at this source: before that, none is not 0.';

create function calytics.filled(
  m calytics.metric, known boolean, there boolean, found numeric, above bigint, below bigint,
  out value numeric, out numerator bigint, out denominator bigint
)
  language sql immutable
begin atomic
  select case when not known then null when there then found when m.kind = 'sum' then 0 end,
         case when not known then null when there then above when m.kind <> 'quantile' then 0 end,
         case when not known then null when there then below when m.kind = 'ratio' then 0 end;
end;
comment on function calytics.filled(calytics.metric, boolean, boolean, numeric, bigint, bigint) is
  'A metric''s value where nothing happened: 0 for a sum, NULL for all else and for what is not known.';

create function cal.metrics(
  period text default 'week', at timestamptz default now(), "from" timestamptz default null,
  "to" timestamptz default null, source text default 'default', service text default null,
  host text default null, basis text default null, every text default null, split text default null,
  metrics text[] default null, known_at timestamptz default null, as_of timestamptz default null
) returns table (
  metric text, basis_used text, starts_at timestamptz, ends_at timestamptz, service_name text, host_name text,
  currency text, value numeric, numerator bigint, denominator bigint, previous numeric,
  previous_numerator bigint, previous_denominator bigint, change numeric
)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  s calytics.source := calytics.source_named(metrics.source);
  services text[] := calytics.service_keys(s.source_id, metrics.service);
  hosts text[] := calytics.host_keys(s.source_id, metrics.host);
  now_p calytics.period := calytics.period_at(
    metrics.period, metrics.at, coalesce(metrics.as_of, metrics.at), "from", "to", 0, s.time_zone, s.week_start);
  then_p calytics.period := calytics.period_at(
    metrics.period, metrics.at, coalesce(metrics.as_of, metrics.at), "from", "to", 1, s.time_zone, s.week_start);
  calendar text := coalesce(every, now_p.unit);
  paid boolean := calytics.tells(s.source_id, 'payment');
  refunds boolean := calytics.tells(s.source_id, 'refund');
  now_rows calytics.sums[];
  then_rows calytics.sums[];
begin
  perform calytics.check_metrics(metrics.metrics, metrics.basis, every, split);
  now_rows := calytics.sums_of(s, now_p, 'now', every, split, services, hosts, known_at);
  if every is null then
    then_rows := calytics.sums_of(s, then_p, 'then', null, split, services, hosts, known_at);
  end if;
  return query
  with bucket as materialized (
    select b.local, greatest(calytics.hour_begins(b.local, s.time_zone), now_p.starts_at) as starts_at,
           least(calytics.hour_begins(b.local + b.step, s.time_zone), now_p.ends_at) as ends_at
      from (
        select g as local, st.step
          from (select case every when 'quarter' then interval '3 months' else ('1 ' || every)::interval end as step) st
         cross join lateral generate_series(
           calytics.local_start(every, now_p.starts_at at time zone s.time_zone, s.week_start),
           (now_p.ends_at at time zone s.time_zone) - interval '1 microsecond', st.step) g
         where every is not null) b
    union all
    select null, now_p.starts_at, now_p.ends_at where every is null
  ), had as materialized (
    select * from calytics.evaluate(now_rows, metrics.metrics, metrics.basis, calendar, paid, refunds)
  ), before as materialized (
    select * from calytics.evaluate(then_rows, metrics.metrics, metrics.basis, calendar, paid, refunds)
  ), line as (
    select distinct h.service, h.host from had h
    union select b.service, b.host from before b
    union select null, null where split is null
  ), cell as (
    select distinct x.metric, x.service, x.host, x.currency
      from (select h.metric, h.service, h.host, h.currency from had h
            union all select b.metric, b.service, b.host, b.currency from before b
            union all select m.metric, l.service, l.host, null
                        from calytics.metric m cross join line l where not m.per_currency) x
    union all
    select m.metric, null, null, s.currency
      from calytics.metric m
     where m.per_currency and split is null
       and not exists (select from had h where h.metric = m.metric)
       and not exists (select from before b where b.metric = m.metric)
  )
  select m.metric, u.used,
         case when m."window" = 'upcoming' then greatest(b.starts_at, now_p.as_of) else b.starts_at end,
         case when m."window" = 'upcoming' then b.ends_at else least(b.ends_at, now_p.cut_at) end,
         calytics.service_name(s.source_id, c.service), calytics.host_name(s.source_id, c.host), c.currency,
         v.value, v.numerator, v.denominator, w.value, w.numerator, w.denominator,
         case when m.kind = 'ratio' and m.unit = 'rate' then v.value - w.value
              else (v.value - w.value) / nullif(w.value, 0) end
    from calytics.metric m
    join cell c on c.metric = m.metric
   cross join lateral (
     select case when metrics.basis = any (m.bases) then metrics.basis else m.default_basis end as used,
            (not m.by_calendar or calendar in ('day', 'week', 'month', 'quarter', 'year'))
            and case m.known_by when 'payment' then paid when 'refund' then refunds else true end as known) u
   cross join bucket b
    left join had h
      on (h.metric, h.at) is not distinct from (m.metric, b.local) and h.service is not distinct from c.service
     and h.host is not distinct from c.host and h.currency is not distinct from c.currency
    left join before p
      on p.metric = m.metric and p.service is not distinct from c.service and p.host is not distinct from c.host
     and p.currency is not distinct from c.currency
   cross join lateral calytics.filled(m, u.known, h.metric is not null, h.value, h.numerator, h.denominator) v
   cross join lateral calytics.filled(m, u.known and every is null, p.metric is not null, p.value, p.numerator,
                                      p.denominator) w
   where (metrics.metrics is null or m.metric = any (metrics.metrics))
     and case when m."window" = 'upcoming' then b.ends_at > now_p.as_of else b.starts_at < now_p.cut_at or every is null end
   order by b.starts_at, c.service, c.host, m.position, c.currency;
end
$$;
comment on function cal.metrics(
    text, timestamptz, timestamptz, timestamptz, text, text, text, text, text, text, text[], timestamptz,
    timestamptz) is
  'Metrics of a period (day, week, month, quarter, year: the one that "at" is in; or custom, from "from" to before "to"), '
  'in the source''s time zone, up to as_of (by default "at"). service, host: only these, by name or key. basis: booked, '
  'service or event instead of each metric''s default, where that makes sense. every: a series by hour, day, week, '
  'month, quarter or year, zero-filled, instead of one value. split: a row for each service, host or both. metrics: only '
  'these. known_at: as it was known then. Gives value with numerator and denominator (of ratios), the period before at '
  'the same elapsed part, and the change: a difference for rates, relative for all else. Money in minor units per '
  'currency. NULL is what is not known. Raises invalid_parameter_value and no_data_found (no such source).';
