-- Retention equals a plain recount of the legs, on random lives of bookings, wherever the folder stands; a person's
-- journey is in order and complete.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set recount_file :regress /recount.psql
\i :recount_file
\set ECHO queries
select length(cal.rotate_secret('law-back', 'whsec_law')) as secret;
create temp table difference (what text, cohort date, since int, returned text, recounted text);
create temp table checked (cells bigint, known bigint, back bigint);

-- The first instant of a local day, also where midnight is left out or comes twice.
create function pg_temp.first_instant(wall timestamp, zone text) returns timestamptz language sql as $$
  select min(i) from unnest(array[interval '0', '30 minutes', '1 hour']) back,
         lateral (select wall at time zone zone - back) c (i)
   where i at time zone zone >= wall $$;

create procedure pg_temp.check_retention(rounds int) language plpgsql as $$
declare
  src int := (select s.source_id from calytics.source s where s.name = 'law-back');
  zone text;
  wanted text;
  asked_at timestamptz;
begin
  for round in 1 .. rounds loop
    for i in 1 .. 60 loop
      perform pg_temp.live('law-back');
    end loop;
    zone := pg_temp.pick('Europe/Madrid', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu');
    wanted := pg_temp.pick('week', 'month', 'quarter', 'year');
    asked_at := pg_temp.moment() + random() * interval '60 days';
    perform cal.set_source('law-back', time_zone => zone);
    if pg_temp.chance(0.5) then
      perform cal.fold(pg_temp.chance(0.5));
    end if;
    perform pg_temp.tell(src);
    with visited as materialized (
      select distinct t.customer, date_trunc(wanted, t.starts_at at time zone zone) as begins
        from told t where t.visit and t.starts_at < asked_at),
    -- Another way round: every person and every later unit in which they came.
    recounted as materialized (
      select f.first, k.n,
             count(distinct f.customer) as people,
             count(distinct f.customer) filter (where v.begins = f.first + k.n * k.step) as active,
             pg_temp.first_instant(f.first + (k.n + 1) * k.step, zone) <= asked_at as over
        from (select v.customer, (select min(w.begins) from visited w where w.customer = v.customer) as first
                from (select distinct x.customer from visited x) v) f
        join visited v on v.customer = f.customer
       cross join (select n, case wanted when 'quarter' then interval '3 months' else ('1 ' || wanted)::interval end as step
                     from generate_series(0, 8) n) k
       group by 1, 2, k.step),
    compared as (
      insert into difference
        select format('round %s by %s in %s at %s', round, wanted, zone, asked_at), coalesce(r.cohort, c.first::date),
               coalesce(r.since, c.n), (r.people, r.active)::text, (c.people, c.active, c.over)::text
          from cal.retention(wanted, 8, 'law-back', asked_at) r
          full join recounted c on c.first::date = r.cohort and c.n = r.since
         where r.people is distinct from c.people
            or r.active is distinct from case when c.over then c.active end)
    insert into checked
      select count(*), count(*) filter (where c.over), count(*) filter (where c.n > 0 and c.active > 0) from recounted c;
  end loop;
end $$;
call pg_temp.check_retention(12);
set timezone = 'UTC';
select * from difference limit 5;
select sum(cells) > 100 and sum(known) > 20 and sum(back) > 5 as not_for_nothing from checked;

-- One person's way.
select length(cal.rotate_secret('journey', 'whsec_way')) as secret;
create function pg_temp.hook(trigger text, uid text, changes jsonb, at timestamptz) returns text language sql as $$
  select r.outcome from cal.simulate_webhook(trigger, uid, changes, at, 'journey') w, cal.receive_webhook(w.body, w.headers, 'journey') r $$;
select pg_temp.hook('BOOKING_CREATED', 'first', '{"startTime": "2026-03-05T10:00:00Z", "endTime": "2026-03-05T11:00:00Z"}', '2026-03-02 10:05Z');
select pg_temp.hook('BOOKING_CANCELLED', 'first', '{"startTime": "2026-03-05T10:00:00Z", "endTime": "2026-03-05T11:00:00Z"}', '2026-03-03 09:00Z');
select cal.track('[
  {"sessionId": "w", "eventType": "PAGE_VIEW", "timestamp": "2026-03-02T10:00:00Z"},
  {"sessionId": "w", "eventType": "BOOKING_COMPLETE", "bookingUid": "first", "timestamp": "2026-03-02T10:05:01Z"},
  {"sessionId": "other", "eventType": "PAGE_VIEW", "timestamp": "2026-03-02T10:00:00Z"}]', source => 'journey') -> 'accepted' as accepted;
select j.at, j.kind, j.what, j.session_id, j.uid
  from cal.booking b, cal.customer_journey(b.customer, 'journey') j where b.source = 'journey' and b.uid = 'first';
select count(*) from cal.customer_journey('00000000-0000-0000-0000-000000000000', 'journey');
select cal.retention('day', source => 'journey');
select cal.retention('month', -1, 'journey');
