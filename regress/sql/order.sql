-- Applying webhooks is commutative and idempotent: every order of a booking's whole life, with
-- repeats, ends in the same rows. All permutations up to seven events, random ones beyond.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file
-- Thousands of sources come and go by, and statistics with none of them.
set plan_cache_mode = force_generic_plan;
set enable_seqscan = off;

create temp table life (name text, n int, body bytea, primary key (name, n));

create function pg_temp.event(life text, n int, trigger text, leg text, minute int, changes jsonb default '{}')
  returns void language sql as $$
  insert into life
    select life, n, convert_to(calytics.simulated_body(trigger, life || '-' || leg, changes,
      '2026-03-01 10:00Z'::timestamptz + make_interval(mins => minute), 'EUR')::text, 'UTF8') $$;
create function pg_temp.seat(email text, seat text default null, row_ids boolean default false) returns jsonb
  language sql as $$
  select jsonb_strip_nulls(jsonb_build_object('seatsPerTimeSlot', 8, 'attendeeSeatId', seat,
    'attendees', jsonb_build_array(jsonb_build_object('email', email, 'name', initcap(email))
      || case when row_ids then '{"id": 1, "bookingId": 2}' else '{}' end::jsonb))) $$;

-- Applies a life in the given order to a source of its own and digests all rows that came of it.
create sequence pg_temp.trial increment -1 start -1;
create function pg_temp.outcome(life_name text, path int[]) returns text language plpgsql as $$
declare
  src int := nextval('pg_temp.trial');
  i int;
begin
  foreach i in array path loop
    perform calytics.understand(src, l.body, '\x00', '2026-04-01 00:00Z') from life l where l.name = life_name and l.n = i;
  end loop;
  return (select md5(string_agg(substr(r, strpos(r, ',')), ';' order by r)) from (
    select b::text from calytics.booking b where b.source_id = src union all
    select a::text from calytics.attendee a where a.source_id = src union all
    select p::text from calytics.booking_private p where p.source_id = src union all
    select p::text from calytics.person p where p.source_id = src union all
    select h::text from calytics.host h where h.source_id = src union all
    select s::text from calytics.service s where s.source_id = src) as x (r));
end $$;
create function pg_temp.permutations(n int) returns setof int[] language sql as $$
  with recursive p (path) as (
    select '{}'::int[] union all
    select p.path || i from p, generate_series(1, n) i where cardinality(p.path) < n and i <> all (p.path))
  select path from p where cardinality(path) = n $$;
create function pg_temp.shuffled(n int) returns int[] language sql volatile as $$
  select array_agg(i order by random()) from (
    select i from generate_series(1, n) i
    union all select 1 + floor(random() * n)::int from generate_series(1, floor(random() * n)::int)) s $$;

-- Readers' view of where a life ends, from its natural order.
create function pg_temp.ends(life_name text)
  returns table (leg text, root text, hops int, status text, starts text, seats int, no_shows int, paid boolean,
                 accepted boolean, cancelled_by text, price bigint, host text) language plpgsql as $$
declare
  src int := nextval('pg_temp.trial');
begin
  perform calytics.understand(src, l.body, '\x00', '2026-04-01 00:00Z')
     from (select x.body from life x where x.name = life_name order by x.n) l;
  return query
    select split_part(b.uid, '-', 2), split_part(b.root_uid, '-', 2), b.hops, b.status,
           to_char(b.starts_at at time zone 'UTC', 'MM-DD HH24:MI'), b.seats, b.no_shows, b.paid_at is not null,
           b.accepted_at is not null, b.cancelled_by, b.price, b.host
      from calytics.booking b where b.source_id = src order by b.uid;
end $$;

-- Request, confirm, reschedule twice, pay, no-show, un-no-show: seven events.
select pg_temp.event('hops', 1, 'BOOKING_REQUESTED', 'a', 0),
       pg_temp.event('hops', 2, 'BOOKING_CREATED', 'a', 5, '{"title": "Confirmed", "location": "Room 1"}'),
       pg_temp.event('hops', 3, 'BOOKING_RESCHEDULED', 'b', 10, '{"rescheduleUid": "hops-a", "startTime": "2026-03-09T10:00:00Z", "endTime": "2026-03-09T11:00:00Z"}'),
       pg_temp.event('hops', 4, 'BOOKING_RESCHEDULED', 'c', 20, '{"rescheduleUid": "hops-b", "startTime": "2026-03-10T10:00:00Z", "endTime": "2026-03-10T11:30:00Z", "organizer": {"id": 42, "username": "ravi", "email": "ravi@example.com", "name": "Ravi"}}'),
       pg_temp.event('hops', 5, 'BOOKING_PAID', 'c', 30, '{"startTime": "2026-03-10T10:00:00Z", "endTime": "2026-03-10T11:30:00Z", "organizer": {"id": 42, "username": "ravi", "email": "ravi@example.com", "name": "Ravi"}}'),
       pg_temp.event('hops', 6, 'BOOKING_NO_SHOW_UPDATED', 'c', 20000),
       pg_temp.event('hops', 7, 'BOOKING_NO_SHOW_UPDATED', 'c', 20001, '{"attendees": [{"email": "sam@example.com", "noShow": false}]}') \g /dev/null
-- A seated class: three seats, one given up and taken again, one moves elsewhere, meeting ended late.
select pg_temp.event('seats', 1, 'BOOKING_CREATED', 'a', 0, pg_temp.seat('ana@example.com', 's1')),
       pg_temp.event('seats', 2, 'BOOKING_CREATED', 'a', 1, pg_temp.seat('bo@example.com', 's2')),
       pg_temp.event('seats', 3, 'BOOKING_CREATED', 'a', 2, pg_temp.seat('cy@example.com', 's3')),
       pg_temp.event('seats', 4, 'BOOKING_CANCELLED', 'a', 3, pg_temp.seat('bo@example.com', null, true)),
       pg_temp.event('seats', 5, 'BOOKING_CREATED', 'a', 4, pg_temp.seat('bo@example.com', 's4')),
       pg_temp.event('seats', 6, 'BOOKING_RESCHEDULED', 'b', 5, pg_temp.seat('cy@example.com', 's3') || '{"rescheduleUid": "seats-a"}'),
       pg_temp.event('seats', 7, 'MEETING_ENDED', 'a', 0, '{"createdAt": "2026-03-01T10:00:00Z", "attendees": [{"email": "ana@example.com", "noShow": false}]}') \g /dev/null
-- The host asks for a new time; the customer picks one, then cancels; a stale MEETING_ENDED follows.
select pg_temp.event('rebook', 1, 'BOOKING_CREATED', 'a', 0),
       pg_temp.event('rebook', 2, 'BOOKING_CANCELLED', 'a', 10, '{"requestReschedule": true, "cancelledBy": "zoe@example.com"}'),
       pg_temp.event('rebook', 3, 'BOOKING_REQUESTED', 'b', 20, '{"rescheduleUid": "rebook-a"}'),
       pg_temp.event('rebook', 4, 'BOOKING_CREATED', 'b', 30),
       pg_temp.event('rebook', 5, 'BOOKING_CANCELLED', 'b', 40),
       pg_temp.event('rebook', 6, 'MEETING_ENDED', 'b', 20) \g /dev/null
-- The host asks for a new time and none is picked; a rejected request; cancelled for good after that.
select pg_temp.event('await', 1, 'BOOKING_REQUESTED', 'a', 0),
       pg_temp.event('await', 2, 'BOOKING_CREATED', 'a', 1),
       pg_temp.event('await', 3, 'BOOKING_CANCELLED', 'a', 2, '{"requestReschedule": true, "cancelledBy": "zoe@example.com"}'),
       pg_temp.event('await', 4, 'BOOKING_REQUESTED', 'x', 0),
       pg_temp.event('await', 5, 'BOOKING_REJECTED', 'x', 5) \g /dev/null
-- Payment before and after creation, the same event through two subscriptions, ties to the millisecond.
select pg_temp.event('paid', 1, 'BOOKING_PAYMENT_INITIATED', 'a', 0),
       pg_temp.event('paid', 2, 'BOOKING_PAID', 'a', 1),
       pg_temp.event('paid', 3, 'BOOKING_CREATED', 'a', 1, '{"price": 7000}'),
       pg_temp.event('paid', 4, 'BOOKING_CREATED', 'a', 1, '{"price": 6000, "title": "Other", "organizer": {"id": 42, "username": "ravi"}}'),
       pg_temp.event('paid', 5, 'BOOKING_CANCELLED', 'a', 9, '{"cancelledBy": "zoe@example.com"}'),
       pg_temp.event('paid', 6, 'BOOKING_CANCELLED', 'a', 9, '{"cancelledBy": "sam@example.com", "cancellationReason": null}') \g /dev/null
-- Everything at once, far beyond what can be permuted.
select pg_temp.event('long', 1, 'BOOKING_REQUESTED', 'a', 0), pg_temp.event('long', 2, 'BOOKING_CREATED', 'a', 5),
       pg_temp.event('long', 3, 'BOOKING_RESCHEDULED', 'b', 10, '{"rescheduleUid": "long-a", "startTime": "2026-03-09T10:00:00Z"}'),
       pg_temp.event('long', 4, 'BOOKING_REQUESTED', 'c', 20, '{"rescheduleUid": "long-b"}'),
       pg_temp.event('long', 5, 'BOOKING_CREATED', 'c', 25, '{"organizer": {"id": 43, "username": "mei"}}'),
       pg_temp.event('long', 6, 'BOOKING_RESCHEDULED', 'd', 30, '{"rescheduleUid": "long-c"}'),
       pg_temp.event('long', 7, 'BOOKING_REASSIGNED', 'd', 35, '{"organizer": {"id": 44, "username": "ola"}}'),
       pg_temp.event('long', 8, 'BOOKING_LOCATION_UPDATED', 'd', 36, '{"location": "Room 2"}'),
       pg_temp.event('long', 9, 'BOOKING_PAYMENT_INITIATED', 'd', 40), pg_temp.event('long', 10, 'BOOKING_PAID', 'd', 41),
       pg_temp.event('long', 11, 'MEETING_STARTED', 'd', 30), pg_temp.event('long', 12, 'MEETING_ENDED', 'd', 30, '{"noShowHost": true, "attendees": [{"email": "sam@example.com", "noShow": true}]}'),
       pg_temp.event('long', 13, 'BOOKING_NO_SHOW_UPDATED', 'd', 20000), pg_temp.event('long', 14, 'BOOKING_NO_SHOW_UPDATED', 'd', 20001, '{"attendees": [{"email": "sam@example.com", "noShow": false}]}'),
       pg_temp.event('long', 15, 'BOOKING_NO_SHOW_UPDATED', 'd', 20002), pg_temp.event('long', 16, 'AFTER_GUESTS_CAL_VIDEO_NO_SHOW', 'd', 19000, '{"bookingUid": "long-d"}'),
       pg_temp.event('long', 17, 'AFTER_HOSTS_CAL_VIDEO_NO_SHOW', 'd', 19000, '{"bookingUid": "long-d"}'),
       pg_temp.event('long', 18, 'BOOKING_CONFIRMED', 'a', 4) \g /dev/null
-- A ring of reschedules, which Cal.com never sends, with a tail and a leg told twice.
select pg_temp.event('ring', 1, 'BOOKING_RESCHEDULED', 'b', 0, '{"rescheduleUid": "ring-a"}'),
       pg_temp.event('ring', 2, 'BOOKING_RESCHEDULED', 'c', 1, '{"rescheduleUid": "ring-b"}'),
       pg_temp.event('ring', 3, 'BOOKING_RESCHEDULED', 'a', 2, '{"rescheduleUid": "ring-c"}'),
       pg_temp.event('ring', 4, 'BOOKING_RESCHEDULED', 'd', 3, '{"rescheduleUid": "ring-b"}'),
       pg_temp.event('ring', 5, 'BOOKING_RESCHEDULED', 'e', 4, '{"rescheduleUid": "ring-d"}'),
       pg_temp.event('ring', 6, 'BOOKING_RESCHEDULED', 'e', 5, '{"rescheduleUid": "ring-x"}') \g /dev/null
\set ECHO all

begin;
select l.name, e.* from (select distinct name from life) l, lateral pg_temp.ends(l.name) e order by 1, 2;

-- All permutations, each followed by a repeat of everything in another order.
select l.name, count(*) as orders, count(distinct pg_temp.outcome(l.name, p.path || pg_temp.shuffled(l.n))) as ends
  from (select name, max(n) as n from life group by 1) l, lateral pg_temp.permutations(l.n) p (path)
 where l.n <= 6 group by 1 order by 1;
select l.name, count(*) as orders, count(distinct pg_temp.outcome(l.name, p.path)) as ends
  from (select name, max(n) as n from life group by 1) l, lateral pg_temp.permutations(l.n) p (path)
 where l.n = 7 group by 1 order by 1;

-- Random orders with random repeats, and events that never arrive: any two orders of them agree.
select l.name, count(*) as orders, count(distinct pg_temp.outcome(l.name, p.path)) as ends
  from (select name, max(n) as n from life group by 1) l,
       lateral (select pg_temp.shuffled(l.n) from generate_series(1, case l.name when 'long' then 2000 else 200 end)) p (path)
 where l.n > 6 group by 1 order by 1;
with sample as materialized (
  select l.name, k, array_agg(i order by random()) as one, array_agg(i order by random()) as two
    from (select name, max(n) as n from life group by 1) l, generate_series(1, 300) k, generate_series(1, l.n) i
   where random() < 0.6 group by 1, 2)
select count(*) filter (where pg_temp.outcome(name, one) <> pg_temp.outcome(name, two || one)) as disagreements from sample;
rollback;
