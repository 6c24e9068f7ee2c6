-- How tracked events are stored: rows put straight into the month's partition are the rows that INSERT statements
-- would put there, and where somebody gave the table what only a statement sees to, it is a statement that puts
-- them there. What a session remembers of a source is never out of date.
select length(cal.rotate_secret('store', 'whsec_store')) as secret;
create function pg_temp.batch() returns jsonb language sql as $$
  select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'sessionId', 'st' || i / 7, 'eventType', (array['PAGE_VIEW', 'SERVICE_VIEW', 'BOOKING_COMPLETE'])[1 + i % 3],
           'eventId', case when i % 4 <> 0 then 'id' || i % 200 end, 'serviceId', case when i % 3 = 0 then 'piece' end,
           'calEventTypeId', case when i % 5 = 0 then i end, 'bookingId', case when i % 6 = 0 then i end,
           'bookingUid', case when i % 3 = 2 then 'uid' || i end, 'duration', case when i % 2 = 0 then i * 10 end,
           'timestamp', '2026-0' || 1 + i % 9 || '-03T10:00:00Z', 'experiment', case when i % 8 = 0 then 'hero' end,
           'variant', case when i % 8 = 0 then 'b' end, 'url', 'https://studio.example/' || i || '?utm_source=ad&mail=ana@example.com',
           'referrer', case when i % 9 = 0 then 'https://www.example.org/' || repeat('way/', i) end,
           'userId', case when i % 11 = 0 then 'u' || i end,
           'properties', case when i % 2 = 0 then jsonb_build_object('n', i, 'note', repeat('é', i), 'list', array[i, i + 1]) end)))
    from generate_series(1, 250) i $$;
create function pg_temp.sent() returns jsonb language sql as $$
  select cal.track(pg_temp.batch(), '{"ipAddress": "203.0.113.9", "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}', 'store') $$;
create function pg_temp.stored() returns table (session_id text, event_id text, event jsonb) language sql as $$
  select e.session_id, e.event_id, to_jsonb(e) - 'received_at' - 'segment'
    from calytics.event e join calytics.source s using (source_id) where s.name = 'store' $$;
create function pg_temp.empty() returns void language sql as $$
  delete from calytics.event e using calytics.source s where s.source_id = e.source_id and s.name = 'store';
  delete from calytics.event_key k using calytics.source s where s.source_id = k.source_id and s.name = 'store' $$;

begin;
select pg_temp.sent() as first;
create temp table direct as select * from pg_temp.stored();
select pg_temp.sent() as again;
select count(*) as events, count(event_id) as with_id from direct;
select pg_temp.empty() \g /dev/null

-- Properties are what jsonb takes them for.
create temp table property (n int generated always as identity, json text);
insert into property (json) values
  ('{"a":1,"b":-0,"c":1.50,"d":1e3,"e":123456789012345678901,"f":[],"g":{},"z":false}'), ('{"h":[1,[2,{"i":null}],true,"x"],"":"","bb":"é","c":{"d":{"e":[[]]}}}'),
  ('{"k\"q":"line\n\u00e9\\","l":9223372036854775807,"m":-9223372036854775808,"n":9223372036854775808}'), ('{"a":1,"b":2,"a":{"c":3},"b":"x"}');
select cal.track((select '[' || string_agg(format('{"sessionId":"p%s","eventType":"PAGE_VIEW","properties":%s}', p.n, p.json), ',') || ']' from property p),
                 source => 'store') -> 'accepted' as accepted;
select p.n, e.event -> 'properties' = p.json::jsonb as same, (e.event -> 'properties')::text = p.json::jsonb::text as written_alike
  from property p left join pg_temp.stored() e on e.session_id = 'p' || p.n order by 1;
select pg_temp.empty() \g /dev/null

-- A trigger of somebody's sees every event, and the rows are the same.
create temp table seen (id text);
grant all on seen to public;
create function pg_temp.see() returns trigger language plpgsql as $$
begin
  insert into pg_temp.seen values (new.event_id);
  return new;
end $$;
create trigger see before insert on calytics.event for each row execute function pg_temp.see();
select pg_temp.sent() as by_statement;
select count(*) as seen from seen;
select count(*) as differences from
  ((table direct except all select * from pg_temp.stored()) union all (select * from pg_temp.stored() except all table direct)) d;
drop trigger see on calytics.event;
select pg_temp.empty() \g /dev/null
-- So does one on the ids.
create trigger see before insert on calytics.event_key for each row execute function pg_temp.see();
select pg_temp.sent() ->> 'accepted' as accepted, count(*) as seen from seen;
drop trigger see on calytics.event_key;
select pg_temp.empty() \g /dev/null
-- What is refused there is an error like any other, and leaves nothing behind.
savepoint as_it_was;
alter table calytics.event_key add constraint none check (source_id < 0) not valid;
do $$ begin
  perform pg_temp.sent();
exception when check_violation then
  raise notice 'no ids';
end $$;
select count(*) as stored from pg_temp.stored();
rollback to as_it_was;

-- A column of somebody's gets its default; a check holds; every index knows every row.
savepoint as_it_was;
alter table calytics.event add column marked int default 7;
select pg_temp.sent() ->> 'accepted' as accepted;
select count(*) as marked from calytics.event e join calytics.source s using (source_id) where s.name = 'store' and e.marked = 7;
rollback to as_it_was;
alter table calytics.event add constraint brief check (session_id <> 'st3');
do $$ begin
  perform pg_temp.sent();
exception when check_violation then
  raise notice 'not taken';
end $$;
rollback to as_it_was;
select pg_temp.sent() \g /dev/null
set local enable_seqscan = off;
select count(*) as by_session from calytics.event e join calytics.source s using (source_id)
 where s.name = 'store' and e.session_id in (select 'st' || i from generate_series(0, 40) i);
select count(*) as of_today, count(e.segment) filter (where e.segment > 0) as in_segments
  from calytics.event e join calytics.source s using (source_id) where s.name = 'store' and e.received_at >= now();
rollback;

-- A month that isn't there is made; where nothing may be written nothing is.
begin;
set local client_min_messages = warning;
do $$ begin
  execute 'drop table if exists calytics.' || calytics.event_partition(date_trunc('month', now() at time zone 'UTC'));
end $$;
select cal.track('{"sessionId": "new", "eventType": "PAGE_VIEW"}', source => 'store') ->> 'accepted' as accepted;
select count(*) as stored from calytics.event where session_id = 'new';
rollback;
begin read only;
select cal.track('{"sessionId": "none", "eventType": "PAGE_VIEW"}', source => 'store');
rollback;
begin isolation level repeatable read;
select cal.track('{"sessionId": "none", "eventType": "PAGE_VIEW"}', source => 'store');
rollback;
begin isolation level repeatable read;
set local calytics.collect_metrics = off;
select cal.track('{"sessionId": "uncounted", "eventType": "PAGE_VIEW"}', source => 'store') ->> 'accepted' as accepted;
select segment from calytics.event where session_id = 'uncounted';
rollback;

-- What a source's events are judged by holds from the next batch on, and no longer than its transaction.
create function pg_temp.address(context jsonb default '{"ipAddress": "203.0.113.9"}') returns text language plpgsql as $$
declare
  id text := gen_random_uuid();
begin
  perform cal.track(jsonb_build_object('sessionId', id, 'eventType', 'PAGE_VIEW'), context, 'store');
  return (select e.ip_address from calytics.event e where e.session_id = id);
end $$;
select pg_temp.address() as cut;
begin;
select cal.set_tracking('store', anonymize_ips => false) \g /dev/null
select pg_temp.address() as whole;
savepoint inner_one;
select cal.set_tracking('store', strict => true) \g /dev/null
select pg_temp.address() as strict;
rollback to inner_one;
select pg_temp.address() as whole;
rollback;
select pg_temp.address() as cut;
begin;
update calytics.source set name = 'renamed' where name = 'store';
select cal.track('{"sessionId": "r", "eventType": "PAGE_VIEW"}', source => 'renamed') ->> 'accepted' as accepted;
select cal.track('{"sessionId": "r", "eventType": "PAGE_VIEW"}', source => 'store');
rollback;

-- A salt that is destroyed is destroyed for sessions too that have used it.
begin;
create function pg_temp.visitor() returns uuid language plpgsql as $$
begin
  perform pg_temp.address();
  return (select e.visitor from calytics.event e join calytics.source s using (source_id)
           where s.name = 'store' and e.visitor is not null order by e.received_at desc limit 1);
end $$;
select pg_temp.visitor() as before \gset
select pg_temp.visitor() = :'before' as same_day;
delete from calytics.visitor_salt v using calytics.source s where s.source_id = v.source_id and s.name = 'store';
select pg_temp.visitor() = :'before' as still_known;
rollback;

-- The index of times knows pages soon after they are filled, and nobody is waited for.
begin;
select pg_temp.sent() ->> 'accepted' as accepted;
do $$ begin
  execute format('lock table calytics.%I in share update exclusive mode', calytics.event_partition(now() at time zone 'UTC'));
end $$;
select calytics.summarize_events() >= 0 as summarized;
select sum(brin_summarize_new_values(i.indexrelid)) as ranges_left
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
 where i.indrelid = ('calytics.' || calytics.event_partition(now() at time zone 'UTC'))::regclass and a.amname = 'brin';
rollback;
