-- The folder's part of tracking: events of complete segments become sums by local hour, and their sessions and
-- funnels are settled: what they are now less what the buckets knew of them. Nothing here is done by those
-- who track; an event waits for nobody.

create function calytics.learn_origins(src int, months date[], kinds text[], names text[]) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off
as $$
declare
  most constant int := current_setting('calytics.most_origins');
begin
  with told as materialized (
    select distinct t.month, t.kind, t.name from unnest(months, kinds, names) t (month, kind, name)
     where t.name not in ('(direct)', '(none)')
  ), new as materialized (
    select t.month, t.kind, t.name, row_number() over (partition by t.month, t.kind order by t.name) + coalesce(m.names, 0) as n
      from told t
      left join calytics.origin_month m on m.source_id = src and m.month = t.month and m.kind = t.kind
     where m.is_full is not true
       and not exists (select from calytics.known_origin k
                        where k.source_id = src and k.month = t.month and k.kind = t.kind and k.name = t.name)
  ), learnt as (
    insert into calytics.known_origin (source_id, month, kind, name)
      select src, n.month, n.kind, n.name from new n where n.n <= most order by 2, 3, 4
  )
  insert into calytics.origin_month as m (source_id, month, kind, names, is_full)
    select src, n.month, n.kind, count(*) filter (where n.n <= most), bool_or(n.n > most) from new n group by 2, 3 order by 2, 3
    on conflict on constraint origin_month_pkey
    do update set names = m.names + excluded.names, is_full = excluded.is_full;
end
$$;
comment on function calytics.learn_origins(int, date[], text[], text[]) is
  'Writes down the names of origins that sessions are going to be counted by, as many as there is room for. For the folder.';

create function calytics.settle_sessions(
  run bigint, src int, low bigint, below bigint, sessions text[] default null, since timestamptz default null, part int default 0,
  parts int default 1
) returns timestamptz
  language c volatile set search_path = pg_catalog, pg_temp
  set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_hashagg = off set enable_bitmapscan = off
  as 'MODULE_PATHNAME', 'calytics_settle_sessions';
comment on function calytics.settle_sessions(bigint, int, bigint, bigint, text[], timestamptz, int, int) is
  'Makes facts of sessions and their funnels what their events say: of those with events of segments from low to before below, or '
  'with bookings that they named and that webhooks of segments from low on told of; or (not NULL) of some sessions, from all their '
  'events. Adds to what is recent of a run what that changes, and what these events count themselves, visitors too. since: these '
  'events were received since then. part, of parts: the sessions of one part only, by a hash. Learns the names of origins. Gives '
  'when the last of these sessions ended, -infinity if there is none. For the folder.';

create function calytics.extend_tracking(src int, until timestamptz) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off
as $$
declare
  before timestamptz := (select t.until from calytics.tracked_until t where t.source_id = src order by t.until desc limit 1);
begin
  if before >= extend_tracking.until or coalesce(extend_tracking.until, '-infinity') = '-infinity' then
    return;
  end if;
  delete from calytics.tracked_until t where t.source_id = src and t.until = before;
  insert into calytics.tracked_until (source_id, until) values (src, extend_tracking.until);
end
$$;
comment on function calytics.extend_tracking(int, timestamptz) is
  'Notes that buckets know of an event, or of a booking of a session, that happened then. Part of calytics.fold_tracking.';

create function calytics.fold_tracking(run bigint, since bigint, low bigint) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off
as $$
declare
  touched record;
  until timestamptz;
  first timestamptz := 'infinity';
  names boolean := false;
  -- Beyond these, a part of the sessions after the other.
  at_once constant int := 200000;
begin
  -- Of bookings those too that are still being told of: what they change now they will not change again.
  for touched in
    select t.source_id, 1 + max(t.events) / at_once as parts, max(t.events) as events, min(t.first) as first, max(t.until) as until,
           bool_or(t.names) as names
      from (select e.source_id, count(*) as events, min(e.received_at) as first, max(e.occurred_at) as until,
                   bool_or(e.booking_uid is not null) as names
              from calytics.event e where e.segment >= since and e.segment < low group by 1
            union all
            select m.source_id, 0, null, null, false from calytics.chain_mark m where m.segment >= since) t
     group by 1 order by 1
  loop
    until := touched.until;
    for part in 0 .. touched.parts - 1 loop
      until := greatest(until, calytics.settle_sessions(
        run, touched.source_id, since, low, null, coalesce(touched.first, 'infinity'), part, touched.parts::int));
    end loop;
    perform calytics.extend_tracking(touched.source_id, until);
    if touched.events > 0 then
      first := least(first, touched.first);
      names := names or touched.names;
    end if;
  end loop;
  -- What follows looks at the months since the first of these events was received only.
  if names then
    insert into calytics.named_booking (source_id, uid, session_id)
      select distinct e.source_id, e.booking_uid, e.session_id
        from calytics.event e
       where e.segment >= since and e.segment < low and e.received_at >= first and e.booking_uid is not null and not e.bot
       order by 1, 2, 3
      on conflict do nothing;
    update calytics.named_booking n set root_uid = b.root_uid
      from (select distinct e.source_id, e.booking_uid from calytics.event e
             where e.segment >= since and e.segment < low and e.received_at >= first and e.booking_uid is not null) e
      join calytics.booking b on b.source_id = e.source_id and b.uid = e.booking_uid
     where n.source_id = b.source_id and n.uid = b.uid and n.root_uid is distinct from b.root_uid;
  end if;
end
$$;
comment on function calytics.fold_tracking(bigint, bigint, bigint) is
  'Folds events of segments from since to before low, which are complete, and settles the sessions that they, and marked '
  'bookings, touch. Part of calytics.fold.';

create function calytics.next_run() returns bigint
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  state calytics.fold_state;
begin
  perform calytics.lock_fold();
  select f.* into state from calytics.fold_state f order by f.run desc limit 1;
  insert into calytics.fold_state values (state.run + 1, state.segment, state.recent_run, clock_timestamp(), state.since);
  insert into calytics.fold_log (run, changes) values (state.run + 1, '{}');
  delete from calytics.fold_state f where f.run <= state.run;
  return state.run + 1;
end
$$;
comment on function calytics.next_run() is 'Begins a run of the folder that folds no segment and changes no booking''s fact.';

create function calytics.retire_sessions(src int, since timestamptz) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  before timestamptz := (select t.kept_from from calytics.tracking t where t.source_id = src);
  thawed text[];
  low bigint;
  this_run bigint;
begin
  if before >= since then
    return;
  end if;
  -- Who remembers what buckets know of sessions goes by runs.
  this_run := calytics.next_run();
  insert into calytics.tracking as t (source_id, kept_from) values (src, since)
    on conflict on constraint tracking_pkey do update set kept_from = excluded.kept_from;
  with session_gone as (
    delete from calytics.tracked_session s where s.source_id = src and s.received_last < since
    returning s.session_id, s.received_first
  ), funnel_gone as (
    delete from calytics.funnel f where f.source_id = src and f.received_last < since
    returning f.session_id, f.received_first
  )
  select array_agg(distinct g.session_id) into thawed
    from (select * from session_gone union all select * from funnel_gone) g
   where g.received_first < before;
  delete from calytics.booking_session s where s.source_id = src and s.booked_at < since;
  delete from calytics.named_booking n
   where n.source_id = src
     and not exists (select from calytics.tracked_session s where s.source_id = src and s.session_id = n.session_id);
  -- Sessions that stayed as they were, because a part of their events was gone, are told by what is left.
  if thawed is not null then
    low := (select f.segment from calytics.fold_state f order by f.run desc limit 1);
    perform calytics.extend_tracking(src, calytics.settle_sessions(this_run, src, low, low, thawed, since));
  end if;
end
$$;
comment on function calytics.retire_sessions(int, timestamptz) is
  'Forgets the sessions and funnels all of whose events were received before a moment, since which events are kept; what was '
  'counted of them stays.';
