-- Is all well, what is switched off, and how is it switched on.

create function cal.health() returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  loaded boolean := calytics.preloaded();
  folds boolean := loaded and current_setting('calytics.fold_worker')::boolean;
  state calytics.fold_state;
begin
  select f.* into state from calytics.fold_state f order by f.run desc limit 1;
  return jsonb_build_object(
    'status', 'ok',
    'as_of', now(),
    'version', (select e.extversion from pg_extension e where e.extname = 'calytics'),
    'postgres', current_setting('server_version'),
    'preloaded', loaded,
    'off', (
      select coalesce(jsonb_agg(jsonb_build_object('feature', o.feature, 'why', o.why, 'how', o.how)), '[]')
        from (values
          (not loaded, 'counting of refused deliveries',
           'it needs shared memory, and calytics is not in shared_preload_libraries',
           'add calytics to shared_preload_libraries in postgresql.conf and restart PostgreSQL'),
          (not loaded, 'rate limits, and when tokens were last used',
           'it needs shared memory, and calytics is not in shared_preload_libraries',
           'add calytics to shared_preload_libraries in postgresql.conf and restart PostgreSQL'),
          (not loaded, 'background folding: metrics stay right, reading them gets slower',
           'it needs a background worker, and calytics is not in shared_preload_libraries',
           'add calytics to shared_preload_libraries and restart PostgreSQL, or call cal.fold() every minute'),
          (loaded and not folds, 'background folding: metrics stay right, reading them gets slower',
           'calytics.fold_worker is off',
           'alter system set calytics.fold_worker = on; select pg_reload_conf(), or call cal.fold() every minute')
          ) o (off, feature, why, how)
       where o.off),
    'metrics', (
      select jsonb_build_object(
               'pending', p.marks,
               'unmerged', calytics.pending() - p.marks,
               'folded_at', state.folded_at,
               'lag_s', extract(epoch from clock_timestamp() - p.since)::bigint,
               'worker', (select case when w.runs is not null then to_jsonb(w) end from calytics.folder_state() w))
        from (select count(*) as marks, min(m.at) as since
                from (select m.marked_at as at from calytics.chain_mark m where m.segment >= state.segment
                      union all
                      select e.received_at from calytics.event e where e.segment >= state.segment) m) p),
    'refused', (select jsonb_object_agg(r.outcome, r.count) from calytics.refusals() r),
    'sources', (
      select coalesce(jsonb_agg(jsonb_build_object(
               'source', s.name,
               'time_zone', s.time_zone,
               'valid_secrets', (select count(*) from calytics.source_secret x
                                  where x.source_id = s.source_id
                                    and now() >= x.valid_from and now() < x.valid_until),
               'last_webhook_at', last.received_at,
               'last_webhook_age_s', extract(epoch from clock_timestamp() - last.received_at)::bigint,
               'last_outcome', last.outcome,
               'quarantined', (select count(*) from calytics.webhook_delivery q
                                where q.source_id = s.source_id and q.outcome = 'quarantined'))
               order by s.name), '[]')
        from calytics.source s
        left join lateral (
          select d.received_at, d.outcome from calytics.webhook_delivery d
           where d.source_id = s.source_id
           order by d.delivery_id desc limit 1) last on true));
end
$$;
comment on function cal.health() is
  'How the installation is: version, whether calytics is preloaded and what is off otherwise, '
  'deliveries and calls refused since the server started (NULL where they can''t be counted); metrics: changes '
  'pending, events among them, that is not folded yet, so that readers add them, and for how many seconds the oldest has been '
  '(lag_s; NULL if none is), folded rows not merged yet, when something was last folded, and worker: the '
  'folder''s process, runs and errors (NULL if this database never had one); and per source '
  'the last webhook, its age in seconds, valid secrets and the number of quarantined deliveries.';

create function calytics.health_for(who calytics.identity) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return case when who.role = 'admin' and who.sources is null then cal.health() else '{"status": "ok"}' end;
end
$$;
comment on function calytics.health_for(calytics.identity) is
  'What a caller is told of health: cal.health() for an admin of all sources, else that it answers.';
