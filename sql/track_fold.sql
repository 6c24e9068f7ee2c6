-- The folder's part of tracking: events of complete segments become sums by local hour, and their sessions and
-- funnels are settled: what they are now less what the buckets knew of them. Nothing here is done by those
-- who track; an event waits for nobody.

create function calytics.touched_sessions(src int, low bigint)
  returns table (source_id int, session_id text, received_at timestamptz)
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_mergejoin = off set enable_hashjoin = off
as $$
begin
  return query
  select t.source_id, t.session_id, min(t.received_at)
    from (
      select e.source_id, e.session_id, e.received_at
        from calytics.event e
       where e.segment >= low and (src is null or e.source_id = src) and not e.bot
      union all
      select n.source_id, n.session_id, null
        from calytics.chain_mark m
        join calytics.booking b on b.root_uid = m.root_uid and b.source_id = m.source_id
        join calytics.named_booking n on n.source_id = b.source_id and n.uid = b.uid
       where m.segment >= low and (src is null or m.source_id = src)
      union all
      -- Of a booking that is no more.
      select n.source_id, n.session_id, null
        from calytics.chain_mark m
        join calytics.named_booking n on n.source_id = m.source_id and n.root_uid = m.root_uid
       where m.segment >= low and (src is null or m.source_id = src)) t
   group by 1, 2;
end
$$;
comment on function calytics.touched_sessions(int, bigint) is
  'Ids of sessions with events, or with bookings that they named and that webhooks told of, from segment low on; and when the '
  'first of these events was received. src: one source; NULL for all.';

create function calytics.track_changes(src int, sessions text[], since timestamptz)
  returns table (
    session_before calytics.tracked_session, session_after calytics.tracked_session, funnel_before calytics.funnel,
    funnel_after calytics.funnel
  )
  language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off
as $$
declare
  kept_from timestamptz := (select t.kept_from from calytics.tracking t where t.source_id = src);
  ids text[] := sessions;
  first timestamptz;
begin
  if kept_from is not null then
    -- A session of which events are gone stays as it was.
    ids := array(
      select i from unnest(sessions) i
      except
      (select s.session_id from calytics.tracked_session s
        where s.source_id = src and s.session_id = any (sessions) and s.received_first < kept_from
       union all
       select f.session_id from calytics.funnel f
        where f.source_id = src and f.session_id = any (sessions) and f.received_first < kept_from));
  end if;
  select least(since, min(s.received_first)) into first
    from calytics.tracked_session s where s.source_id = src and s.session_id = any (ids);
  return query
  with after as materialized (
    select a.session, a.funnel from calytics.track_facts(src, ids, greatest(first, kept_from)) a
  )
  select b.fact, a.session, null::calytics.funnel, null::calytics.funnel
    from (select s as fact, s.session_id, s.began_at from calytics.tracked_session s
           where s.source_id = src and s.session_id = any (ids)) b
    full join (select x.session, (x.session).session_id, (x.session).began_at from after x
                where (x.session).session_id is not null) a
      on a.session_id = b.session_id and a.began_at = b.began_at
   where b.fact is distinct from a.session
  union all
  select null, null, b.fact, a.funnel
    from (select f as fact, f.session_id, f.service from calytics.funnel f
           where f.source_id = src and f.session_id = any (ids)) b
    full join (select x.funnel, (x.funnel).session_id, (x.funnel).service from after x
                where (x.funnel).session_id is not null) a
      on a.session_id = b.session_id and a.service = b.service
   where b.fact is distinct from a.funnel;
end
$$;
comment on function calytics.track_changes(int, text[], timestamptz) is
  'What became of some sessions and their funnels: the fact that the buckets know and the one that the events tell, NULL '
  'where there is none. since: when the first event that isn''t folded was received.';

create function calytics.settle_sessions(run bigint, src int, sessions text[], since timestamptz) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off
as $$
declare
  zone text := (select s.time_zone from calytics.source s where s.source_id = src);
begin
  with changed as materialized (
    select c.* from calytics.track_changes(src, sessions, since) c
  ), session_gone as (
    delete from calytics.tracked_session s using changed c
     where s.source_id = src and s.session_id = (c.session_before).session_id
       and s.began_at = (c.session_before).began_at and (c.session_after).session_id is null
  ), session_saved as (
    insert into calytics.tracked_session
      select (c.session_after).* from changed c where (c.session_after).session_id is not null
      on conflict on constraint tracked_session_pkey do update
        set ended_at = excluded.ended_at, received_first = excluded.received_first, received_last = excluded.received_last,
            events = excluded.events, origin = excluded.origin, claimed = excluded.claimed, booked = excluded.booked
  ), funnel_gone as (
    delete from calytics.funnel f using changed c
     where f.source_id = src and f.session_id = (c.funnel_before).session_id
       and f.service = (c.funnel_before).service and (c.funnel_after).session_id is null
  ), funnel_saved as (
    insert into calytics.funnel
      select (c.funnel_after).* from changed c where (c.funnel_after).session_id is not null
      on conflict on constraint funnel_pkey do update
        set received_first = excluded.received_first, received_last = excluded.received_last, started_at = excluded.started_at,
            viewed_at = excluded.viewed_at, selected_at = excluded.selected_at, began_at = excluded.began_at,
            submitted_at = excluded.submitted_at, claimed_at = excluded.claimed_at, abandoned_at = excluded.abandoned_at,
            booked_at = excluded.booked_at, uid = excluded.uid, reached = excluded.reached, anchor_at = excluded.anchor_at,
            last_at = excluded.last_at
  )
  insert into calytics.recent_delta (run, source_id, basis, at, cells)
    select settle_sessions.run, src, x.basis, x.hour, x.cells
      from (
        select k.basis, date_trunc('hour', k.at at time zone zone) as hour,
               calytics.cube(k.service, k.host, '', k.counts, v.weight) as cells
          from changed c
         cross join lateral (values (c.session_before, c.funnel_before, -1::bigint),
                                    (c.session_after, c.funnel_after, 1)) v (session, funnel, weight)
         cross join lateral calytics.track_measures(v.session, v.funnel) k
         group by 1, 2) x
     where x.cells <> ''
     order by x.basis, x.hour;
end
$$;
comment on function calytics.settle_sessions(bigint, int, text[], timestamptz) is
  'Makes facts of some sessions what their events say, and adds what that changes to recent deltas of a run. For the folder.';

create function calytics.fold_tracking(run bigint, since bigint, low bigint) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off
as $$
declare
  touched record;
begin
  for touched in
    select t.source_id, array_agg(t.session_id) as sessions, min(t.received_at) as received_at
      from calytics.touched_sessions(null, since) t group by 1 order by 1
  loop
    perform calytics.settle_sessions(run, touched.source_id, touched.sessions, touched.received_at);
  end loop;
  if not exists (select from calytics.event e where e.segment >= since and e.segment < low) then
    return;
  end if;
  insert into calytics.recent_delta (run, source_id, basis, at, cells)
    select fold_tracking.run, x.source_id, 'tracking', x.hour, x.cells
      from (
        select e.source_id, date_trunc('hour', e.occurred_at at time zone s.time_zone) as hour,
               calytics.cube(
                 e.service, '', '', calytics.event_counts(e.event_type, e.bot, e.late, e.removed, e.duration), 1) as cells
          from calytics.event e join calytics.source s using (source_id)
         where e.segment >= since and e.segment < low
         group by 1, 2) x
     order by x.source_id, x.hour;
  perform calytics.fold_visitors(run, since, low);
  insert into calytics.named_booking (source_id, uid, session_id)
    select distinct e.source_id, e.booking_uid, e.session_id
      from calytics.event e
     where e.segment >= since and e.segment < low and e.booking_uid is not null and not e.bot
     order by 1, 2, 3
    on conflict do nothing;
  update calytics.named_booking n set root_uid = b.root_uid
    from (select distinct e.source_id, e.booking_uid from calytics.event e
           where e.segment >= since and e.segment < low and e.booking_uid is not null) e
    join calytics.booking b on b.source_id = e.source_id and b.uid = e.booking_uid
   where n.source_id = b.source_id and n.uid = b.uid and n.root_uid is distinct from b.root_uid;
  insert into calytics.tracked_until as t (source_id, until)
    select e.source_id, max(e.occurred_at) from calytics.event e where e.segment >= since and e.segment < low group by 1
    on conflict on constraint tracked_until_pkey
    do update set until = excluded.until where excluded.until > t.until;
end
$$;
comment on function calytics.fold_tracking(bigint, bigint, bigint) is
  'Folds events of segments from since to before low, which are complete, and settles the sessions that they, and marked '
  'bookings, touch. Part of calytics.fold.';

create function calytics.learn_roots(since bigint) returns void
  language sql volatile
begin atomic
  update calytics.named_booking n set root_uid = b.root_uid
    from calytics.chain_mark m
    join calytics.booking b on b.root_uid = m.root_uid and b.source_id = m.source_id
   where m.segment >= since and n.source_id = b.source_id and n.uid = b.uid and n.root_uid is distinct from b.root_uid;
end;
comment on function calytics.learn_roots(bigint) is 'Notes which bookings that sessions named webhooks told of, by marks from a segment on.';

create function calytics.next_run() returns bigint
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  state calytics.fold_state;
begin
  perform calytics.lock_fold();
  select f.* into state from calytics.fold_state f order by f.run desc limit 1;
  insert into calytics.fold_state values (state.run + 1, state.segment, state.recent_run, clock_timestamp());
  insert into calytics.fold_log (run, changes) values (state.run + 1, '{}');
  delete from calytics.fold_state f where f.run <= state.run;
  return state.run + 1;
end
$$;
comment on function calytics.next_run() is 'Begins a run of the folder that folds no segment and changes no booking''s fact.';

create function calytics.forget_sessions(src int, sessions text[]) returns bigint
  language plpgsql volatile set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off
as $$
declare
  zone text := (select s.time_zone from calytics.source s where s.source_id = src);
  low bigint;
  this_run bigint;
  gone bigint;
  hours timestamp[];
begin
  perform calytics.fold(true);
  this_run := calytics.next_run();
  select f.segment into low from calytics.fold_state f order by f.run desc limit 1;
  with gone as (
    delete from calytics.event e where e.source_id = src and e.session_id = any (sessions)
    returning e.segment, date_trunc('hour', e.occurred_at at time zone zone) as hour, e.service, e.visitor,
              calytics.event_counts(e.event_type, e.bot, e.late, e.removed, e.duration) as counts
  ), subtracted as (
    insert into calytics.recent_delta (run, source_id, basis, at, cells)
      select this_run, src, 'tracking', g.hour, calytics.cube(g.service, '', '', g.counts, -1)
        from gone g where g.segment < low group by g.hour
  )
  select count(*), array_agg(distinct g.hour) filter (where g.visitor is not null) into gone, hours from gone g;
  delete from calytics.named_booking n where n.source_id = src and n.session_id = any (sessions);
  perform calytics.settle_sessions(this_run, src, sessions, '-infinity');
  perform calytics.recount_visitors(src, hours);
  return gone;
end
$$;
comment on function calytics.forget_sessions(int, text[]) is
  'Deletes the events of some sessions and takes back what they counted. Returns how many events there were. For the folder''s transaction.';

create function calytics.retire_sessions(src int, since timestamptz) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  before timestamptz := (select t.kept_from from calytics.tracking t where t.source_id = src);
  thawed text[];
begin
  if before >= since then
    return;
  end if;
  perform calytics.lock_fold();
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
  delete from calytics.named_booking n
   where n.source_id = src
     and not exists (select from calytics.tracked_session s where s.source_id = src and s.session_id = n.session_id);
  -- Sessions that stayed as they were, because a part of their events was gone, are told by what is left.
  if thawed is not null then
    perform calytics.settle_sessions(calytics.next_run(), src, thawed, since);
  end if;
end
$$;
comment on function calytics.retire_sessions(int, timestamptz) is
  'Forgets the sessions and funnels all of whose events were received before a moment, since which events are kept; what was '
  'counted of them stays.';
