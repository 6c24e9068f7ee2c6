-- Is all well, what is switched off, and how is it switched on.

create function calytics.switched_off(loaded boolean, folds boolean, samples boolean)
  returns table (code text, feature text, why text, how text)
  language sql immutable
begin atomic
  select o.code, o.feature, o.why, o.how
    from (values
      (not loaded, 'counting', 'counting of deliveries, events and refused calls',
       'it needs shared memory, and calytics is not in shared_preload_libraries',
       'add calytics to shared_preload_libraries in postgresql.conf and restart PostgreSQL'),
      (not loaded, 'limits', 'rate limits, and when tokens were last used',
       'it needs shared memory, and calytics is not in shared_preload_libraries',
       'add calytics to shared_preload_libraries in postgresql.conf and restart PostgreSQL'),
      (not loaded, 'folding', 'background folding: metrics stay right, reading them gets slower',
       'it needs a background worker, and calytics is not in shared_preload_libraries',
       'add calytics to shared_preload_libraries and restart PostgreSQL, or call cal.fold() every minute'),
      (loaded and not folds, 'fold_worker', 'background folding: metrics stay right, reading them gets slower',
       'calytics.fold_worker is off',
       'alter system set calytics.fold_worker = on; select pg_reload_conf(), or call cal.fold() every minute'),
      (not folds, 'history', 'history of health, and alerts',
       'they need the background worker that folds', 'turn it on as above, or call cal.sample_health() every minute'),
      (folds and not samples, 'health_interval', 'history of health, and alerts',
       'calytics.health_interval is 0', 'alter system reset calytics.health_interval; select pg_reload_conf()')
      ) o (off, code, feature, why, how)
   where o.off;
end;
comment on function calytics.switched_off(boolean, boolean, boolean) is
  'What is off, why, and how it is switched on, where the library is loaded, its worker folds and samples health, or not. code: for '
  'pages in other languages.';

create function cal.health() returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '250ms'
as $$
declare
  loaded boolean := calytics.preloaded();
  folds boolean := loaded and current_setting('calytics.fold_worker')::boolean;
  samples boolean := folds and current_setting('calytics.health_interval') <> '0';
  metrics jsonb;
  sources jsonb;
begin
  begin
    metrics := (
      select jsonb_build_object(
               'pending', b.marks,
               'unmerged', b.unmerged,
               'folded_at', (select f.folded_at from calytics.fold_state f order by f.run desc limit 1),
               'lag_s', extract(epoch from clock_timestamp() - b.since)::bigint)
        from calytics.backlog() b);
  exception when lock_not_available then
    null;  -- unread tells
  end;
  begin
    sources := (
      select coalesce(jsonb_agg(jsonb_build_object(
               'source', s.name,
               'time_zone', s.time_zone,
               'valid_secrets', (select count(*) from calytics.source_secret x
                                  where x.source_id = s.source_id
                                    and now() >= x.valid_from and now() < x.valid_until),
               'last_webhook_at', last.received_at,
               'last_webhook_age_s', extract(epoch from clock_timestamp() - last.received_at)::bigint,
               'last_outcome', last.outcome,
               'sync', (select to_jsonb(y) - array['source', 'username', 'every'] from cal.sync y where y.source = s.name),
               'quarantined', (select count(*) from calytics.webhook_delivery q
                                where q.source_id = s.source_id and q.outcome = 'quarantined'))
               order by s.name), '[]')
        from calytics.source s
        left join lateral (
          select d.received_at, d.outcome from calytics.webhook_delivery d
           where d.source_id = s.source_id and d.trigger is distinct from 'BOOKING_SYNCED'
           order by d.delivery_id desc limit 1) last on true);
  exception when lock_not_available then
    null;
  end;
  return jsonb_build_object(
    'status', (select case when bool_or(a.severity = 'critical') then 'critical' when count(*) > 0 then 'warning' else 'ok' end
                 from cal.alert a where a.cleared_at is null),
    'as_of', now(),
    'version', (select e.extversion from pg_extension e where e.extname = 'calytics'),
    'postgres', current_setting('server_version'),
    'preloaded', loaded,
    'off', (
      select coalesce(jsonb_agg(o), '[]') from calytics.switched_off(loaded, folds, samples) o),
    'alerts', (
      select coalesce(jsonb_agg(to_jsonb(a) - 'cleared_at' order by a.severity, a.raised_at, a.alert, a.source), '[]')
        from cal.alert a where a.cleared_at is null),
    'sample', (
      select to_jsonb(h) - array['counted', 'counted_since', 'alerts']
        from calytics.health_sample h order by h.sampled_at desc limit 1),
    'unread', array_remove(array[case when metrics is null then 'metrics' end, case when sources is null then 'sources' end], null),
    'metrics', coalesce(metrics, '{}') || jsonb_build_object(
      'worker', (select case when w.runs is not null then to_jsonb(w) end from calytics.folder_state() w)),
    'refused', (select jsonb_object_agg(r.outcome, r.count) from calytics.refusals() r),
    'sources', sources);
end
$$;
comment on function cal.health() is
  'How the installation is. status: ok, or the severity (warning, critical) of the worst alert that is raised; alerts: those of '
  'cal.alert; sample: the last one of cal.health_history(); version, whether calytics is preloaded and what is off otherwise, '
  'deliveries and calls refused since the server started (NULL where they can''t be counted); metrics: changes '
  'pending, events among them, that is not folded yet, so that readers add them, and for how many seconds the oldest has been '
  '(lag_s; NULL if none is), folded rows not merged yet, when something was last folded, and worker: the '
  'folder''s process, runs and errors (NULL if this database never had one); and per source '
  'the last webhook, its age in seconds, valid secrets, the number of quarantined deliveries, and sync: that of cal.sync (NULL where '
  'Cal.com''s API isn''t asked). unread: which of metrics and sources a lock kept it from reading; metrics then has the worker alone, and '
  'sources is NULL.';

create function calytics.insist_on_primary() returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if pg_is_in_recovery() then
    raise exception 'a standby neither folds nor counts'
      using errcode = 'read_only_sql_transaction', hint = 'Ask the primary server.';
  end if;
end
$$;
comment on function calytics.insist_on_primary() is
  'Raises read_only_sql_transaction on a standby, upon which the gateway asks the primary: what the background worker and shared '
  'memory know is there.';

create function calytics.health_for(who calytics.identity) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if who.role is distinct from 'admin' or who.sources is not null then
    return '{"status": "ok"}';
  end if;
  perform calytics.insist_on_primary();
  return cal.health();
end
$$;
comment on function calytics.health_for(calytics.identity) is
  'What a caller is told of health: cal.health() for an admin of all sources, else that it answers.';
