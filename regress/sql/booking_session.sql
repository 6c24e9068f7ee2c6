-- A booking's metadata name the session that made it, and the session's funnel gets to its end by that alone: once however it
-- is told, in any order, across clock changes and the ends of months, and for no leg that replaces another.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file
reset enable_seqscan;
reset plan_cache_mode;
set timezone = 'UTC';
select cal.rotate_secret('made', 'whsec_made') \g /dev/null
select cal.set_source('made', 'America/New_York') \g /dev/null
create function pg_temp.see(session text, at timestamptz, types text[] default '{SERVICE_VIEW,SERVICE_SELECT,BOOKING_START}', uid text default null)
  returns int language sql as $$
  select (cal.track((
      select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
               'sessionId', session, 'eventType', t.type, 'serviceId', 'consultation', 'timestamp', at + t.n * interval '1 minute',
               'userAgent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'ipAddress', '192.0.2.7',
               'experiment', 'hero', 'variant', 'b',
               'bookingUid', case when t.type = 'BOOKING_COMPLETE' then uid end)))
        from unnest(types) with ordinality t (type, n)), source => 'made') -> 'accepted')::int $$;
create function pg_temp.book(uid text, session text, at timestamptz, changes jsonb default '{}', trigger text default 'BOOKING_CREATED')
  returns text language sql as $$
  select r.outcome
    from cal.simulate_webhook(
           trigger, uid, jsonb_build_object('metadata', jsonb_build_object('calyticsSession', session, 'plan', 'x')) || changes, at, 'made') w,
         cal.receive_webhook(w.body, w.headers, 'made') r $$;
create view pg_temp.way as
  select f.session_id, f.viewed_at, f.submitted_at, f.booked_at, f.root_uid, f.outcome from cal.booking_funnel f where f.source = 'made'
   order by f.session_id, f.service;
\set ECHO queries

-- The page tells of the calendar that it opened, and then no more.
select pg_temp.see('alone', '2026-03-02 10:00Z');
select outcome from pg_temp.way;
select pg_temp.book('made-1', 'alone', '2026-03-02 10:09Z');
select * from pg_temp.way;
select step, name, sessions, median_s from cal.funnel('day', '2026-03-03 02:00Z', source => 'made');
select step, name, sessions from cal.funnel('day', '2026-03-03 02:00Z', source => 'made', steps => '{SERVICE_VIEW,BOOKED}');
select sessions, events, claimed, booked from cal.traffic('day', '2026-03-03 02:00Z', source => 'made');
select from_event, to_event from cal.journeys('day', '2026-03-03 02:00Z', source => 'made');
select sessions, conversions from cal.experiment('hero', source => 'made');
select c.kind, c.what, c.session_id, c.uid from cal.booking b cross join lateral cal.customer_journey(b.customer, 'made') c where b.uid = 'made-1';
select session_id, booked, root_uid from cal.explain_traffic('day', '2026-03-03 02:00Z', source => 'made');
select session_id, booked, root_uid from cal.explain_journeys(3, 'BOOKING_START', '(booked)', 'day', '2026-03-03 02:00Z', source => 'made');
select session_id, steps, root_uid from cal.explain_funnel(5, 'day', '2026-03-03 02:00Z', source => 'made');
select session_id, booked, root_uid from cal.explain_experiment('hero', 'b', source => 'made');
-- Folded or not, it is the same; a later webhook changes nothing, one with an earlier time does.
select cal.fold() \g /dev/null
select count(*) as differences from cal.verify_metrics('made');
select pg_temp.book('made-1', 'alone', '2026-03-02 10:20Z');
select booked_at from pg_temp.way;
select pg_temp.book('made-1', 'alone', '2026-03-02 10:08Z');
select booked_at from pg_temp.way;
select cal.fold() \g /dev/null
select count(*) as differences from cal.verify_metrics('made');

-- Told both ways, whatever comes first, it is booked once.
select pg_temp.see('both', '2026-03-04 10:00Z', '{SERVICE_VIEW,SERVICE_SELECT,BOOKING_START,BOOKING_SUBMIT,BOOKING_COMPLETE}', 'made-2');
select pg_temp.book('made-2', 'both', '2026-03-04 10:04:30Z');
select pg_temp.book('made-3', 'first', '2026-03-04 11:04:30Z');
select pg_temp.see('first', '2026-03-04 11:00Z', '{SERVICE_VIEW,SERVICE_SELECT,BOOKING_START,BOOKING_SUBMIT,BOOKING_COMPLETE}', 'made-3');
select sessions, claimed, booked from cal.traffic('day', '2026-03-05 02:00Z', source => 'made');
select step, sessions from cal.funnel('day', '2026-03-05 02:00Z', source => 'made') where step in (1, 4, 5);
select * from pg_temp.way where session_id in ('both', 'first');

-- What replaces a leg has no session of its own, also where it was taken for a booking before.
select pg_temp.see('again', '2026-03-06 10:00Z');
select pg_temp.book('made-4', 'again', '2026-03-06 10:09Z');
select booked_at, root_uid from pg_temp.way where session_id = 'again';
select pg_temp.book('made-4', 'again', '2026-03-06 10:10Z', '{"rescheduleUid": "made-1"}', 'BOOKING_RESCHEDULED');
select booked_at, root_uid from pg_temp.way where session_id = 'again';
select booked_at, root_uid from pg_temp.way where session_id = 'alone';
select cal.fold() \g /dev/null
select count(*) as differences from cal.verify_metrics('made');

-- Seats of one booking have each its own; who makes a session up gets one that saw nothing, and in no funnel.
select pg_temp.see('seat-1', '2026-03-10 10:00Z'), pg_temp.see('seat-2', '2026-03-12 10:00Z');
select pg_temp.book('made-5', 'seat-1', '2026-03-10 10:05Z', '{"seatsPerTimeSlot": 4, "attendeeSeatId": "one"}');
select pg_temp.book('made-5', 'seat-2', '2026-03-12 10:05Z', '{"seatsPerTimeSlot": 4, "attendeeSeatId": "two", "attendees": [{"email": "bo@example.com", "name": "Bo"}]}');
select session_id, booked_at, root_uid from pg_temp.way where session_id like 'seat-%';
select pg_temp.book('made-6', 'made-up', '2026-03-16 10:05Z');
select sessions, events, booked from cal.traffic('day', '2026-03-17 02:00Z', source => 'made');
select sum(sessions) as in_funnels from cal.funnel('day', '2026-03-17 02:00Z', source => 'made');
-- Ids that are none are kept with the metadata, and name nobody.
select n, pg_temp.book('made-odd-' || n, s, '2026-03-18 10:05Z')
  from (values (1, ''), (2, 'ada@example.com'), (3, repeat('x', 65)), (4, 'a b'), (5, null)) v (n, s);
select sessions from cal.traffic('day', '2026-03-19 02:00Z', source => 'made');

-- The night in which New York's clock is put back: the second half past one. And a month's end: the session belongs to the
-- month in which it began.
select pg_temp.see('night', '2025-11-02 05:50Z'), pg_temp.book('made-7', 'night', '2025-11-02 06:10Z');
select starts_at, sessions, booked from cal.traffic('day', '2025-11-03 02:00Z', source => 'made', every => 'hour') where sessions > 0;
select metric, starts_at, value from cal.metrics('day', '2025-11-03 02:00Z', source => 'made', every => 'hour')
 where metric in ('funnel_viewed', 'funnel_booked') and value > 0;
select pg_temp.see('month', '2026-02-01 04:50Z'), pg_temp.book('made-8', 'month', '2026-02-01 05:10Z');
select starts_at, sessions, booked from cal.traffic('custom', "from" => '2026-01-01 05:00Z', "to" => '2026-03-01 05:00Z', every => 'month', source => 'made');
-- The view that comes last, after its booking was folded.
select pg_temp.book('made-9', 'late', '2026-03-20 10:09Z');
select cal.fold() \g /dev/null
select pg_temp.see('late', '2026-03-20 10:00Z');
select booked_at, outcome from pg_temp.way where session_id = 'late';
select step, sessions from cal.funnel('day', '2026-03-21 02:00Z', source => 'made') where step in (1, 5);
select cal.fold() \g /dev/null
select count(*) as differences from cal.verify_metrics('made');

-- Anew from the archive, and without the person, it stays what it was.
create temp table before as select m.metric, m.value from cal.metrics('custom', "from" => '2025-11-01', "to" => '2026-04-01', source => 'made') m;
select cal.rebuild('made') is not null as rebuilt;
select count(*) as quarantined from cal.delivery d where d.source = 'made' and d.outcome = 'quarantined';
select count(*) as differences from cal.verify_metrics('made');
select (x ->> 'events')::int > 0 as events
  from jsonb_path_query(cal.erase_person('sam@example.com', 'made'), '$.sources[0]') x;
select count(*) as told from cal.booking_private p where p.source = 'made' and p.metadata is not null and p.uid = 'made-1';
select b.metric, b.value, m.value
  from before b join cal.metrics('custom', "from" => '2025-11-01', "to" => '2026-04-01', source => 'made') m using (metric)
 where m.value is distinct from b.value;
select count(*) as differences from cal.verify_metrics('made');

-- With its events goes what it booked, and what was counted stays.
begin;
select cal.set_tracking('made', keep_events => '40 days') \g /dev/null
select calytics.retire_sessions(s.source_id, '2026-03-04 00:00Z') from calytics.source s where s.name = 'made';
select count(*) as left from calytics.booking_session m join calytics.source s using (source_id) where s.name = 'made' and m.booked_at < '2026-03-04';
rollback;
