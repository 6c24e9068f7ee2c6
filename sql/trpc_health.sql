-- The procedures by which an admin sees how the installation was, and what is behind the numbers of how it is: webhooks, alerts,
-- what waits for the folder, secrets. Lists come in pages of limit (1 to 500; 100) from offset on. None of it is any reader's.

create function calytics.trpc_health_history(call jsonb) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_agg(h order by h.sampled_at), '[]')
      from calytics.asked_of(call) a,
           cal.health_history(
             "from" => coalesce(a.since, now() - interval '1 day'), "to" => coalesce(a.until, 'infinity'),
             every => coalesce(calytics.input_interval(a.input, 'every'), '15 minutes')) h);
comment on function calytics.trpc_health_history(jsonb) is
  'calAnalytics.getHealthHistory: the rows of cal.health_history of {from? (a day ago), to? (infinity), every? ("15 minutes")}.';

create function calytics.trpc_explain_deliveries(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  input jsonb := calytics.input_object(call -> 'input');
  since timestamptz := coalesce(calytics.input_time(input, 'from', 'UTC'), now() - interval '1 day');
  until timestamptz := coalesce(calytics.input_time(input, 'to', 'UTC'), 'infinity');
  of_outcome text := calytics.input_text(input, 'outcome');
  of_trigger text := calytics.input_text(input, 'trigger');
  of_source text := calytics.input_text(input, 'source');
  src int := case when of_source is not null then (calytics.source_named(of_source)).source_id end;
  lines refcursor;
begin
  open lines no scroll for
    select d.delivery_id, d.received_at, s.name as source, d.trigger, d.uid, d.outcome, d.detail,
           calytics.delivery_reason(d.detail) as reason, d.repeats
      from calytics.webhook_delivery d join calytics.source s using (source_id)
     where d.received_at >= since and d.received_at < until and (src is null or d.source_id = src)
       and (of_outcome is null or d.outcome = of_outcome) and (of_trigger is null or d.trigger = of_trigger)
     order by d.received_at desc, d.delivery_id desc;
  return calytics.page_of_lines(lines, input);
end
$$;
comment on function calytics.trpc_explain_deliveries(jsonb) is
  'calAnalytics.explainDeliveries: a page of the archive''s webhooks, the latest first, of {from? (a day ago), to? (infinity), outcome?, '
  'trigger?, source? (all), limit?, offset?}. reason: detail as calytics.delivery_reason tells it.';

create function calytics.trpc_explain_alerts(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  input jsonb := calytics.input_object(call -> 'input');
  of_alert text := calytics.input_text(input, 'alert');
  of_source text := calytics.input_text(input, 'source');
  lines refcursor;
begin
  open lines no scroll for
    select a.* from cal.alert a
     where (of_alert is null or a.alert = of_alert) and (of_source is null or a.source = of_source)
     order by a.raised_at desc, a.alert, a.source;
  return calytics.page_of_lines(lines, input);
end
$$;
comment on function calytics.trpc_explain_alerts(jsonb) is
  'calAnalytics.explainAlerts: a page of cal.alert''s rows, those that are over included, the latest first, of {alert?, source?, limit?, '
  'offset?}.';

create function calytics.trpc_explain_pending(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  input jsonb := calytics.input_object(call -> 'input');
  low bigint := (select f.segment from calytics.fold_state f order by f.run desc limit 1);
  lines refcursor;
begin
  open lines no scroll for
    select p.at, s.name as source, p.kind, p.name
      from (select m.marked_at as at, m.source_id, 'booking' as kind, m.root_uid as name
              from calytics.chain_mark m where m.segment >= low
            union all
            select e.received_at, e.source_id, 'event', e.event_type from calytics.event e where e.segment >= low) p
      join calytics.source s using (source_id)
     order by p.at, p.name;
  return calytics.page_of_lines(lines, input);
end
$$;
comment on function calytics.trpc_explain_pending(jsonb) is
  'calAnalytics.explainPending: a page of what waits for the folder, the oldest first, of {limit?, offset?}: at, source, kind (booking: one '
  'that changed, by its root_uid in name; event: a tracked one, by its type).';

create function calytics.trpc_explain_secrets(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  lines refcursor;
begin
  open lines no scroll for
    select x.valid_from, nullif(x.valid_until, 'infinity') as valid_until
      from calytics.source_secret x
     where x.source_id = a.src and now() >= x.valid_from and now() < x.valid_until
     order by x.valid_from, x.valid_until;
  return calytics.page_of_lines(lines, a.input);
end
$$;
comment on function calytics.trpc_explain_secrets(jsonb) is
  'calAnalytics.explainSecrets: from when and until when (NULL: for good) the webhook secrets hold that are valid now, without what they '
  'are, of {source?, limit?, offset?}.';

insert into calytics.procedure (name, kind, access, scope, handler) values
  ('calAnalytics.getHealthHistory',  'query', 'admin', 'installation', 'calytics.trpc_health_history'),
  ('calAnalytics.explainDeliveries', 'query', 'admin', 'installation', 'calytics.trpc_explain_deliveries'),
  ('calAnalytics.explainAlerts',     'query', 'admin', 'installation', 'calytics.trpc_explain_alerts'),
  ('calAnalytics.explainPending',    'query', 'admin', 'installation', 'calytics.trpc_explain_pending'),
  ('calAnalytics.explainSecrets',    'query', 'admin', 'source',       'calytics.trpc_explain_secrets');
