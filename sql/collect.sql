-- Reading sums: buckets, plus what is folded but not merged into them, plus the facts of the hours that a
-- range cuts in two, plus what became of chains since they were folded. All in one statement, hence in one
-- snapshot, in which the result equals a recount of the facts, wherever the folder stands.

create type calytics.sums as (
  role      text,
  basis     text,
  "window"  text,
  at        timestamp,
  service   text,
  host      text,
  currency  text,
  counts    calytics.tally
);
comment on type calytics.sums is 'Sums of contributions in a span; at is local, NULL without a unit.';

create function calytics.collect(
  src int, spans calytics.span[], services text[] default null, hosts text[] default null
) returns setof calytics.sums
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_sort = off
as $$
declare
  zone text;
  weeks int;
  lapse interval;
  pending_segment bigint;
  pending_run bigint;
begin
  select s.time_zone, s.week_start, s.lapse_after into zone, weeks, lapse
    from calytics.source s where s.source_id = src;
  select f.segment, f.recent_run into pending_segment, pending_run
    from calytics.fold_state f order by f.run desc limit 1;
  return query
  with span as materialized (
    select row_number() over () as n, u.*, case when not u.cells then 100 end as below,
           services is not null or hosts is not null or u.split as detail,
           h.h0, h.h1, h.first_hour, h.last_hour
      from unnest(spans) u
     cross join lateral (
       select date_trunc('hour', u.lo at time zone zone) as first_hour,
              date_trunc('hour', u.hi at time zone zone) as last_hour offset 0) e
     cross join lateral (
       select e.first_hour, e.last_hour, e.last_hour as h1,
              case when calytics.hour_begins(e.first_hour, zone) = u.lo
                   then e.first_hour else e.first_hour + interval '1 hour' end as h0
       offset 0) h
     where u.lo < u.hi
  ), piece as materialized (
    select s.n, p.grain, p.lo, p.hi, p.weight::bigint as weight
      from span s
     cross join lateral (
       select least(date_trunc('day', s.h0 + interval '1 day' - interval '1 microsecond'), s.h1) as d0 offset 0) a
     cross join lateral (
       select case when s.unit = 'hour' then s.h1 else a.d0 end as d0,
              case when s.unit = 'hour' then s.h1 else greatest(date_trunc('day', s.h1), a.d0) end as d1
       offset 0) d
     cross join lateral (
       select case when s.unit in ('day', 'week') then d.d1
                   else least(date_trunc('month', d.d0 + interval '1 month' - interval '1 microsecond'), d.d1) end
                as m0 offset 0) b
     cross join lateral (
       select b.m0, case when s.unit in ('day', 'week') then d.d1
                         else greatest(date_trunc('month', d.d1), b.m0) end as m1 offset 0) m
     -- Of a begun month, and of a begun day, the shorter part is read: what is over, or else the whole
     -- less what is to come.
     cross join lateral (
       select m.m1 + interval '1 month' as m2, d.d1 + interval '1 day' as d2,
              coalesce(s.unit, '') not in ('hour', 'day', 'week')
              and d.d1 - m.m1 > m.m1 + interval '1 month' - d.d1 as by_month,
              coalesce(s.unit, '') <> 'hour' and s.h1 - d.d1 > interval '12 hours' as by_day offset 0) r
     cross join lateral (values
       ('hour', s.h0, d.d0, 1), ('day', d.d0, m.m0, 1), ('month', m.m0, m.m1, 1),
       ('month', m.m1, case when r.by_month then r.m2 end, 1), ('day', case when r.by_month then d.d1 end, r.m2, -1),
       ('day', m.m1, case when not r.by_month then d.d1 end, 1),
       ('day', d.d1, case when r.by_day then r.d2 end, 1), ('hour', case when r.by_day then s.h1 end, r.d2, -1),
       ('hour', d.d1, case when not r.by_day then s.h1 end, 1)) p (grain, lo, hi, weight)
     where p.lo < p.hi
  ), changed as materialized (
    select f.fact, f.weight
      from calytics.unsettled(src, pending_segment) u
     cross join lateral (values (u.before, -1::bigint), (u.after, 1)) f (fact, weight)
     where (f.fact).root_uid is not null
       and (services is null or (f.fact).service = any (services))
       and (hosts is null or (f.fact).host = any (hosts))
  ), edge as materialized (
    -- The hours that a span cuts in two.
    select s.n, s.basis, s.lo, s.hi, e.hour
      from span s
     cross join lateral (
       select s.first_hour where s.first_hour < s.h0 or s.first_hour = s.h1
       union
       select s.last_hour where s.last_hour >= s.h0) e (hour)
     where s.basis <> 'cohort'
  ), cut as materialized (
    select e.basis, e.hour, calytics.hour_begins(e.hour, zone) as begins,
           calytics.hour_begins(e.hour, zone) + interval '2 hours' as ends
      from (select distinct x.basis, x.hour from edge x) e
  ), outlast as materialized (
    select s.ended_by, min(s.lo) as lo, max(s.hi) as hi
      from span s where s.basis = 'service' and s.ended_by is not null
     group by s.ended_by
  ), near as materialized (
    select e.basis, e.hour, x.root_uid
      from cut e
     cross join lateral (
       select c.root_uid from calytics.chain c
        where e.basis = 'service' and c.starts_at >= e.begins and c.starts_at < e.ends and c.source_id = src
       union all
       select c.root_uid from calytics.chain c
        where e.basis = 'booked' and c.created_at >= e.begins and c.created_at < e.ends and c.source_id = src
       union all
       select v.root_uid from calytics.happened_between(src, e.begins, e.ends, lapse) v
        where e.basis = 'event') x
  ), fact as (
    -- Facts whose contributions are needed one by one: why, and with which weight.
    select 'changed' as why, null::text as basis, null::timestamp as hour, null::timestamptz as ended_by,
           u.weight, (u.fact).*
      from changed u
    union all
    select 'cut', n.basis, n.hour, null, 1, c.*
      from near n join calytics.chain c on c.source_id = src and c.root_uid = n.root_uid
    union all
    select 'outlasts', 'service', null, o.ended_by, -1, c.*
      from outlast o
      join calytics.chain c
        on c.starts_at >= greatest(o.lo, o.ended_by - interval '6 hours') and c.starts_at < o.hi and c.source_id = src
       and c.ended_at > o.ended_by and c.ended_at - c.starts_at <= interval '6 hours'
    union all
    select 'outlasts', 'service', null, o.ended_by, -1, c.*
      from outlast o
     cross join lateral (
       select x.* from calytics.chain x
        where tstzrange(x.starts_at, x.ended_at) @> o.ended_by and x.ended_at - x.starts_at > interval '6 hours'
       offset 0) c
     where c.starts_at >= o.lo and c.starts_at < o.hi and c.source_id = src
    union all
    select 'outlasts', 'service', null, o.ended_by, -u.weight, (u.fact).*
      from outlast o
      join changed u on (u.fact).starts_at >= o.lo and (u.fact).starts_at < o.hi and (u.fact).ended_at > o.ended_by
  ), counted as materialized (
    select k.why, coalesce(k.basis, y.basis) as basis, k.hour, k.ended_by, k.weight, y.at,
           date_trunc('hour', y.at at time zone zone) as local_hour, k.service, k.host, y.currency, y.counts
      from fact k
      join calytics.source o on o.source_id = src
     cross join lateral calytics.contributions(row(
         k.source_id, k.root_uid, k.uid, k.customer, k.status, k.created_at, k.legs,
         k.hopped_at, k.hops, k.confirmed_at, k.cancelled_at, k.cancelled_by, k.notice,
         k.withdrawn, k.rejected_at, k.awaiting_at, k.paid_at, k.starts_at, k.ended_at,
         k.minutes, k.lead, k.service, k.consultation, k.host, k.price, k.currency,
         k.no_show, k.host_no_show, k.entries, k.first_at, k.previous_at, k.next_created_at,
         k.session_at)::calytics.chain, o) y
     where (k.basis is null or y.basis = k.basis)
       and (services is null or k.service = any (services)) and (hosts is null or k.host = any (hosts))
  ), awaiting as materialized (
    select x.awaiting_at, x.starts_at, x.created_at, x.service, x.host, x.currency
      from calytics.chain x
     where x.source_id = src and x.awaiting_at > (select min(z.as_of) from unnest(spans) z) - lapse
       and x.confirmed_at is not null
  ), found as (
    select s.n, s.unit, s.split, s.below, b.at, b.service, b.host, b.currency, b.counts, p.weight,
           null::text as "window"
      from piece p
      join span s using (n)
     cross join lateral (
       -- Offset keeps the order of joins, which is right whatever the statistics of a young table say.
       select x.at, x.service, x.host, x.currency, x.counts
         from calytics.bucket x
        where x.source_id = src and x.basis = s.basis and x.grain = p.grain and x.detail = s.detail
          and x.at >= p.lo and x.at < p.hi
          and (services is null or x.service = any (services)) and (hosts is null or x.host = any (hosts))
       offset 0) b
    union all
    select s.n, s.unit, s.split, s.below, r.at, r.service, r.host, r.currency, r.counts, 1, null
      from calytics.recent_delta r
      join span s on s.basis = r.basis and r.at >= s.h0 and r.at < s.h1
     where r.run >= pending_run and r.source_id = src
       and (services is null or r.service = any (services)) and (hosts is null or r.host = any (hosts))
    union all
    select s.n, s.unit, s.split, s.below, k.local_hour, k.service, k.host, k.currency, k.counts, k.weight, null
      from counted k
      join span s on s.basis = k.basis and k.at >= s.lo and k.at < s.hi
     where k.why = 'changed'
    union all
    select s.n, s.unit, s.split, s.below, k.local_hour, k.service, k.host, k.currency, k.counts, k.weight, null
      from counted k
      join edge e on e.basis = k.basis and e.hour = k.hour and k.at >= e.lo and k.at < e.hi
      join span s on s.n = e.n
     where k.why = 'cut' and k.local_hour = k.hour
    union all
    select s.n, s.unit, s.split, s.below, k.local_hour, k.service, k.host, k.currency, k.counts, k.weight,
           case when s."window" = 'period' then 'unfinished' end
      from counted k
      join span s on s.basis = 'service' and s.ended_by = k.ended_by and k.at >= s.lo and k.at < s.hi
     where k.why = 'outlasts'
    union all
    select s.n, s.unit, s.split, s.below, calytics.local_start(s.unit, t.at at time zone zone, weeks),
           case when s.split then w.service end, case when s.split then w.host end, w.currency,
           '{5:-1,17:1}'::calytics.tally, sum(w.weight)::bigint, null
      from span s
      join lateral (
        select x.awaiting_at, x.starts_at, x.created_at, x.service, x.host, x.currency, 1::bigint as weight
          from awaiting x
        union all
        select (u.fact).awaiting_at, (u.fact).starts_at, (u.fact).created_at, (u.fact).service, (u.fact).host,
               (u.fact).currency, u.weight
          from changed u where (u.fact).awaiting_at is not null and (u.fact).confirmed_at is not null
        offset 0) w on w.awaiting_at > s.as_of - lapse
     cross join lateral (select case s.basis when 'service' then w.starts_at else w.created_at end as at) t
     where s.basis in ('service', 'booked') and t.at >= s.lo and t.at < s.hi
       and (services is null or w.service = any (services)) and (hosts is null or w.host = any (hosts))
     group by 1, 2, 3, 4, 5, 6, 7, 8
  )
  select s.role, s.basis, coalesce(g."window", s."window"), g.at, g.service, g.host, g.currency, g.counts
    from (
      select f.n, f."window", calytics.local_start(f.unit, f.at, weeks) as at,
             case when f.split then f.service end as service, case when f.split then f.host end as host,
             f.currency, calytics.sum(f.counts, f.weight, f.below) as counts
        from found f
       group by 1, 2, 3, 4, 5, 6) g
    join span s using (n)
   where not calytics.is_empty(g.counts);
end
$$;
comment on function calytics.collect(int, calytics.span[], text[], text[]) is
  'The sums of a source''s contributions in each span, exact in the caller''s snapshot. services, hosts: keys to '
  'keep to. A row a role, basis, window, unit, service, host and currency; none where nothing happened.';
