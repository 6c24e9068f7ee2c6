-- What is tracked is what a recount of the events says, in every snapshot and wherever the folder stands: random
-- sessions, machines, late and unordered events, bookings that webhooks tell of before or after the page does, in
-- time zones that change their clocks, read for whole and for cut periods. The recount knows what was told and
-- walks through it event by event.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set track_file :regress /track_recount.psql
\i :track_file
select set_config('timezone', pg_temp.pick('UTC', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe'), false) \g /dev/null
select cal.rotate_secret('tracked', 'whsec_of_what_is_tracked') \g /dev/null
select cal.set_source('tracked', pg_temp.pick('Europe/Madrid', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu'), 'EUR', 1) \g /dev/null
create temp table difference (law text, per text, metric text, shown numeric, recounted numeric);

do $$
declare
  round int;
  moment timestamptz;
begin
  for round in 1 .. 24 loop
    perform pg_temp.tell('tracked', 1 + floor(random() * 40)::int);
    if pg_temp.chance(0.6) then
      perform pg_temp.hear('tracked');
    end if;
    commit;
    if pg_temp.chance(0.4) then
      perform cal.fold(pg_temp.chance(0.5));
      commit;
    end if;
    -- What is not committed yet counts in its own transaction.
    if pg_temp.chance(0.3) then
      perform pg_temp.tell('tracked', 3);
      perform pg_temp.hear('tracked');
    end if;
    if round = 16 then
      perform cal.set_source('tracked', pg_temp.pick('America/New_York', 'Europe/Lisbon', 'Asia/Kolkata'));
    end if;
    continue when round % 3 > 0;
    moment := pg_temp.near();
    perform pg_temp.compare('wherever the folder stands', pg_temp.pick('day', 'week', 'month', 'year'), moment,
                            moment + random() * random() * interval '3 days', null, null);
    perform pg_temp.compare('as of its end', 'custom', moment, moment + interval '40 days', null, null);
    perform pg_temp.compare('by time', pg_temp.pick('day', 'week', 'month'), moment, moment + random() * interval '1 day',
                            pg_temp.pick('hour', 'day', 'week', 'month'), null);
    perform pg_temp.compare('of a service', pg_temp.pick('week', 'year'), moment, moment, null, pg_temp.pick('piece', 'consult', '7'));
    perform pg_temp.compare_origins('tracked', moment);
    insert into difference (law, per, metric) select 'verified', v.what, v.measure from cal.verify_metrics('tracked') v;
  end loop;
end $$;
\set ECHO queries
select law, per, metric, count(*) as differences, min(shown) as shown, min(recounted) as recounted from difference group by 1, 2, 3 order by 1, 2, 3;
select count(*) > 300 as events, count(distinct session) > 20 as sessions, count(*) filter (where bot) > 5 as bots,
       count(*) filter (where uid in (select uid from told_booking)) > 5 as booked
  from told;

-- Once all is folded, and when all is made anew, it is the same.
select cal.fold() \g /dev/null
select count(*) as differences from cal.verify_metrics('tracked');
select d.metric from (select x.metric, x.value from cal.metrics('custom', "from" => '2025-08-01', "to" => '2026-07-01', source => 'tracked') x) d
  full join (select r.metric, r.n from pg_temp.recount('2025-08-01', '2026-07-01', now(), null) r) r using (metric)
 where r.metric is not null and not pg_temp.agree(r.metric, d.value, r.n);
create temp table before as
  select b.basis, b.grain, b.split, b.at, b.cells from calytics.bucket b join calytics.source s using (source_id) where s.name = 'tracked';
create temp table sketched as
  select v.grain, v.at, v.sketch from calytics.visitor_bucket v join calytics.source s using (source_id) where s.name = 'tracked';
delete from calytics.bucket b using calytics.source s where s.source_id = b.source_id and s.name = 'tracked' and b.grain = 'hour';
delete from calytics.visitor_bucket v using calytics.source s where s.source_id = v.source_id and s.name = 'tracked' and v.grain <> 'month';
delete from calytics.tracked_session v using calytics.source s where s.source_id = v.source_id and s.name = 'tracked' and v.session_id like '%1';
select what, count(*) > 0 as found from cal.verify_metrics('tracked') group by 1 order by 1;
select facts > 0 as facts, buckets > 0 as buckets from cal.repair_metrics('tracked');
select count(*) as differences from cal.verify_metrics('tracked');
select count(*) as lost from before b
 where b.cells <> '' and not exists (select from calytics.bucket x join calytics.source s using (source_id)
                    where s.name = 'tracked' and (x.basis, x.grain, x.split, x.at, x.cells) = (b.basis, b.grain, b.split, b.at, b.cells));
select count(*) as lost from sketched b
 where not exists (select from calytics.visitor_bucket x join calytics.source s using (source_id)
                    where s.name = 'tracked' and x.grain = b.grain and x.at = b.at and x.sketch = b.sketch);

-- Months of events go, what was counted of them stays, and nobody takes it for an error; what comes later counts.
create function pg_temp.boundary() returns timestamptz language sql stable as $$
  select (date_trunc('month', now() at time zone 'UTC') - interval '3 months') at time zone 'UTC' $$;
select length(cal.rotate_secret('kept', 'whsec_kept')) as secret;
begin;
select calytics.make_event_partitions(pg_temp.boundary() - interval '1 month', 3) > 0 as made;
select cal.track((
    select jsonb_agg(jsonb_build_object('sessionId', 'k' || i / 4, 'eventType', (array['SERVICE_VIEW', 'SERVICE_SELECT', 'PAGE_VIEW', 'PAGE_VIEW'])[1 + i % 4],
                                        'serviceId', 'piece', 'ipAddress', '192.0.' || i / 4 || '.1',
                                        'timestamp', pg_temp.boundary() + (i / 4 - 30) * interval '8 hours' + (i % 4 - 3) * interval '1 minute'))
      from generate_series(0, 239) i), source => 'kept') -> 'accepted' as accepted;
update calytics.event e set received_at = e.occurred_at + interval '2 minutes' from calytics.source s where s.source_id = e.source_id and s.name = 'kept';
commit;
-- Bookings that some of them made: in the month that goes, in the one that stays, and of a session that is of both.
select r.outcome
  from (values (20, interval '1 minute'), (40, '1 minute'), (30, '10 minutes')) m (i, after)
 cross join lateral cal.simulate_webhook(
   'BOOKING_CREATED', 'kept-' || m.i, jsonb_build_object('type', 'piece', 'metadata', jsonb_build_object('calyticsSession', 'k' || m.i)),
   pg_temp.boundary() + (m.i - 30) * interval '8 hours' + m.after, 'kept') w
 cross join lateral cal.receive_webhook(w.body, w.headers, 'kept') r;
select cal.fold() \g /dev/null
create temp table figures as
  select m.metric, m.starts_at, m.value
    from cal.metrics('custom', "from" => pg_temp.boundary() - interval '12 days', "to" => pg_temp.boundary() + interval '12 days', every => 'day', source => 'kept') m;
create view pg_temp.changed as
  select m.metric, count(*) as days
    from figures f
    join cal.metrics('custom', "from" => (select min(x.starts_at) from figures x), "to" => (select max(x.starts_at) + interval '1 day' from figures x),
                     every => 'day', source => 'kept') m using (metric, starts_at)
   where f.value is distinct from m.value
   group by 1 order by 1;
select f.metric, sum(f.value) from figures f where f.metric in ('sessions', 'verified', 'funnel_booked') group by 1 order by 1;
select count(*) as differences from cal.verify_metrics('kept');
begin;
select cal.set_tracking('kept', keep_events => '40 days') \g /dev/null
select calytics.keep_tracking(pg_temp.boundary() + interval '45 days') \g /dev/null
select min(e.received_at) = pg_temp.boundary() as cut from calytics.event e join calytics.source s using (source_id) where s.name = 'kept';
select * from pg_temp.changed;
select count(*) as differences from cal.verify_metrics('kept');
-- One comes back whose events are gone in part, one whose are not.
select cal.track(jsonb_build_array(
    jsonb_build_object('sessionId', 'k30', 'eventType', 'SERVICE_SELECT', 'serviceId', 'piece', 'timestamp', pg_temp.boundary() + interval '1 hour'),
    jsonb_build_object('sessionId', 'k35', 'eventType', 'SERVICE_SELECT', 'serviceId', 'piece', 'timestamp', pg_temp.boundary() + interval '42 hours')),
  source => 'kept') -> 'accepted' as accepted;
select * from pg_temp.changed;
select count(*) as differences from cal.verify_metrics('kept');
select facts, buckets from cal.repair_metrics('kept');
-- A month later.
select calytics.keep_tracking(pg_temp.boundary() + interval '75 days') \g /dev/null
select count(*) as sessions_left from calytics.tracked_session v join calytics.source s using (source_id) where s.name = 'kept';
select count(*) as differences from cal.verify_metrics('kept');
rollback;
