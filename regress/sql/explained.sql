-- What is behind a number is what the number counts, on random lives of bookings and random visits to pages, wherever the folder
-- stands: cells of retention and of lifetime value, pace as it is and was known, and all that is told of sessions.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set shown_file :regress /shown.psql
\i :shown_file
\set pages_file :regress /pages.psql
\i :pages_file
select cal.rotate_secret('behind', 'whsec_of_what_is_behind') \g /dev/null
select cal.set_source('behind', pg_temp.pick('Europe/Madrid', 'Australia/Lord_Howe', 'Asia/Kathmandu'), 'EUR') \g /dev/null
select from (select cal.add_token('behind reader', 'reader', 'cal_behind_reader_token')) t;
create temp table checked (what text, cells bigint, filled bigint, off bigint);
-- Visits that go from step to step, some to the end, and events of all kinds in any order.
create function pg_temp.visits(batch int) returns void language sql as $$
  with walk as (
    select 'w' || n as session, 2 + floor(random() * 5)::int as steps, now() - random() * interval '3 days' as began, pg_temp.pick('7301', '7302') as service
      from generate_series(1, 25) n
  ), event as (
    select session || '-' || batch as session, k, (array['PAGE_VIEW', 'SERVICE_VIEW', 'SERVICE_SELECT', 'BOOKING_START', 'BOOKING_SUBMIT', 'BOOKING_COMPLETE'])[k] as type,
           service, began + k * interval '1 minute' as at, k = 6 as books
      from walk cross join generate_series(1, steps) k
    union all
    select 'b' || floor(random() * 30), 100 + i, pg_temp.pick('PAGE_VIEW', 'SERVICE_VIEW', 'SERVICE_SELECT', 'BOOKING_START', 'BOOKING_SUBMIT', 'BOOKING_COMPLETE'),
           pg_temp.pick('7301', '7302', '7303'), now() - random() * interval '3 days', random() < 0.2
      from generate_series(1, 60) i
  )
  select cal.track(
    (select jsonb_agg(jsonb_build_object(
              'sessionId', e.session, 'eventId', format('%s-%s-%s', batch, e.session, e.k), 'eventType', e.type, 'serviceId', e.service,
              'timestamp', calytics.iso(e.at),
              'bookingUid', case when e.books then (select b.uid from calytics.booking b join calytics.source s using (source_id)
                                                     where s.name = 'behind' order by md5(b.uid || e.session) limit 1) end,
              'url', pg_temp.pick('https://s.example/', 'https://s.example/?utm_source=mail&utm_medium=letter', 'https://s.example/?utm_source=ad'),
              'experiment', 'hero', 'variant', pg_temp.pick('a', 'b'))) from event e),
    pg_temp.browser(), 'behind') $$;
create procedure pg_temp.check_behind(rounds int) language plpgsql as $$
declare
  unit text;
  at timestamptz;
  of_service text;
  of_host text;
  moment timestamptz;
begin
  for round in 1 .. rounds loop
    for i in 1 .. 60 loop perform pg_temp.live('behind'); end loop;
    perform pg_temp.visits(round);
    if pg_temp.chance(0.6) then perform cal.fold(true); end if;
    unit := pg_temp.pick('week', 'month', 'quarter', 'year');
    at := pg_temp.moment();
    of_service := pg_temp.pick('large-piece', '7301', null, null);
    of_host := pg_temp.pick('zoe', '42', null, null);
    if round = 1 then -- of all, when most has happened: cells that somebody is in
      unit := 'quarter'; at := '2026-06-15Z'; of_service := null; of_host := null;
    end if;
    insert into checked
    select 'retention', count(*), count(*) filter (where r.active > 0),
           count(*) filter (where r.active <> (
             select count(distinct x.customer) from cal.explain_retention(r.cohort, r.since, unit, 'behind', at, of_service, of_host) x))
      from (select * from cal.retention(unit, 4, 'behind', at, of_service, of_host) x where x.active is not null order by x.active < 2, random() limit 10) r;
    insert into checked
    select 'lifetime value', count(*), count(*) filter (where l.cumulative_value > 0),
           count(*) filter (where l.cumulative_value <> (
             select coalesce(sum(x.value), 0) from cal.explain_lifetime_value(l.cohort, l.months_since, 'behind', l.currency_used, at) x))
      from (select * from cal.lifetime_value('behind', 3, at => at) x where x.cumulative_value is not null order by random() limit 10) l;
    moment := clock_timestamp() - random() * interval '2 seconds';
    insert into checked
    select 'pace', count(*), count(*) filter (where p.bookings > 0), count(*) filter (where row(p.bookings, p.value)::text <> (
             select row(sum(y.n), coalesce(sum(y.value), 0))::text
               from (select count(*) as n, sum(x.value) as value
                       from cal.explain_pace(p.starts_at, p.ends_at, p.known, 'behind', of_service, of_host) x) y))
      from (select q.known, q.starts_at, q.ends_at, sum(q.bookings) as bookings, coalesce(sum(q.value), 0) as value
              from cal.pace('2025-09-01Z', '2026-06-01Z', array[moment, now()], 'behind', of_service, of_host, 'month') q
             group by 1, 2, 3) p
     where p.bookings > 0 and random() < 0.5;
    insert into checked
    select 'sources', count(*), count(*) filter (where o.booked > 0), count(*) filter (where row(o.sessions, o.booked, o.booked)::text <> (
             select row(count(*), count(*) filter (where x.booked), count(x.root_uid))::text
               from cal.explain_traffic('week', source => 'behind', by => k, origin => o.origin) x))
      from unnest(array['source', 'medium', 'campaign', 'referrer']) k cross join lateral cal.sources('week', source => 'behind', by => k) o;
    insert into checked
    select 'traffic', 1, (t.booked > 0)::int, (row(t.sessions, t.claimed, t.booked) is distinct from row(
             (select count(*) from cal.explain_traffic('month', source => 'behind') x),
             (select count(*) from cal.explain_traffic('month', source => 'behind', outcome => 'claimed') x),
             (select count(*) from cal.explain_traffic('month', source => 'behind', outcome => 'booked') x)))::int
      from cal.traffic('month', source => 'behind') t;
    insert into checked
    select 'journeys', count(*), count(*) filter (where j.to_event = '(booked)'), count(*) filter (where j.sessions <> (
             select count(*) from cal.explain_journeys(j.step, j.from_event, j.to_event, 'month', source => 'behind') x))
      from (select * from cal.journeys('month', source => 'behind') x order by x.to_event <> '(booked)', random() limit 6) j;
    insert into checked
    select 'funnel', count(*), count(*) filter (where f.step = 5 and f.sessions > 0), count(*) filter (where f.sessions <> (
             select count(*) from cal.explain_funnel(f.step, 'month', source => 'behind', service => v) x))
      from unnest(array['7301', null]) v cross join lateral cal.funnel('month', source => 'behind', service => v) f;
    insert into checked
    select 'experiment', count(*), count(*) filter (where e.conversions > 0), count(*) filter (where row(e.sessions, e.conversions, e.conversions)::text <> (
             select row(count(*), count(*) filter (where x.booked), count(x.root_uid))::text from cal.explain_experiment('hero', e.variant, source => 'behind') x))
      from cal.experiment('hero', source => 'behind') e;
    commit;
  end loop;
end $$;
\set ECHO all
call pg_temp.check_behind(3);
select what, sum(cells) > 0 as cells, sum(filled) > 0 as filled, sum(off) as off from checked group by what order by what;
-- Of one service alone, nothing of another shows.
select count(*) > 0 as sessions, count(*) filter (where service_name is distinct from 'consultation') as of_others,
       count(*) filter (where booked_service is distinct from 'consultation' and root_uid is not null) as booked_others
  from cal.explain_funnel(1, 'month', source => 'behind', service => '7301');
-- By tRPC in pages, without whose bookings they are.
\set ECHO none
create function pg_temp.ask(procedure text, input jsonb) returns jsonb language sql as $$
  select convert_from(h.body, 'UTF8')::jsonb
    from cal.http('GET', '/api/trpc/calAnalytics.' || procedure, 'input=' || pg_temp.escaped(('{"source": "behind", "period": "month"}' || input)::text),
                  '{"authorization": "Bearer cal_behind_reader_token"}', '') h $$;
create temp table question (procedure text, input jsonb, query text);
insert into question values
  ('explainPace', '{"from": "2025-08-01T00:00Z", "to": "2026-07-01T00:00Z", "service": "large-piece"}', $$select * from cal.explain_pace('2025-08-01Z', '2026-07-01Z', null, 'behind', 'large-piece')$$),
  ('explainFunnel', '{"step": 2}', $$select * from cal.explain_funnel(2, 'month', source => 'behind')$$),
  ('explainTraffic', '{"by": "medium", "origin": "letter"}', $$select * from cal.explain_traffic('month', source => 'behind', by => 'medium', origin => 'letter')$$),
  ('explainTraffic', '{"outcome": "claimed"}', $$select * from cal.explain_traffic('month', source => 'behind', outcome => 'claimed')$$),
  ('explainJourneys', '{"fromEvent": "PAGE_VIEW", "toEvent": "SERVICE_VIEW", "step": 1}', $$select * from cal.explain_journeys(1, 'PAGE_VIEW', 'SERVICE_VIEW', 'month', source => 'behind')$$),
  ('explainExperiment', '{"experiment": "hero", "variant": "a"}', $$select * from cal.explain_experiment('hero', 'a', source => 'behind')$$);
-- Cells that somebody is in.
insert into question
(select 'explainRetention', jsonb_build_object('cohort', r.cohort, 'since', r.since, 'unit', 'year'),
        format('select * from cal.explain_retention(%L, %s, ''year'', ''behind'')', r.cohort, r.since)
   from cal.retention('year', 4, 'behind') r where r.active > 0 order by random() limit 1)
union all
(select 'explainRetention', jsonb_build_object('cohort', r.cohort, 'since', r.since, 'unit', 'quarter', 'host', h),
        format('select * from cal.explain_retention(%L, %s, ''quarter'', ''behind'', host => %L)', r.cohort, r.since, h)
   from unnest(array['zoe', '42']) h cross join lateral cal.retention('quarter', 8, 'behind', host => h) r where r.active > 0 order by random() limit 1)
union all
(select 'explainLifetimeValue', jsonb_build_object('cohort', l.cohort, 'since', l.months_since, 'currency', lower(l.currency_used)),
        format('select * from cal.explain_lifetime_value(%L, %s, ''behind'', %L)', l.cohort, l.months_since, lower(l.currency_used))
   from cal.lifetime_value('behind', 24) l where l.cumulative_value > 0 order by random() limit 1);
create function pg_temp.told(query text) returns jsonb language plpgsql as $$
declare answer jsonb; begin execute format('select jsonb_agg(to_jsonb(r) - ''customer'') from (%s) r', query) into answer; return answer; end $$;
\set ECHO all
select q.procedure, p.total > 0 as any, p.total = jsonb_array_length(p.rows) as all, p.rows = pg_temp.told(q.query) as same, p.rows::text ~ 'customer' as persons
  from question q cross join lateral pg_temp.pages(q.procedure, q.input) p order by q.procedure, q.input::text;
select jsonb_array_length(a -> 'rows') as rows, a -> 'next' as next from pg_temp.ask('explainFunnel', '{"offset": 100000}') x, lateral (select x #> '{result,data}' as a) y;
-- Wrong questions.
select q.procedure, pg_temp.ask(q.procedure, q.input) #>> '{error,message}' as message
  from (values ('explainRetention', '{}'::jsonb), ('explainRetention', '{"cohort": "2026-02-30"}'), ('explainRetention', '{"cohort": "2026-02-01", "unit": "day"}'),
               ('explainLifetimeValue', '{"cohort": 7}'), ('explainPace', '{}'), ('explainFunnel', '{"step": 6}'), ('explainTraffic', '{"by": "source"}'),
               ('explainTraffic', '{"by": "colour", "origin": "red"}'), ('explainTraffic', '{"outcome": "sad"}'), ('explainJourneys', '{}'),
               ('explainExperiment', '{"experiment": "hero"}')) q (procedure, input);
select cal.explain_funnel(0, source => 'behind');
select cal.explain_lifetime_value('2026-01-01', -1, 'behind');
select cal.explain_retention('2026-01-01', null, source => 'behind');
select from (select cal.revoke_token('behind reader')) t;
