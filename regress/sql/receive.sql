-- A webhook's way in: who is let in, what is kept, what is said.
\set ECHO none
set client_min_messages = warning;
create extension if not exists pgcrypto;
-- Signs with pgcrypto and receives; the delivery's number differs from run to run and is left out.
create function pg_temp.send(body text, source text, secret text, header text default 'x-cal-signature-256')
  returns table (outcome text, kept boolean, detail text) language sql as $$
  select r.outcome, r.delivery_id is not null, r.detail
    from cal.receive_webhook(convert_to(body, 'UTF8'),
           jsonb_build_object(header, encode(hmac(convert_to(body, 'UTF8'), convert_to(secret, 'UTF8'), 'sha256'), 'hex')),
           source) r $$;
create function pg_temp.event(trigger text, at text, payload text) returns text language sql as $$
  select '{"triggerEvent":"' || trigger || '","createdAt":"' || at || '","payload":' || payload || '}' $$;
create function pg_temp.kept() returns bigint language sql as $$
  select count(*) from calytics.webhook_delivery d join calytics.source s using (source_id) where s.name like 'receive%' $$;
\set ECHO all

-- No source, no secret: nobody is let in.
select * from pg_temp.send('{}', 'receive-nowhere', 'whsec_one');
select * from cal.receive_webhook('{}', '{"x-cal-signature-256": "no-secret-provided"}', 'receive-nowhere');
select cal.rotate_secret('receive', 'whsec_one');
select * from pg_temp.send('{}', 'receive', 'whsec_two');
select * from cal.receive_webhook('{}', null, 'receive');
select * from cal.receive_webhook(null, '{}', 'receive');
select pg_temp.kept();

-- Both header names, in any case.
select * from pg_temp.send(pg_temp.event('PING', '2026-01-01T00:00:00Z', '{}'), 'receive', 'whsec_one');
select * from pg_temp.send(pg_temp.event('PING', '2026-01-01T00:00:01Z', '{}'), 'receive', 'whsec_one', 'cal-webhook-signature');
select * from pg_temp.send(pg_temp.event('PING', '2026-01-01T00:00:02Z', '{}'), 'receive', 'whsec_one', 'X-Cal-Signature-256');

-- What is authentic is kept, understood or not.
select b.what, r.*
  from (values
    (1, 'booking', pg_temp.event('BOOKING_CREATED', '2026-01-01T10:00:00Z', '{"uid":"receive-1","startTime":"2026-01-05T10:00:00Z","endTime":"2026-01-05T11:00:00Z","status":"ACCEPTED"}')),
    (2, 'the same bytes', pg_temp.event('BOOKING_CREATED', '2026-01-01T10:00:00Z', '{"uid":"receive-1","startTime":"2026-01-05T10:00:00Z","endTime":"2026-01-05T11:00:00Z","status":"ACCEPTED"}')),
    (3, 'the same event', pg_temp.event('BOOKING_CREATED', '2026-01-01T10:00:00.020Z', '{"uid":"receive-1","startTime":"2026-01-05T10:00:00.000Z","endTime":"2026-01-05T12:00:00+01:00","status":"ACCEPTED"}')),
    (4, 'not about a booking', pg_temp.event('OOO_CREATED', '2026-01-01T10:00:00Z', '{}')),
    (5, 'unknown trigger', pg_temp.event('BOOKING_TELEPORTED', '2026-01-01T10:00:00Z', '{"uid":"receive-1"}')),
    (6, 'no uid', pg_temp.event('BOOKING_CREATED', '2026-01-01T10:00:00Z', '{}')),
    (7, 'template', 'false'), (8, 'form', 'event=BOOKING_CREATED&uid=receive-1'), (9, 'broken', '{"triggerEvent":'),
    (10, 'nothing', '')
  ) as b (n, what, body), lateral pg_temp.send(b.body, 'receive', 'whsec_one') r order by b.n;
select uid, status, starts_at at time zone 'UTC' as starts_at from cal.booking where source = 'receive';
select outcome, count(*), sum(repeats) as repeats from cal.delivery where source = 'receive' group by 1 order by 1;
select count(*) as bodies_that_differ from calytics.webhook_delivery d join calytics.source s using (source_id)
 where s.name = 'receive' and d.digest <> sha256(d.body);

-- What the database can't take, such as a name too long for an index, costs neither the webhook nor what came before.
select outcome, kept, detail
  from pg_temp.send(pg_temp.event('BOOKING_CREATED', '2026-01-01T11:00:00Z', jsonb_build_object(
         'uid', 'receive-2', 'startTime', '2026-01-05T10:00:00Z', 'eventTypeId', 7, 'type', 'long',
         'eventTitle', (select string_agg(md5(n::text), '') from generate_series(1, 300) n))::text), 'receive', 'whsec_one');
select count(*) as left_behind from cal.booking where source = 'receive' and uid = 'receive-2';

-- Another source with the same bytes is another delivery.
select cal.rotate_secret('receive-b', 'whsec_one');
select * from pg_temp.send(pg_temp.event('PING', '2026-01-01T00:00:00Z', '{}'), 'receive-b', 'whsec_one');

-- Rotation: both secrets hold for a while, then the new one alone.
select cal.rotate_secret('receive', 'whsec_two', '1 hour');
select outcome from pg_temp.send(pg_temp.event('PING', '2026-01-02T00:00:00Z', '{}'), 'receive', 'whsec_one');
select outcome from pg_temp.send(pg_temp.event('PING', '2026-01-02T00:00:01Z', '{}'), 'receive', 'whsec_two');
select cal.rotate_secret('receive', 'whsec_three', '0');
select outcome from pg_temp.send(pg_temp.event('PING', '2026-01-02T00:00:02Z', '{}'), 'receive', 'whsec_two');
select outcome from pg_temp.send(pg_temp.event('PING', '2026-01-02T00:00:03Z', '{}'), 'receive', 'whsec_three');
select length(cal.rotate_secret('receive')) as made_at_random;
select cal.rotate_secret('receive', 'short');
select cal.rotate_secret('No Such Name!', 'whsec_one');
\set SHOW_CONTEXT never
select cal.set_source('receive', 'Mars/Olympus');
\set SHOW_CONTEXT errors
select cal.set_source('receive', 'Europe/Madrid', 'eur', 1);
select time_zone, currency, week_start from cal.source where source = 'receive';

-- Too large is refused, and counted where there is memory for it.
select outcome, delivery_id, detail
  from cal.receive_webhook(convert_to(repeat('x', 1048577), 'UTF8'), '{}', 'receive');
select (cal.health() ->> 'preloaded')::boolean = (cal.health() -> 'refused' is distinct from 'null') as counted_where_possible,
       (cal.health() ->> 'preloaded')::boolean = (count(*) filter (where o ->> 'feature' ~ 'refused') = 0) as says_if_it_is_not,
       ((cal.health() ->> 'preloaded')::boolean and current_setting('calytics.fold_worker')::boolean)
         = (count(*) filter (where o ->> 'feature' ~ 'folding') = 0) as says_if_nobody_folds
  from jsonb_array_elements(cal.health() -> 'off') o;
select jsonb_object_keys(cal.health() -> 'metrics') as metrics order by 1;
select s ->> 'last_outcome' as last_outcome, s -> 'quarantined' as quarantined
  from jsonb_array_elements(cal.health() -> 'sources') s where s ->> 'source' = 'receive';
