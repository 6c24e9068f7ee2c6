-- Is all well, what is switched off, and how is it switched on.

create function cal.health() returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  loaded boolean := calytics.preloaded();
begin
  return jsonb_build_object(
    'status', 'ok',
    'as_of', now(),
    'version', (select e.extversion from pg_extension e where e.extname = 'calytics'),
    'postgres', current_setting('server_version'),
    'preloaded', loaded,
    'off', case when loaded then '[]' else jsonb_build_array(jsonb_build_object(
      'feature', 'counting of refused deliveries',
      'why', 'it needs shared memory, and calytics is not in shared_preload_libraries',
      'how', 'add calytics to shared_preload_libraries in postgresql.conf and restart PostgreSQL')) end,
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
  'deliveries refused since the server started (NULL where they can''t be counted), and per source '
  'the last webhook, its age in seconds, valid secrets and the number of quarantined deliveries.';
