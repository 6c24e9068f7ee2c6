-- Tracking: each event judged by itself, once; scrubbed before it is stored; visitors whom nobody can
-- recompute once their day's salt is gone; funnels that equal a walk event by event. Pseudonyms are checked
-- against pgcrypto, funnels on random sessions.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file
create extension if not exists pgcrypto;
\set ECHO queries

select length(cal.rotate_secret('track', 'whsec_track')) as secret;

-- A batch: good ones go in, bad ones are told by index and reason.
select cal.track('[
  {"sessionId": "s1", "eventType": "PAGE_VIEW"},
  {"sessionId": "s1", "eventType": "page view"},
  {"eventType": "PAGE_VIEW"},
  {"sessionId": "s1", "eventType": "GIFT_CARD_VIEW", "duration": 1500, "properties": {"colour": "red", "n": 3}},
  {"sessionId": "s1", "eventType": "SERVICE_VIEW", "serviceId": "piece", "duration": -1},
  7]', source => 'track') - 'rejected' as answer;
select r ->> 'index' as index, r ->> 'reason' as reason
  from jsonb_array_elements(cal.track('[{"sessionId": "s1", "eventType": "page view"}, {"eventType": "PAGE_VIEW"},
         {"sessionId": "s1", "eventType": "SERVICE_VIEW", "duration": -1}, 7]', source => 'track') -> 'rejected') r;
select event_type, duration, properties from cal.analytics_event where source = 'track' order by 1;
select cal.track('"nonsense"', source => 'track') -> 'rejected' as refused;
select cal.track('[{"sessionId": "s1", "eventType": "PAGE', source => 'track') as cut_off;
select cal.track(null);
select cal.track('[]', source => 'nowhere');

-- The same id counts once: within a batch, across batches, and per source.
select cal.track('[{"sessionId": "s2", "eventType": "PAGE_VIEW", "eventId": "e1"}, {"sessionId": "s2", "eventType": "PAGE_VIEW", "eventId": "e1"},
                   {"sessionId": "s2", "eventType": "PAGE_VIEW", "eventId": "e2"}]', source => 'track') as first;
select cal.track('[{"sessionId": "s2", "eventType": "PAGE_VIEW", "eventId": "e2"}, {"sessionId": "s2", "eventType": "PAGE_VIEW", "eventId": "e3"}]',
                 source => 'track') as again;
select array_agg(event_id order by event_id) as kept from cal.analytics_event where session_id = 's2';

-- Clocks: the future becomes now, the past is kept and marked.
select cal.track(jsonb_build_array(
    jsonb_build_object('sessionId', 's3', 'eventType', 'PAGE_VIEW', 'eventId', 'future', 'timestamp', now() + interval '1 hour'),
    jsonb_build_object('sessionId', 's3', 'eventType', 'PAGE_VIEW', 'eventId', 'past', 'timestamp', now() - interval '3 days'),
    jsonb_build_object('sessionId', 's3', 'eventType', 'PAGE_VIEW', 'eventId', 'recent', 'timestamp', now() - interval '1 hour')),
  source => 'track') -> 'accepted' as accepted;
select event_id, late, occurred_at <= received_at as not_ahead, received_at - occurred_at > interval '70 hours' as kept_old
  from cal.analytics_event where session_id = 's3' order by 1;

-- Personal data goes before anything is stored.
select cal.track('{"sessionId": "s4", "eventType": "PAGE_VIEW",
    "url": "https://studio.example/book?email=ana%40example.com&utm_source=mail&token=abcdef1234567890#ana@example.com",
    "referrer": "https://mail.example/inbox?user=ana@example.com", "userId": "ana@example.com",
    "properties": {"note": "call +34 612 345 678 or write ana@example.com", "card": "4111 1111 1111 1111",
                   "iban": "ES91 2100 0418 4502 0005 1332", "price": 12000}}',
  '{"ipAddress": "203.0.113.77", "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"}',
  'track') as answer;
select url, referrer, referrer_host, utm_source, properties, device, browser, bot from cal.analytics_event where session_id = 's4';
select e.ip_address from calytics.event e where e.session_id = 's4';
select count(*) as leaks from calytics.event e join calytics.source s using (source_id)
 where s.name = 'track' and e::text ~* 'ana(@|%40)example|612.?345|4111|0418|abcdef1234567890|203\.0\.113\.77|iPhone';

-- Pseudonyms are what pgcrypto makes of the whole address and the user agent.
select e.visitor = encode(substr(hmac('\x04cb00714d'::bytea || convert_to('Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1', 'UTF8'),
                                      x.salt, 'sha256'), 1, 16), 'hex')::uuid as visitor,
       e.person = encode(substr(hmac('ana@example.com', k.person_key, 'sha256'), 1, 16), 'hex')::uuid as person
  from calytics.event e
  join calytics.source s on s.source_id = e.source_id and s.name = 'track'
  join calytics.visitor_salt x on x.source_id = s.source_id and x.day = (now() at time zone 'UTC')::date
  join calytics.source_key k on k.source_id = s.source_id
 where e.session_id = 's4';

-- Who asks not to be tracked is counted and dropped, unless the source is told otherwise; strict keeps nothing that attributes.
select cal.track('[{"sessionId": "s5", "eventType": "PAGE_VIEW"}]', '{"doNotTrack": true}', 'track') as honoured;
select cal.set_tracking('track', honour_signals => false, strict => true) \g /dev/null
select cal.track('[{"sessionId": "s5", "eventType": "PAGE_VIEW", "url": "https://a.example/x?utm_source=ad", "userId": "u"}]',
                 '{"doNotTrack": true, "ipAddress": "203.0.113.77", "userAgent": "x"}', 'track') -> 'accepted' as strict;
select visitor, person, utm_source, url from cal.analytics_event where session_id = 's5';
select cal.set_tracking('track', keep_events => '1 day');
select cal.set_tracking('track', batch_size => 0);
select cal.set_tracking('track', flush_interval => '10 ms');
select cal.set_tracking('track', max_retries => 21);
select cal.set_tracking('track', origins => '{https://studio.example/}');
select cal.set_tracking('track', origins => array[null]);
select cal.set_tracking('track', batch_size => 50, origins => '{https://studio.example,http://localhost:3000,https://[::1]:8443}') \g /dev/null
select cal.set_tracking('track', max_retries => 0) \g /dev/null
select t.batch_size, t.max_retries, t.flush_interval, t.origins from calytics.tracking t join calytics.source s using (source_id) where s.name = 'track';
select cal.set_tracking('track', honour_signals => true, strict => false) \g /dev/null

-- Two days on, the salt is gone from everywhere, and with it the way back from a visitor to a person.
\set ECHO none
select x.salt as old_salt from calytics.visitor_salt x join calytics.source s using (source_id) where s.name = 'track' \gset
begin;
select calytics.keep_tracking(now() + interval '1 day') \g /dev/null
select count(*) as yesterdays from calytics.visitor_salt x where x.salt = :'old_salt';
select calytics.keep_tracking(now() + interval '2 days') \g /dev/null
create function pg_temp.holds(salt text) returns table (relation regclass) language plpgsql as $$
begin
  for relation in select c.oid from pg_class c where c.relnamespace = 'calytics'::regnamespace and c.relkind = 'r' loop
    execute format('select from %s t where t::text like %L limit 1', relation, '%' || substr(salt, 3) || '%');
    if found then
      return next;
    end if;
  end loop;
end $$;
select pg_temp.holds(:'old_salt') as still_there;
rollback;
\set ECHO queries

-- Months are made ahead and go when their time has come.
begin;
select calytics.keep_tracking('2031-05-20') \g /dev/null
select array_agg(c.relname::text order by c.relname) filter (where c.relname like 'event_2031%') as ahead
  from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'calytics.event'::regclass;
select calytics.keep_tracking('2033-01-01') \g /dev/null
select count(*) filter (where c.relname like 'event_2031%') as due
  from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'calytics.event'::regclass;
select calytics.keep_tracking('2033-01-02') \g /dev/null
select count(*) filter (where c.relname like 'event_2031%') as later
  from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'calytics.event'::regclass;
-- Whose events are to be kept for longer keeps the month for all who want that.
select cal.set_tracking('track', keep_events => '3000 days') \g /dev/null
select calytics.keep_tracking('2031-05-20') \g /dev/null
select calytics.keep_tracking('2033-01-01'), calytics.keep_tracking('2033-01-03') \g /dev/null
select count(*) filter (where c.relname like 'event_2031%') as kept
  from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'calytics.event'::regclass;
rollback;

-- A booking that a signed webhook tells of closes a funnel; a page's word alone doesn't.
select length(cal.rotate_secret('way', 'whsec_way')) as secret;
select r.outcome from cal.simulate_webhook('BOOKING_CREATED', 'way-booked', '{}', now(), 'way') w, cal.receive_webhook(w.body, w.headers, 'way') r;
select cal.track('[
  {"sessionId": "a", "eventType": "SERVICE_VIEW", "serviceId": "piece", "timestamp": "2026-03-02T10:00:00Z"},
  {"sessionId": "a", "eventType": "SERVICE_SELECT", "serviceId": "piece", "timestamp": "2026-03-02T10:01:00Z"},
  {"sessionId": "a", "eventType": "BOOKING_START", "serviceId": "piece", "timestamp": "2026-03-02T10:02:00Z"},
  {"sessionId": "a", "eventType": "BOOKING_SUBMIT", "serviceId": "piece", "timestamp": "2026-03-02T10:05:00Z"},
  {"sessionId": "a", "eventType": "BOOKING_COMPLETE", "serviceId": "piece", "bookingUid": "way-booked", "timestamp": "2026-03-02T10:05:02Z"},
  {"sessionId": "b", "eventType": "SERVICE_VIEW", "serviceId": "piece", "timestamp": "2026-03-02T11:00:00Z"},
  {"sessionId": "b", "eventType": "SERVICE_SELECT", "serviceId": "piece", "timestamp": "2026-03-02T11:01:00Z"},
  {"sessionId": "b", "eventType": "BOOKING_START", "serviceId": "piece", "timestamp": "2026-03-02T11:02:00Z"},
  {"sessionId": "b", "eventType": "BOOKING_SUBMIT", "serviceId": "piece", "timestamp": "2026-03-02T11:03:00Z"},
  {"sessionId": "b", "eventType": "BOOKING_COMPLETE", "serviceId": "piece", "bookingUid": "way-invented", "timestamp": "2026-03-02T11:03:02Z"},
  {"sessionId": "c", "eventType": "SERVICE_VIEW", "serviceId": "piece", "timestamp": "2026-03-02T12:00:00Z"},
  {"sessionId": "c", "eventType": "BOOKING_START", "serviceId": "piece", "timestamp": "2026-03-02T12:01:00Z"},
  {"sessionId": "d", "eventType": "SERVICE_VIEW", "serviceId": "touch-up", "timestamp": "2026-03-02T12:00:00Z"}]',
  source => 'way') -> 'accepted' as accepted;
select step, name, sessions, pending, round(conversion, 3) as conversion, round(overall_conversion, 3) as overall, median_s, round(mean_s) as mean_s
  from cal.funnel('day', '2026-03-02 20:00Z', source => 'way');
select step, name, sessions, pending from cal.funnel('day', '2026-03-02 12:00:30Z', source => 'way', service => 'piece', steps => '{SERVICE_VIEW,BOOKING_START}');
select step, name, sessions from cal.funnel('day', '2026-03-02 20:00Z', source => 'way', steps => '{SERVICE_VIEW,BOOKING_START}', strict => true);
select session_id, service, outcome, booked_at is not null as booked, booking_status from cal.booking_funnel where source = 'way' order by 1, 2;
select cal.funnel(steps => '{}', source => 'way');
select cal.funnel("window" => '-1 day', source => 'way');

-- Over HTTP: who sends is known by the request, whatever the body says of it.
select r.status, convert_from(r.body, 'UTF8')::jsonb - 'removed' as answer
  from cal.http('POST', '/api/cal/track/way', null,
                '{"x-calytics-peer": "198.51.100.7", "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}',
                convert_to('{"sessionId": "h", "eventType": "PAGE_VIEW", "ipAddress": "192.0.2.1", "userAgent": "curl/8"}', 'UTF8')) r;
select ip_address, browser, bot from calytics.event where session_id = 'h';
select r.status, convert_from(r.body, 'UTF8')::jsonb -> 'accepted' as accepted, convert_from(r.body, 'UTF8')::jsonb -> 'private' as private
  from cal.http('POST', '/api/cal/track/way', null, '{"sec-gpc": "1"}', convert_to('{"sessionId": "h", "eventType": "PAGE_VIEW"}', 'UTF8')) r;
select r.status from cal.http('POST', '/api/cal/track/way', null, '{}', '\xff00') r;
select r.status from cal.http('POST', '/api/cal/track/nowhere', null, '{}', '[]') r;

-- Random sessions: the aggregate equals a walk, event by event, in plain SQL.
create temp table walk as
  select s as session, (array['A', 'B', 'C', 'D', 'X'])[1 + floor(random() * 5)] as type,
         '2026-01-01'::timestamptz + interval '1 minute' * floor(random() * 60) as at
    from generate_series(1, 800) s cross join lateral generate_series(1, 1 + floor(random() * 12)::int + s * 0) n;
create function pg_temp.walked(session int, steps text[], within interval, strict boolean) returns timestamptz[] language plpgsql as $$
declare
  times timestamptz[] := '{}';
  t timestamptz;
begin
  select min(w.at) into t from walk w where w.session = walked.session and w.type = steps[1];
  for k in 2 .. cardinality(steps) + 1 loop
    exit when t is null or t > coalesce(times[1], t) + within;
    times := times || t;
    exit when k > cardinality(steps);
    if strict then
      select w.at into t from walk w
       where w.session = walked.session and w.type = any (steps) and w.at > times[k - 1]
       order by w.at, w.type <> steps[k] limit 1;
      if not exists (select from walk w where w.session = walked.session and w.at = t and w.type = steps[k]) then
        t := null;
      end if;
    else
      select min(w.at) into t from walk w where w.session = walked.session and w.type = steps[k] and w.at > times[k - 1];
    end if;
  end loop;
  return times;
end $$;
select steps, strict, count(*) as sessions, count(*) filter (where times <> walked) as different
  from (values ('{A,B,C,D}'::text[]), ('{A,B,A}'), ('{B}'), ('{C,A,D}')) v (steps),
       (values (false), (true)) f (strict),
       lateral (select w.session, calytics.funnel_times(w.type, w.at, steps, '20 minutes', strict) as times,
                       pg_temp.walked(w.session, steps, '20 minutes', strict) as walked
                  from walk w group by w.session) x
 group by 1, 2 order by 1, 2;
