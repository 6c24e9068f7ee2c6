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

create function calytics.named(src int, sums calytics.sums[], split text) returns calytics.sums[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
begin
  return (
    with service as materialized (
      select distinct on (v.event_type_id) v.event_type_id::text as key, v.service as name
        from calytics.service v
       where v.source_id = src and split like '%service%'
       order by v.event_type_id, v.first_at desc, v.service desc
    ), host as materialized (
      select distinct on (v.host_id) v.host_id::text as key, v.host as name
        from calytics.host v
       where v.source_id = src and split like '%host'
       order by v.host_id, v.first_at desc, v.host desc
    )
    select array_agg(row(
             u.role, u.basis, u."window", u.at, case when split like '%service%' then coalesce(s.name, u.service) end,
             case when split like '%host' then coalesce(h.name, u.host) end, u.currency, u.counts)::calytics.sums)
      from unnest(sums) u
      left join service s on s.key = u.service
      left join host h on h.key = u.host);
end
$$;
comment on function calytics.named(int, calytics.sums[], text) is
  'Sums with the names of services and hosts instead of their keys, as far as they are split by them.';

create function calytics.sums_of(
  s calytics.source, p calytics.period, role text, unit text, split text, services text[],
  hosts text[], known_at timestamptz
) returns calytics.sums[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  kept_apart text := case split when 'service,host' then 'both' else coalesce(split, 'none') end;
  spans calytics.span[] := calytics.spans(p, role, unit, kept_apart, s, null);
  sums calytics.sums[];
begin
  if known_at is null then
    sums := array(select c from calytics.collect(s.source_id, spans, services, hosts) c)
            || array(select c from calytics.collect_tracked(
                       s.source_id, calytics.track_spans(p, role, unit, kept_apart), services, hosts) c);
    if split is null and services is null and hosts is null then
      sums := sums || array(select v from calytics.visitor_sums(s.source_id, p.starts_at, p.cut_at, role, unit) v);
    end if;
  else
    sums := array(select c from calytics.collect_known(s, spans, services, hosts, known_at) c);
  end if;
  return case when split is null then sums else calytics.named(s.source_id, sums, split) end;
end
$$;
comment on function calytics.sums_of(
    calytics.source, calytics.period, text, text, text, text[], text[], timestamptz) is
  'All sums that metrics of a period are made of, as they are or as they were known at a moment.';

create function calytics.count_people(
  s calytics.source, p calytics.period, unit text, split text, services text[], hosts text[],
  known_at timestamptz
) returns table (at timestamp, service text, host text, people bigint, retained bigint)
  language plpgsql stable set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  low bigint := (select f.segment from calytics.fold_state f order by f.run desc limit 1);
  start timestamp := p.starts_at at time zone s.time_zone;
  since timestamptz := least(p.starts_at, calytics.local_start(unit, start, s.week_start) at time zone s.time_zone)
                       - interval '366 days';
begin
  return query
  with changed as materialized (
    select u.before, u.after from calytics.unsettled(s.source_id, low) u where known_at is null
  ), fact as (
    select c.customer, c.starts_at, c.root_uid, c.service, c.host, calytics.is_visit(c) as visit
      from calytics.chain c
     where known_at is null and c.source_id = s.source_id and c.starts_at >= since and c.starts_at < p.cut_at
       and not exists (select from changed u where (u.before).root_uid = c.root_uid)
    union all
    select (u.after).customer, (u.after).starts_at, (u.after).root_uid, (u.after).service, (u.after).host,
           calytics.is_visit(u.after)
      from changed u where (u.after).root_uid is not null
    union all
    select k.customer, k.starts_at, k.root_uid, k.service, k.host, calytics.is_visit(k)
      from calytics.facts_known(s.source_id, known_at) k where known_at is not null
  ), visit as (
    select f.customer, f.root_uid, f.starts_at at time zone s.time_zone as local,
           case when split like '%service%' then calytics.service_name(s.source_id, f.service) end as service,
           case when split like '%host' then calytics.host_name(s.source_id, f.host) end as host
      from fact f
     where f.visit and f.starts_at >= since and f.starts_at < p.cut_at
       and (services is null or f.service = any (services)) and (hosts is null or f.host = any (hosts))
  ), placed as (
    select v.*, lag(v.local) over (partition by v.customer, v.service, v.host order by v.local, v.root_uid) as previous,
           case when unit is null then start
                else greatest(calytics.local_start(unit, v.local, s.week_start), start) end as begins
      from visit v
  )
  select calytics.local_start(unit, x.local, s.week_start), x.service, x.host, count(*),
         count(*) filter (where x.previous >= x.begins - interval '365 days')
    from placed x
   where x.local >= start and (x.previous is null or x.previous < x.begins)
   group by 1, 2, 3;
end
$$;
comment on function calytics.count_people(
    calytics.source, calytics.period, text, text, text[], text[], timestamptz) is
  'Persons with a visit in a range, or in each unit of it, among those of some services or hosts, and how many of them had '
  'one in the 365 days before: by reading the visits, where buckets can''t tell.';

create function calytics.told(src int) returns table (payments boolean, refunds boolean)
  language sql stable rows 1
begin atomic
  select exists (select from calytics.payment p where p.source_id = src and p.kind = 'payment')
         or exists (select from calytics.booking_change h where h.paid_at is not null and h.source_id = src),
         exists (select from calytics.payment p where p.source_id = src and p.kind = 'refund');
end;
comment on function calytics.told(int) is 'Whether anyone ever told of a payment, and of a refund, at this source.';

create function calytics.tells(src int, kind text, known_at timestamptz default null) returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off
as $$
begin
  if tells.known_at is not null then
    return kind = 'payment' and exists (
      select from calytics.booking_change h
       where h.source_id = src and h.known_at <= tells.known_at and h.paid_at is not null);
  end if;
  return (select case kind when 'payment' then t.payments else t.refunds end from calytics.told(src) t);
end
$$;
comment on function calytics.tells(int, text, timestamptz) is
  'True if anyone ever told of a payment, or of a refund, at this source, or had by known_at (entries by hand have no '
  'history): before that, none is not 0.';

create function calytics.filled(kind text, known boolean, there boolean, value numeric) returns numeric
  language sql immutable
  return case when not known then null when there then value when kind = 'sum' then 0::numeric end;
comment on function calytics.filled(text, boolean, boolean, numeric) is
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
  set plan_cache_mode = force_generic_plan set jit = off set enable_nestloop = off
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
  -- Whose week begins before the period does was counted there: the buckets can't tell who is new to the rest of it.
  by_reading boolean := calendar is null or calendar = 'hour' or services is not null or hosts is not null
                        or split is not null or coalesce(every = 'week' and now_p.unit <> 'week', false);
  paid boolean := calytics.tells(s.source_id, 'payment', known_at);
  refunds boolean := calytics.tells(s.source_id, 'refund', known_at);
  now_sums calytics.sums[];
  then_sums calytics.sums[];
begin
  perform calytics.check_metrics(metrics.metrics, metrics.basis, every, split);
  now_sums := calytics.sums_of(s, now_p, 'now', every, split, services, hosts, known_at);
  if every is null then
    then_sums := calytics.sums_of(s, then_p, 'then', null, split, services, hosts, known_at);
  end if;
  by_reading := by_reading and (metrics.metrics is null or metrics.metrics && array['customers', 'retention']);
  return query
  with bucket as materialized (
    select b.local, b.starts_at, b.ends_at
      from calytics.buckets(now_p, every, s.time_zone, s.week_start) b where every is not null
    union all
    select '-infinity', now_p.starts_at, now_p.ends_at where every is null
  ), person as materialized (
    select 'now' as role, c.*
      from calytics.count_people(s, now_p, every, split, services, hosts, known_at) c where by_reading
    union all
    select 'then', c.*
      from calytics.count_people(s, then_p, null, split, services, hosts, known_at) c
     where by_reading and every is null
  ), had as materialized (
    select e.role, e.metric, coalesce(e.at, '-infinity') as at, coalesce(e.service, '') as service,
           coalesce(e.host, '') as host, coalesce(e.currency, '') as currency, e.value, e.numerator, e.denominator
      from calytics.evaluate(now_sums || then_sums, metrics.metrics, metrics.basis,
                             case when not by_reading then calendar end, paid, refunds,
                             s.rebook_within = s.convert_within) e
    union all
    select p.role, x.metric, coalesce(p.at, '-infinity'), coalesce(p.service, ''), coalesce(p.host, ''), '',
           x.value, x.numerator, x.denominator
      from person p
     cross join lateral (values
       ('customers', p.people::numeric, p.people, null::bigint),
       ('retention', p.retained::numeric / p.people, p.retained, p.people)) x (metric, value, numerator, denominator)
     where metrics.metrics is null or x.metric = any (metrics.metrics)
  ), line as materialized (
    select h.service, h.host from had h
    union
    select '', '' where split is null
  ), cell as materialized (
    select m.metric, l.service, l.host, '' as currency
      from calytics.metric m cross join line l where not m.per_currency
    union
    select h.metric, h.service, h.host, h.currency from had h where h.currency <> ''
    union
    select m.metric, '', '', coalesce(s.currency, '')
      from calytics.metric m
     where m.per_currency and split is null and m.metric not in (select h.metric from had h)
  )
  select m.metric::text, case when metrics.basis = any (m.bases) then metrics.basis else m.default_basis end,
         case when m."window" = 'upcoming' then least(greatest(b.starts_at, now_p.as_of), b.ends_at) else b.starts_at end,
         case when m."window" = 'upcoming' then b.ends_at else least(b.ends_at, now_p.cut_at) end,
         nullif(c.service, ''), nullif(c.host, ''), nullif(c.currency, ''), v.value,
         calytics.filled(case m.kind when 'quantile' then '' else 'sum' end, k.known, h.metric is not null, h.numerator)::bigint,
         calytics.filled(case m.kind when 'ratio' then 'sum' else '' end, k.known, h.metric is not null, h.denominator)::bigint,
         w.value,
         calytics.filled(case m.kind when 'quantile' then '' else 'sum' end, k.known and every is null,
                         p.metric is not null, p.numerator)::bigint,
         calytics.filled(case m.kind when 'ratio' then 'sum' else '' end, k.known and every is null,
                         p.metric is not null, p.denominator)::bigint,
         case when m.unit = 'rate' then v.value - w.value else (v.value - w.value) / nullif(w.value, 0) end
    from calytics.metric m
    join cell c on c.metric = m.metric
   cross join bucket b
    left join had h
      on h.role = 'now' and h.metric = c.metric and h.at = b.local and h.service = c.service and h.host = c.host
     and h.currency = c.currency
    left join had p
      on p.role = 'then' and p.metric = c.metric and p.service = c.service and p.host = c.host
     and p.currency = c.currency
   cross join lateral (
     select case m.known_by when 'payment' then paid when 'refund' then refunds else true end as known) k
   cross join lateral (select calytics.filled(m.kind, k.known, h.metric is not null, h.value) as value) v
   cross join lateral (
     select calytics.filled(m.kind, k.known and every is null, p.metric is not null, p.value) as value) w
   where (metrics.metrics is null or m.metric = any (metrics.metrics))
     and calytics.can_tell(m, services, hosts, split, known_at)
     and (every is null
          or case when m."window" = 'upcoming' then b.ends_at > now_p.as_of else b.starts_at < now_p.cut_at end)
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
  'these; what can''t be told of a host or a service is left out. known_at: as it was known then, bookings only. Gives value with numerator and denominator (of ratios), the period before at '
  'the same elapsed part, and the change: a difference for rates, relative for all else. Money in minor units per '
  'currency. NULL is what is not known. Raises invalid_parameter_value and no_data_found (no such source).';
