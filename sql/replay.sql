-- From the archive back to state. Since applying is commutative and idempotent, replaying a delivery
-- is always safe; rebuilding repeats all of them in their order and so restores the history as well.

create function cal.replay(
  delivery bigint, source text default 'default',
  out outcome text, out delivery_id bigint, out detail text
)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set enable_seqscan = off
as $$
declare
  d calytics.webhook_delivery;
  key bytea;
  next_id bigint;
  again timestamptz := clock_timestamp();
begin
  select x.* into d
    from calytics.webhook_delivery x join calytics.source s using (source_id)
   where s.name = replay.source and x.delivery_id = replay.delivery
     for no key update of x;
  if not found then
    raise exception 'source "%" has no delivery %', replay.source, delivery
      using errcode = 'no_data_found', hint = 'cal.delivery lists the deliveries that are kept.';
  end if;
  select k.person_key into key from calytics.source_key k where k.source_id = d.source_id;
  select u.outcome, u.detail, u.change_id into outcome, detail, next_id
    from calytics.understand(d.source_id, d.body, key, d.received_at, d.delivery_id, again) u;
  delivery_id := d.delivery_id;
  -- One that had been applied and changes nothing any more keeps its place and its outcome.
  if outcome = 'applied' or d.outcome not in ('applied', 'unchanged') then
    update calytics.webhook_delivery x
       set (outcome, detail, change_id, replayed_at)
         = (select replay.outcome, replay.detail, next_id, again)
     where x.source_id = d.source_id and x.delivery_id = d.delivery_id;
  end if;
end
$$;
comment on function cal.replay(bigint, text) is
  'Reads an archived delivery anew and applies it, for instance a quarantined one once its cause is '
  'gone. Answers as cal.receive_webhook does. Raises no_data_found if there is no such delivery.';

create function cal.rebuild(source text default 'default', out deliveries bigint, out bookings bigint)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set enable_seqscan = off
as $$
declare
  src int;
  key bytea;
  d record;
  result record;
begin
  select s.source_id, k.person_key into src, key
    from calytics.source s join calytics.source_key k using (source_id)
   where s.name = rebuild.source;
  if not found then
    raise exception 'there is no source "%"', rebuild.source
      using errcode = 'no_data_found', hint = 'cal.source lists the sources.';
  end if;

  -- Webhooks that arrive meanwhile wait here; readers go on seeing what stood before.
  perform calytics.lock_fold();
  lock table calytics.booking in exclusive mode;
  perform calytics.mark(src, array(
    select b.root_uid from calytics.booking b where b.source_id = src and b.uid = b.root_uid));
  delete from calytics.booking_change x where x.source_id = src;
  delete from calytics.attendee x where x.source_id = src;
  delete from calytics.booking_private x where x.source_id = src;
  delete from calytics.booking x where x.source_id = src;
  delete from calytics.person x where x.source_id = src;
  delete from calytics.host x where x.source_id = src;
  delete from calytics.service x where x.source_id = src;

  deliveries := 0;
  for d in
    select x.delivery_id, x.change_id, x.received_at, x.replayed_at, x.outcome, x.detail, x.body
      from calytics.webhook_delivery x
     where x.source_id = src
     order by x.change_id
  loop
    select u.outcome, u.detail into result
      from calytics.understand(src, d.body, key, d.received_at, d.delivery_id,
                               coalesce(d.replayed_at, d.received_at), d.change_id) u;
    if (result.outcome, result.detail) is distinct from (d.outcome, d.detail) then
      update calytics.webhook_delivery x
         set outcome = result.outcome, detail = result.detail
       where x.source_id = src and x.delivery_id = d.delivery_id;
    end if;
    deliveries := deliveries + 1;
    if deliveries % 10000 = 0 then
      raise notice '% deliveries applied', deliveries;
    end if;
  end loop;
  select count(*) into bookings from calytics.booking b where b.source_id = src;
  perform calytics.fold(true);
end
$$;
comment on function cal.rebuild(text) is
  'Builds all state of a source anew from the archive, history included, in one transaction: row for '
  'row what stood there, unless a newer release understands a body better. Ingest waits meanwhile. '
  'Returns the number of deliveries read and of legs that came of them.';
