-- tRPC over HTTP as SQL sees it.
\set ECHO none
\pset format unaligned
\pset tuples_only on
\set VERBOSITY terse
create function pg_temp.ask(
  method text, path text, query text default '', body text default '', token text default null, more jsonb default '{}'
) returns table (status int, answer jsonb) language sql as $$
  select h.status, convert_from(h.body, 'UTF8')::jsonb
    from cal.http(
           method, '/api/trpc/' || path, query,
           jsonb_strip_nulls(jsonb_build_object(
             'content-type', case when method = 'POST' then 'application/json' end,
             'authorization', 'Bearer ' || token)) || more,
           convert_to(body, 'UTF8')) h $$;
create function pg_temp.escaped(t text) returns text language sql as $$
  select string_agg('%' || upper(encode(substr(b, i, 1), 'hex')), '' order by i)
    from (select convert_to(t, 'UTF8') as b) x, generate_series(1, length(b)) i $$;
select from (select cal.add_token('trpc admin', 'admin', 'cal_trpc_admin_token_1'),
                    cal.add_token('trpc reader', 'reader', 'cal_trpc_reader_token')) t;
create temp view bookings as
  select w.body, w.headers
    from generate_series(1, 12) i,
         cal.simulate_webhook('BOOKING_CREATED', 'trpc-' || i, source => 'trpc',
                              at => '2026-05-04 10:00Z'::timestamptz + i * interval '1 day') w;
select from (select cal.rotate_secret('trpc', 'whsec_of_trpc')) x;
select from (select count(cal.receive_webhook(body, headers, 'trpc')) from bookings) x;
\set admin cal_trpc_admin_token_1
\set reader cal_trpc_reader_token
\set ECHO all
-- A call, and a batch of them.
select * from pg_temp.ask('GET', 'calAnalytics.getHealthStatus');
select * from pg_temp.ask('GET', 'calAnalytics.getHealthStatus', 'batch=1&input=%7B%7D');
select * from pg_temp.ask('GET', 'calAnalytics.getHealthStatus,calAnalytics.getHealthStatus', 'batch=1');
select * from pg_temp.ask('GET', 'calAnalytics%2EgetHealthStatus%2CcalAnalytics%2egetHealthStatus', 'batch=1');
select * from pg_temp.ask('HEAD', 'calAnalytics.getHealthStatus');
select * from pg_temp.ask('GET', 'calAnalytics.getHealthStatus', 'batch=0&batch=1&input=');
select status, answer #>> '{result,data,status}' as health, answer #> '{result,data}' ? 'sources' as details
  from pg_temp.ask('GET', 'calAnalytics.getHealthStatus', token => :'admin');
select status, answer #> '{result,data}' ? 'sources' as details
  from pg_temp.ask('GET', 'calAnalytics.getHealthStatus', token => :'reader');
-- The order of checks is tRPC's: is there one, by this method, for this caller, and is the input right.
select * from pg_temp.ask('GET', 'calAnalytics.nothing');
select * from pg_temp.ask('POST', 'a,b', 'batch=1', '{]');
select * from pg_temp.ask('GET', 'calAnalytics.getHealthStatus,calAnalytics.getHealthStatus');
select * from pg_temp.ask('GET', 'calAnalytics.syncData');
select * from pg_temp.ask('HEAD', 'calAnalytics.trackEvent');
select * from pg_temp.ask('POST', 'calAnalytics.getHealthStatus');
select * from pg_temp.ask('GET', 'calAnalytics.getDashboardMetrics', 'input={]');
select * from pg_temp.ask('GET', 'calAnalytics.getDashboardMetrics', 'input={]', token => 'cal_trpc_reader_tokem');
select * from pg_temp.ask('POST', 'calAnalytics.syncData', '', '{]', :'reader');
select * from pg_temp.ask('GET', 'calAnalytics.getDashboardMetrics', 'input={]', token => :'reader');
select h.headers ->> 'www-authenticate' as challenge, h.headers ->> 'content-type' as type
  from cal.http('GET', '/api/trpc/calAnalytics.getBatchStats', '', '{}', '') h;
-- Calls of a batch fail one by one; a status that they share is the batch's.
select * from pg_temp.ask('GET', 'calAnalytics.getHealthStatus,calAnalytics.getBatchStats,x.y', 'batch=1');
select status from pg_temp.ask('GET', 'calAnalytics.getBatchStats,calAnalytics.getDashboardData', 'batch=1');
select status, answer #>> '{0,error,message}' as first, answer #>> '{1,result,data,period,name}' as second
  from pg_temp.ask('GET', 'calAnalytics.getDashboardData,calAnalytics.getDashboardData',
                   'batch=1&input=' || pg_temp.escaped('{"0": {"source": "trpc", "period": "age"}, "1": {"source": "trpc", "period": "day"}}'), token => :'reader');
select * from pg_temp.ask('GET', 'calAnalytics.getHealthStatus', 'batch=1&input=[{}]');
select * from pg_temp.ask('POST', 'calAnalytics.getHealthStatus,calAnalytics.syncData', 'batch=1', '{}');
select status, answer -> 'error' from pg_temp.ask('GET', rtrim(repeat('a,', 101), ','), 'batch=1');
select status, jsonb_array_length(answer) from pg_temp.ask('GET', rtrim(repeat('a,', 100), ','), 'batch=1');
-- What isn't text, or not JSON, or not sent as JSON.
select * from pg_temp.ask('GET', '%ff.%fe');
select * from pg_temp.ask('GET', 'calAnalytics.getHealthStatus', 'input=%c3%28');
select * from pg_temp.ask('GET', 'calAnalytics.getHealthStatus', 'input=%00');
select * from pg_temp.ask('GET', '%c3%b1%20%');
select * from pg_temp.ask('POST', 'calAnalytics.trackEvent', '', '"\u0000"');
select * from pg_temp.ask('POST', 'calAnalytics.trackEvent', '', repeat('[', 100000));
select * from pg_temp.ask('POST', 'calAnalytics.trackEvent', '', '{}', more => '{"content-type": "text/plain"}');
select h.status, convert_from(h.body, 'UTF8') from cal.http('POST', '/api/trpc/calAnalytics.trackEvent', '', '{}', '{}') h;
select h.status, h.headers ->> 'allow' from cal.http('DELETE', '/api/trpc/calAnalytics.trackEvent', '', '{}', '') h;
select status from cal.http('GET', '/api/trpc/', '', '{}', '');
select status from cal.http('GET', '/api/trpc/calAnalytics/getHealthStatus', '', '{}', '');
select status from cal.http('POST', '/api/cal/webhook/a.b', '', '{}', '');

-- The dashboard is SQL's.
\set ECHO none
create function pg_temp.dashboard(input jsonb) returns jsonb language sql as $$
  select answer from pg_temp.ask(
    'GET', 'calAnalytics.getDashboardMetrics', 'input=' || pg_temp.escaped(('{"source": "trpc"}' || input)::text), token => 'cal_trpc_reader_token') $$;
\set ECHO all
select cal.set_source('trpc', time_zone => 'Asia/Kathmandu');
select (d #> '{result,data}') - 'last_webhook_age_s' = e - 'last_webhook_age_s' as same,
       (d #>> '{result,data,figures,created,value}')::int > 0 as counted
  from pg_temp.dashboard('{"period": "month", "at": "2026-05-20T12:00:00Z", "service": null}') d,
       cal.dashboard('month', '2026-05-20 12:00Z', 'trpc') e;
select (d #> '{result,data}') - 'last_webhook_age_s' = e - 'last_webhook_age_s' as same
  from pg_temp.dashboard('{"period": "custom", "from": "2026-05-06", "to": "2026-05-09T12:30", "basis": "booked",
                           "host": "zoe", "at": "2026-05-08T00:00:00.000+05:45"}') d,
       cal.dashboard('custom', '2026-05-08 00:00+05:45', 'trpc', "from" => '2026-05-06 00:00+05:45', "to" => '2026-05-09 12:30+05:45',
                     basis => 'booked', host => 'zoe') e;
select d #> '{result,data,period,name}' as period from pg_temp.dashboard('{}') d;
-- What is left out is as in SQL: what there is to say of source default.
\set ECHO none
select from (select count(cal.rotate_secret('default')) where not exists (select from cal.source where source = 'default')) x;
\set ECHO all
select status, answer #> '{result,data,period,name}' as period, answer #> '{result,data,source}' as source
  from unnest(array['', 'input=', 'input=null', 'input=%7B%7D']) i, pg_temp.ask('GET', 'calAnalytics.getDashboardData', i, token => :'reader');
select i as input, d.answer #>> '{error,data,code}' as code, d.answer #>> '{error,message}' as message
  from unnest(array['[]', '"week"', '{"period": 7}', '{"period": "century"}', '{"period": "custom"}', '{"source": "nowhere"}',
                    '{"basis": "guess"}', '{"at": "now"}', '{"at": "2026-02-30"}', '{"from": {}}']) i,
       pg_temp.ask('GET', 'calAnalytics.getDashboardData', 'input=' || pg_temp.escaped(i), token => :'reader') d;

-- The folder.
select status, answer #> '{result,data}' ? 'pending' as pending, (answer #>> '{result,data,deliveries,outcomes,applied}')::int >= 12 as deliveries,
       answer #> '{result,data}' ? 'quarantined' as quarantined
  from pg_temp.ask('GET', 'calAnalytics.getBatchStats', token => :'reader');
select status, (answer #> '{result,data}') - 'folded_at' as answer
  from pg_temp.ask('POST', 'calAnalytics.syncData', token => :'admin');

-- Tracking: what is wrong with an event, who doesn't want to be tracked.
select status, answer #>> '{error,message}' as message, answer #> '{result,data}' as answer
  from (values ('trackEvent', '{"eventType": "PAGE_VIEW"}', null), ('trackEvent', '[]', null), ('trackEvent', '', null),
               ('trackEvent', '{"sessionId": "t1", "eventType": "PAGE_VIEW"}', '{"dnt": "1"}'),
               ('trackEvent', '{"sessionId": "t1", "eventType": "PAGE_VIEW"}', '{"sec-gpc": "1"}'),
               ('trackEventBatch', '{"sessionId": "t1", "eventType": "PAGE_VIEW"}', null),
               ('trackEventBatch', '', null), ('trackEventBatch', '[]', null), ('trackEventBatch', '{"events": [{}, 1]}', null),
               ('trackEventBatch', (select jsonb_agg('{}'::jsonb)::text from generate_series(1, 1001)), null))
         as c (name, input, headers),
       pg_temp.ask('POST', 'calAnalytics.' || c.name, '', c.input, more => coalesce(c.headers::jsonb, '{}'));

-- A procedure that fails has done nothing, and tells nothing that the caller can't mend; others in its batch stand.
\set ECHO none
create table public.trpc_note (note text);
create function public.trpc_noted(call jsonb) returns jsonb language plpgsql as $$
begin
  insert into public.trpc_note values (call #>> '{input,note}');
  case call #>> '{input,then}'
    when 'divide' then perform 1 / 0;
    when 'refuse' then raise exception 'not like this' using errcode = 'invalid_parameter_value', hint = 'Like that.';
    when 'miss' then raise exception 'not here' using errcode = 'no_data_found';
    when 'collide' then raise exception 'again' using errcode = 'deadlock_detected';
    else null;
  end case;
  return to_jsonb((call -> 'headers') ? 'authorization');
end $$;
insert into calytics.procedure values ('test.note', 'mutation', 'public', 'caller', '{}', 'public.trpc_noted');
\set ECHO all
set client_min_messages = error;
select status, jsonb_pretty(answer)
  from pg_temp.ask('POST', 'test.note,test.note,test.note,test.note,test.note', 'batch=1',
                   '{"0": {"note": "zero"}, "1": {"note": "one", "then": "divide"}, "2": {"note": "two", "then": "refuse"},
                     "3": {"note": "three", "then": "miss"}, "4": {"note": "four"}}', :'admin');
select note from public.trpc_note order by 1;
select * from pg_temp.ask('POST', 'test.note,test.note', 'batch=1', '{"0": {"note": "five"}, "1": {"then": "collide"}}');
select count(*) from public.trpc_note where note = 'five';
delete from calytics.procedure where name = 'test.note';
drop function public.trpc_noted;
drop table public.trpc_note;
select cal.revoke_token('trpc admin'), cal.revoke_token('trpc reader');

-- A query only reads.
select p.name as query_that_may_write
  from calytics.procedure p join pg_proc f on f.oid = p.handler
 where p.kind = 'query' and f.provolatile = 'v';
