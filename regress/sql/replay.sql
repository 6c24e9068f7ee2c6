-- From the archive back to state: row for row what stood there, history included.
\set ECHO none
set client_min_messages = warning;
create function pg_temp.send(source text, trigger text, leg text, at text, changes jsonb default '{}') returns text language sql as $$
  select r.outcome from cal.simulate_webhook(trigger, source || '-' || leg, changes, at::timestamptz, source) w,
         cal.receive_webhook(w.body, w.headers, source) r $$;
create function pg_temp.state(src text) returns table (relation text, digest text, n bigint) language plpgsql as $$
declare
  t text;
begin
  foreach t in array array['booking', 'attendee', 'booking_change', 'booking_private', 'person', 'host', 'service', 'webhook_delivery'] loop
    return query execute format(
      'select %L, md5(string_agg(x::text, chr(10) order by x::text)), count(*) from calytics.%I x join calytics.source s using (source_id) where s.name = %L', t, t, src);
  end loop;
end $$;
\set ECHO all
select length(cal.rotate_secret('replay', 'whsec_replay')) as secret;
select pg_temp.send('replay', 'BOOKING_REQUESTED', 'a', '2026-01-01 10:00Z'),
       pg_temp.send('replay', 'BOOKING_CREATED', 'a', '2026-01-01 11:00Z'),
       pg_temp.send('replay', 'BOOKING_CREATED', 'a', '2026-01-01 11:00:00.5Z'),
       pg_temp.send('replay', 'BOOKING_RESCHEDULED', 'b', '2026-01-02 10:00Z', '{"rescheduleUid": "replay-a"}'),
       pg_temp.send('replay', 'BOOKING_RESCHEDULED', 'a', '2026-01-01 10:30Z', '{"rescheduleUid": "replay-0"}'),
       pg_temp.send('replay', 'BOOKING_PAID', 'b', '2026-01-02 12:00Z'),
       pg_temp.send('replay', 'BOOKING_NO_SHOW_UPDATED', 'b', '2026-01-09 12:00Z'),
       pg_temp.send('replay', 'OOO_CREATED', 'b', '2026-01-09 12:00Z'),
       pg_temp.send('replay', 'BOOKING_CREATED', 'c', '2026-01-09 12:00Z', '{"uid": null}'),
       pg_temp.send('replay', 'BOOKING_CANCELLED', 'b', '2026-01-01 09:00Z', '{"createdAt": null}');
select uid, root_uid, hops, status, paid from cal.booking where source = 'replay' order by uid;
create temp table before as select * from pg_temp.state('replay');
select r.* from cal.rebuild('replay') r;
select relation, n > 0 as rows, coalesce(b.digest = a.digest, b.n = a.n) as same
  from before b full join pg_temp.state('replay') a using (relation, n) order by 1;

-- Lost state comes back; a second source's is not touched.
delete from calytics.booking b using calytics.source s where s.source_id = b.source_id and s.name = 'replay' and b.uid = 'replay-b';
update calytics.booking b set status = 'accepted', cancelled_at = null from calytics.source s where s.source_id = b.source_id and s.name = 'replay';
select deliveries, bookings from cal.rebuild('replay');
select count(*) as relations_that_differ from (select * from before except select * from pg_temp.state('replay')) x;

-- Every replay of what has been applied changes nothing.
select r.outcome, count(*) from calytics.webhook_delivery d join calytics.source s using (source_id),
       lateral cal.replay(d.delivery_id, 'replay') r where s.name = 'replay' group by 1 order by 1;
select count(*) as relations_that_differ
  from (select relation, digest, n from before where relation <> 'webhook_delivery' except select * from pg_temp.state('replay')) x;

-- A delivery that could not be applied waits in the archive; replayed, it takes its place in the history.
create temp table blocked as select pg_temp.send('replay', 'BOOKING_CREATED', 'late', '2026-02-01 10:00Z') as outcome;
update calytics.webhook_delivery d set outcome = 'quarantined', detail = 'as if it had not been understood'
  from calytics.source s where s.source_id = d.source_id and s.name = 'replay' and d.uid = 'replay-late';
delete from calytics.booking where uid = 'replay-late';
delete from calytics.attendee where uid = 'replay-late';
delete from calytics.booking_private where uid = 'replay-late';
delete from calytics.booking_change where uid = 'replay-late';
select r.outcome, r.detail, r.delivery_id = d.delivery_id as same_delivery
  from cal.delivery d, lateral cal.replay(d.delivery_id, 'replay') r where d.source = 'replay' and d.uid = 'replay-late';
select outcome, detail, replayed_at is not null as replayed from cal.delivery where source = 'replay' and uid = 'replay-late';
create temp table replayed as select * from pg_temp.state('replay');
select deliveries, bookings from cal.rebuild('replay');
select count(*) as relations_that_differ from (select * from replayed except select * from pg_temp.state('replay')) x;

select * from cal.replay(-1, 'replay');
select * from cal.rebuild('replay-nowhere');
