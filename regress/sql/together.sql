-- Webhooks that one transaction applies: tables stay open between them, and what breaks one of them costs the others nothing.
\set ECHO none
set client_min_messages = warning;
create function pg_temp.send(trigger text, leg text, at text) returns text language sql as $$
  select r.outcome from cal.simulate_webhook(trigger, 'together-' || leg, '{}', at::timestamptz, 'together') w,
         cal.receive_webhook(w.body, w.headers, 'together') r $$;
create function pg_temp.note() returns trigger language plpgsql as $$
begin
  insert into noted values (new.uid);
  return new;
end $$;
create temp table noted (uid text);
\set ECHO all
select length(cal.rotate_secret('together', 'whsec_together')) as secret;
alter table calytics.booking_change add constraint together check (uid <> 'together-b' or status <> 'cancelled') not valid;

begin;
select pg_temp.send('BOOKING_CREATED', 'a', '2026-01-01 10:00Z') as a, pg_temp.send('BOOKING_CREATED', 'b', '2026-01-01 10:00Z') as b;
select pg_temp.send('BOOKING_CANCELLED', 'b', '2026-01-02 10:00Z') as b, pg_temp.send('BOOKING_CANCELLED', 'a', '2026-01-02 10:00Z') as a;
savepoint early;
select pg_temp.send('BOOKING_CREATED', 'c', '2026-01-01 10:00Z') as c;
select pg_temp.send('BOOKING_CREATED', 'd', '2026-01-01 10:00Z') as d, 1 / 0 as broken;
rollback to early;
select pg_temp.send('BOOKING_CREATED', 'd', '2026-01-01 10:00Z') as d, pg_temp.send('BOOKING_PAID', 'b', '2026-01-03 10:00Z') as b;
commit;
select b.uid, b.status, b.paid, (select count(*) from cal.booking_change c where c.source = b.source and c.uid = b.uid) as changes
  from cal.booking b where b.source = 'together' order by b.uid;

alter table calytics.booking_change drop constraint together;
select r.outcome from cal.delivery d, lateral cal.replay(d.delivery_id, 'together') r where d.source = 'together' and d.outcome = 'quarantined';
create temp table before as select b.* from cal.booking b where b.source = 'together';
select deliveries, bookings from cal.rebuild('together');
select count(*) as differ from (select * from before except select * from cal.booking) x;

-- A trigger made meanwhile sees what comes after.
begin;
select pg_temp.send('BOOKING_CREATED', 'e', '2026-01-04 10:00Z') as e;
create trigger note after insert or update on calytics.booking for each row execute function pg_temp.note();
select pg_temp.send('BOOKING_CREATED', 'f', '2026-01-04 10:00Z') as f, pg_temp.send('BOOKING_CANCELLED', 'e', '2026-01-05 10:00Z') as e,
       pg_temp.send('BOOKING_CANCELLED', 'f', '2026-01-05 10:00Z') as f;
commit;
drop trigger note on calytics.booking;
select uid, count(*) from noted group by 1 order by 1;

-- What is in use can't be emptied.
begin;
select pg_temp.send('BOOKING_CREATED', 'g', '2026-01-06 10:00Z') as g;
truncate calytics.booking_private;
rollback;
select count(*) from cal.booking where source = 'together' and uid = 'together-g';

-- A chain is marked once a transaction, and again where the mark was undone or folded.
begin;
select pg_temp.send('BOOKING_CREATED', 'h', '2026-01-06 10:00Z') as h, pg_temp.send('BOOKING_CREATED', 'i', '2026-01-06 10:00Z') as i,
       pg_temp.send('BOOKING_CANCELLED', 'h', '2026-01-07 10:00Z') as again;
select root_uid, count(*) from calytics.chain_mark where marked_at = now() group by 1 order by 1;
savepoint early;
select pg_temp.send('BOOKING_CREATED', 'j', '2026-01-06 10:00Z') as j;
rollback to early;
select pg_temp.send('BOOKING_CREATED', 'j', '2026-01-06 10:00Z') as j;
select root_uid, count(*) from calytics.chain_mark where marked_at = now() group by 1 order by 1;
select cal.fold() is not null as folded;
select root_uid, count(*) from calytics.chain_mark where marked_at = now() group by 1 order by 1;
select pg_temp.send('BOOKING_CANCELLED', 'j', '2026-01-07 10:00Z') as j;
select root_uid, count(*) from calytics.chain_mark where marked_at = now() group by 1 order by 1;
commit;
select count(*) as differences from cal.verify_metrics('together');
begin;
select pg_temp.send('BOOKING_CANCELLED', 'i', '2026-01-07 10:00Z') as i;
select root_uid, count(*) from calytics.chain_mark where marked_at = now() group by 1 order by 1;
commit;
select count(*) as differences from cal.verify_metrics('together');
