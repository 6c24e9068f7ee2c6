-- The procedures of /api/trpc that the older product's clients call, under the names they know: what each reads of its
-- input, and the SQL function that answers it. Those of the dashboard's page are in trpc_queries.sql and trpc_bookings.sql.

create function calytics.trpc_dashboard(call jsonb) returns jsonb
  language sql stable
  return (
    select cal.dashboard(
             period => a.period, at => a.at, source => a.source, service => a.service, host => a.host, basis => a.basis,
             "from" => a.since, "to" => a.until, as_of => a.as_of)
      from calytics.asked_of(call) a);
comment on function calytics.trpc_dashboard(jsonb) is
  'calAnalytics.getDashboardMetrics: cal.dashboard of {period?, at?, source?, service?, host?, basis?, from?, to?, asOf?}; '
  'times without an offset are the source''s local ones.';

create function calytics.trpc_health(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  health jsonb := calytics.health_for(jsonb_populate_record(null::calytics.identity, call -> 'caller'));
  measured jsonb;
begin
  if not health ? 'metrics' then
    return health;
  end if;
  measured := to_jsonb(calytics.measure_health(clock_timestamp()));
  return health || jsonb_build_object(
    'database', jsonb_build_object('connected', true, 'size', measured -> 'database_size', 'connections', measured -> 'connections'),
    'batch', health -> 'metrics' || jsonb_build_object('quarantined', measured -> 'quarantined'),
    'system', jsonb_build_object(
      'disk_total', measured -> 'disk_total', 'disk_free', measured -> 'disk_free',
      'memory_total', measured -> 'memory_total', 'memory_available', measured -> 'memory_available'),
    'checks', jsonb_build_object(
      'interval_ms', (extract(epoch from current_setting('calytics.health_interval')::interval) * 1000)::bigint,
      'last_at', health #> '{sample,sampled_at}'));
end
$$;
comment on function calytics.trpc_health(jsonb) is
  'calAnalytics.getHealthStatus: {"status": "ok"} for anyone; for an admin of all sources cal.health() and, measured now: database '
  '(connected, size in bytes, connections), batch (what waits for the folder, and quarantined), system (bytes of disk and memory), '
  'checks (how often health is sampled, 0: never, and when it last was).';

create function calytics.trpc_batch_stats(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp set lock_timeout = '250ms'
as $$
declare
  health jsonb;
  outcomes jsonb;
  since timestamptz := now() - interval '24 hours';
begin
  perform calytics.insist_on_primary();
  health := cal.health();
  begin
    outcomes := (
      select coalesce(jsonb_object_agg(d.outcome, d.count), '{}')
        from (select x.outcome, count(*) as count
                from calytics.webhook_delivery x where x.received_at >= since
               group by x.outcome) d);
  exception when lock_not_available then
    null;  -- NULL tells
  end;
  return (health -> 'metrics') || jsonb_build_object(
    'as_of', health -> 'as_of',
    'counted_since', calytics.counted_since(),
    'received', case when calytics.counted_since() is not null then calytics.counted_outcomes() end,
    'refused', health -> 'refused',
    'quarantined', case when jsonb_typeof(health -> 'sources') = 'array' then (
                     select coalesce(sum((s.source ->> 'quarantined')::bigint), 0) from jsonb_array_elements(health -> 'sources') s (source)) end,
    'deliveries', jsonb_build_object('since', since, 'outcomes', outcomes));
end
$$;
comment on function calytics.trpc_batch_stats(jsonb) is
  'calAnalytics.getBatchStats: pending, unmerged, folded_at, lag_s, worker and refused as in cal.health(); quarantined '
  'deliveries of all time; deliveries: since when and how many by outcome, in the last 24 hours; received: deliveries and events (event_...) by source and '
  'outcome since counted_since (NULL where calytics is not preloaded). What a lock keeps it from reading is NULL.';

create function calytics.trpc_sync(call jsonb) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  unmerged bigint;
begin
  unmerged := cal.fold();
  return jsonb_build_object(
    'synced', cal.sync_now(),
    'folded', true,
    'pending', calytics.pending() - unmerged,
    'unmerged', unmerged,
    'folded_at', (select f.folded_at from calytics.fold_state f order by f.run desc limit 1));
end
$$;
comment on function calytics.trpc_sync(jsonb) is
  'calAnalytics.syncData: has Cal.com''s API asked for what webhooks missed (cal.sync_now; synced: of how many sources), folds what is '
  'pending (cal.fold), and says what still is since then.';

create function calytics.trpc_events(call jsonb, events jsonb) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  src int := (calytics.source_named('default')).source_id;
  from_browser boolean := call #>> '{caller,role}' is null;
  origin text := calytics.header(call -> 'headers', 'origin');
begin
  if from_browser and origin is not null and not calytics.track_origin(src, origin) ? 'access-control-allow-origin' then
    raise exception 'this source takes no events from pages of that origin'
      using errcode = 'invalid_authorization_specification';
  end if;
  return calytics.track_body(
    src, convert_to(events::text, 'UTF8'), calytics.track_context(call -> 'headers'), from_browser);
end
$$;
comment on function calytics.trpc_events(jsonb, jsonb) is
  'Takes the events of a call as cal.track does, in the request''s context. Nobody in particular is a browser, and '
  'its request says who it is, and it has to be of an origin that the source lists; a caller with a role is a server, whose events may say '
  'whose they are.';

create function calytics.trpc_track(call jsonb) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  input jsonb := call -> 'input';
  answer jsonb;
begin
  if jsonb_typeof(input) is distinct from 'object' then
    raise exception 'the input is not an event'
      using errcode = 'invalid_parameter_value',
            hint = 'For instance: {"sessionId": "s1", "eventType": "PAGE_VIEW"}.';
  end if;
  answer := calytics.trpc_events(call, jsonb_build_array(input));
  if jsonb_array_length(answer -> 'rejected') > 0 then
    raise exception '%', answer #>> '{rejected,0,reason}' using errcode = 'invalid_parameter_value';
  end if;
  return answer;
end
$$;
comment on function calytics.trpc_track(jsonb) is
  'calAnalytics.trackEvent: cal.track of one event, in the request''s context. An event that is rejected is an error.';

create function calytics.trpc_track_batch(call jsonb) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  input jsonb := call -> 'input';
  answer jsonb;
begin
  if jsonb_typeof(case jsonb_typeof(input) when 'object' then input -> 'events' else input end)
       is distinct from 'array' then
    raise exception 'the input holds no array of events'
      using errcode = 'invalid_parameter_value',
            hint = 'For instance: {"events": [{"sessionId": "s1", "eventType": "PAGE_VIEW"}]}.';
  end if;
  answer := calytics.trpc_events(call, input);
  if answer @> '{"rejected": [{"index": null}]}' then
    raise exception '%', answer #>> '{rejected,0,reason}' using errcode = 'invalid_parameter_value';
  end if;
  return answer;
end
$$;
comment on function calytics.trpc_track_batch(jsonb) is
  'calAnalytics.trackEventBatch: cal.track of [event, ...] or {"events": [...], "context": {...}}, in the request''s '
  'context, which the input''s goes before. Rejected events are told by index; only input that is rejected as a whole '
  'is an error.';

insert into calytics.procedure (name, kind, access, scope, kept_by, handler) values
  ('calAnalytics.getDashboardMetrics', 'query',    'reader',   'source',       '{service,host}', 'calytics.trpc_dashboard'),
  ('calAnalytics.getDashboardData',    'query',    'reader',   'source',       '{service,host}', 'calytics.trpc_dashboard'),
  ('calAnalytics.getHealthStatus',     'query',    'public',   'caller',       '{}',             'calytics.trpc_health'),
  ('calAnalytics.getBatchStats',       'query',    'reader',   'installation', '{}',             'calytics.trpc_batch_stats'),
  ('calAnalytics.syncData',            'mutation', 'admin',    'installation', '{}',             'calytics.trpc_sync'),
  ('calAnalytics.trackEvent',          'mutation', 'tracking', 'source',       '{}',             'calytics.trpc_track'),
  ('calAnalytics.trackEventBatch',     'mutation', 'tracking', 'source',       '{}',             'calytics.trpc_track_batch');

insert into calytics.route (method, path, handler, access) values
  ('GET',  '/api/trpc/{procedures*}', 'calytics.http_trpc', 'public'),
  ('POST', '/api/trpc/{procedures*}', 'calytics.http_trpc', 'public');
