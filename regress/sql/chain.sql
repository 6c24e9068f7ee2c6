-- Chains: the root and the distance from it are functions of the links alone, checked against a
-- plain walk over the finished graph.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file
begin;
create function pg_temp.reschedule(src int, parent text, leg text) returns void language plpgsql as $$
begin
  perform calytics.understand(src, convert_to(jsonb_build_object(
    'triggerEvent', case when parent is null then 'BOOKING_CREATED' else 'BOOKING_RESCHEDULED' end,
    'createdAt', '2026-01-01T00:00:00Z', 'payload', jsonb_strip_nulls(jsonb_build_object(
      'uid', leg, 'rescheduleUid', parent, 'startTime', '2026-01-05T10:00:00Z')))::text, 'UTF8'), '\x00', now());
end $$;
-- Twenty forests of legs, each leg following a random earlier one or none; links arrive shuffled.
create temp table link as
  select -f as src, 'leg' || n as leg, case when random() < 0.85 and n > 1 then 'leg' || 1 + floor(random() * (n - 1))::int end as parent
    from generate_series(1, 20) f, generate_series(1, 40) n;
do $$
declare
  l record;
begin
  for l in select * from link order by random() loop
    perform pg_temp.reschedule(l.src, l.parent, l.leg);
  end loop;
end $$;
-- One long chain told backwards, and a ring.
do $$
begin
  for n in reverse 60 .. 2 loop
    perform pg_temp.reschedule(-100, 'leg' || n - 1, 'leg' || n);
  end loop;
  perform pg_temp.reschedule(-101, 'b', 'a');
  perform pg_temp.reschedule(-101, 'c', 'b');
  perform pg_temp.reschedule(-101, 'a', 'c');
  perform pg_temp.reschedule(-101, 'b', 'tail');
  perform pg_temp.reschedule(-101, 'self', 'self');
end $$;
\set ECHO all

with recursive walk as (
  select src, leg, leg as root, 0 as hops from link where parent is null
  union all
  select l.src, l.leg, w.root, w.hops + 1 from walk w join link l on l.src = w.src and l.parent = w.leg)
select count(*) as legs, count(*) filter (where (b.root_uid, b.hops) is distinct from (w.root, w.hops)) as wrong,
       count(*) filter (where (b.status = 'superseded') <> exists (
         select from link c where c.src = w.src and c.parent = w.leg)) as wrongly_superseded
  from walk w left join calytics.booking b on b.source_id = w.src and b.uid = w.leg;
select min(root_uid) as root, max(root_uid) as same, max(hops) as hops, count(*) as legs from calytics.booking where source_id = -100;
select uid, root_uid, hops, status from calytics.booking where source_id = -101 order by uid;
rollback;
