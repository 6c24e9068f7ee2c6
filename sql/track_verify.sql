-- What is tracked, recounted: the folder's facts from the events and the bookings, sums and sketches from these.
-- Where a month of events is gone, what was counted of it stays and is out of any recount's reach.

create function calytics.expected_tracking(src int)
  returns table (basis text, hour timestamp, cells bytea, weight bigint)
  language sql stable
begin atomic
  with reach as materialized (
    select s.time_zone as zone, coalesce(calytics.kept_hour(src), '-infinity') as since,
           (select f.segment from calytics.fold_state f order by f.run desc limit 1) as low,
           (select f.recent_run from calytics.fold_state f order by f.run desc limit 1) as recent_run
      from calytics.source s where s.source_id = src
  )
  select 'tracking', x.hour, x.cells, 1::bigint
    from (
      select date_trunc('hour', e.occurred_at at time zone r.zone) as hour,
             calytics.cube(e.service, '', '', calytics.event_counts(e.event_type, e.bot, e.late, e.removed, e.duration), 1) as cells
        from reach r join calytics.event e on e.source_id = src and e.segment < r.low
       group by 1) x
   where x.hour >= (select r.since from reach r)
  union all
  select x.basis, x.hour, x.cells, 1
    from (
      select k.basis, date_trunc('hour', k.at at time zone r.zone) as hour, calytics.cube(
               case when m.is_full then calytics.origin_label(src, k.at, k.host, k.service) else k.service end, k.host, '', k.counts, 1) as cells
        from reach r
       cross join lateral (
         select s as session, null::calytics.funnel as funnel from calytics.tracked_session s where s.source_id = src
         union all
         select null, f from calytics.funnel f where f.source_id = src) f
       cross join lateral calytics.track_measures(f.session, f.funnel) k
        left join calytics.origin_month m
          on k.basis = 'origin' and m.source_id = src and m.month = date_trunc('month', k.at at time zone 'UTC')::date and m.kind = k.host
       group by 1, 2) x
   where x.hour >= (select r.since from reach r)
  union all
  select b.basis, b.at, b.cells, 1
    from reach r
    join calytics.bucket b on b.source_id = src and b.grain = 'hour' and b.split = 'both' and b.at < r.since
   where b.basis in ('tracking', 'session', 'origin', 'funnel')
  union all
  -- Of these hours nothing was counted above that waits to be merged.
  select d.basis, d.at, d.cells, 1
    from reach r
    join calytics.recent_delta d on d.source_id = src and d.run >= r.recent_run and d.at < r.since
   where d.basis in ('tracking', 'session', 'origin', 'funnel');
end;
comment on function calytics.expected_tracking(int) is
  'What the hours of a source should hold of what is tracked, what is folded but not merged included.';

create function calytics.recount_sessions(src int, below bigint default x'7fffffffffffffff'::bigint)
  returns table (session calytics.tracked_session, funnel calytics.funnel)
  language plpgsql stable set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  kept_from timestamptz := (select coalesce(t.kept_from, '-infinity') from calytics.tracking t where t.source_id = src);
begin
  return query
  with frozen as materialized (
    select s.session_id from calytics.tracked_session s where s.source_id = src and s.received_first < kept_from
    union
    select f.session_id from calytics.funnel f where f.source_id = src and f.received_first < kept_from
  )
  select t, null::calytics.funnel
    from calytics.track_sessions(src, coalesce(kept_from, '-infinity'), below) t
   where t.session_id not in (select z.session_id from frozen z)
  union all
  select null, t
    from calytics.track_funnels(src, coalesce(kept_from, '-infinity'), below) t
   where t.session_id not in (select z.session_id from frozen z)
  union all
  select s, null from calytics.tracked_session s where s.source_id = src and s.session_id in (select z.session_id from frozen z)
  union all
  select null, f from calytics.funnel f where f.source_id = src and f.session_id in (select z.session_id from frozen z);
end
$$;
comment on function calytics.recount_sessions(int, bigint) is
  'All sessions and funnels of a source anew from the events of segments below one; those of which events are gone as they are.';

create function calytics.sessions_now(src int)
  returns table (session calytics.tracked_session, funnel calytics.funnel)
  language plpgsql stable set search_path = pg_catalog, pg_temp set jit = off
as $$
begin
  return query
  with changed as materialized (
    select c.* from calytics.changes_now(src) c
  )
  select s, null::calytics.funnel from calytics.tracked_session s
   where s.source_id = src
     and not exists (select from changed c where (c.session_before).session_id = s.session_id and (c.session_before).began_at = s.began_at)
  union all
  select null, f from calytics.funnel f
   where f.source_id = src
     and not exists (select from changed c where (c.funnel_before).session_id = f.session_id and (c.funnel_before).service = f.service)
  union all
  select c.session_after, c.funnel_after from changed c
   where (c.session_after).session_id is not null or (c.funnel_after).session_id is not null;
end
$$;
comment on function calytics.sessions_now(int) is 'Sessions and funnels as their events tell them in this snapshot, folded or not.';

create function calytics.session_differences(src int) returns table (what text, session_id text)
  language sql stable
begin atomic
  select 'session', coalesce(e.session_id, n.session_id)
    from (select r.session as fact, (r.session).session_id, (r.session).began_at from calytics.recount_sessions(src) r
           where (r.session).session_id is not null) e
    full join (select r.session as fact, (r.session).session_id, (r.session).began_at from calytics.sessions_now(src) r
                where (r.session).session_id is not null) n
      on n.session_id = e.session_id and n.began_at = e.began_at
   where e.fact is distinct from n.fact
  union all
  select 'funnel', coalesce(e.session_id, n.session_id)
    from (select r.funnel as fact, (r.funnel).session_id, (r.funnel).service from calytics.recount_sessions(src) r
           where (r.funnel).session_id is not null) e
    full join (select r.funnel as fact, (r.funnel).session_id, (r.funnel).service from calytics.sessions_now(src) r
                where (r.funnel).session_id is not null) n
      on n.session_id = e.session_id and n.service = e.service
   where e.fact is distinct from n.fact;
end;
comment on function calytics.session_differences(int) is 'Sessions and funnels that are not what their events say.';

create function calytics.visitor_differences(src int)
  returns table (grain text, at timestamp, expected bigint, stored bigint)
  language sql stable
begin atomic
  with expected as materialized (
    select u.grain, date_trunc(u.grain, v.at) as at, hll_union_agg(v.sketch) as sketch
      from calytics.event_visitors(
             src, -1, (select f.segment from calytics.fold_state f order by f.run desc limit 1)) v
     cross join (values ('hour'), ('day'), ('month')) u (grain)
     group by 1, 2
  ), stored as materialized (
    select x.grain, x.at, hll_union_agg(x.sketch) as sketch
      from (
        select b.grain, b.at, b.sketch from calytics.visitor_bucket b where b.source_id = src
        union all
        select u.grain, date_trunc(u.grain, r.at), r.sketch
          from calytics.recent_visitor r cross join (values ('hour'), ('day'), ('month')) u (grain)
         where r.source_id = src
           and r.run >= (select f.recent_run from calytics.fold_state f order by f.run desc limit 1)) x
     group by 1, 2
  )
  select coalesce(e.grain, s.grain), coalesce(e.at, s.at), round(hll_cardinality(e.sketch))::bigint,
         round(hll_cardinality(s.sketch))::bigint
    from expected e full join stored s on s.grain = e.grain and s.at = e.at
   where coalesce(e.at, s.at) >= coalesce(calytics.kept_hour(src), '-infinity')
     and (e.sketch is null or s.sketch is null or hll_ne(e.sketch, s.sketch));
end;
comment on function calytics.visitor_differences(int) is
  'Hours, days and months whose sketches are not those of their events.';

create function calytics.rewrite_tracking(src int) returns bigint
  language plpgsql volatile set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  wrong bigint := (select count(*) from calytics.session_differences(src));
begin
  if wrong > 0 then
    -- What isn't folded yet will be.
    create temp table recounted on commit drop as
      select r.* from calytics.recount_sessions(src, (select f.segment from calytics.fold_state f order by f.run desc limit 1)) r;
    perform calytics.learn_origins(src, array_agg(t.month), array_agg(t.kind), array_agg(t.name))
       from (select distinct date_trunc('month', (r.session).began_at at time zone 'UTC')::date as month, o.kind, o.name
               from pg_temp.recounted r cross join lateral calytics.origins((r.session).origin) o
              where (r.session).session_id is not null) t;
    delete from calytics.tracked_session s where s.source_id = src;
    delete from calytics.funnel f where f.source_id = src;
    insert into calytics.tracked_session select (r.session).* from pg_temp.recounted r where (r.session).session_id is not null;
    insert into calytics.funnel select (r.funnel).* from pg_temp.recounted r where (r.funnel).session_id is not null;
    drop table pg_temp.recounted;
  end if;
  insert into calytics.named_booking (source_id, uid, session_id, root_uid)
    select distinct e.source_id, e.booking_uid, e.session_id, b.root_uid
      from calytics.event e
      left join calytics.booking b on b.source_id = e.source_id and b.uid = e.booking_uid
     where e.source_id = src and e.booking_uid is not null and not e.bot
    on conflict on constraint named_booking_pkey do update set root_uid = excluded.root_uid;
  insert into calytics.tracked_until (source_id, until)
    select src, max(x.until)
      from (select max(e.occurred_at) as until from calytics.event e where e.source_id = src
            union all
            select max(s.ended_at) from calytics.tracked_session s where s.source_id = src) x
    having max(x.until) is not null
    on conflict do nothing;
  return wrong;
end
$$;
comment on function calytics.rewrite_tracking(int) is
  'Makes the sessions and funnels of a source what their events say, and returns how many were not; buckets are to follow in '
  'the same transaction, which is the folder''s.';

create function calytics.rebuild_visitors(src int) returns void
  language sql volatile
begin atomic
  delete from calytics.recent_visitor r where r.source_id = src;
  delete from calytics.visitor_bucket b
   where b.source_id = src and b.at >= coalesce(calytics.kept_hour(src), '-infinity');
  insert into calytics.visitor_bucket as b (source_id, grain, at, sketch)
    select src, u.grain, date_trunc(u.grain, v.at), hll_union_agg(v.sketch)
      from calytics.event_visitors(src, -1, (select f.segment from calytics.fold_state f order by f.run desc limit 1)) v
     cross join (values ('hour'), ('day'), ('month')) u (grain)
     group by 2, 3
     order by 2, 3
    on conflict on constraint visitor_bucket_pkey do update set sketch = hll_union(b.sketch, excluded.sketch);
end;
comment on function calytics.rebuild_visitors(int) is
  'Makes the sketches of a source''s visitors anew from all its folded events; those of hours whose events are gone stay.';
