-- The procedures of the dashboard's page: each answers what its SQL function answers to the same question, row for row, on
-- random lives of bookings; lists come in pages that add up; readers see no persons; wrong input says what is wrong.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set shown_file :regress /shown.psql
\i :shown_file
select cal.rotate_secret('page', 'whsec_of_the_page') \g /dev/null
select cal.set_source('page', 'Australia/Lord_Howe', 'EUR') \g /dev/null
select cal.rotate_secret('aside', 'whsec_of_the_side') \g /dev/null
select from (select cal.add_token('page admin', 'admin', 'cal_page_admin_token_1'), cal.add_token('page reader', 'reader', 'cal_page_reader_token'),
                    cal.add_token('page only', 'reader', 'cal_page_only_token_1', sources => '{page}')) t;
do $$ begin for i in 1..220 loop perform pg_temp.live('page'); end loop; end $$;
select cal.record_payment((select root_uid from cal.chain where source = 'page' and status = 'accepted' order by 1 limit 1), 700, 'EUR',
                          source => 'page') \g /dev/null
select cal.set_opening_hours('{"1": [["08:00", "20:00"]], "4": [["10:00", "22:00"]]}', source => 'page') \g /dev/null
select cal.track(
  (select jsonb_agg(jsonb_build_object(
            'sessionId', 'p' || i % 30, 'eventType', pg_temp.pick('PAGE_VIEW', 'SERVICE_VIEW', 'SERVICE_SELECT', 'BOOKING_START'),
            'serviceId', pg_temp.pick('consultation', 'large-piece'), 'timestamp', calytics.iso(now() - random() * interval '2 days'),
            'url', pg_temp.pick('https://s.example/', 'https://s.example/?utm_source=mail'),
            'experiment', 'hero', 'variant', case when i % 30 < 15 then 'control' else 'b' end))
     from generate_series(1, 150) i),
  pg_temp.browser(), 'page') \g /dev/null
select from (select count(cal.receive_webhook(w.body, jsonb_build_object('x-cal-signature-256', calytics.sign_webhook(w.body, 'whsec_of_the_page')), 'page'))
               from (select convert_to('{"torn": ' || i, 'UTF8') as body from generate_series(1, 5) i) w) x;
create function pg_temp.escaped(t text) returns text language sql as $$
  select string_agg('%' || upper(encode(substr(b, i, 1), 'hex')), '' order by i)
    from (select convert_to(t, 'UTF8') as b) x, generate_series(1, length(b)) i $$;
create function pg_temp.ask(procedure text, input jsonb default '{}', token text default 'cal_page_reader_token', method text default 'GET')
  returns jsonb language sql as $$
  select convert_from(h.body, 'UTF8')::jsonb
    from cal.http(method, '/api/trpc/calAnalytics.' || procedure,
                  case method when 'GET' then 'input=' || pg_temp.escaped(('{"source": "page"}' || input)::text) end,
                  jsonb_build_object('content-type', 'application/json', 'authorization', 'Bearer ' || token),
                  case method when 'GET' then '' else convert_to(('{"source": "page"}' || input)::text, 'UTF8') end) h $$;
create function pg_temp.got(procedure text, input jsonb default '{}', token text default 'cal_page_reader_token') returns jsonb
  language sql as $$ select pg_temp.ask(procedure, input, token) #> '{result,data}' $$;
-- Rows of a query as the API gives them, once as text.
create function pg_temp.rows(query text) returns jsonb language plpgsql as $$
declare answer jsonb; begin execute format('select jsonb_agg(to_jsonb(r)) from (%s) r', query) into answer; return answer; end $$;
\set ECHO all
-- Each answers what SQL answers.
select c.name, jsonb_array_length(g.got) > 0 as any, g.got = pg_temp.rows(c.query) as same
  from (values
    ('getMetricValues', '{"period": "year", "at": "2026-02-10T12:00Z"}', $$select * from cal.metrics('year', '2026-02-10 12:00Z', source => 'page')$$),
    ('getMetricValues', '{"period": "quarter", "at": "2026-02-10T12:00Z", "every": "week", "split": "service,host", "metrics": ["created", "no_show_rate"],
                          "basis": "booked"}',
     $$select * from cal.metrics('quarter', '2026-02-10 12:00Z', source => 'page', every => 'week', split => 'service,host',
                                 metrics => '{created,no_show_rate}', basis => 'booked')$$),
    ('getMetricValues', '{"period": "year", "at": "2026-02-10T12:00Z", "knownAt": "2026-02-01", "metrics": ["created"]}',
     $$select * from cal.metrics('year', '2026-02-10 12:00Z', source => 'page', metrics => '{created}', known_at => '2026-02-01 00:00+11')$$),
    ('getMetricValues', '{"period": "custom", "from": "2025-11-05", "to": "2026-03-05T12:30", "service": "large-piece", "host": "zoe", "every": "month"}',
     $$select * from cal.metrics('custom', "from" => '2025-11-05 00:00+11', "to" => '2026-03-05 12:30+11', source => 'page', service => 'large-piece',
                                 host => 'zoe', every => 'month')$$),
    ('getPace', '{"from": "2025-10-01", "to": "2026-06-01", "knownAt": ["2026-01-01", "2026-03-01T00:00Z"], "every": "quarter", "host": "ravi"}',
     $$select * from cal.pace('2025-10-01 00:00+10:30', '2026-06-01 00:00+10:30', '{2026-01-01 00:00+11,2026-03-01 00:00Z}', 'page', null, 'ravi', 'quarter')$$),
    ('getPace', '{}', $$select * from cal.pace(date_trunc('month', now() at time zone 'Australia/Lord_Howe') at time zone 'Australia/Lord_Howe',
       (date_trunc('month', now() at time zone 'Australia/Lord_Howe') + interval '4 months') at time zone 'Australia/Lord_Howe',
       array[now() - interval '7 days', now()], 'page')$$),
    ('getRetention', '{"unit": "quarter", "periods": 3, "at": "2026-05-01", "service": "touch-up"}',
     $$select * from cal.retention('quarter', 3, 'page', '2026-05-01 00:00+10:30', 'touch-up')$$),
    ('getLifetimeValue', '{"months": 2, "currency": "usd", "at": "2026-05-01"}',
     $$select * from cal.lifetime_value('page', 2, 'usd', '2026-05-01 00:00+10:30')$$),
    ('getUtilisation', '{"period": "month", "at": "2026-01-20", "split": "host", "every": "week"}',
     $$select * from cal.utilisation('month', '2026-01-20 00:00+11', source => 'page', split => 'host', every => 'week')$$),
    ('getFunnel', '{"service": "consultation", "steps": ["SERVICE_VIEW", "BOOKING_START"], "window": "2 hours", "strict": true, "period": "month"}',
     $$select * from cal.funnel('month', source => 'page', service => 'consultation', steps => '{SERVICE_VIEW,BOOKING_START}', "window" => '2 hours', strict => true)$$),
    ('getFunnel', '{"period": "month"}', $$select * from cal.funnel('month', source => 'page')$$),
    ('getTraffic', '{"period": "month", "every": "day"}', $$select * from cal.traffic('month', source => 'page', every => 'day')$$),
    ('getTrafficSources', '{"period": "month", "by": "medium", "limit": 1}', $$select * from cal.sources('month', source => 'page', by => 'medium') limit 1$$),
    ('getJourneys', '{"period": "month", "steps": 2}', $$select * from cal.journeys('month', source => 'page', steps => 2)$$),
    ('getSources', '{}', $$select * from cal.source order by source$$)) c (name, input, query),
  lateral (select pg_temp.got(c.name, c.input::jsonb) as got) g;
select got #>> '{0,experiment}' as experiment, jsonb_array_length(got) as experiments,
       got #> '{0,variants}' = pg_temp.rows($$select * from cal.experiment('hero', now() - interval '90 days', now(), 'page', 'BOOKING_START')$$) as same
  from pg_temp.got('getExperiments', '{"goal": "BOOKING_START"}') got;
select pg_temp.got('getExperiments', '{"experiment": "nothing"}');
select got -> 'rows' = pg_temp.rows($$select starts_at, ends_at, value, low, high
                                        from cal.forecast('booked_minutes', 40, 'page', 'large-piece', every => 'month', confidence => 0.5, at => '2026-04-20 00:00+10:30')$$) as same,
       jsonb_array_length(got -> 'rows') as rows, got ->> 'method' like 'ETS%' as method, (select string_agg(k, ' ' order by k) from jsonb_object_keys(got) k) as keys
  from pg_temp.got('getForecast', '{"metric": "booked_minutes", "horizon": 40, "service": "large-piece", "every": "month", "confidence": 50, "at": "2026-04-20"}') got;
select (select jsonb_agg(m - 'explained') from jsonb_array_elements(got) m) = pg_temp.rows('select * from cal.metric') as same,
       (select string_agg(m ->> 'metric', ' ') from jsonb_array_elements(got) m where not (m ->> 'explained')::boolean) as not_explained
  from pg_temp.got('getMetrics') got;
select (select string_agg(s ->> 'name', ' ' order by s ->> 'name') from jsonb_array_elements(got -> 'services') s) as services, got -> 'hosts' as hosts
  from pg_temp.got('getNames') got;

-- Whoever is for one source sees that one, and may know what the metrics mean.
select pg_temp.got('getSources', token => 'cal_page_only_token_1') #> '{0,source}' as source,
       jsonb_array_length(pg_temp.got('getSources', token => 'cal_page_only_token_1')) as sources,
       pg_temp.got('getMetrics', '{"source": "aside"}', 'cal_page_only_token_1') is not null as metrics,
       pg_temp.ask('getNames', '{"source": "aside"}', 'cal_page_only_token_1') #>> '{error,message}' as names,
       pg_temp.ask('getBatchStats', token => 'cal_page_only_token_1') #>> '{error,message}' as stats;

-- Bookings are those of cal.chain; pages add up to the list; persons are for admins.
\set ECHO none
create function pg_temp.pages(procedure text, input jsonb) returns table (pages int, total int, rows jsonb) language plpgsql as $$
declare
  page jsonb;
  skipped int := 0;
begin
  rows := '[]';
  pages := 0;
  loop
    page := pg_temp.got(procedure, input || jsonb_build_object('offset', skipped, 'limit', 1 + floor(random() * 8)::int), 'cal_page_admin_token_1');
    rows := rows || (page -> 'rows');
    pages := pages + 1;
    total := page ->> 'total';
    skipped := page ->> 'next';
    exit when skipped is null;
  end loop;
  return next;
end $$;
\set ECHO all
select p.pages > 1 as pages, p.total = jsonb_array_length(p.rows) and p.total > 10 as total,
       (select jsonb_agg(jsonb_build_array(r ->> 'root_uid', r ->> 'status', (r ->> 'starts_at')::timestamptz, r ->> 'service', r ->> 'host', r ->> 'customer'))
          from jsonb_array_elements(p.rows) r)
       = (select jsonb_agg(jsonb_build_array(c.root_uid, c.status, c.starts_at, nullif(c.service, ''), nullif(c.host, ''), c.customer)
                           order by c.starts_at, c.root_uid)
            from cal.chain c where c.source = 'page' and c.starts_at >= '2025-10-01 00:00+10:30' and c.starts_at < '2026-04-01 00:00+11') as same
  from pg_temp.pages('getBookings', '{"from": "2025-10-01", "to": "2026-04-01"}') p;
select p.total = jsonb_array_length(p.rows) as total,
       (select jsonb_agg(r ->> 'root_uid') from jsonb_array_elements(p.rows) r)
       = (select jsonb_agg(c.root_uid order by c.starts_at desc, c.root_uid)
            from cal.chain c where c.source = 'page' and c.starts_at >= '2025-10-01 00:00+10:30' and c.starts_at < '2026-04-01 00:00+11'
                               and c.status in ('cancelled', 'accepted') and c.host = 'zoe') as same
  from pg_temp.pages('getBookings', '{"from": "2025-10-01", "to": "2026-04-01", "latestFirst": true, "statuses": ["cancelled", "accepted"], "host": "zoe"}') p;
select a.who, bool_or(r ? 'customer' or r ? 'customer_name') as persons, bool_or(r::text ~ 'Client|@') as names
  from (values ('reader', 'cal_page_reader_token'), ('admin', 'cal_page_admin_token_1')) a (who, token),
       jsonb_array_elements(pg_temp.got('getBookings', '{"from": "2025-10-01", "to": "2026-04-01", "limit": 500}', a.token) -> 'rows') r
 group by a.who order by a.who;
select p.pages > 1 as pages, p.total = jsonb_array_length(p.rows) as total,
       p.rows = pg_temp.rows($$select * from cal.explain_metric('booked_value', 'year', '2026-12-31', source => 'page')$$) as same
  from pg_temp.pages('explainMetric', '{"metric": "booked_value", "period": "year", "at": "2026-12-31"}') p;
select pg_temp.got('explainMetric', '{"metric": "booked_value", "period": "year", "at": "2026-12-31", "limit": 1}') -> 'sums'
       = (select jsonb_agg(jsonb_build_object('currency', m.currency, 'numerator', m.numerator, 'denominator', null) order by m.currency)
            from cal.metrics('year', '2026-12-31', source => 'page', metrics => '{booked_value}') m where m.numerator <> 0) as same;
-- What a chart's cells and bars are made of: accepted bookings by weekday and hour, and lead times.
select count(*) > 5 as cells, bool_and(b.total = h.count) as same
  from (select r.weekday, e.hour, e.count::int as count
          from jsonb_array_elements(pg_temp.got('getDashboardMetrics', '{"period": "year", "at": "2026-12-31"}') -> 'heatmap') with ordinality r (row, weekday),
               jsonb_array_elements_text(r.row) with ordinality e (count, hour)
         where e.count <> '0' or (r.weekday, e.hour) = (1, 1)) h,
       lateral (select (pg_temp.got('explainMetric', jsonb_build_object('metric', 'mean_duration', 'period', 'year', 'at', '2026-12-31',
                                    'weekday', h.weekday - 1, 'hour', h.hour - 1)) ->> 'total')::int as total) b;
select array_agg((pg_temp.got('explainMetric', jsonb_strip_nulls(jsonb_build_object('metric', 'lead_time_p50', 'period', 'year',
                    'at', '2026-12-31', 'least', l.least, 'below', l.below))) ->> 'total')::int order by l.least) = d.bookings as same
  from (select array(select jsonb_array_elements_text(x -> 'bookings')::int) as bookings, array(select jsonb_array_elements_text(x -> 'from_minutes')::int) as least
          from (select pg_temp.got('getDashboardMetrics', '{"period": "year", "at": "2026-12-31"}') -> 'lead_times' as x) y) d,
       lateral (select m.least, d.least[m.i + 1] as below from unnest(d.least) with ordinality m (least, i)) l
 group by d.bookings;

-- What wasn't understood, and once more.
select p.total, jsonb_array_length(p.rows), p.rows #>> '{0,outcome}' as outcome, p.rows -> 0 ? 'body' as body
  from pg_temp.pages('getQuarantine', '{}') p;
select r #>> '{result,data,outcome}' as outcome, r #>> '{result,data,delivery_id}' = q #>> '{rows,0,delivery_id}' as same
  from pg_temp.got('getQuarantine', token => 'cal_page_admin_token_1') q,
       pg_temp.ask('replay', jsonb_build_object('delivery', q #> '{rows,0,delivery_id}'), 'cal_page_admin_token_1', 'POST') r;
select pg_temp.ask('getQuarantine') #>> '{error,message}' as quarantine,
       pg_temp.ask('replay', '{"delivery": 1}', method => 'POST') #>> '{error,message}' as replay;

-- Wrong input.
select c.name, c.input, coalesce(a #>> '{error,data,code}', '') as code, a #>> '{error,message}' as message
  from (values
    ('getNames', '{"source": "nowhere"}'), ('getNames', '{"source": 7}'), ('getMetricValues', '{"metrics": "created"}'),
    ('getMetricValues', '{"metrics": ["made"]}'), ('getMetricValues', '{"metrics": []}'), ('getMetricValues', '{"metrics": [null]}'),
    ('getMetricValues', '{"every": "minute"}'), ('getMetricValues', '{"split": "colour"}'), ('explainMetric', '{}'),
    ('explainMetric', '{"metric": "visitors"}'), ('explainMetric', '{"metric": "created", "limit": 501}'),
    ('explainMetric', '{"metric": "created", "offset": -1}'), ('explainMetric', '{"metric": "created", "limit": 1.5}'),
    ('explainMetric', '{"metric": "customers", "service": "x"}'), ('explainMetric', '{"metric": "created", "weekday": 7}'), ('getBookings', '{"from": "2026-01-02", "to": "2026-01-01"}'),
    ('getBookings', '{"from": "2026-01-01", "to": "2028-01-01"}'), ('getBookings', '{"statuses": ["gone"]}'), ('getBookings', '{"latestFirst": "yes"}'),
    ('getPace', '{"knownAt": ["then"]}'), ('getPace', '{"every": "age"}'), ('getRetention', '{"unit": "day"}'), ('getRetention', '{"periods": 61}'),
    ('getForecast', '{"metric": "no_show_rate"}'), ('getForecast', '{"horizon": 0}'), ('getForecast', '{"confidence": 100}'), ('getLifetimeValue', '{"months": "2"}'), ('getUtilisation', '{"split": "service"}'), ('getFunnel', '{"window": "a while"}'),
    ('getFunnel', '{"window": "999999999999 years"}'), ('getFunnel', '{"strict": 1}'), ('getTraffic', '{"every": "minute"}'),
    ('getTrafficSources', '{"by": "colour"}'), ('getJourneys', '{"steps": 51}'), ('getExperiments', '{"from": "2026-02-01", "to": "2026-01-01"}')) c (name, input),
  lateral (select pg_temp.ask(c.name, c.input::jsonb) as a) x;
select r #>> '{error,message}' from unnest('{1.5,"\"x\"",null,99999999999999999999,-1,123456}'::text[]) d,
  pg_temp.ask('replay', jsonb_build_object('delivery', d::jsonb), 'cal_page_admin_token_1', 'POST') r;
select from (select cal.revoke_token('page admin'), cal.revoke_token('page reader'), cal.revoke_token('page only')) t;
