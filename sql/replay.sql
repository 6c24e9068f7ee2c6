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

create function calytics.related_legs(src int, legs text[]) returns text[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  -- Collated as uids are, so that they meet their index.
  related text[] collate "C" := legs;
  before int;
  left_now text[] collate "C";
  left_by text[] collate "C" := '{}';
begin
  loop
    before := cardinality(related);
    related := array(
      select unnest(related)
      union
      select b.uid from calytics.booking b
       where b.source_id = src and b.root_uid in (
               select a.root_uid from calytics.booking a where a.source_id = src and a.uid = any (related))
      union
      select b.uid from calytics.booking b where b.source_id = src and b.moved_to = any (related));
    -- Of several seats that left a leg, the leg knows where one went: their webhooks know the others.
    left_now := array(
      select b.uid from calytics.booking b
       where b.source_id = src and b.uid = any (related) and b.moved_to is not null and b.uid <> all (left_by));
    if left_now <> '{}' then
      left_by := left_by || left_now;
      related := array(
        select unnest(related)
        union
        select d.uid from calytics.webhook_delivery d
         where d.source_id = src and d.uid is not null
           and exists (select from unnest(left_now) l where calytics.names_person(d.body, l)));
    end if;
    exit when cardinality(related) = before;
  end loop;
  return related;
end
$$;
comment on function calytics.related_legs(int, text[]) is
  'Legs, all others of their chains, and those between which seats moved: no webhook speaks of one of them and of a leg that '
  'isn''t among them.';

create function calytics.apply_again(src int, legs text[] default null, others bigint[] default '{}') returns bigint
  language plpgsql volatile set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set enable_seqscan = off
as $$
declare
  key bytea := (select k.person_key from calytics.source_key k where k.source_id = src);
  uids text[] collate "C" := legs;
  read bigint := 0;
  d record;
  result record;
begin
  perform calytics.mark(src, array(
    select distinct b.root_uid from calytics.booking b where b.source_id = src and (uids is null or b.uid = any (uids))));
  delete from calytics.booking_change x where x.source_id = src and (uids is null or x.uid = any (uids));
  delete from calytics.attendee x where x.source_id = src and (uids is null or x.uid = any (uids));
  delete from calytics.booking_private x where x.source_id = src and (uids is null or x.uid = any (uids));
  delete from calytics.booking x where x.source_id = src and (uids is null or x.uid = any (uids));
  for d in
    -- Sorted without their bodies.
    select x.delivery_id, o.change_id, x.received_at, x.replayed_at, x.outcome, x.detail, x.body
      from (select y.delivery_id, y.change_id
              from calytics.webhook_delivery y
             where y.source_id = src and (uids is null or y.uid = any (uids) or y.delivery_id = any (others))
             order by y.change_id offset 0) o
     cross join lateral (
       select z.* from calytics.webhook_delivery z
        where z.source_id = src and z.delivery_id = o.delivery_id offset 0) x
     order by o.change_id
  loop
    select u.outcome, u.detail into result
      from calytics.understand(src, d.body, key, d.received_at, d.delivery_id,
                               coalesce(d.replayed_at, d.received_at), d.change_id) u;
    if (result.outcome, result.detail) is distinct from (d.outcome, d.detail) then
      update calytics.webhook_delivery x
         set outcome = result.outcome, detail = result.detail
       where x.source_id = src and x.delivery_id = d.delivery_id;
    end if;
    read := read + 1;
    if read % 10000 = 0 then
      raise notice '% deliveries applied', read;
    end if;
  end loop;
  return read;
end
$$;
comment on function calytics.apply_again(int, text[], bigint[]) is
  'Forgets the state of legs, which calytics.related_legs must have completed (NULL: of all), and applies their deliveries, and '
  'others, in the order in which they were applied. The caller holds the fold''s lock and one on calytics.booking. Gives how many '
  'it read.';

create function cal.rebuild(source text default 'default', out deliveries bigint, out bookings bigint)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  src int := (calytics.source_named(rebuild.source)).source_id;
begin
  -- Webhooks that arrive meanwhile wait here; readers go on seeing what stood before.
  perform calytics.lock_fold();
  lock table calytics.booking in exclusive mode;
  delete from calytics.person x where x.source_id = src;
  delete from calytics.host x where x.source_id = src;
  delete from calytics.service x where x.source_id = src;
  deliveries := calytics.apply_again(src);
  select count(*) into bookings from calytics.booking b where b.source_id = src;
  perform calytics.fold(true);
end
$$;
comment on function cal.rebuild(text) is
  'Builds all state of a source anew from the archive, history included, in one transaction: row for '
  'row what stood there, unless a newer release understands a body better. Ingest waits meanwhile. '
  'Returns the number of deliveries read and of legs that came of them. Raises no_data_found (no such source).';
