-- GET /metrics: how the installation is, for Prometheus, in its text format 0.0.4. Counters are those of shared memory, and
-- only ever grow while the server runs; gauges are measured as they are asked for, as cheaply as a sample of health.

create type calytics.gauge as (
  name    text,
  kind    text,    -- counter or gauge
  help    text,
  labels  text[],  -- names and values by turns
  value   numeric
);
comment on type calytics.gauge is 'A measurement for Prometheus.';

create function calytics.gauge_line(g calytics.gauge) returns text
  language sql immutable
begin atomic
  select g.name || coalesce('{' || string_agg(format('%s="%s"', g.labels[i], replace(replace(replace(
           g.labels[i + 1], '\', '\\'), '"', '\"'), E'\n', '\n')), ',' order by i) || '}', '') || ' ' || g.value
    from generate_series(1, cardinality(g.labels), 2) i;
end;
comment on function calytics.gauge_line(calytics.gauge) is 'A measurement as Prometheus reads it.';

create function calytics.gauges() returns setof calytics.gauge
  language plpgsql volatile set search_path = pg_catalog, pg_temp set jit = off set lock_timeout = '250ms'
as $$
declare
  now constant timestamptz := clock_timestamp();
  s calytics.health_sample := calytics.measure_health(now);
  w record;
begin
  select f.* into w from calytics.folder_state() f;
  return query values
    ('calytics_info', 'gauge', 'Versions, as labels.',
     array['version', (select e.extversion from pg_extension e where e.extname = 'calytics'),
           'postgres', current_setting('server_version')], 1::numeric),
    ('calytics_database_size_bytes', 'gauge', 'Size of the database.', '{}'::text[], s.database_size::numeric),
    ('calytics_disk_size_bytes', 'gauge', 'Size of the file system that holds the data directory.', '{}', s.disk_total),
    ('calytics_disk_free_bytes', 'gauge', 'What is free of it.', '{}', s.disk_free),
    ('calytics_memory_size_bytes', 'gauge', 'Memory of the machine.', '{}', s.memory_total),
    ('calytics_memory_available_bytes', 'gauge', 'What can be had of it without swapping.', '{}', s.memory_available),
    ('calytics_bookings', 'gauge', 'Bookings, one a leg, as PostgreSQL''s statistics estimate them.', '{}',
     pg_stat_get_live_tuples('calytics.booking'::regclass)),
    ('calytics_pending_changes', 'gauge', 'Changes and events that are not folded yet; 100,000 of each kind at most.', '{}', s.pending),
    ('calytics_unmerged_rows', 'gauge', 'Folded rows that are not merged yet; 100,000 at most.', '{}', s.unmerged),
    ('calytics_fold_lag_seconds', 'gauge', 'For how long the oldest pending change has been.', '{}', s.lag_s),
    ('calytics_unread', 'gauge', 'How many measurements a lock keeps from being taken: they are not among these.', '{}', cardinality(s.unread)),
    ('calytics_folder_up', 'gauge', 'Whether the background worker runs.', '{}', (w.pid is not null)::int),
    ('calytics_folder_runs_total', 'counter', 'Runs of the background worker.', '{}', w.runs),
    ('calytics_folder_errors_total', 'counter', 'Its errors.', '{}', w.errors),
    ('calytics_counters_since_seconds', 'gauge', 'When the counters of deliveries and events began, since 1970.', '{}',
     extract(epoch from s.counted_since));
  return query
    select 'calytics_deliveries_total', 'counter', 'Webhooks by what became of them when they came.',
           array['source', x.name, 'outcome', c.outcome], c.count::numeric
      from calytics.outcome_counts() c join calytics.source x using (source_id) where c.outcome !~ '^event_' order by 4;
  return query
    select 'calytics_events_total', 'counter', 'Tracked events by what became of them.',
           array['source', x.name, 'outcome', substr(c.outcome, 7)], c.count::numeric
      from calytics.outcome_counts() c join calytics.source x using (source_id) where c.outcome ~ '^event_' order by 4;
  return query
    select 'calytics_refused_total', 'counter', 'Deliveries and calls refused, over all databases of the server.',
           array['reason', r.outcome], r.count::numeric
      from calytics.refusals() r order by 4;
  if s.quarantined is not null then
    return query
      select 'calytics_quarantined_deliveries', 'gauge', 'Deliveries in quarantine; the newest 100,000 at most.',
             array['source', x.name], coalesce(q.total, 0)::numeric
        from calytics.source x left join calytics.quarantined(100000, now) q using (source_id) order by 4;
    return query
      select 'calytics_last_webhook_age_seconds', 'gauge', 'For how long no new webhook has come.',
             array['source', x.name], round(extract(epoch from now - last.received_at), 3)
        from calytics.source x
       cross join lateral (select d.received_at from calytics.webhook_delivery d
                            where d.source_id = x.source_id and d.trigger is distinct from 'BOOKING_SYNCED'
                            order by d.delivery_id desc limit 1) last order by 4;
  end if;
  return query
    select 'calytics_sync_age_seconds', 'gauge', 'For how long Cal.com''s API was not read to its end; from a source''s set-up on.',
           array['source', y.source], round(extract(epoch from now - coalesce(y.finished_at, y.started_at)), 3)
      from cal.sync y where y.started_at is not null order by 4;
  return query
    select 'calytics_sync_failures', 'gauge', 'How often in a row Cal.com''s API could not be asked.',
           array['source', y.source], y.failures::numeric
      from cal.sync y order by 4;
  return query
    select 'calytics_alert_raised', 'gauge', '1 for an alert that is raised.',
           array['alert', r.alert, 'severity', r.severity, 'source', coalesce(r.source, '')],
           (exists (select from cal.alert a where a.alert = r.alert and a.source is not distinct from r.source and a.cleared_at is null))::int::numeric
      from cal.alert_rule r order by 4;
  return query
    select 'calytics_health_sample_age_seconds', 'gauge', 'When health was last sampled, in seconds before now.', '{}'::text[],
           round(extract(epoch from now - h.sampled_at), 3)
      from calytics.health_sample h order by h.sampled_at desc limit 1;
end
$$;
comment on function calytics.gauges() is 'What Prometheus is told, families together; a value that isn''t known is NULL.';

create function calytics.prometheus() returns text
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select string_agg(
             case when g.n = 1 then format(E'# HELP %s %s\n# TYPE %s %s\n', g.name, g.help, g.name, g.kind) else '' end || g.line || E'\n',
             '' order by g.i)
      from (select x.i, x.name, x.help, x.kind, row_number() over (partition by x.name order by x.i) as n,
                   calytics.gauge_line(row(x.name, x.kind, x.help, x.labels, x.value)::calytics.gauge) as line
              from calytics.gauges() with ordinality x (name, kind, help, labels, value, i) where x.value is not null) g);
end
$$;
comment on function calytics.prometheus() is 'What Prometheus is told, in its text format 0.0.4.';

create function calytics.http_metrics(request calytics.http_request) returns calytics.http_response
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if (request.caller).sources is not null then
    return calytics.error_response(403, 'forbidden', 'this is for those who may see all sources');
  end if;
  perform calytics.insist_on_primary();
  return (200, '{"content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store"}'::jsonb,
          convert_to(calytics.prometheus(), 'UTF8'));
end
$$;
comment on function calytics.http_metrics(calytics.http_request) is
  'GET /metrics: for Prometheus, with the token of a reader or admin of all sources. Deliveries and events by outcome, refusals, '
  'fold lag, what is pending, quarantine, alerts, the age of the last webhook, sizes.';

insert into calytics.route (method, path, handler, access) values
  ('GET', '/metrics', 'calytics.http_metrics', 'reader');
