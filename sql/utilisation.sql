-- Utilisation: the share of opening time that is booked. Sets of instants do all of the work, so that a
-- booking counts once where two overlap, only as far as it lies within opening hours, and in real time,
-- also on days of 23 or 25 hours.

create function calytics.wall_begins(wall timestamp, zone text) returns timestamptz
  language sql stable
  return (
    select case
             when w.shown <> wall then
               (select min(i) from generate_series(w.at - (w.shown - wall), w.at, interval '1 minute') i
                 where i at time zone zone >= wall)
             when w.earlier at time zone zone = wall then w.earlier
             else w.at
           end
      from (
        select x.at, x.at at time zone zone as shown,
               x.at - (((x.at - interval '24 hours') at time zone zone) + interval '24 hours' - (x.at at time zone zone))
                 as earlier
          from (select wall at time zone zone as at offset 0) x offset 0) w);
comment on function calytics.wall_begins(timestamp, text) is
  'The first instant at which a clock on the wall shows that time, or a later one where a clock change leaves it out.';

create function calytics.open_time(src int, zone text, lo timestamptz, hi timestamptz)
  returns table (host text, times tstzmultirange)
  language sql stable
begin atomic
  -- A host with hours, none of which are in the range, has a row all the same.
  select h.host,
         coalesce(range_agg(tstzrange(r.opens, r.closes)) filter (where d.day is not null), '{}')
           * tstzmultirange(tstzrange(lo, hi))
    from (
      select distinct case when o.host <> '' then calytics.current_host(src, o.host) else '' end as host,
             o.weekday, o.opens, o.closes
        from calytics.opening o where o.source_id = src) h
    left join generate_series(
        date_trunc('day', lo at time zone zone) - interval '1 day', hi at time zone zone, interval '1 day') d (day)
      on extract(isodow from d.day) = h.weekday
   cross join lateral (
     select calytics.wall_begins(d.day + h.opens, zone) as opens, calytics.wall_begins(d.day + h.closes, zone) as closes) r
   group by h.host;
end;
comment on function calytics.open_time(int, text, timestamptz, timestamptz) is
  'When a source ('''') and each host with hours of its own is open in [lo, hi), by current user name.';

create function calytics.seconds(times tstzmultirange) returns numeric
  language sql immutable
  return (select coalesce(sum(extract(epoch from upper(r) - lower(r))), 0) from unnest(times) r);
comment on function calytics.seconds(tstzmultirange) is 'How long all of these times are together, in seconds.';

create function cal.utilisation(
  period text default 'week', at timestamptz default now(), "from" timestamptz default null,
  "to" timestamptz default null, source text default 'default', service text default null,
  host text default null, as_of timestamptz default null, split text default null, every text default null
) returns table (
  starts_at timestamptz, ends_at timestamptz, host_name text, value numeric,
  booked_minutes numeric, open_minutes numeric, blocked_minutes numeric
)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  s calytics.source := calytics.source_named(utilisation.source);
  services text[] := calytics.service_keys(s.source_id, utilisation.service);
  whose text := calytics.current_host(s.source_id, utilisation.host);
  p calytics.period := calytics.period_at(
    utilisation.period, utilisation.at, coalesce(utilisation.as_of, utilisation.at), "from", "to", 0, s.time_zone,
    s.week_start);
begin
  perform calytics.check_metrics(null, null, every, null);
  if split <> 'host' then
    raise exception 'utilisation can''t be split by "%"', split
      using errcode = 'invalid_parameter_value', hint = 'Use host, or leave it out.';
  end if;
  return query
  with bucket as materialized (
    select b.starts_at, least(b.ends_at, p.cut_at) as ends_at
      from calytics.buckets(p, every, s.time_zone, s.week_start) b where every is not null and b.starts_at < p.cut_at
    union all
    select p.starts_at, p.cut_at where every is null
  ), fact as materialized (
    select f.host as key, f.service, f.starts_at, f.ended_at
      from calytics.facts_between(s.source_id, p.starts_at, p.cut_at, null, null, null) f
     where f.status = 'accepted' and f.ended_at > f.starts_at
  ), key as materialized (
    select k.key, calytics.current_host(s.source_id, k.key) as host from (select distinct f.key from fact f offset 0) k
  ), booked as materialized (
    select k.host, range_agg(tstzrange(f.starts_at, f.ended_at)) as times
      from fact f join key k using (key)
     where services is null or f.service = any (services)
     group by k.host
  ), hours as materialized (
    select o.host, o.times from calytics.open_time(s.source_id, s.time_zone, p.starts_at, p.cut_at) o
  ), known as materialized (
    select k.host from key k
    union
    select h.host from hours h where h.host <> ''
  ), person as materialized (
    select k.host from known k where whose is null or k.host = whose
    union
    -- Nobody works here by name: the source as a whole stands in.
    select coalesce(whose, '') where whose is not null or not exists (select from known)
  ), free as materialized (
    select n.host, o.times as open, o.times * coalesce(b.times, '{}') as blocked, o.times - coalesce(b.times, '{}') as times
      from person n
      left join hours o on o.host = case when exists (select from hours h where h.host = n.host) then n.host else '' end
      left join lateral (
        select range_agg(x.during) as times from calytics.blocked x
         where x.source_id = s.source_id and x.during && tstzrange(p.starts_at, p.cut_at)
           and (x.host = '' or calytics.current_host(s.source_id, x.host) = n.host)) b on true
  ), spent as (
    select b.starts_at, b.ends_at, f.host,
           case when f.open is not null then calytics.seconds(f.times * k.times * w.span) end as booked,
           calytics.seconds(f.times * w.span) as free, calytics.seconds(f.blocked * w.span) as blocked, f.open
      from free f
     cross join bucket b
     cross join lateral (select tstzmultirange(tstzrange(b.starts_at, b.ends_at)) as span) w
      left join lateral (select coalesce((select x.times from booked x where x.host = f.host), '{}') as times) k on true
  )
  select x.starts_at, x.ends_at, nullif(x.host, ''), x.booked / nullif(x.free, 0), round(x.booked / 60, 3),
         round(x.free / 60, 3), round(x.blocked / 60, 3)
    from (
      select c.starts_at, c.ends_at, case when split = 'host' then c.host end as host, sum(c.booked) as booked,
             sum(c.free) filter (where c.open is not null) as free,
             sum(c.blocked) filter (where c.open is not null) as blocked
        from spent c
       group by 1, 2, 3) x
   order by x.starts_at, x.host;
end
$$;
comment on function cal.utilisation(
    text, timestamptz, timestamptz, timestamptz, text, text, text, timestamptz, text, text) is
  'The share of opening time that is booked, in a period up to as_of, as in cal.metrics; every: a row an hour, day, week, '
  'month, quarter or year. booked_minutes: accepted bookings, no-shows included, overlaps of one host counted once, as far '
  'as they lie in open_minutes: opening hours less blocked_minutes, of each host with a booking in the period or hours '
  'of its own. host: only this one, by name or key; service: bookings of this one only, against all opening time; split => '
  '''host'': a row a host. Hosts without opening hours, their own or the source''s, are in no sum; NULL if no host has '
  'any. Real minutes across changes of the clock. Raises invalid_parameter_value and no_data_found (no such source).';
