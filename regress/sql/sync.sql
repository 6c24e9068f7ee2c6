-- What Cal.com's API tells of bookings: taken page by page, joined with what webhooks tell in any order, and what is
-- wrong with an answer is said and tried again.
\set ECHO none
set client_min_messages = warning;
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file
-- A booking as the API tells it; changes are laid over it.
create function pg_temp.item(uid text, updated text, changes jsonb default '{}') returns jsonb language sql as $$
  select '{"id": 501, "title": "Consultation", "status": "accepted", "absentHost": false, "location": "Studio",
           "start": "2026-12-01T10:00:00.000Z", "end": "2026-12-01T11:00:00.000Z", "createdAt": "2026-11-01T09:00:00.000Z",
           "hosts": [{"id": 41, "name": "Zoe Ink", "email": "zoe@example.com", "username": "zoe", "timeZone": "Europe/Madrid"}],
           "eventType": {"id": 7301, "slug": "consultation"}, "metadata": {"utm_source": "flyer"},
           "attendees": [{"name": "Sam", "email": "sam@example.com", "timeZone": "Europe/Madrid", "language": "en", "absent": false}],
           "bookingFieldsResponses": {"email": "sam@example.com", "name": "Sam", "style": "dots"}}'::jsonb
         || jsonb_build_object('uid', uid, 'updatedAt', updated) || changes $$;
create function pg_temp.page(items jsonb[], more boolean default false) returns bytea language sql as $$
  select convert_to(jsonb_build_object('status', 'success', 'data', to_jsonb(items),
                                       'pagination', jsonb_build_object('hasNextPage', more))::text, 'UTF8') $$;
-- Answers what is asked for, which it gives, and what is asked for next.
create temp table asked (n int generated always as identity, name text, url text, headers jsonb);
create function pg_temp.ask(status text default '', content bytea default '', problem text default '', headers jsonb default '{}')
  returns text language plpgsql as $$
declare
  was text := (select a.name from asked a order by n desc limit 1);
  next record;
begin
  select * into next from cal.sync_step(coalesce(was, ''), '', problem, headers || jsonb_build_object('status', status), content);
  insert into asked (name, url, headers)
    values (next.headers ->> 'fetch', next.headers ->> 'url', next.headers - array['fetch', 'url']);
  return case next.status when 200 then replace(next.headers ->> 'url', 'https://api.cal.com/v2', '')
              else 'in ' || round((next.headers ->> 'wait')::numeric / 60000) || ' min' end;
end $$;
-- Lets time pass until Cal.com is asked again.
create function pg_temp.later() returns text language sql as $$
  update calytics.sync set next_at = clock_timestamp();
  select pg_temp.ask() $$;
create temp table kept (what text, legs text);
create function pg_temp.keep(what text) returns void language sql as $$
  insert into kept
    select keep.what, string_agg(b::text, chr(10) order by b.uid)
      from calytics.booking b where b.source_id = (select s.source_id from calytics.source s where s.name = 'sync') $$;
\set ECHO all
select length(cal.rotate_secret('sync', 'whsec_sync')) as secret;
select cal.set_sync('short', source => 'sync');
select cal.set_sync(source => 'sync', username => 'zoe');
select cal.set_sync('cal_key_12345', 'http://api.cal.com', source => 'sync');
select cal.set_sync('cal_key_12345', source => 'sync', every => '5 seconds');
select cal.set_sync('cal_key_12345', source => 'sync', username => 'zoe ink');
select cal.set_sync('cal_key_12345', source => 'nobody');
select cal.set_sync('cal_key_12345', 'https://api.cal.com/', 'zoe', source => 'sync');
select source, api_url, username, every, state, bookings, synced_to from cal.sync;

-- Event types first, which tell prices; then bookings, each page from where the one before ended.
select pg_temp.ask();
select headers - 'authorization' as headers, headers ->> 'authorization' as key from asked order by n desc limit 1;
select pg_temp.ask('200', convert_to('{"data": [{"id": 7301, "title": "Consultation", "price": 5000, "currency": "eur"}]}', 'UTF8'));
select pg_temp.ask('200', pg_temp.page(array[
  pg_temp.item('sync-a', '2026-11-02T09:00:00.000Z'),
  pg_temp.item('sync-b', '2026-11-03T09:00:00.000Z',
    '{"status": "cancelled", "cancelledByEmail": "SAM@example.com", "cancellationReason": "ill", "id": 502}'),
  pg_temp.item('sync-c', '2026-11-03T10:00:00.000Z', '{"status": "cancelled", "rescheduledToUid": "sync-d", "id": 503}')], true));
select pg_temp.later();
select pg_temp.ask('200', pg_temp.page(array[
  pg_temp.item('sync-c', '2026-11-03T10:00:00.000Z', '{"status": "cancelled", "rescheduledToUid": "sync-d", "id": 503}'),
  pg_temp.item('sync-d', '2026-11-03T10:00:00.001Z', '{"rescheduledFromUid": "sync-c", "id": 504, "start": "2026-12-02T10:00:00Z",
    "end": "2026-12-02T11:30:00Z", "absentHost": true, "attendees": [{"email": "kim@example.com", "name": "Kim", "absent": true}], "bookingFieldsResponses": {}}'),
  '{"uid": null}', '[]', pg_temp.item('sync-e', 'soon', '{"status": "rejected", "id": 505, "recurringBookingUid": "weekly"}')], false));
select state, problem, bookings, applied, synced_to from cal.sync;
select uid, root_uid, hops, status, starts_at, price, currency, service, host, cancelled_at, cancelled_by, no_show, host_no_show, series
  from cal.booking where source = 'sync' order by uid;
select title, location, answers, metadata, reason from cal.booking_private where source = 'sync' and uid in ('sync-a', 'sync-b') order by uid;
select p.name, p.email from cal.person p where p.source = 'sync' order by 1;
select trigger, outcome, count(*) from cal.delivery where source = 'sync' group by 1, 2 order by 1, 2;

-- Next time from a little before the last change; what was told before isn't taken twice.
select pg_temp.later();
select pg_temp.ask('404');
select pg_temp.ask('200', pg_temp.page(array[pg_temp.item('sync-a', '2026-11-02T09:00:00.000Z')]));
select state, bookings, applied from cal.sync;

-- Many changed in the same instant: they are counted off.
select pg_temp.later(), pg_temp.ask('200', '{}') as bookings;
select pg_temp.ask('200', pg_temp.page(array(select pg_temp.item('sync-a', '2026-11-03T09:55:00.002Z') from generate_series(1, 3)), true)), pg_temp.later();
select pg_temp.ask('200', pg_temp.page(array(select pg_temp.item('sync-a', '2026-11-03T09:55:00.002Z') from generate_series(1, 3)), true)), pg_temp.later();
select pg_temp.ask('200', pg_temp.page('{}'));

-- What is wrong is said, and tried again: at once, later, or when it may be.
select pg_temp.later(), pg_temp.ask('200', '{}') as bookings;
select pg_temp.ask('', '', 'Host not found: api.cal.com'), (select problem from cal.sync);
select pg_temp.later(), pg_temp.ask('502'), (select problem from cal.sync);
select pg_temp.later(), pg_temp.ask('429', '', '', '{"retry-after": "120"}'), (select problem from cal.sync);
select pg_temp.later(), pg_temp.ask('200', '{"data": [{"uid'), (select problem from cal.sync);
select pg_temp.later(), pg_temp.ask('200', '{"data": {}}'), (select problem from cal.sync);
select pg_temp.later(), pg_temp.ask('200', '\xff'), (select problem from cal.sync);
select pg_temp.later(), pg_temp.ask('401'), (select problem from cal.sync);
select failures > 6 as failures, state from cal.sync;
-- An answer that comes too late is of no use.
update asked set name = split_part(name, '.', 1) || '.1' where n = (select max(n) from asked);
select pg_temp.ask('200', pg_temp.page(array[pg_temp.item('sync-late', '2026-11-04T09:00:00.000Z')]));
select count(*) from cal.booking where uid = 'sync-late';
select cal.sync_now('sync'), cal.sync_now();
select cal.sync_now('nobody');
select pg_temp.later(), pg_temp.ask('200', pg_temp.page(array[pg_temp.item('sync-f', '2026-11-04T09:00:00.000Z')]));
select failures, state, problem from cal.sync;

-- Webhooks know better when and how much, whatever comes first; all orders end in the same state.
create temp table told as
  select w.body, w.headers
    from (values ('BOOKING_CREATED', 'sync-g', '2026-11-01T09:00:00Z', '{"price": 4000}'),
                 ('BOOKING_CANCELLED', 'sync-g', '2026-11-20T09:00:00Z', '{}'),
                 ('BOOKING_CREATED', 'sync-h', '2026-11-01T09:00:00Z', '{}'),
                 ('BOOKING_RESCHEDULED', 'sync-i', '2026-11-05T09:00:00Z', '{"rescheduleUid": "sync-h"}')) t (trigger, uid, at, changes),
         cal.simulate_webhook(t.trigger, t.uid, t.changes::jsonb, t.at::timestamptz, 'sync') w
  union all
  select b.body, jsonb_build_object('x-cal-signature-256', calytics.sign_webhook(b.body, 'whsec_sync'))
    from (values (pg_temp.item('sync-g', '2026-11-21T09:00:00Z', '{"status": "cancelled", "cancelledByEmail": "zoe@example.com"}')),
                 (pg_temp.item('sync-g', '2026-11-02T09:00:00Z')),
                 (pg_temp.item('sync-h', '2026-11-05T09:00:01Z', '{"status": "cancelled", "rescheduledToUid": "sync-i"}')),
                 (pg_temp.item('sync-i', '2026-11-05T09:00:01Z', '{"rescheduledFromUid": "sync-h"}'))) i (item),
         lateral calytics.synced_body(i.item::json, '[{"id": 7301, "price": 6000, "currency": "usd", "title": "Now"}]') b (body);
do $$
begin
  for i in 1 .. 40 loop
    begin
      perform cal.receive_webhook(t.body, t.headers, 'sync') from (select * from told order by random()) t;
      perform pg_temp.keep('shuffled');
      -- Undone, and kept beyond that.
      raise exception using errcode = 'P0099', message = (select k.legs from kept k where k.what = 'shuffled');
    exception when sqlstate 'P0099' then
      insert into kept values ('order ' || i, sqlerrm);
    end;
  end loop;
end $$;
select count(*), count(distinct legs) from kept;
select count((cal.receive_webhook(t.body, t.headers, 'sync')).outcome) as received from told t;
select uid, root_uid, status, price, currency, created_at, accepted_at, cancelled_at, cancelled_by from cal.booking
 where source = 'sync' and uid >= 'sync-g' order by uid;

-- The archive brings it all back.
select pg_temp.keep('before') is null as kept;
select r.* from cal.rebuild('sync') r;
select pg_temp.keep('after') is null as kept;
select count(distinct legs) as states from kept where what in ('before', 'after');
select count(*) as wrong from cal.verify_metrics('sync');

-- A person is erased from it as from all else.
select cal.erase_person('sam@example.com', 'sync') is not null as erased;
select count(*) as left_over from calytics.webhook_delivery d join calytics.source s using (source_id)
 where s.name = 'sync' and (position('sam@example' in lower(convert_from(d.body, 'UTF8'))) > 0 or position('dots' in convert_from(d.body, 'UTF8')) > 0);
select cal.remove_sync('sync'), cal.remove_sync('sync');
select pg_temp.ask();
-- What PostgreSQL can't read of JSON is mended, and nothing else.
select calytics.readable_json(convert_to(t, 'UTF8')) as mended, calytics.readable_json(convert_to(t, 'UTF8')) #>> '{a}' as text
  from unnest(array['{"a": "\u0000"}', '{"a": "\\u0000"}', '{"a": "\\\u0000\u0000"}', '{"a": "\ud83d\ude00 \ud83d x \ude00"}', '{"a": "\ud83d\ud83d\ude00\ude00"}',
                    '{"a": "\u00e9"}', '{"a": "\\\\ud83d"}']) t;
-- A booking's metadata tell which session made it, and when, here as in a webhook.
select outcome from cal.receive_webhook(
  calytics.synced_body(pg_temp.item('sync-s', '2026-11-20T09:00:00Z', '{"metadata": {"calyticsSession": "session-of-sync"}}')::json, '[]'),
  jsonb_build_object('x-cal-signature-256', calytics.sign_webhook(
    calytics.synced_body(pg_temp.item('sync-s', '2026-11-20T09:00:00Z', '{"metadata": {"calyticsSession": "session-of-sync"}}')::json, '[]'), 'whsec_sync')), 'sync');
select uid, session_id, booked_at = '2026-11-01 09:00Z' as when_it_was_made from calytics.booking_session where session_id = 'session-of-sync';
