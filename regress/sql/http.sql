-- The HTTP face as SQL sees it.
\set ECHO none
create function pg_temp.ask(method text, path text, headers jsonb default '{}', body text default '')
  returns table (status int, allow text, type text, answer text) language sql as $$
  select h.status, h.headers ->> 'allow', h.headers ->> 'content-type', convert_from(h.body, 'UTF8')
    from cal.http(method, path, '', headers, convert_to(body, 'UTF8')) h $$;
\set ECHO all
select * from pg_temp.ask('GET', '/api/cal/health');
select * from pg_temp.ask('HEAD', '/api/cal/health');
select * from pg_temp.ask('GET', '/api/cal/nothing');
select * from pg_temp.ask('GET', '/api/cal/webhook');
select * from pg_temp.ask('DELETE', '/api/cal/webhook/studio');
select * from pg_temp.ask('OPTIONS', '/api/cal/webhook/studio');
select * from pg_temp.ask('OPTIONS', '/api/cal/health');
select status from pg_temp.ask('OPTIONS', '*');
select status from pg_temp.ask('OPTIONS', '/nothing');
select status from pg_temp.ask('GET', '/api/cal/health/');
select status from pg_temp.ask('POST', '/api/cal/webhook/../health');
select status, type from pg_temp.ask('GET', '/');
select * from pg_temp.ask('POST', '/api/cal/webhook', '{}', '{}');
select * from pg_temp.ask('POST', '/api/cal/webhook/no-such-source', '{}', '{}');

select length(cal.rotate_secret('http', 'whsec_of_http')) as secret;
select h.status, convert_from(h.body, 'UTF8')::jsonb - 'delivery' as answer
  from cal.simulate_webhook('BOOKING_CREATED', 'http-1', source => 'http') w,
       lateral cal.http('POST', '/api/cal/webhook/http', '', w.headers, w.body) h;

-- Details of health are for an admin's token alone.
select length(cal.add_token('http test', 'admin', 'cal_http_test_admin_token')) as token;
select length(cal.add_token('http reader', 'reader', 'cal_http_test_reader_token')) as token;
select t.token, convert_from(h.body, 'UTF8')::jsonb ? 'sources' as details
  from unnest(array['cal_http_test_admin_token', 'cal_http_test_reader_token', 'cal_http_test_admin_tokem', '']) t (token),
       lateral cal.http('GET', '/api/cal/health', '', jsonb_build_object('authorization', 'Bearer ' || t.token), '') h
 order by 1;
select cal.revoke_token('http test'), cal.revoke_token('http test');
select convert_from(h.body, 'UTF8') as answer
  from cal.http('GET', '/api/cal/health', '', '{"authorization": "Bearer cal_http_test_admin_token"}', '') h;
select length(cal.add_token('http old', 'admin', 'cal_http_test_expired_token', now() - interval '1 second')) as token;
select convert_from(h.body, 'UTF8') as answer
  from cal.http('GET', '/api/cal/health', '', '{"authorization": "Bearer cal_http_test_expired_token"}', '') h;
select cal.add_token('weak', 'admin', 'short');
select cal.add_token('wrong', 'owner');
select count(*) as tokens_kept_in_clear from calytics.api_token t where position(convert_to('cal_', 'UTF8') in t.digest) > 0;

-- Whoever asks under an id finds it in errors, and so does whoever reads the server's log.
select * from pg_temp.ask('GET', '/api/cal/nothing', '{"x-request-id": "one.of-ours_1"}');
select status, answer::jsonb #> '{error,data}' as data
  from pg_temp.ask('GET', '/api/trpc/no.such', '{"x-request-id": "id-2"}');
select h.status, convert_from(h.body, 'UTF8')::jsonb #>> '{0,error,data,requestId}' as of_one_call,
       convert_from(h.body, 'UTF8')::jsonb #>> '{1,result,data,status}' as of_another
  from cal.http('GET', '/api/trpc/no.such,calAnalytics.getHealthStatus', 'batch=1&input=%7B%7D',
                '{"x-request-id": "id-3"}', '') h;
begin;
select status, current_setting('application_name') as application from pg_temp.ask('GET', '/', '{"x-request-id": "id-4"}');
commit;
select current_setting('application_name') like 'calytics-gateway%' as still_named;

-- A caller's own operators are not what cal.http runs on, though it has the extension's rights and no settings of its own.
create schema http_trap;
create function http_trap.spring(text, text) returns boolean language plpgsql as $$ begin raise exception 'sprung'; end $$;
create function http_trap.spring(int, int) returns boolean language plpgsql as $$ begin raise exception 'sprung'; end $$;
create operator http_trap.= (leftarg = text, rightarg = text, function = http_trap.spring);
create operator http_trap.= (leftarg = int, rightarg = int, function = http_trap.spring);
select length(cal.rotate_secret('http', 'whsec_of_http')) as secret;
create temp table trapped as
  select w.* from cal.simulate_webhook('BOOKING_CREATED', 'http-trap', null, '2026-01-05 10:00Z', 'http') w
  union all select w.* from cal.simulate_webhook('BOOKING_CANCELLED', 'http-trap', null, '2026-01-06 10:00Z', 'http') w;
set search_path = http_trap, pg_catalog;
select 1 = 2 as sprung;
select h.status, convert_from(h.body, 'UTF8')::jsonb ->> 'outcome' as outcome
  from pg_temp.trapped w, lateral cal.http('POST', '/api/cal/webhook/http', '', w.headers, w.body) h
 union all
select h.status, convert_from(h.body, 'UTF8')::jsonb ->> 'outcome'
  from pg_temp.trapped w, lateral cal.http('POST', '/api/cal/webhook/http', '', w.headers, w.body) h;
select h.status, null from cal.http('GET', '/api/cal/health', '', '{}', '') h;
reset search_path;
drop schema http_trap cascade;
