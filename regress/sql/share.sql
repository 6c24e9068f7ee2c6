-- Shared links: what they open, when they end, and the law that one of a single service or host tells nothing of another:
-- its answers are those under that filter, and nothing that happens to others changes them.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set shown_file :regress /shown.psql
\i :shown_file
\set VERBOSITY terse
select cal.rotate_secret('shared', 'whsec_of_the_shared') \g /dev/null
select cal.set_source('shared', pg_temp.pick('Europe/Madrid', 'Australia/Lord_Howe', 'Asia/Kathmandu'), 'EUR') \g /dev/null
select cal.rotate_secret('kept', 'whsec_of_the_kept') \g /dev/null
select from (select count(cal.rotate_secret('default')) where not exists (select from cal.source where source = 'default')) x;
select from (select cal.add_token('share reader', 'reader', 'cal_share_reader_token'), cal.add_token('share admin', 'admin', 'cal_share_admin_token_1')) t;
do $$ begin for i in 1..260 loop perform pg_temp.live('shared'); end loop; end $$;
select cal.record_payment(c.root_uid, 700, 'EUR', source => 'shared'), cal.record_payment(c.root_uid, 30, 'EUR', kind => 'refund', source => 'shared')
  from cal.chain c where c.source = 'shared' and c.service = 'cover-up' limit 1 \g /dev/null
select cal.set_opening_hours('{"1": [["08:00", "20:00"]], "4": [["10:00", "22:00"]]}', source => 'shared') \g /dev/null
create function pg_temp.visit(sessions text, services text[]) returns jsonb language sql as $$
  select cal.track(
    (select jsonb_agg(jsonb_build_object(
              'sessionId', sessions || i % 20, 'eventType', pg_temp.pick('PAGE_VIEW', 'SERVICE_VIEW', 'SERVICE_SELECT', 'BOOKING_START'),
              'serviceId', pg_temp.pick(variadic services), 'timestamp', calytics.iso(now() - random() * interval '2 days'), 'duration', 100 + i,
              'url', 'https://s.example/?utm_source=' || sessions, 'experiment', 'hero', 'variant', 'b')) from generate_series(1, 80) i),
    pg_temp.browser(), 'shared') $$;
select pg_temp.visit('first', '{large-piece,consultation,touch-up}') \g /dev/null
create function pg_temp.escaped(t text) returns text language sql as $$
  select string_agg('%' || upper(encode(substr(b, i, 1), 'hex')), '' order by i)
    from (select convert_to(t, 'UTF8') as b) x, generate_series(1, length(b)) i $$;
create function pg_temp.send(method text, path text, headers jsonb, body text default '', query text default '')
  returns table (status int, answer jsonb, headers jsonb) language sql as $$
  select h.status, convert_from(h.body, 'UTF8')::jsonb, h.headers
    from cal.http(method, path, query, '{"content-type": "application/json", "sec-fetch-site": "same-origin"}' || headers, convert_to(body, 'UTF8')) h $$;
create function pg_temp.ask(headers jsonb, procedure text, input jsonb default '{}', method text default 'GET') returns jsonb language sql as $$
  select s.answer
    from pg_temp.send(method, '/api/trpc/' || procedure, headers, case method when 'POST' then ('{"source": "shared"}' || input)::text else '' end,
                      case method when 'GET' then 'input=' || pg_temp.escaped(('{"source": "shared"}' || input)::text) else '' end) s $$;
create function pg_temp.opened(secret text) returns jsonb language sql as $$
  select jsonb_build_object('cookie', split_part(s.headers ->> 'set-cookie', ';', 1))
    from pg_temp.send('POST', '/api/login', '{}', jsonb_build_object('share', secret)::text) s $$;
create temp table link (name text, kept jsonb, headers jsonb);
insert into link values ('service', '{"service": "large-piece"}', pg_temp.opened(cal.share('of a service', 'shared', 'large-piece')));
insert into link values ('host', '{"host": "zoe"}', pg_temp.opened(cal.share('of a host', 'shared', host => '41')));
insert into link values ('both', '{"service": "consultation", "host": "ravi"}', pg_temp.opened(cal.share('of both', 'shared', '7301', 'ravi', 'infinity')));
insert into link values ('source', '{}', pg_temp.opened(cal.share('of all', 'shared')));
insert into link values ('reader', '{}', '{"authorization": "Bearer cal_share_reader_token"}');
\set ECHO all
select label, service, host, expires_at > now() + interval '29 days' as a_month, isfinite(expires_at) as ends, last_opened_at is not null as opened
  from cal.shared_link where source = 'shared' order by label;
select name, answer ->> 'role' as role, answer ->> 'how' as how, answer ->> 'label' as label, answer ->> 'sources' as sources,
       answer ->> 'service' as service, answer ->> 'host' as host
  from link, pg_temp.send('GET', '/api/debug/auth', headers) order by name;
-- Which of a reader's queries each may not ask.
select l.name, string_agg(split_part(p.name, '.', 2), ' ' order by p.name collate "C") as refused
  from link l cross join calytics.procedure p
 where p.kind = 'query' and p.access = 'reader' and pg_temp.ask(l.headers, p.name, '{"metric": "created"}') #>> '{error,data,code}' = 'FORBIDDEN'
 group by l.name order by l.name;
select name, pg_temp.ask(headers, 'calAnalytics.getPace', '{"service": "touch-up"}') #>> '{error,message}' as other_service,
       pg_temp.ask(headers, 'calAnalytics.getPace', '{"host": "mei"}') #>> '{error,message}' as other_host,
       pg_temp.ask(headers, 'calAnalytics.getPace', '{"source": "kept"}') #>> '{error,message}' as other_source
  from link where name <> 'reader' order by name;
select name, pg_temp.ask(headers, 'calAnalytics.getNames') #> '{result,data}' #- '{services,0,title}' as names, pg_temp.ask(headers, 'calAnalytics.getSources') #>> '{result,data,0,source}' as source
  from link where kept <> '{}' order by name;
-- It writes nothing, and is tracked as anyone.
select name, pg_temp.ask(headers, 'calAnalytics.syncData', '{}', 'POST') #>> '{error,message}' as sync,
       pg_temp.ask(headers, 'calAnalytics.share', '{"label": "more"}', 'POST') #>> '{error,message}' as share
  from link where name in ('service', 'source') order by name;
select a #>> '{result,data,accepted}' as accepted
  from link, pg_temp.ask(headers, 'calAnalytics.trackEvent',
                         jsonb_build_object('sessionId', 'share-' || name, 'eventType', 'PAGE_VIEW', 'ipAddress', '203.0.113.7'), 'POST') a
 where name in ('service', 'reader');
select session_id, ip_address from calytics.event where session_id in ('share-service', 'share-reader') order by 1;
-- Routes beside the procedures are not for links that show one thing alone, but for those for viewers.
select a.access, string_agg(distinct s.status::text, ' ') as statuses
  from link, unnest(array['viewer', 'reader', 'admin']) a (access), lateral (
    select (calytics.denied(a.access, calytics.session_caller(substring(headers ->> 'cookie' from '=(.*)')))).status) s
 where name in ('service', 'host', 'both') group by 1 order by 1;
select name, (calytics.denied('reader', calytics.session_caller(substring(headers ->> 'cookie' from '=(.*)')))).status as status
  from link where name = 'source';
-- They are told that something changed, not what.
select link.name, h.status, replace(h.headers ->> 'x-calytics-listen', s.source_id::text, '<id>') as channels,
       convert_from((select x.body from cal.http('GET', '/api/cal/events', 'source=kept', link.headers, '') x), 'UTF8')::jsonb #>> '{error,message}' as elsewhere
  from link, calytics.source s, cal.http('GET', '/api/cal/events', '', link.headers, '') h where s.name = 'shared' and link.name <> 'reader' order by link.name;

-- The law, at random questions, folded or not, in one transaction, for what is told depends on when.
\set ECHO none
create temp table asked (round int, link text, procedure text, answered boolean, as_filtered boolean, unmoved boolean, names boolean, question jsonb);
create function pg_temp.question() returns jsonb language sql as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'period', pg_temp.pick('week', 'month', 'quarter', 'year', 'custom'), 'at', calytics.iso(m.at), 'from', calytics.iso(m.at - random() * interval '300 days'),
    'to', calytics.iso(m.at), 'every', pg_temp.pick('day', 'week', 'month'), 'split', pg_temp.pick('service', 'host', 'service,host', null, null),
    'basis', pg_temp.pick('booked', 'service', 'event', null), 'horizon', 20, 'cohort', date_trunc('month', m.at)::date, 'since', 1, 'step', 1, 'unit', pg_temp.pick('month', 'quarter'), 'periods', 3, 'limit', 50,
    'metric', pg_temp.pick('created', 'completed', 'booked_value', 'booked_minutes', 'cancelled', 'no_show'), 'forecast', random() < 0.3,
    'metrics', '["created", "cancellation_rate", "lead_time_p50", "booked_value", "average_ticket", "customers", "rebooking_rate", "sessions", "events", "visitors", "conversion_rate"]'::jsonb))
    from (select pg_temp.moment() + random() * interval '60 days' as at) m $$;
-- But for what is told of the installation: when it was asked, and when the last webhook came.
create function pg_temp.told(headers jsonb, procedure text, input jsonb) returns jsonb language sql as $$
  select case jsonb_typeof(a #> '{result,data}') when 'object' then (a #> '{result,data}') - array['last_webhook_at', 'last_webhook_age_s']
              else coalesce(a #> '{result,data}', a -> 'error') end
    from pg_temp.ask(headers, procedure, input) a $$;
-- Somebody else's booking of another service, or of another host, whatever becomes of it.
create function pg_temp.others(kept jsonb, round int) returns void language plpgsql as $$
declare
  uid text;
  at timestamptz;
  says jsonb;
  other boolean;
begin
  for i in 1 .. 12 loop
    uid := format('other-%s-%s-%s', round, md5(kept::text), i);
    at := pg_temp.moment();
    other := not kept ? 'host' or kept ? 'service' and pg_temp.chance(0.5);
    says := jsonb_build_object(
      'type', case when other then 'piercing' else pg_temp.pick('large-piece', 'consultation') end,
      'eventTypeId', case when other then 7399 else 7302 end,
      'organizer', case when other and pg_temp.chance(0.7) then '{"id": 41, "username": "zoe", "email": "zoe@example.com", "name": "Zoe"}'
                        else '{"id": 77, "username": "ivo", "email": "ivo@example.com", "name": "Ivo"}' end::jsonb,
      'startTime', calytics.iso(at), 'endTime', calytics.iso(at + interval '3 hours'), 'price', 99000, 'currency', 'EUR',
      'attendees', jsonb_build_array(jsonb_build_object('email', uid || '@other.example', 'name', 'Somebody Else')));
    if not other then
      says := says || case says ->> 'type' when 'consultation' then '{"eventTypeId": 7301}' else '{}' end::jsonb;
    end if;
    perform pg_temp.post('shared', 'BOOKING_CREATED', uid, says, at - interval '5 days');
    case floor(random() * 4)::int
      when 0 then perform pg_temp.post('shared', 'BOOKING_CANCELLED', uid, says || '{"status": "CANCELLED"}', at - interval '1 day');
      when 1 then perform pg_temp.post('shared', 'BOOKING_PAID', uid, says, at - interval '4 days');
      when 2 then perform pg_temp.post('shared', 'BOOKING_REJECTED', uid, says || '{"status": "REJECTED"}', at - interval '4 days');
      else null;
    end case;
  end loop;
  perform pg_temp.visit('other' || round, '{piercing,cover-up}');
end $$;
do $$
declare
  l link;
  p text;
  question jsonb;
  before jsonb;
  filtered jsonb;
  as_whole boolean;
begin
  for round in 1 .. 2 loop
    for l in select * from link where name <> 'reader' order by name loop
      create temp table was as
        select x.name as procedure, q.question, pg_temp.told(l.headers, x.name, q.question) as told,
               pg_temp.told(r.headers, x.name, q.question || l.kept) as filtered
          from calytics.procedure x
         cross join lateral (select pg_temp.question() as question where x.name <> '') q
         cross join link r
         where x.kind = 'query' and x.access = 'reader' and x.name !~ 'getDashboardData|getNames|getSources|getMetrics$' and r.name = 'reader';
      perform pg_temp.others(case when l.kept = '{}' then '{"service": "none", "host": "none"}' else l.kept end, round);
      if pg_temp.chance(0.5) then perform cal.fold(true); end if;
      insert into asked
      select round, l.name, w.procedure, coalesce(w.told #>> '{data,code}', '') = '', w.told = w.filtered, w.told = pg_temp.told(l.headers, w.procedure, w.question),
             w.told::text ~ case l.name when 'service' then 'touch-up|cover-up|piercing|consultation"' when 'host' then 'ravi|mei|ivo'
                                        when 'both' then 'touch-up|cover-up|piercing|large-piece|zoe|mei|ivo' else '^$' end, w.question
        from was w;
      drop table was;
    end loop;
  end loop;
end $$;
\set ECHO all
select link, count(*) > 12 as answers, count(*) filter (where not as_filtered) as not_as_filtered, count(*) filter (where names) as names_of_others,
       count(*) filter (where not unmoved) as moved_by_others
  from asked where answered and link <> 'source' group by link order by link;
select * from asked where link <> 'source' and answered and not (as_filtered and unmoved and not names) order by procedure, link limit 3;
-- The same does move what a link to all shows.
select count(distinct procedure) >= 3 as moved from asked where link = 'source' and answered and not unmoved;

-- Revoked, ended, replaced.
select cal.revoke_share('of a service', 'shared') as revoked, cal.revoke_share('of a service', 'shared') as again, cal.revoke_share('of a host') as elsewhere;
update calytics.share set expires_at = now() where label = 'of a host';
select cal.share('of all', 'shared') is not null as replaced;
select name, (pg_temp.send('GET', '/api/debug/auth', headers)).answer ->> 'why_not' as why_not from link where name <> 'reader' order by name;
select count(*) as kept_in_clear from calytics.share x, link l where position(convert_to(split_part(l.headers ->> 'cookie', '=', 2), 'UTF8') in x.digest) > 0;
select status, answer -> 'error' as error from pg_temp.send('POST', '/api/login', '{}', '{"share": "cal_share_that_never_was"}');
select count(*) as sessions_left from calytics.session s join calytics.share x using (share_id) where x.label = 'of a service';

-- What can't be shared.
select cal.share(null, 'shared');
select cal.share('x', 'nowhere');
select cal.share('x', 'shared', 'massage');
select cal.share('x', 'shared', host => 'nobody');
select cal.share('x', 'shared', expires_at => now());
select cal.revoke_share('x', 'nowhere');
-- Two services of one name have to be told apart.
select pg_temp.post('kept', 'BOOKING_CREATED', 'kept-' || i, jsonb_build_object('type', 'twin', 'eventTypeId', i), now()) from generate_series(1, 2) i;
select cal.share('twin', 'kept', 'twin');
\set ECHO none
create temp table twin as select pg_temp.opened(cal.share('twin', 'kept', '2')) as headers;
\set ECHO all
select a #> '{result,data,total}' as total, a #>> '{result,data,rows,0,root_uid}' as booking
  from twin, pg_temp.ask(headers, 'calAnalytics.getBookings', '{"source": "kept"}') a;
-- By tRPC.
\set admin '{"authorization": "Bearer cal_share_admin_token_1"}'
select a #>> '{result,data,label}' as label, a #>> '{result,data,host}' as host, left(a #>> '{result,data,secret}', 10) as secret, a #>> '{result,data,expires_at}' as ends
  from pg_temp.ask(:'admin', 'calAnalytics.share', '{"label": "by tRPC", "host": "zoe", "expiresAt": "2999-01-01T00:00Z"}', 'POST') a;
select s ->> 'label' as label, s ->> 'host' as host, s ? 'digest' or s ? 'secret' as secret
  from jsonb_array_elements(pg_temp.ask(:'admin', 'calAnalytics.getShares') #> '{result,data}') s order by 1;
select pg_temp.ask(:'admin', 'calAnalytics.revokeShare', i, 'POST') from unnest(array['{"label": "by tRPC"}', '{"label": "by tRPC"}', '{}']::jsonb[]) i;
select pg_temp.ask(:'admin', 'calAnalytics.share', i, 'POST') #> '{error,message}'
  from unnest(array['{}', '{"label": "x", "service": "massage"}', '{"label": "x", "expiresAt": "2001-01-01"}', '{"label": 7}']::jsonb[]) i;
select from (select cal.revoke_token('share reader'), cal.revoke_token('share admin')) t;
