-- What is behind the numbers of how the installation is: as many webhooks, alerts, changes and secrets as the number counts, told to
-- admins of all sources alone; and each reason that a webhook isn't understood for has a code.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set lives_file :regress /lives.psql
\i :lives_file
\set pages_file :regress /pages.psql
\i :pages_file
\pset format unaligned
\pset tuples_only on
set timezone = 'UTC';
select cal.rotate_secret('known', 'whsec_of_the_known') \g /dev/null
select from (select cal.add_token('known admin', 'admin', 'cal_known_admin_token_1'), cal.add_token('known reader', 'reader', 'cal_known_reader_token'),
                    cal.add_token('known one', 'admin', 'cal_known_one_token_123', sources => array['known'])) t;
create function pg_temp.send(body text) returns text language sql as $$
  select r.detail from cal.receive_webhook(convert_to(body, 'UTF8'),
    jsonb_build_object('x-cal-signature-256', encode(hmac(convert_to(body, 'UTF8'), 'whsec_of_the_known', 'sha256'), 'hex')), 'known') r $$;
create function pg_temp.ask(procedure text, input jsonb default '{}', token text default 'cal_known_admin_token_1') returns jsonb language sql as $$
  select convert_from(h.body, 'UTF8')::jsonb
    from cal.http('GET', '/api/trpc/calAnalytics.' || procedure,
                  'input=' || pg_temp.escaped(input::text), jsonb_build_object('authorization', 'Bearer ' || token), '') h $$;
do $$ begin for i in 1..40 loop perform pg_temp.live('known'); end loop; end $$;
\set ECHO all
-- Every reason has a code, with what stands in it.
create temp table wrong (n int generated always as identity, body text);
insert into wrong (body) values
  (''), ('a=b&c=d'), ('{"title": "x"}'), ('{"triggerEvent": "oh"}'), ('{"triggerEvent": "BOOKING_CREATED", "payload": "text"}'),
  ('{"triggerEvent": "BOOKING_CREATED", "payload": {"uid": "' || repeat('u', 256) || '"}}'),
  ('{"triggerEvent": "BOOKING_CANCELLED", "payload": {}}'), ('{"triggerEvent": "BOOKING'), ('{"triggerEvent": "A' || chr(10) || '"}'), ('{"a":}'),
  ('{"triggerEvent": "PING"}'), ('{"triggerEvent": "FORM_SUBMITTED", "payload": {}}'), ('{"triggerEvent": "A_NEW_THING", "payload": {}}');
select w.n, pg_temp.send(w.body) as detail from wrong w order by w.n \g /dev/null
select d.outcome, calytics.delivery_reason(d.detail) ->> 'code' as code, calytics.delivery_reason(d.detail) -> 'facts' as facts
  from cal.delivery d where d.source = 'known' and d.detail is not null order by d.delivery_id;
select calytics.delivery_reason('it could not be applied (SQLSTATE 23514): kept; replay it once the cause is gone'),
       calytics.delivery_reason('out of memory'), calytics.delivery_reason('invalid JSON'), calytics.delivery_reason('the body is too long to be read'),
       calytics.delivery_reason('a dragon') is null as other;
-- Webhooks by outcome: pages hold as many as the number says, and nothing else.
with stats as materialized (select pg_temp.ask('getBatchStats') #> '{result,data}' as s)
select bool_and(p.total = o.value::int and p.total = jsonb_array_length(p.rows)) as same, count(*) > 3 as outcomes,
       bool_and((select bool_and(r ->> 'outcome' = o.key and r ? 'reason' and not r ? 'body') from jsonb_array_elements(p.rows) r)) as of_it
  from stats cross join lateral jsonb_each_text(s #> '{deliveries,outcomes}') o
 cross join lateral pg_temp.pages('explainDeliveries', jsonb_build_object('outcome', o.key, 'from', s #>> '{deliveries,since}', 'to', s ->> 'as_of')) p;
select p.total = count(d.*) as same, bool_and(r.source = 'known') as of_it
  from pg_temp.pages('explainDeliveries', '{"source": "known", "trigger": "BOOKING_CANCELLED", "from": "2000-01-01"}') p
 cross join lateral jsonb_to_recordset(p.rows) r (delivery_id bigint, source text)
  left join cal.delivery d on d.source = 'known' and d.delivery_id = r.delivery_id and d.trigger = 'BOOKING_CANCELLED'
 group by p.total;
select q.total = (select (s ->> 'quarantined')::int from jsonb_array_elements(pg_temp.ask('getHealthStatus') #> '{result,data,sources}') s where s ->> 'source' = 'known') as same,
       (select bool_and(r #>> '{reason,code}' is not null) from jsonb_array_elements(q.rows) r) as coded
  from pg_temp.pages('getQuarantine', '{"source": "known"}') q;
-- What waits for the folder, and after it came.
select from (select cal.fold(true)) f;
begin;
do $$ begin for i in 1..5 loop perform pg_temp.live('known'); end loop; end $$;
select p.total > 0 as any, p.total = (pg_temp.ask('getBatchStats') #>> '{result,data,pending}')::int as same, p.total = jsonb_array_length(p.rows) as all,
       (select bool_and(r ->> 'kind' in ('booking', 'event') and r ->> 'name' <> '') from jsonb_array_elements(p.rows) r) as named
  from pg_temp.pages('explainPending') p;
rollback;
select p.total from pg_temp.pages('explainPending') p;
-- Alerts, those that are over included; and secrets, without what they are.
insert into calytics.alert (alert, source_id, raised_at, cleared_at, value, worst)
select 'quarantine', s.source_id, now() - i * interval '1 day', now() - i * interval '1 day' + interval '1 hour', 1, 10 + i
  from calytics.source s, generate_series(1, 60) i where s.name = 'known';
select p.total, p.rows = (select jsonb_agg(to_jsonb(a) order by a.raised_at desc) from cal.alert a where a.source = 'known') as same
  from pg_temp.pages('explainAlerts', '{"alert": "quarantine", "source": "known"}') p;
select p.total = (select count(*) from cal.alert) as all from pg_temp.pages('explainAlerts') p;
select cal.rotate_secret('known', 'whsec_of_the_next') \g /dev/null
select p.total, p.rows::text ~ 'whsec' as told, p.rows -> 0 ->> 'valid_until' is not null as ends, p.rows -> 1 ->> 'valid_until' as next_ends
  from pg_temp.pages('explainSecrets', '{"source": "known"}') p;
-- For admins, of all sources where it tells of all.
select p.name, pg_temp.ask(p.name, token => 'cal_known_reader_token') #>> '{error,data,code}' as reader,
       coalesce(pg_temp.ask(p.name, '{"source": "known"}', 'cal_known_one_token_123') #>> '{error,data,code}', '') as of_one
  from unnest(array['explainDeliveries', 'explainAlerts', 'explainPending', 'explainSecrets', 'getQuarantine', 'getHealthHistory']) p (name);
select s.answer #>> '{error,data,code}' as by_link
  from cal.http('POST', '/api/login', '', '{"content-type": "application/json", "sec-fetch-site": "same-origin"}',
                convert_to(jsonb_build_object('share', cal.share('of the known', 'known'))::text, 'UTF8')) l
 cross join lateral (
   select convert_from(h.body, 'UTF8')::jsonb as answer
     from cal.http('GET', '/api/trpc/calAnalytics.explainDeliveries', '', jsonb_build_object('cookie', split_part(l.headers ->> 'set-cookie', ';', 1)), '') h) s;
-- Wrong questions.
select q.procedure, pg_temp.ask(q.procedure, q.input) #>> '{error,message}' as message
  from (values ('explainDeliveries', '{"from": "then"}'::jsonb), ('explainDeliveries', '{"outcome": 7}'), ('explainDeliveries', '{"source": "nowhere"}'),
               ('explainAlerts', '{"limit": 501}'), ('explainPending', '{"offset": -1}'), ('explainSecrets', '{"source": "nowhere"}')) q (procedure, input);
select from (select cal.revoke_token('known admin'), cal.revoke_token('known reader'), cal.revoke_token('known one'), cal.revoke_share('of the known', 'known')) t;
delete from calytics.alert a using calytics.source s where s.source_id = a.source_id and s.name = 'known';
