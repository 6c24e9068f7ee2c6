-- Pace: what a range of time held in bookings as it was known at one moment and at another, so that one
-- sees whether next month fills as fast as the last one did. The past is read from the history of the
-- legs (booking_change), the present from the facts.

create function calytics.facts_between(
  src int, lo timestamptz, hi timestamptz, services text[], hosts text[], known_at timestamptz
) returns setof calytics.chain
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  low bigint := (select f.segment from calytics.fold_state f order by f.run desc limit 1);
begin
  if known_at is not null then
    return query
    select k.* from calytics.facts_known(src, known_at) k
     where k.starts_at < hi and (k.starts_at >= lo or k.ended_at > lo)
       and (services is null or k.service = any (services)) and (hosts is null or k.host = any (hosts));
    return;
  end if;
  return query
  with changed as materialized (
    select u.before, u.after from calytics.unsettled(src, low) u
  ), folded as (
    select c as fact from calytics.chain c
     where c.starts_at >= lo - interval '2 hours' and c.starts_at < hi and c.source_id = src
       and (c.starts_at >= lo or c.ended_at > lo and c.ended_at - c.starts_at <= interval '2 hours')
    union all
    select c from calytics.chain c
     where c.starts_at < lo and c.source_id = src and c.ended_at > lo
       and c.ended_at - c.starts_at > interval '2 hours'
  ), fact as (
    select f.fact from folded f
     where not exists (select from changed u where (u.before).root_uid = (f.fact).root_uid)
    union all
    select u.after from changed u
     where (u.after).starts_at < hi and ((u.after).starts_at >= lo or (u.after).ended_at > lo)
  )
  select (x.fact).* from fact x
   where (services is null or (x.fact).service = any (services))
     and (hosts is null or (x.fact).host = any (hosts));
end
$$;
comment on function calytics.facts_between(int, timestamptz, timestamptz, text[], text[], timestamptz) is
  'Facts that start in [lo, hi), or earlier and end after lo: as the legs tell them in this snapshot, folded or '
  'not, or as they were known at a moment. services, hosts: keys to keep to.';

create function cal.pace(
  "from" timestamptz, "to" timestamptz, known_at timestamptz[] default array[now()],
  source text default 'default', service text default null, host text default null,
  every text default 'month', forecast boolean default false
) returns table (
  known timestamptz, starts_at timestamptz, ends_at timestamptz, currency text,
  bookings bigint, minutes bigint, value bigint,
  bookings_pickup bigint, minutes_pickup bigint, value_pickup bigint,
  expected numeric, expected_low numeric, expected_high numeric
)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  s calytics.source := calytics.source_named(pace.source);
  services text[] := calytics.service_keys(s.source_id, pace.service);
  hosts text[] := calytics.host_keys(s.source_id, pace.host);
  p calytics.period;
  today timestamptz := calytics.hour_begins(date_trunc('day', now() at time zone s.time_zone), s.time_zone);
begin
  perform calytics.check_metrics(null, null, every, null);
  if cardinality(known_at) is distinct from (select count(k) from unnest(known_at) k) or known_at = '{}' then
    raise exception 'pace needs the moments to be compared'
      using errcode = 'invalid_parameter_value',
            hint = 'For instance: known_at => array[now() - interval ''7 days'', now()].';
  end if;
  p := calytics.period_at('custom', now(), "to", "from", "to", 0, s.time_zone, s.week_start);
  return query
  with bucket as materialized (
    select b.local, b.starts_at, b.ends_at
      from calytics.buckets(p, every, s.time_zone, s.week_start) b where every is not null
    union all
    select '-infinity', p.starts_at, p.ends_at where every is null
  ), moment as materialized (
    select distinct k as at from unnest(known_at) k
  ), held as materialized (
    select m.at as known,
           coalesce(calytics.local_start(every, f.starts_at at time zone s.time_zone, s.week_start), '-infinity') as local,
           f.currency, count(*) as bookings, count(*) filter (where f.starts_at < today) as over, sum(f.minutes)::bigint as minutes, sum(f.price)::bigint as price
      from moment m
     cross join lateral calytics.facts_between(
       s.source_id, p.starts_at, p.ends_at, services, hosts, case when m.at < now() then m.at end) f
     where f.status = 'accepted' and not f.no_show and f.starts_at >= p.starts_at
     group by 1, 2, 3
  ), line as materialized (
    select distinct h.currency from held h
    union
    select coalesce(s.currency, '') where not exists (select from held)
  ), cell as (
    select m.at, b.local, b.starts_at, b.ends_at, l.currency,
           coalesce(h.bookings, 0) as bookings, coalesce(h.over, 0) as over, coalesce(h.minutes, 0) as minutes,
           case when l.currency <> '' then coalesce(h.price, 0) end as price
      from moment m
     cross join bucket b
     cross join line l
      left join held h on h.known = m.at and h.local = b.local and h.currency = l.currency
  ), ahead as materialized (
    select e.starts_at, e.ends_at, e.value, e.low, e.high
      from cal.forecast('completed', ((p.ends_at at time zone s.time_zone)::date - (today at time zone s.time_zone)::date),
                        s.name, pace.service, pace.host, every => pace.every) e
     where pace.forecast and p.ends_at > now()
  )
  select c.at, c.starts_at, c.ends_at, nullif(c.currency, ''), c.bookings, c.minutes, c.price,
         c.bookings - lag(c.bookings) over w, c.minutes - lag(c.minutes) over w, c.price - lag(c.price) over w,
         x.over + a.value, x.over + a.low, x.over + a.high
    from cell c
    left join lateral (
      select sum(o.over) as over from cell o
       where o.at = c.at and o.local = c.local and c.at = (select max(m.at) from moment m)
         and c.currency = (select min(l.currency) from line l)) x on true
    left join ahead a on a.ends_at = c.ends_at and a.starts_at = greatest(c.starts_at, today) and x.over is not null
  window w as (partition by c.local, c.currency order by c.at)
   order by c.starts_at, c.currency, c.at;
end
$$;
comment on function cal.pace(timestamptz, timestamptz, timestamptz[], text, text, text, text, boolean) is
  'Bookings held (accepted, no no-show) that start in each hour, day, week, month, quarter or year (every; NULL: in all) '
  'of "from" to before "to", future or past, as it was known at each of known_at; from now on that is what is known now. '
  'service, host: only these, by name or key. A row a moment, bucket and currency, zero-filled: bookings, minutes, value '
  '(list price, minor units); *_pickup: more than at the moment before, NULL at the first. Bookings and minutes may be '
  'added over currencies, value not; currency NULL are bookings whose price is not known. forecast: also expected, '
  'expected_low and expected_high, what a bucket that is not over may come to in bookings: those of its days that are over, and cal.forecast of '
  'the rest; of all currencies, in the first currency''s row of the last moment, NULL elsewhere, and where "from" or "to" cuts '
  'a day ahead. Buckets in the source''s time zone. Raises invalid_parameter_value and no_data_found (no such source).';
