-- Utilisation equals a count of minutes, one by one: is it within the hours that the wall clock shows, is
-- it blocked, is it booked; on random lives of bookings, hours and blocks, across changes of the clock.
-- What is printed is the differences, of which there are none.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set recount_file :regress /recount.psql
\i :recount_file
select set_config('timezone', pg_temp.pick('UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'), false) \g /dev/null

create temp table difference (what text, host text, returned text, recounted text);
create temp table checked (known bigint, used bigint);

create function pg_temp.wall(quarter int) returns text language sql as $$
  select to_char(interval '15 minutes' * quarter, 'HH24:MI') $$;
-- Hours on the quarter, in up to two parts of a day, some of them where clocks change.
create function pg_temp.hours() returns jsonb language sql volatile as $$
  select coalesce(jsonb_object_agg(d, case when a < 30 then jsonb_build_array(jsonb_build_array(pg_temp.wall(a), pg_temp.wall(b)),
                                                               jsonb_build_array(pg_temp.wall(b + c), '24:00'))
                                  else jsonb_build_array(jsonb_build_array(pg_temp.wall(a), pg_temp.wall(b))) end), '{"3": [["09:00", "17:30"]]}')
    from (select d, a, a + 1 + floor(random() * 30)::int as b, floor(random() * 4)::int as c
            from (select d, floor(random() * 60)::int as a from generate_series(1, 7) d where random() < 0.8) x) y $$;

-- Host and minute. A minute that the wall clock shows twice is open both times it is within hours; hours that begin or end
-- in such a minute do so at its first showing, hence the two steps: when the hours of a day begin and end, and what is between.
create function pg_temp.recount_use(src int, zone text, lo timestamptz, hi timestamptz)
  returns table (host text, booked bigint, free bigint, blocked bigint) language sql as $$
  with minute as materialized (
    select i, i at time zone zone as wall from generate_series(lo - interval '50 hours', hi + interval '50 hours', interval '1 minute') i
  ), shown as materialized (
    -- The latest time that the wall clock showed so far.
    select m.i, max(m.wall) over (order by m.i) as wall from minute m
  ), name (key, host) as materialized (
    values ('41', 'zoe'), ('zoe', 'zoe'), ('42', 'ravi'), ('ravi', 'ravi')
  ), fact as materialized (
    select coalesce(n.host, t.host) as host, t.starts_at, t.ended_at from told t left join name n on n.key = t.host
     where t.accepted and t.ended_at > t.starts_at and t.starts_at < hi and t.ended_at > lo
  ), hours as materialized (
    select distinct coalesce(n.host, o.host) as host, o.weekday, o.opens, o.closes
      from calytics.opening o left join name n on n.key = o.host where o.source_id = src
  ), person as materialized (
    select f.host from fact f union select h.host from hours h where h.host <> ''
    union select '' where not exists (select from fact) and not exists (select from hours h where h.host <> '')
  ), opened as materialized (
    select p.host, s.i
      from person p
      join shown s on s.i >= lo and s.i < hi
     where exists (
       select from hours h
        where h.host = case when exists (select from hours o where o.host = p.host) then p.host else '' end
          and h.weekday = extract(isodow from s.wall)
          and s.wall >= s.wall::date + h.opens and s.wall < s.wall::date + h.closes)
  ), minutes as (
    select o.host, o.i,
           exists (select from calytics.blocked b left join name n on n.key = b.host
                    where b.source_id = src and b.during @> o.i and (b.host = '' or coalesce(n.host, b.host) = o.host)) as blocked,
           exists (select from fact f where f.host = o.host and f.starts_at <= o.i and f.ended_at > o.i) as booked
      from opened o)
  select p.host, case when k.known then count(m.i) filter (where m.booked and not m.blocked) end,
         case when k.known then count(m.i) filter (where not m.blocked) end, case when k.known then count(m.i) filter (where m.blocked) end
    from person p
   cross join lateral (select exists (select from hours h where h.host in (p.host, '')) as known) k
    left join minutes m on m.host = p.host
   group by p.host, k.known $$;

create procedure pg_temp.check_use(name text, rounds int) language plpgsql as $$
declare
  src int := (select s.source_id from calytics.source s where s.name = check_use.name);
  zone text;
  lo timestamptz;
  hi timestamptz;
  cut timestamptz;
  every text;
begin
  for round in 1 .. rounds loop
    for i in 1 .. case round when 1 then 150 else 40 end loop
      perform pg_temp.live(name);
    end loop;
    -- Whole minutes here; seconds are looked at by hand.
    update calytics.booking b set starts_at = date_trunc('minute', b.starts_at), ends_at = date_trunc('minute', b.ends_at)
     where b.source_id = src;
    perform calytics.mark(src, array(select distinct b.root_uid from calytics.booking b where b.source_id = src));
    zone := pg_temp.pick('Europe/Madrid', 'America/St_Johns', 'Australia/Lord_Howe', 'America/Havana', 'Asia/Kathmandu', 'America/New_York');
    perform cal.set_source(name, time_zone => zone);
    if pg_temp.chance(0.5) then
      perform cal.fold(pg_temp.chance(0.5));
    end if;
    if pg_temp.chance(0.5) then
      commit;
    end if;
    perform cal.set_opening_hours(case when pg_temp.chance(0.8) then pg_temp.hours() end, name);
    perform cal.set_opening_hours(case when pg_temp.chance(0.7) then pg_temp.hours() end, name, pg_temp.pick('zoe', '41', '42', 'mei', 'nobody'));
    -- Around changes of the clock, or else where somebody works.
    lo := case
      when pg_temp.chance(0.5) then
        pg_temp.pick('2025-10-26', '2026-03-29', '2025-11-02', '2026-03-08', '2025-10-05', '2026-04-05')::timestamptz
        - floor(random() * 4) * interval '24 hours' - interval '613 minutes'
      else (select b.starts_at from calytics.booking b where b.source_id = src and b.status = 'accepted' order by random() limit 1)
           - floor(random() * 3000) * interval '1 minute' end;
    hi := lo + (1 + floor(random() * 14000)) * interval '1 minute';
    cut := lo + floor(random() * 17000) * interval '1 minute';
    perform cal.block_time(tstzrange(t, t + floor(1 + random() * 2000) * interval '1 minute'), name, pg_temp.pick('zoe', '42', 'mei', null), 'away')
       from (select lo + floor(random() * 10000) * interval '1 minute' as t from generate_series(1, 2)) x;
    perform pg_temp.tell(src);
    every := pg_temp.pick('hour', 'day', 'week', 'month');
    with recounted as materialized (
      select r.* from pg_temp.recount_use(src, zone, lo, least(hi, cut)) r),
    whole (host, booked, free, blocked) as (
      select '(all)', sum(r.booked), sum(r.free), sum(r.blocked) from recounted r
      union all
      select coalesce(nullif(r.host, ''), '(unknown)'), r.booked, r.free, r.blocked from recounted r),
    returned as (
      select '(all)' as host, u.booked_minutes, u.open_minutes, u.blocked_minutes, u.value
        from cal.utilisation('custom', cut, lo, hi, name) u
      union all
      select coalesce(u.host_name, '(unknown)'), u.booked_minutes, u.open_minutes, u.blocked_minutes, u.value
        from cal.utilisation('custom', cut, lo, hi, name, split => 'host') u),
    summed as (
      select coalesce(u.host_name, '(unknown)') as host, sum(u.booked_minutes) as booked, sum(u.open_minutes) as free, sum(u.blocked_minutes) as blocked
        from cal.utilisation('custom', cut, lo, hi, name, split => 'host', every => every) u group by 1),
    compared as (
      insert into difference
        select format('round %s, %s to %s cut %s, %s', round, lo, hi, cut, zone), coalesce(r.host, w.host),
               (r.booked_minutes, r.open_minutes, r.blocked_minutes)::text, (w.booked, w.free, w.blocked)::text
          from returned r full join whole w using (host)
         where (r.booked_minutes, r.open_minutes, r.blocked_minutes) is distinct from (w.booked::numeric, w.free::numeric, w.blocked::numeric)
            or round(r.value, 9) is distinct from round(w.booked::numeric / nullif(w.free, 0), 9)
        union all
        select format('round %s every %s, %s to %s cut %s, %s', round, every, lo, hi, cut, zone), s.host,
               (s.booked, s.free, s.blocked)::text, (r.booked_minutes, r.open_minutes, r.blocked_minutes)::text
          from summed s left join returned r using (host)
         where (s.booked, s.free, s.blocked) is distinct from (r.booked_minutes, r.open_minutes, r.blocked_minutes))
    insert into checked select count(r.open_minutes), count(*) filter (where r.value > 0) from returned r;
    commit;
  end loop;
end $$;
\set SHOW_CONTEXT never
\set ECHO all
select length(cal.rotate_secret('use', 'whsec_use')) as secret;
call pg_temp.check_use('use', 10);
select count(*) as differences from difference;
select * from difference order by what, host limit 5;
select sum(used) >= 1 as used, sum(known) >= 8 as known from checked;

-- By hand: Monday from 10 to 14 and from 15 to 20. Two bookings overlap, one reaches beyond both ends, one is of nobody's
-- concern (cancelled). From noon on Tuesday the studio is closed.
select length(cal.rotate_secret('studio', 'whsec_studio')) as secret;
select cal.set_source('studio', time_zone => 'Europe/Madrid');
create function pg_temp.work(uid text, trigger text, host text, starts timestamptz, ends timestamptz) returns void language plpgsql as $$
begin
  perform pg_temp.post('studio', trigger, uid, jsonb_build_object(
    'type', 'tattoo', 'eventTypeId', 7, 'startTime', calytics.iso(starts), 'endTime', calytics.iso(ends),
    'organizer', jsonb_build_object('id', 40 + length(host), 'username', host, 'name', host, 'email', host || '@example.com'),
    'attendees', '[{"email": "ana@example.com", "name": "Ana"}]'::jsonb), '2026-01-01');
end $$;
select host_name, value, booked_minutes, open_minutes, blocked_minutes from cal.utilisation('day', '2026-02-02 23:00+1', source => 'studio');
select cal.set_opening_hours('{"1": [["15:00", "20:00"], ["10:00", "14:00"]], "2": [["9:00", "24:00"]]}', 'studio');
select weekday, opens, closes, host from cal.opening_hours where source = 'studio' order by 1, 2;
select value, booked_minutes, open_minutes, blocked_minutes from cal.utilisation('day', '2026-02-02 23:00+1', source => 'studio');
select pg_temp.work(v.uid, 'BOOKING_CREATED', v.host, v.starts::timestamptz, v.ends::timestamptz)
  from (values ('w1', 'zoe', '2026-02-02 09:30+1', '2026-02-02 11:00+1'), ('w2', 'zoe', '2026-02-02 10:30+1', '2026-02-02 12:00:30+1'),
               ('w3', 'ravi', '2026-02-02 19:00+1', '2026-02-03 09:15+1'), ('w4', 'ravi', '2026-02-02 10:00+1', '2026-02-02 12:00+1')) v (uid, host, starts, ends) \g /dev/null
select pg_temp.work('w4', 'BOOKING_CANCELLED', 'ravi', '2026-02-02 10:00+1', '2026-02-02 12:00+1') \g /dev/null
select cal.block_time('[2026-02-03 12:00+1,2026-02-05 00:00+1)', 'studio', reason => 'painters') > 0 as blocked;
select cal.block_time('[2026-02-02 15:00+1,2026-02-02 16:30+1)', 'studio', 'zoe') > 0 as blocked;
select host_name, value, booked_minutes, open_minutes, blocked_minutes
  from cal.utilisation('day', '2026-02-02 23:00+1', source => 'studio', split => 'host');
select starts_at at time zone 'Europe/Madrid' as day, round(value, 6) as value, booked_minutes, open_minutes, blocked_minutes
  from cal.utilisation('week', '2026-02-08 22:00+1', source => 'studio', every => 'day');
-- Up to now, one host, one service, hours of one's own.
select value, booked_minutes, open_minutes from cal.utilisation('day', '2026-02-02 11:00+1', source => 'studio', host => 'zoe');
select booked_minutes, open_minutes from cal.utilisation('day', '2026-02-02 23:00+1', source => 'studio', service => 'piercing');
select cal.set_opening_hours('{"1": [["08:00", "10:00"]]}', 'studio', 'zoe');
select cal.set_opening_hours('{"1": [["09:00", "10:00"]]}', 'studio', '43');
select host, weekday, opens, closes from cal.opening_hours where source = 'studio' and host is not null;
select host_name, booked_minutes, open_minutes from cal.utilisation('day', '2026-02-02 23:00+1', source => 'studio', split => 'host');
select cal.set_opening_hours(null, 'studio');
select host_name, booked_minutes, open_minutes from cal.utilisation('day', '2026-02-02 23:00+1', source => 'studio', split => 'host');
select booked_minutes, open_minutes from cal.utilisation('day', '2026-02-02 23:00+1', source => 'studio');
select cal.set_opening_hours('{}', 'studio', 'zoe');
select value, booked_minutes, open_minutes, blocked_minutes from cal.utilisation('day', '2026-02-02 23:00+1', source => 'studio');
-- A night that is an hour longer, one that is shorter, and hours that it swallows; a clock that goes back by half an hour; midnight twice.
create function pg_temp.open_on(day text, zone text, hours jsonb) returns numeric language plpgsql as $$
begin
  perform cal.set_source('studio', time_zone => zone);
  perform cal.set_opening_hours(hours, 'studio');
  return (select u.open_minutes from cal.utilisation('day', (day || ' 12:00')::timestamp at time zone zone, source => 'studio', as_of => '2027-01-01') u);
end $$;
select n.what, pg_temp.open_on(n.day, n.zone, n.hours)
  from (values ('longer', '2025-10-26', 'Europe/Madrid', '{"7": [["00:00", "24:00"]]}'::jsonb),
               ('shorter', '2026-03-29', 'Europe/Madrid', '{"7": [["00:00", "24:00"]]}'),
               ('twice', '2025-10-26', 'Europe/Madrid', '{"7": [["02:30", "03:30"]]}'),
               ('left out', '2026-03-29', 'Europe/Madrid', '{"7": [["02:15", "02:45"]]}'),
               ('left out between', '2026-03-29', 'Europe/Madrid', '{"7": [["01:00", "02:15"], ["02:20", "04:00"]]}'),
               ('half an hour twice', '2026-04-05', 'Australia/Lord_Howe', '{"7": [["00:00", "01:40"], ["01:45", "03:00"]]}'),
               ('midnight twice', '2025-11-02', 'America/Havana', '{"7": [["00:00", "01:00"]]}')) n (what, day, zone, hours);
-- What can't be set.
select cal.set_opening_hours('[]', 'studio');
select cal.set_opening_hours('{"0": []}', 'studio');
select cal.set_opening_hours('{"1": "10:00-14:00"}', 'studio');
select cal.set_opening_hours('{"1": [["10:00"]]}', 'studio');
select cal.set_opening_hours('{"1": [["10:00", "25:00"]]}', 'studio');
select cal.set_opening_hours('{"1": [["10:00", null]]}', 'studio');
select cal.set_opening_hours('{"1": ["10:00", "11:00"]}', 'studio');
select cal.set_opening_hours('{"1": [["22:00", "02:00"]]}', 'studio');
select cal.set_opening_hours('{"1": [["10:00", "14:00"], ["13:00", "15:00"]]}', 'studio');
select cal.set_opening_hours('{"1": []}', 'studio');
select cal.set_opening_hours('{}', 'nowhere');
select cal.block_time('empty', 'studio');
select cal.block_time('[2026-01-01,)', 'studio');
select cal.block_time(null, 'studio');
select cal.utilisation(source => 'studio', split => 'service');
select count(*) as blocked from cal.blocked_time where source = 'studio';
select cal.unblock_time(block_id) from cal.blocked_time where source = 'studio';
select cal.unblock_time(-1);
