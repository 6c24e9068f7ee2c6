-- Health that remembers: samples, alerts with two limits each, history, and what Prometheus is told. Time is what the test
-- says it is. Other tests' sources are here too, so that only this one's are looked at.
\set ECHO none
create function pg_temp.health_sample(at timestamptz) returns calytics.health_sample language sql as $$
  select calytics.sample_health(at);
  select h from calytics.health_sample h where h.sampled_at = at $$;
create function pg_temp.health_alerts(at timestamptz) returns text language sql as $$
  select calytics.sample_health(at);
  select coalesce(string_agg(concat_ws(' ', a.severity, a.alert, a.value || '/' || a.worst, a.detail), ', ' order by a.alert), 'none')
    from cal.alert a where a.cleared_at is null and coalesce(a.source ~ '^health', a.alert = 'fold_lag') $$;
create function pg_temp.health_hooks(source text, n int) returns bigint language sql as $$
  select count(*) from generate_series(1, n) i,
         lateral cal.simulate_webhook('BOOKING_CREATED', source || 'Uid' || i || to_char(clock_timestamp(), 'SSUS'), source => health_hooks.source) w,
         lateral cal.receive_webhook(w.body, w.headers, source) r where r.outcome = 'applied' $$;
\set ECHO all
select from cal.rotate_secret('health', 'whsec_of_health');
select from cal.rotate_secret('health-quiet', 'whsec_of_health_quiet');
select from calytics.preloaded();
show calytics.health_interval;
show calytics.health_retention;
select from cal.fold();
delete from calytics.health_sample;
delete from calytics.alert;
select now() + interval '1 min' as t0 \gset

-- A sample is what it says.
select cal.set_alert('fold_lag', 'infinity');
select pg_temp.health_hooks('health', 3);
select s.sampled_at = :'t0' as then, s.database_size between 0.9 * pg_database_size(current_database()) and 1.1 * pg_database_size(current_database()) as size,
       s.connections > 0 as connected, s.pending = (select count(*) from calytics.chain_mark) as pending,
       s.unmerged + s.pending = calytics.pending() as unmerged,
       s.quarantined = (select count(*) from calytics.webhook_delivery where outcome = 'quarantined') as quarantined,
       s.disk_free between 0 and s.disk_total as disk, s.memory_available between 0 and s.memory_total as memory,
       coalesce((s.received #>> '{health,applied}')::int, 3) as applied, (s.received is null) <> calytics.preloaded() as counted_where_possible
  from pg_temp.health_sample(:'t0') s;
-- What comes between two samples is told by the second one, once; what is rolled back, by none.
begin;
select pg_temp.health_hooks('health', 2);
rollback;
begin;
savepoint outer_one;
select pg_temp.health_hooks('health', 1);
savepoint inner_one;
select pg_temp.health_hooks('health', 1);
release inner_one;
rollback to outer_one;
select pg_temp.health_hooks('health', 1);
savepoint kept;
select pg_temp.health_hooks('health', 1);
release kept;
commit;
select coalesce(s.received -> 'health', '{"applied": 2}') as received from pg_temp.health_sample(:'t0'::timestamptz + interval '30 s') s;
select w.body, w.headers from cal.simulate_webhook('PING', source => 'health') w \gset
select outcome from cal.receive_webhook(:'body', :'headers', 'health') union all
select outcome from cal.receive_webhook(:'body', :'headers', 'health') union all
select outcome from cal.receive_webhook(:'body', :'headers', 'health') union all
select outcome from cal.receive_webhook(:'body', '{}', 'health') union all
select outcome from cal.receive_webhook(:'body', '{}', 'nowhere');
select coalesce(s.received -> 'health', '{"ping": 1, "duplicate": 2, "unauthorized": 1}') as received
  from pg_temp.health_sample(:'t0'::timestamptz + interval '60 s') s;

-- Raised at one limit, cleared below the other, and silent between the two.
select cal.set_alert('fold_lag', 100, 50);
\set ECHO none
create function pg_temp.health_lag(at timestamptz, lag numeric) returns text language plpgsql as $$
begin
  update calytics.chain_mark m set marked_at = at - lag * interval '1 s';
  return pg_temp.health_alerts(at);
end $$;
\set ECHO all
select lag, pg_temp.health_lag(:'t0'::timestamptz + step * interval '2 min', lag)
  from (values (1, 99), (2, 51), (3, 100), (4, 250), (5, 99), (6, 50), (7, 49), (8, 99)) v (step, lag) order by step;
select raised_at = :'t0'::timestamptz + interval '6 min' as raised, cleared_at = :'t0'::timestamptz + interval '14 min' as cleared, worst
  from cal.alert where alert = 'fold_lag';
-- Limits: the alert's own again, never, and what makes no sense.
select pg_temp.health_lag(:'t0'::timestamptz + interval '20 min', 100);
select cal.set_alert('fold_lag');
select pg_temp.health_lag(:'t0'::timestamptz + interval '21 min', 100), pg_temp.health_lag(:'t0'::timestamptz + interval '22 min', 9), pg_temp.health_lag(:'t0'::timestamptz + interval '23 min', 119),
       pg_temp.health_lag(:'t0'::timestamptz + interval '24 min', 120);
select cal.set_alert('fold_lag', 'infinity');
select pg_temp.health_lag(:'t0'::timestamptz + interval '25 min', 1e6);
select cal.set_alert('fold_lag');
select cal.set_alert('fold_leg', 1);
select cal.set_alert('fold_lag', 1, source => 'nowhere');
select cal.set_alert('fold_lag', 0);
select cal.set_alert('fold_lag', 'nan');
select cal.set_alert('fold_lag', 10, 11);
select cal.set_alert('quarantine', 2, source => 'health-quiet');
select alert, source, raise_at, clear_at from cal.alert_rule where alert = 'quarantine' and source ~ '^health' order by 1, 2;
select cal.set_alert('quarantine', source => 'health-quiet');
select from cal.fold();

-- Events are counted by what became of them, too.
select cal.track('[{"sessionId": "s", "eventType": "PAGE_VIEW", "eventId": "health1"}, {"sessionId": "s", "eventType": "PAGE_VIEW", "eventId": "health1"},
  {"sessionId": "s", "eventType": "PAGE_VIEW"}, {"sessionId": "s"}]', source => 'health') - 'rejected' as tracked,
       cal.track('{"sessionId": "s", "eventType": "PAGE_VIEW"}', '{"doNotTrack": true}', 'health') - 'rejected' as private;
select coalesce(s.received -> 'health', '{"event_private": 1, "event_accepted": 2, "event_rejected": 1, "event_duplicate": 1}') as received
  from pg_temp.health_sample(:'t0'::timestamptz + interval '30 min') s;
select from cal.fold();

-- Signatures that don't match, in an hour: ten are an alert, and once they are an hour ago they are none.
select count(*) from generate_series(1, 9) i, lateral cal.receive_webhook(:'body', case when i > 0 then '{}'::jsonb end, 'health') where outcome = 'unauthorized';
select case when calytics.preloaded() then pg_temp.health_alerts(:'t0'::timestamptz + interval '1 hour') else 'critical rejected_signatures 10.0/10.0' end;
select case when calytics.preloaded() then pg_temp.health_alerts(:'t0'::timestamptz + interval '119 min') else 'critical rejected_signatures 9.0/10.0' end;
select pg_temp.health_alerts(:'t0'::timestamptz + interval '2 hours');

-- What isn't understood, in a day. Read again, it is none any more.
select count(*) from generate_series(1, 5) i,
       lateral (select convert_to(format('{"triggerEvent": "BOOKING_CREATED", "payload": [%s]}', i), 'UTF8') as body) b,
       lateral cal.receive_webhook(b.body, jsonb_build_object('x-cal-signature-256', calytics.sign_webhook(b.body, 'whsec_of_health')), 'health') r
 where r.outcome = 'quarantined';
select pg_temp.health_alerts(:'t0'::timestamptz + interval '3 hours'), pg_temp.health_alerts(:'t0'::timestamptz + interval '25 hours');
select pg_temp.health_alerts(:'t0'::timestamptz + interval '4 hours');
update calytics.webhook_delivery d set outcome = 'stored' from calytics.source s where s.source_id = d.source_id and s.name = 'health' and d.outcome = 'quarantined';
select pg_temp.health_alerts(:'t0'::timestamptz + interval '5 hours');

-- History, sample by sample, or the worst of each span, which adds up to the same.
select count(*) = sum(samples) as all_told, count(*) from cal.health_history('-infinity');
select sum(samples) = (select count(*) from calytics.health_sample) as all_told,
       max(lag_s) = (select max(h.lag_s) from calytics.health_sample h) as worst,
       coalesce(sum((received #>> '{health,unauthorized}')::int), 10) as unauthorized
  from cal.health_history('-infinity', every => '1 day');
select count(*), min(sampled_at) = :'t0' as first from cal.health_history(:'t0', :'t0'::timestamptz + interval '60 s');
select from cal.health_history(every => '1 month');
select from cal.health_history(every => '0');
-- Silence is measured by what is usual: a webhook a day, but for three days once.
select pg_temp.health_hooks('health', 30 - count(*)::int) from calytics.webhook_delivery d join calytics.source s using (source_id) where s.name = 'health';
update calytics.webhook_delivery d set received_at = :'t0'::timestamptz + (o.n - 30 - case when o.n <= 15 then 2 else 0 end) * interval '1 day'
  from (select d.source_id, d.delivery_id, row_number() over (order by d.delivery_id) as n
          from calytics.webhook_delivery d join calytics.source s using (source_id) where s.name = 'health') o
 where (d.source_id, d.delivery_id) = (o.source_id, o.delivery_id);
select from cal.fold();
select calytics.longest_silence(s.source_id, :'t0') from calytics.source s where s.name ~ '^health' order by s.name;
select days, pg_temp.health_alerts(:'t0'::timestamptz + days * interval '1 day') from unnest(array[1, 5.9, 6, 7]) days;
-- Longer than ever is known only once it is over.
select from cal.set_alert('no_webhooks', 4, 3, source => 'health');
select pg_temp.health_alerts(:'t0'::timestamptz + interval '8.5 days'), pg_temp.health_alerts(:'t0'::timestamptz + interval '9.1 days');
select from cal.set_alert('no_webhooks', source => 'health');
select pg_temp.health_alerts(:'t0'::timestamptz + interval '9.2 days');
select pg_temp.health_hooks('health', 1);
update calytics.webhook_delivery d set received_at = :'t0'::timestamptz + interval '9.3 days'
  from calytics.source s
 where s.source_id = d.source_id and s.name = 'health' and d.delivery_id = (select max(x.delivery_id) from calytics.webhook_delivery x where x.source_id = d.source_id);
select from cal.fold();
select pg_temp.health_alerts(:'t0'::timestamptz + interval '9.4 days'), pg_temp.health_alerts(:'t0'::timestamptz + interval '27.8 days'), pg_temp.health_alerts(:'t0'::timestamptz + interval '28 days');

-- Beyond their time samples go.
select pg_temp.health_alerts(:'t0'::timestamptz + interval '42 days 1 hour') is not null as sampled;
select min(sampled_at) > :'t0'::timestamptz + interval '28 days' as old_ones_gone from calytics.health_sample;

-- What is wrong is told by cal.health(), to whom it is told.
select cal.set_alert('fold_lag', 0.001);
select pg_temp.health_hooks('health', 1);
select pg_temp.health_alerts(:'t0'::timestamptz + interval '42 days 2 hours') ~ 'warning fold_lag .* pending changes: 1' as raised;
select h ->> 'status' in ('warning', 'critical') as status, h #> '{sample,pending}' as pending, h -> 'sample' ?| '{counted,alerts}' as machinery,
       (select jsonb_agg(a -> 'alert') from jsonb_array_elements(h -> 'alerts') a where a ->> 'alert' = 'fold_lag') as alerts
  from cal.health() h;
select convert_from(h.body, 'UTF8') from cal.http('GET', '/api/cal/health', '', '{}', '') h;

-- Prometheus: who may read it, and every line of it.
select t.token, h.status, h.headers ->> 'content-type' as type
  from (values ('nobody', null), ('reader', cal.add_token('health reader', 'reader', 'cal_health_reader_token_1')),
               ('some', cal.add_token('health some', 'admin', 'cal_health_some_token_123', sources => '{health}'))) t (token, secret),
       lateral cal.http('GET', '/metrics', '', jsonb_strip_nulls(jsonb_build_object('authorization', 'Bearer ' || t.secret)), '') h;
create temp table health_line as
  select l.line, l.n from regexp_split_to_table(rtrim(calytics.prometheus(), E'\n'), E'\n') with ordinality l (line, n);
select line from health_line
 where line !~ '^# (HELP calytics_[a-z_]+ .+|TYPE calytics_[a-z_]+ (gauge|counter))$'
   and line !~ '^calytics_[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? -?[0-9]+(\.[0-9]+)?$';
-- A family is introduced once, and stands together; a counter is named as one.
select count(*) filter (where kind = 'HELP') as helps, count(distinct name) as families from (
  select split_part(line, ' ', 2) as kind, split_part(line, ' ', 3) as name from health_line where line ~ '^# ') l
having count(*) filter (where kind = 'HELP') <> count(distinct name) or count(*) <> 2 * count(distinct name);
select line from health_line where line ~ '^# TYPE' and (line ~ ' counter$') <> (line ~ '_total ');
select name from (select name, n, lag(name) over (order by n) <> name as new from (
  select n, coalesce(substring(line from '^# \w+ (\w+)'), substring(line from '^\w+')) as name from health_line) x) y
 where new group by name having count(*) > 1;
select line from health_line where line ~ 'health' and line !~ '(age|database_size)' and (calytics.preloaded() or line !~ '_total')
union all
select format('calytics_deliveries_total{source="health",outcome="%s"} %s', o.outcome, o.n)
  from (values ('applied', 26), ('duplicate', 2), ('ping', 1), ('quarantined', 5), ('unauthorized', 10)) o (outcome, n) where not calytics.preloaded()
union all
select format('calytics_events_total{source="health",outcome="%s"} %s', o.outcome, o.n)
  from (values ('private', 1), ('accepted', 2), ('rejected', 1), ('duplicate', 1)) o (outcome, n) where not calytics.preloaded()
 order by 1;

select cal.set_alert('fold_lag');
select from cal.fold();
delete from calytics.health_sample;
delete from calytics.alert;
