-- Who may do what: tokens, log-ins, Better Auth's sessions, and what each is told who may not.
\set ECHO none
set client_min_messages = warning;
create extension if not exists pgcrypto schema public;
reset client_min_messages;
create function pg_temp.ask(method text, path text, headers jsonb default '{}', body jsonb default null)
  returns table (status int, headers jsonb, answer jsonb) language sql as $$
  select h.status, h.headers, convert_from(h.body, 'UTF8')::jsonb
    from cal.http(method, split_part(path, '?', 1), split_part(path, '?', 2),
                  headers || case when body is null then '{}' else '{"content-type": "application/json"}'::jsonb end,
                  convert_to(coalesce(body::text, ''), 'UTF8')) h $$;
create function pg_temp.bearer(token text) returns jsonb language sql as $$
  select jsonb_build_object('authorization', 'Bearer ' || token) $$;
create function pg_temp.who(headers jsonb) returns text language sql as $$
  select coalesce(concat_ws(' ', answer ->> 'role', answer ->> 'how', answer ->> 'label', answer ->> 'sources'),
                  '') || coalesce('nobody: ' || (answer ->> 'why_not'), '')
    from pg_temp.ask('GET', '/api/debug/auth', headers) $$;
\set ECHO all
select from (select cal.rotate_secret('access_1', 'whsec_of_access_1'), cal.rotate_secret('access_2', 'whsec_of_access_2')) s;
select from (select cal.add_token('access admin', 'admin', 'cal_access_admin_token'),
                    cal.add_token('access reader', 'reader', 'cal_access_reader_token'),
                    cal.add_token('access old', 'admin', 'cal_access_old_token_12', now() - interval '1 second'),
                    cal.add_token('access first', 'admin', 'cal_access_first_token', sources => '{access_1}')) t;
select cal.add_token('access none', 'reader', sources => '{}');
select cal.add_token('access nowhere', 'reader', sources => '{nowhere}');

-- Tokens.
select pg_temp.who('{}');
select t, pg_temp.who(pg_temp.bearer('cal_access_' || t)) from unnest(array[
  'admin_token', 'reader_token', 'old_token_12', 'first_token', 'other_token']) t;
select pg_temp.who('{"authorization": "Basic Y2FsOnRvbGQ="}');
select pg_temp.who('{"Authorization": "bearer   cal_access_admin_token "}');

-- A route for admins: who may not, in the same words as a procedure tells them.
select t.who, a.status, a.headers ->> 'www-authenticate' as challenge, a.answer -> 'error' as error,
       jsonb_path_query_array(a.answer, '$.keyvalue().key') as answered, a.answer #> '{health,preloaded}' is not null as whole_health
  from (values (1, 'nobody', '{}'), (2, 'reader', pg_temp.bearer('cal_access_reader_token')),
               (3, 'first', pg_temp.bearer('cal_access_first_token')), (4, 'admin', pg_temp.bearer('cal_access_admin_token'))) t (i, who, headers),
       unnest(array['access_1', 'access_2', 'nowhere']) source,
       pg_temp.ask('GET', '/api/admin/dashboard?period=day&source=' || source, t.headers) a
 order by i, source;
select a.status, a.answer -> 'error' as error
  from unnest(array['period=age', 'at=never', 'service=%ff']) q,
       pg_temp.ask('GET', '/api/admin/dashboard?source=access_1&' || q, pg_temp.bearer('cal_access_admin_token')) a;
select (a.answer -> 'dashboard') - 'as_of' - 'fresh_as_of' - 'last_webhook_age_s' = cal.dashboard('month', '2026-05-04 12:00Z', 'access_1') - 'as_of' - 'fresh_as_of' - 'last_webhook_age_s' as same
  from pg_temp.ask('GET', '/api/admin/dashboard?period=month&at=2026-05-04T12:00:00Z&source=access_1', pg_temp.bearer('cal_access_admin_token')) a;

-- A procedure: what is for some sources shows those alone, and nothing that is of all.
select t.who, q.procedure, q.source, a.status, a.answer #>> '{error,data,code}' as code, a.answer #>> '{error,message}' as message
  from (values (1, 'nobody', '{}'), (2, 'reader', pg_temp.bearer('cal_access_reader_token')),
               (3, 'first', pg_temp.bearer('cal_access_first_token'))) t (i, who, headers),
       (values ('getDashboardMetrics', 'access_1'), ('getDashboardMetrics', 'access_2'), ('getDashboardMetrics', 'nowhere'),
               ('getDashboardMetrics', null), ('getBatchStats', 'access_1')) q (procedure, source),
       pg_temp.ask('GET', '/api/trpc/calAnalytics.' || q.procedure || coalesce('?input={"source":"' || q.source || '"}', ''), t.headers) a
 order by i, 2, 3 nulls last;
select status, answer #>> '{error,message}' as message
  from pg_temp.ask('POST', '/api/trpc/calAnalytics.syncData', pg_temp.bearer('cal_access_first_token'), '{"source": "access_1"}');

-- When tokens were used is known where there is memory for it.
select t.label, t.role, t.sources, t.last_used_at is not null = (calytics.preloaded() and t.label <> 'access old') as known
  from cal.token t where t.label like 'access%' order by 1;
select from calytics.keep_access();
select count(*) = case when calytics.preloaded() then 3 else 0 end as taken_over from calytics.api_token t where t.label like 'access%' and t.used_at is not null;

-- Logging in.
select cal.set_password('access ada', 'owner', 'a long enough password');
select cal.set_password('access ada', 'admin', 'too short');
select cal.set_password('', 'admin', 'a long enough password');
select cal.set_password('access ada', 'admin', 'correct horse battery', '{access_2}');
select cal.set_password('access bob', 'reader', 'another horse battery');
select password ~ '^\$scrypt\$' as scrypt, count(*) from calytics.account where name like 'access%' group by 1;
select i, status, answer
  from (values (1, '{"name": "access ada", "password": "correct horse batterz"}'::jsonb), (2, '{"name": "access adb", "password": "correct horse battery"}'),
               (3, '{"name": "access bob", "password": "correct horse battery"}'), (4, '{"name": "access ada"}'), (5, '[]'),
               (6, '{"token": "cal_access_old_token_12"}'), (7, '{"token": 1}')) t (i, body),
       pg_temp.ask('POST', '/api/login', '{}', t.body) order by i;
select status, answer from pg_temp.ask('POST', '/api/login');
select h.status, convert_from(h.body, 'UTF8') as answer
  from cal.http('POST', '/api/login', '', '{"content-type": "application/json"}', '{"name": ') h;
select status, answer from pg_temp.ask('POST', '/api/login', '{"origin": "https://evil.example", "host": "studio.example"}', '{"token": "cal_access_admin_token"}');

create temp table login as
  select t.who, t.body, a.status, a.headers ->> 'set-cookie' as cookie, a.answer,
         jsonb_build_object('cookie', 'theme=dark; ' || split_part(a.headers ->> 'set-cookie', ';', 1)) as headers
    from (values ('ada', '{"name": "access ada", "password": "correct horse battery"}'::jsonb),
                 ('bob', '{"name": "access bob", "password": "another horse battery"}'),
                 ('token', '{"token": "cal_access_first_token"}')) t (who, body),
         pg_temp.ask('POST', '/api/login', '{"host": "studio.example", "origin": "http://studio.example"}', t.body) a;
select who, status, regexp_replace(cookie, '[0-9a-f]{64}', '<64 hex digits>') as cookie, answer - 'expires_at' as answer,
       
       (answer ->> 'expires_at')::timestamptz - now() between '11:59' and '12:00' as hours from login order by who;
select l.who as session, pg_temp.who(l.headers) from login l order by 1;
select count(*) as kept_in_clear from calytics.session s, login where position(convert_to(substring(cookie from '[0-9a-f]{64}'), 'UTF8') in s.digest) > 0;

-- By cookie, what may change something has to come from a page of this origin.
select t.i, a.status, a.answer #>> '{error,message}' as message
  from (values (1, '{}'::jsonb), (2, '{"origin": "https://evil.example"}'), (3, '{"origin": "null"}'), (4, '{"origin": "https://studio.example"}'),
               (5, '{"sec-fetch-site": "cross-site", "origin": "https://studio.example"}'), (6, '{"sec-fetch-site": "same-site"}'),
               (7, '{"sec-fetch-site": "same-origin"}')) t (i, headers),
       login l,
       pg_temp.ask('POST', '/api/trpc/calAnalytics.syncData', l.headers || '{"host": "studio.example"}' || t.headers, '{}') a
 where l.who = 'token' order by 1;
select a.status from login l, pg_temp.ask('GET', '/api/trpc/calAnalytics.getDashboardMetrics?input={"source":"access_1"}', l.headers || '{"sec-fetch-site": "cross-site"}') a
 where l.who = 'bob';

-- Behind TLS, as a trusted proxy says and nobody else.
select i, regexp_replace(a.headers ->> 'set-cookie', '[0-9a-f]{64}', '<64>') as cookie
  from (values (1, '203.0.113.7'), (2, '10.1.2.3')) t (i, peer),
       pg_temp.ask('POST', '/api/login', jsonb_build_object('x-calytics-peer', peer, 'x-forwarded-proto', 'https'), '{"token": "cal_access_reader_token"}') a;
set calytics.trusted_proxies = '10.0.0.0/8';
select i, regexp_replace(a.headers ->> 'set-cookie', '[0-9a-f]{64}', '<64>') as cookie
  from (values (1, '203.0.113.7'), (2, '10.1.2.3')) t (i, peer),
       pg_temp.ask('POST', '/api/login', jsonb_build_object('x-calytics-peer', peer, 'x-forwarded-proto', 'https'), '{"token": "cal_access_reader_token"}') a;
select a.answer ->> 'client' as client, a.answer ->> 'tls' as tls
  from unnest(array['203.0.113.7', '10.1.2.3', 'nonsense', null]) peer,
       pg_temp.ask('GET', '/api/debug/auth', jsonb_strip_nulls(jsonb_build_object('x-calytics-peer', peer, 'x-forwarded-proto', 'https', 'x-forwarded-for', '198.51.100.1, 192.0.2.9, 10.9.9.9'))) a;
set calytics.trusted_proxies = '10.0.0.0/8, here';
reset calytics.trusted_proxies;

-- Logging out, and what else ends a session.
select i, a.status, a.answer, a.headers ->> 'set-cookie' as cookie
  from login l, (values (1, '{"sec-fetch-site": "cross-site"}'), (2, '{"sec-fetch-site": "same-origin"}'), (3, '{"sec-fetch-site": "same-origin"}')) t (i, headers),
       pg_temp.ask('POST', '/api/logout', l.headers || t.headers::jsonb) a where l.who = 'bob';
select status, answer from pg_temp.ask('POST', '/api/logout');
select l.who as session, pg_temp.who(l.headers) from login l order by 1;
begin;
select cal.end_sessions('access ada'), cal.end_sessions('access ada');
select pg_temp.who(headers) from login where who = 'ada';
rollback;
begin;
select from cal.set_password('access ada', 'reader', 'a new horse battery');
select pg_temp.who(headers) from login where who = 'ada';
rollback;
begin;
select cal.remove_account('access ada'), cal.remove_account('access ada');
select pg_temp.who(headers) from login where who = 'ada';
rollback;
begin;
select cal.revoke_token('access first');
select pg_temp.who(headers) from login where who = 'token';
rollback;
begin;
update calytics.api_token set expires_at = now() where label = 'access first';
select pg_temp.who(headers) from login where who = 'token';
rollback;
update calytics.session set expires_at = now() where account = 'access ada';
select pg_temp.who(headers) from login where who = 'ada';
select from calytics.keep_access();
select count(*) from calytics.session where account = 'access ada';

-- Better Auth. Its cookie: a token, "." and the token's HMAC in base64, all URL-encoded.
create schema access_auth;
create function pg_temp.signed(token text, secret text) returns jsonb language sql as $$
  select jsonb_build_object('cookie', 'better-auth.session_token=' || token || '.' || replace(replace(replace(
    encode(hmac(token, secret, 'sha256'), 'base64'), '+', '%2B'), '/', '%2F'), '=', '%3D')) $$;
select pg_temp.who(pg_temp.signed('no-one', 'the secret of better auth'));
select cal.set_better_auth('short');
select cal.set_better_auth(schema => 'access_auth');
select cal.set_better_auth('the secret of better auth', cookie => 'a;b');
select cal.set_better_auth('the secret of better auth', roles => '{"admin": "owner"}');
select cal.set_better_auth('the secret of better auth', roles => '[]');
select from cal.set_better_auth('the secret of better auth', 'access_auth', roles => '{"admin": "admin", "artist": "reader"}');
select pg_temp.who('{}');
select pg_temp.who(pg_temp.signed('tok-ada', 'another secret of someone'));
select pg_temp.who(pg_temp.signed('tok-ada', 'the secret of better auth'));
create table access_auth."user" (id text primary key, email text);
create table access_auth.session (id text primary key, token text unique, "userId" text);
select pg_temp.who(pg_temp.signed('tok-ada', 'the secret of better auth'));
alter table access_auth.session add "expiresAt" timestamptz not null default now() + interval '7 days';
select pg_temp.who(pg_temp.signed('tok-ada', 'the secret of better auth'));
insert into access_auth."user" values ('u-ada', 'ada@example.com'), ('u-bob', 'bob@example.com'), ('u-eve', 'eve@example.com'), ('u-dan', 'dan@example.com');
insert into access_auth.session values ('1', 'tok-ada', 'u-ada'), ('2', 'tok-bob', 'u-bob'), ('3', 'tok-eve', 'u-eve'), ('4', 'tok-old', 'u-ada'),
  ('5', 'tok-lost', 'u-lost'), ('6', 'tok-dan', 'u-dan');
update access_auth.session set "expiresAt" = now() - interval '1 second' where id = '4';
-- Without its admin plugin everyone is a user, who comes in only if the mapping says so.
select pg_temp.who(pg_temp.signed('tok-ada', 'the secret of better auth'));
alter table access_auth."user" add role text, add banned boolean, add "banExpires" timestamptz;
update access_auth."user" set role = case id when 'u-ada' then 'artist,admin' when 'u-bob' then 'artist' when 'u-dan' then 'admin' end,
  banned = id = 'u-dan';
select t, pg_temp.who(pg_temp.signed('tok-' || t, 'the secret of better auth')) from unnest(array['ada', 'bob', 'eve', 'old', 'lost', 'none', 'dan']) t;
update access_auth."user" set "banExpires" = now() - interval '1 second' where id = 'u-dan';
select pg_temp.who(pg_temp.signed('tok-dan', 'the secret of better auth'));
select pg_temp.who(jsonb_build_object('cookie', '__Secure-' || (pg_temp.signed('tok-bob', 'the secret of better auth') ->> 'cookie')));
select c, pg_temp.who(jsonb_build_object('cookie', 'better-auth.session_token=' || c)) from unnest(array['', '.', 'tok-ada', 'tok-ada.', 'tok-ada.%', 'tok-ada.%ff', 'tok-ada.!!!', '.AAAA']) c;
-- A cookie of ours that is over doesn't hide Better Auth's, and a token that is wrong hides both.
select pg_temp.who(jsonb_build_object('cookie', 'calytics_session=0; ' || (pg_temp.signed('tok-bob', 'the secret of better auth') ->> 'cookie')));
select pg_temp.who(pg_temp.signed('tok-bob', 'the secret of better auth') || '{"authorization": "Bearer cal_access_no_token_12"}');
select a.status from pg_temp.ask('POST', '/api/trpc/calAnalytics.syncData', pg_temp.signed('tok-ada', 'the secret of better auth') || '{"sec-fetch-site": "cross-site"}', '{}') a;
-- Tables that may not be read keep people out, and no more.
create role access_owner;
alter function calytics.better_auth_session(text) owner to access_owner;
alter function calytics.better_auth_session(text) security definer;
grant usage on schema calytics to access_owner;
grant select on calytics.better_auth to access_owner;
select pg_temp.who(pg_temp.signed('tok-ada', 'the secret of better auth'));
alter function calytics.better_auth_session(text) security invoker;
reassign owned by access_owner to current_user;
drop owned by access_owner;
drop role access_owner;
select cal.remove_better_auth(), cal.remove_better_auth();
select pg_temp.who(pg_temp.signed('tok-ada', 'the secret of better auth'));
drop schema access_auth cascade;

-- Every route says who may call it.
select path, method, access from calytics.route order by 1, 2;
select count(*) from (select cal.revoke_token(label), cal.remove_account('access ada'), cal.remove_account('access bob') from cal.token where label like 'access%') x;
