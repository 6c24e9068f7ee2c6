-- Sessions, where they came from and which way they went, equal a walk through the events one by one, on random
-- events, cut into days or not.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file
set timezone = 'UTC';
\set ECHO queries

select length(cal.rotate_secret('traffic', 'whsec_traffic')) as secret;
select cal.set_source('traffic', 'Europe/Madrid') \g /dev/null
select r.outcome from cal.simulate_webhook('BOOKING_CREATED', 'traffic-1', '{}', now(), 'traffic') w, cal.receive_webhook(w.body, w.headers, 'traffic') r;

-- By hand: an id that is silent for half an hour comes back as another session.
select cal.track('[
  {"sessionId": "a", "eventType": "PAGE_VIEW", "timestamp": "2026-03-02T10:00:00Z", "url": "https://s.example/?utm_source=mail&utm_campaign=spring"},
  {"sessionId": "a", "eventType": "PAGE_VIEW", "timestamp": "2026-03-02T10:05:00Z"},
  {"sessionId": "a", "eventType": "SERVICE_VIEW", "timestamp": "2026-03-02T10:10:00Z", "referrer": "https://other.example/x"},
  {"sessionId": "a", "eventType": "BOOKING_COMPLETE", "bookingUid": "traffic-1", "timestamp": "2026-03-02T10:40:00Z"},
  {"sessionId": "a", "eventType": "PAGE_VIEW", "timestamp": "2026-03-02T11:10:01Z"},
  {"sessionId": "b", "eventType": "PAGE_VIEW", "ipAddress": "192.0.2.8", "timestamp": "2026-03-02T12:00:00Z", "referrer": "https://search.example/?q=tattoo"},
  {"sessionId": "b", "eventType": "BOOKING_COMPLETE", "bookingUid": "nobody-knows", "timestamp": "2026-03-02T12:01:00Z"},
  {"sessionId": "c", "eventType": "PAGE_VIEW", "timestamp": "2026-03-02T13:00:00Z", "userAgent": "Googlebot/2.1"}]',
  '{"userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "ipAddress": "192.0.2.7"}', 'traffic') -> 'accepted' as accepted;
select visitors, sessions, events, claimed, booked, round(conversion, 3) as conversion, bot_events from cal.traffic('day', '2026-03-02 20:00Z', source => 'traffic');
select * from cal.sources('day', '2026-03-02 20:00Z', source => 'traffic');
select * from cal.sources('day', '2026-03-02 20:00Z', source => 'traffic', by => 'campaign');
select * from cal.journeys('day', '2026-03-02 20:00Z', source => 'traffic');
select cal.sources(by => 'colour', source => 'traffic');
select cal.journeys(steps => 0, source => 'traffic');
select cal.traffic(every => 'minute', source => 'traffic');

-- At random: two days of events, told through cal.track in batches.
select length(cal.rotate_secret('random', 'whsec_random')) as secret;
create temp table told as
  select i, 's' || floor(random() * 40) as session, (array['PAGE_VIEW', 'SERVICE_VIEW', 'SERVICE_SELECT', 'BOOKING_COMPLETE'])[1 + floor(random() * 4)] as type,
         '2026-03-10'::timestamptz + interval '1 second' * floor(random() * 172800) as at,
         (array[null, null, 'mail', 'ad'])[1 + floor(random() * 4)] as utm, random() < 0.05 as bot
    from generate_series(1, 1500) i;
select sum((cal.track((
    select jsonb_agg(jsonb_build_object(
             'sessionId', t.session, 'eventType', t.type, 'timestamp', t.at, 'eventId', lpad(t.i::text, 6, '0'),
             'userAgent', case when t.bot then 'crawler bot' else 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' end,
             'url', 'https://s.example/' || coalesce('?utm_source=' || t.utm, '')))
      from told t where t.i % 10 = n), source => 'random') -> 'accepted')::int) as accepted
  from generate_series(0, 9) n;

create temp table session_told (id text, began timestamptz, utm text, types text[]);
do $$
declare
  e record;
  last_id text;
  last_at timestamptz;
begin
  for e in select * from told t where not t.bot order by t.session, t.at, t.i loop
    if last_id is distinct from e.session or e.at - last_at > interval '30 minutes' then
      insert into session_told values (e.session, e.at, e.utm, array[e.type]);
    else
      update session_told s
         set utm = coalesce(s.utm, e.utm),
             types = case when s.types[cardinality(s.types)] = e.type then s.types else s.types || e.type end
       where s.id = e.session and s.began = (select max(x.began) from session_told x where x.id = e.session);
    end if;
    last_id := e.session;
    last_at := e.at;
  end loop;
end $$;
select every, sum(sessions) = (select count(*) from session_told) as sessions,
       sum(events) = (select count(*) from told where not bot) as events, sum(bot_events) = (select count(*) from told where bot) as bots
  from (values (null), ('day'), ('hour')) v (every), cal.traffic('custom', "from" => '2026-03-10', "to" => '2026-03-12', source => 'random', every => every)
 group by 1 order by 1;
select count(*) as different
  from (select origin, sessions from cal.sources('custom', "from" => '2026-03-10', "to" => '2026-03-12', source => 'random')
        except all select coalesce(utm, '(direct)'), count(*) from session_told group by 1) d;
select count(*) as different
  from (select step, from_event, to_event, sessions
          from cal.journeys('custom', "from" => '2026-03-10', "to" => '2026-03-12', source => 'random', steps => 50)
        except all
        select k, types[k], coalesce(types[k + 1], '(left)'), count(*)
          from session_told, generate_series(1, 50) k where k <= cardinality(types) group by 1, 2, 3) d;
