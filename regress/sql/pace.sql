-- Pace: what cal.pace says was held at some moment equals what a plain recount of the legs said at that
-- moment, on random lives of bookings, for any range, bucket, filter and time zone, wherever the folder
-- stands; buckets lie end to end and begin where a clock on the wall says so; pickup is the difference
-- between two moments. What is printed is the differences, of which there are none.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set recount_file :regress /recount.psql
\i :recount_file
select set_config('timezone', pg_temp.pick('UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'), false) \g /dev/null

create temp table seen (known timestamptz, t told);
create temp table answer (
  n int, zone text, lo timestamptz, hi timestamptz, every text, service text, host text, known timestamptz, starts_at timestamptz,
  ends_at timestamptz, currency text, bookings bigint, minutes bigint, value bigint, bookings_pickup bigint, minutes_pickup bigint,
  value_pickup bigint);

create procedure pg_temp.watch(name text, moments int, hooks int) language plpgsql as $$
declare
  at timestamptz;
begin
  for m in 1 .. moments loop
    for i in 1 .. hooks loop
      perform pg_temp.live(name);
    end loop;
    commit;
    if pg_temp.chance(0.6) then
      perform cal.fold(pg_temp.chance(0.5));
      commit;
    end if;
    perform pg_temp.tell(s.source_id) from calytics.source s where s.name = watch.name;
    at := clock_timestamp();
    insert into seen select at, t from told t;
    commit;
  end loop;
end $$;

create procedure pg_temp.ask(name text, questions int) language plpgsql as $$
declare
  lo timestamptz;
  hi timestamptz;
  every text;
  service text;
  host text;
  zone text;
begin
  for q in 1 .. questions loop
    zone := pg_temp.pick('Europe/Madrid', 'America/St_Johns', 'Australia/Lord_Howe', 'America/Havana', 'Pacific/Apia', 'Asia/Kathmandu');
    perform cal.set_source(name, time_zone => zone);
    lo := pg_temp.moment();
    every := pg_temp.pick('hour', 'day', 'day', 'week', 'month', 'quarter', 'year', null);
    hi := lo + random() * case when every = 'hour' then interval '4 days' else interval '150 days' end;
    service := case when pg_temp.chance(0.3) then pg_temp.pick('7301', '7303', '7305') end;
    host := case when pg_temp.chance(0.3) then pg_temp.pick('41', 'mei') end;
    insert into answer
      select q, zone, lo, hi, every, service, host, p.known, p.starts_at, p.ends_at, p.currency, p.bookings, p.minutes, p.value,
             p.bookings_pickup, p.minutes_pickup, p.value_pickup
        from cal.pace(lo, hi, (select array_agg(distinct s.known order by s.known desc) || now() from seen s), name,
                      service, host, every) p;
    commit;
  end loop;
end $$;
\set SHOW_CONTEXT never
\set ECHO all
select length(cal.rotate_secret('pace', 'whsec_pace')) as secret;
call pg_temp.watch('pace', 4, 70);
call pg_temp.ask('pace', 12);

-- Each figure against the legs at that moment. The last moment is now, when nothing has changed any more.
with counted as (
  select a.*, c.*
    from answer a
   cross join lateral (
     select count(*) as n_bookings, coalesce(sum((s.t).minutes), 0) as n_minutes, sum((s.t).price) as n_value
       from seen s
      where s.known = (select max(k.known) from seen k where k.known <= a.known) and (s.t).held
        and (s.t).starts_at >= a.starts_at and (s.t).starts_at < a.ends_at and (s.t).currency = coalesce(a.currency, '')
        and (a.service is null or (s.t).service = a.service) and (a.host is null or (s.t).host = a.host)) c)
select count(*) filter (where bookings <> n_bookings) as bookings, count(*) filter (where minutes <> n_minutes) as minutes,
       count(*) filter (where value is distinct from case when currency is not null then coalesce(n_value, 0) end) as value,
       count(*) filter (where bookings > 0) > 30 as enough
  from counted;
-- Nothing is left out: buckets of all currencies add up to the range.
select count(*) as not_all
  from (select n, lo, hi, service, host, known, sum(bookings) as bookings from answer group by 1, 2, 3, 4, 5, 6) a
 where a.bookings <> (
   select count(*) from seen s
    where s.known = (select max(k.known) from seen k where k.known <= a.known) and (s.t).held
      and (s.t).starts_at >= a.lo and (s.t).starts_at < a.hi
      and (a.service is null or (s.t).service = a.service) and (a.host is null or (s.t).host = a.host));
-- Buckets.
with bucket as (
  select distinct n, lo, hi, zone, every, starts_at, ends_at from answer),
placed as (
  select b.*, lag(ends_at, 1, lo) over w as follows, lead(starts_at, 1, hi) over w as followed from bucket b
  window w as (partition by n order by starts_at))
select count(*) filter (where starts_at <> follows or ends_at <> followed) as gaps,
       count(*) filter (where starts_at > lo and every is not null
                          and date_trunc(every, (starts_at - interval '1 second') at time zone zone)
                            = date_trunc(every, starts_at at time zone zone)) as not_at_a_start,
       count(*) filter (where every is not null and date_trunc(every, (ends_at - interval '1 ms') at time zone zone)
                                                  <> date_trunc(every, starts_at at time zone zone)) as too_long
  from placed;
-- Pickup.
select count(*) as wrong_pickup
  from answer a
  left join lateral (
    select b.bookings, b.minutes, b.value from answer b
     where b.n = a.n and b.starts_at = a.starts_at and b.currency is not distinct from a.currency and b.known < a.known
     order by b.known desc limit 1) p on true
 where (a.bookings_pickup, a.minutes_pickup, a.value_pickup)
       is distinct from (a.bookings - p.bookings, a.minutes - p.minutes, a.value - p.value);

-- Nothing held at all, and what can't be asked.
select cal.set_source('pace', time_zone => 'Europe/Madrid', currency => 'EUR');
select starts_at at time zone 'Europe/Madrid' as month, currency, bookings, minutes, value, bookings_pickup as pickup
  from cal.pace('1999-12-31 23:00Z', '2000-02-29 23:00Z', source => 'pace');
select cal.pace('2026-02-01', '2026-01-01', source => 'pace');
select cal.pace('2026-01-01', '2026-02-01', '{}', source => 'pace');
select cal.pace('2026-01-01', '2026-02-01', array[now(), null], source => 'pace');
select cal.pace('2026-01-01', '2026-02-01', every => 'decade', source => 'pace');
select cal.pace('2026-01-01', '2026-02-01', source => 'nowhere');
