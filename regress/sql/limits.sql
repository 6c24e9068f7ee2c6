-- How often a client may call, and where webhooks may come from. Without preloading nothing is limited.
\set ECHO none
create function pg_temp.ask(method text, path text, client text, headers jsonb default '{}', body text default '')
  returns table (status int, headers jsonb, answer jsonb) language sql as $$
  select h.status, h.headers, convert_from(h.body, 'UTF8')::jsonb
    from cal.http(method, path, '', headers || jsonb_strip_nulls(jsonb_build_object('x-calytics-peer', client)),
                  convert_to(body, 'UTF8')) h $$;
-- The statuses of so many calls in a row; where nothing can be limited, what they would have been.
create function pg_temp.calls(n int, method text, path text, client text, allowed int, headers jsonb default '{}', body text default '')
  returns text language sql as $$
  select case when calytics.preloaded() then string_agg(a.status::text, ' ' order by i)
              when bool_and(a.status <> 429) then string_agg(case when i <= allowed then a.status else 429 end::text, ' ' order by i) end
    from generate_series(1, n) i, lateral pg_temp.ask(method, path, case when i > 0 then client end, headers, body) a $$;
\set ECHO all
select from cal.rotate_secret('limits', 'whsec_of_limits');
show calytics.limit_login;
show calytics.limit_tracking;
show calytics.limit_webhook;
show calytics.limit_read;
set calytics.limit_read = '3';
set calytics.limit_read = '1/h burst 3';
select pg_temp.calls(5, 'GET', '/api/cal/health', '192.0.2.1', 3) as one_client,
       pg_temp.calls(4, 'GET', '/nothing', '192.0.2.2', 3) as another_nowhere,
       pg_temp.calls(4, 'GET', '/api/admin/dashboard', '192.0.2.3', 3) as another_refused;
-- All of a /64 is one client, and so is an IPv4 address however it is written.
select pg_temp.calls(2, 'GET', '/api/cal/health', '2001:db8:1:2::1', 3), pg_temp.calls(2, 'GET', '/api/cal/health', '2001:db8:1:2:ffff::2', 1), pg_temp.calls(1, 'GET', '/api/cal/health', '2001:db8:1:3::1', 3);
select pg_temp.calls(2, 'GET', '/api/cal/health', '192.0.2.4', 3), pg_temp.calls(2, 'GET', '/api/cal/health', '::ffff:192.0.2.4', 1);
-- Behind a trusted proxy it is the proxy's client; a client that says it is a proxy gains nothing.
set calytics.trusted_proxies = '10.0.0.0/8';
select pg_temp.calls(4, 'GET', '/api/cal/health', '10.0.0.1', 3, '{"x-forwarded-for": "192.0.2.5"}'), pg_temp.calls(1, 'GET', '/api/cal/health', '10.0.0.1', 3, '{"x-forwarded-for": "192.0.2.6"}'),
       pg_temp.calls(1, 'GET', '/api/cal/health', '192.0.2.1', 0, '{"x-forwarded-for": "192.0.2.7"}');
reset calytics.trusted_proxies;
-- SQL has no client.
select count(*) from generate_series(1, 10), lateral cal.http('GET', '/', '', '{}', '') h where h.status = 200;

-- Each class has buckets of its own.
set calytics.limit_login = '1/h burst 2';
set calytics.limit_tracking = '1/h burst 1';
set calytics.limit_webhook = 'off';
select pg_temp.calls(3, 'POST', '/api/login', '192.0.2.1', 2, '{"content-type": "application/json"}', '{"token": "wrong"}') as login,
       pg_temp.calls(2, 'POST', '/api/cal/track/limits', '192.0.2.1', 1, '{}', '[]') as tracking,
       pg_temp.calls(4, 'POST', '/api/cal/webhook/limits', '192.0.2.1', 4) as webhook;
set calytics.limit_read = '100/h';
select from cal.rotate_secret('default', 'whsec_of_limits');
select pg_temp.calls(2, 'POST', '/api/trpc/calAnalytics.trackEvent', '192.0.2.8', 1, '{"content-type": "application/json"}', '{"sessionId": "s", "eventType": "PAGE_VIEW"}') as procedure;

-- A refusal says when to come again.
set calytics.limit_read = '6/min burst 1';
select status, headers - 'content-type' - 'cache-control' as headers, answer
  from generate_series(1, 2) i, lateral pg_temp.ask('GET', '/api/cal/health', case when i > 0 then '192.0.2.9' end) h where calytics.preloaded() and status = 429
union all
select 429, '{"retry-after": "10", "ratelimit": "\"read\";r=0;t=10", "ratelimit-policy": "\"read\";q=1;w=10"}',
       '{"error": {"code": "too_many_requests", "message": "you call too often"}}' where not calytics.preloaded();
-- A page of another origin can read it where its events are taken.
select from cal.set_tracking('limits', origins => '{https://studio.example}');
select h.status = 429 or not calytics.preloaded() as refused, h.headers ->> 'access-control-allow-origin' as readable_by
  from unnest(array['https://studio.example', 'https://elsewhere.example']) o,
       pg_temp.ask('POST', '/api/cal/track/limits', '192.0.2.1', jsonb_build_object('origin', o), '[]') h;
select calytics.preloaded() = coalesce((cal.health() #>> '{refused,rate_limited}')::int >= 10, false) as counted_where_possible,
       calytics.preloaded() <> exists (select from jsonb_array_elements(cal.health() -> 'off') o where o ->> 'feature' ~ 'rate limits') as says_if_it_is_off;
select calytics.take_token('nothing', '192.0.2.1');
reset calytics.limit_read;
reset calytics.limit_login;
reset calytics.limit_tracking;
reset calytics.limit_webhook;

-- Where webhooks may come from.
create function pg_temp.hook(client text, source text, secret text, forwarded text default null) returns text language sql as $$
  select a.status || ' ' || (a.answer ->> 'outcome') || coalesce(': ' || (a.answer ->> 'detail'), '')
    from pg_temp.ask('POST', '/api/cal/webhook/' || source, client,
                     jsonb_strip_nulls(jsonb_build_object('x-cal-signature-256', calytics.sign_webhook('{"triggerEvent": "PING"}', secret), 'x-forwarded-for', forwarded)),
                     '{"triggerEvent": "PING"}') a $$;
select cal.set_networks('{192.0.2.0/24}', 'nowhere');
select cal.set_networks('{192.0.2.0/24, null}', 'limits');
select from cal.set_networks('{192.0.2.0/24, 2001:db8::/32}', 'limits');
select coalesce((cal.health() #>> '{refused,forbidden}')::int, 0) as before \gset
select c as client, pg_temp.hook(c, 'limits', 'whsec_of_limits') from unnest(array['192.0.2.200', '::ffff:192.0.2.1', '2001:db8:ffff::1', '192.0.3.1', '2001:db9::1', 'nonsense', null]) c;
select pg_temp.hook('192.0.2.1', 'limits', 'another') as wrong, pg_temp.hook('192.0.3.1', 'nowhere', 'another') as nowhere, pg_temp.hook('192.0.3.1', 'default', 'whsec_of_limits') as elsewhere;
select pg_temp.hook('10.0.0.1', 'limits', 'whsec_of_limits', '192.0.2.1') as not_trusted;
set calytics.trusted_proxies = '10.0.0.1';
select pg_temp.hook('10.0.0.1', 'limits', 'whsec_of_limits', '192.0.2.1') as trusted, pg_temp.hook('10.0.0.1', 'limits', 'whsec_of_limits', '192.0.2.1, 198.51.100.1') as added;
reset calytics.trusted_proxies;
select case when calytics.preloaded() then (cal.health() #>> '{refused,forbidden}')::int - :'before'::int else 6 end as counted;
select from cal.set_networks(null, 'limits');
select pg_temp.hook('192.0.3.1', 'limits', 'whsec_of_limits');
