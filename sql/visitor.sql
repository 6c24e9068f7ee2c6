-- Distinct visitors. They can't be added up, so each hour, day and month has a sketch of its own (HyperLogLog, by
-- extension hll), which is exact up to 512 visitors and has a standard error of 1.6 % beyond; larger exact sets
-- take long to unite. Sketches can be united and never subtracted from: where events go, those of the hours concerned are made anew.

create table calytics.visitor_bucket (
  source_id  int not null,
  grain      text collate "C" not null,
  at         timestamp not null,          -- local time, the start of the month, day or hour
  sketch     hll not null,
  primary key (source_id, grain, at)
);
comment on table calytics.visitor_bucket is
  'Visitors by local month, day and hour, as HyperLogLog sketches; the folder alone writes here.';
alter table calytics.visitor_bucket alter column sketch set storage external;

create table calytics.recent_visitor (
  run        bigint not null,
  source_id  int not null,
  at         timestamp not null,          -- local time, the start of the hour
  sketch     hll not null,
  primary key (run, source_id, at)
);
comment on table calytics.recent_visitor is
  'Visitors of folded events by run: those that are not merged into calytics.visitor_bucket yet, and those of the runs in calytics.fold_log.';

create function calytics.kept_hour(src int) returns timestamp
  language sql stable
  return (
    select date_trunc('hour', t.kept_from at time zone s.time_zone - interval '1 microsecond') + interval '1 hour'
      from calytics.tracking t join calytics.source s using (source_id)
     where t.source_id = src and t.kept_from is not null);
comment on function calytics.kept_hour(int) is
  'The first local hour of which all events are kept; NULL if all of all hours are. What was counted before it stays.';

create function calytics.event_visitors(src int, low bigint, high bigint, since timestamptz default '-infinity')
  returns table (source_id int, at timestamp, sketch hll)
  language sql stable
begin atomic
  select v.source_id, v.at, hll_add_agg(hll_hash_bytea(uuid_send(v.visitor)), 12, 5, 512, 1)
    from (
      -- Most events are not the first of their visitor.
      select distinct e.source_id, date_trunc('hour', e.occurred_at at time zone s.time_zone) as at, e.visitor
        from calytics.event e join calytics.source s using (source_id)
       where (src is null or e.source_id = src) and e.segment >= low and e.segment < high and e.received_at >= since and not e.bot
         and e.visitor is not null) v
   group by 1, 2;
end;
comment on function calytics.event_visitors(int, bigint, bigint, timestamptz) is
  'Visitors of events of segments from low to before high that were received since a moment, by local hour.';

create function calytics.merge_visitors(since_run bigint) returns void
  language sql volatile
begin atomic
  insert into calytics.visitor_bucket as b (source_id, grain, at, sketch)
    select g.source_id, u.grain, date_trunc(u.grain, g.at), hll_union_agg(g.sketch)
      from calytics.recent_visitor g cross join (values ('hour'), ('day'), ('month')) u (grain)
     where g.run >= since_run
     group by 1, 2, 3
     order by 1, 2, 3
    on conflict on constraint visitor_bucket_pkey
    do update set sketch = hll_union(b.sketch, excluded.sketch);
end;
comment on function calytics.merge_visitors(bigint) is 'Unites what runs from one on have folded with the buckets. Part of calytics.fold.';

create function calytics.visitors_between(src int, zone text, low bigint, lo timestamptz, hi timestamptz)
  returns table (at timestamp, sketch hll)
  language sql stable
begin atomic
  select date_trunc('hour', e.occurred_at at time zone zone), hll_add_agg(hll_hash_bytea(uuid_send(e.visitor)), 12, 5, 512, 1)
    from calytics.happened_in(src, lo, hi) e
   where lo < hi and e.segment + 0 < low and not e.bot and e.visitor is not null  -- found by time
   group by 1;
end;
comment on function calytics.visitors_between(int, text, bigint, timestamptz, timestamptz) is
  'Visitors of folded events from lo to before hi, by local hour.';

create function calytics.visits_between(src int, low bigint, lo timestamptz, hi timestamptz)
  returns table (at timestamptz, visitor uuid)
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_bitmapscan = on
as $$
begin
  return query
  select e.occurred_at, e.visitor
    from calytics.happened_in(src, lo, hi) e
   where e.segment + 0 < low and not e.bot and e.visitor is not null;  -- found by time
end
$$;
comment on function calytics.visits_between(int, bigint, timestamptz, timestamptz) is
  'Folded events of visitors from lo to before hi, for readers whose range ends ever later.';

create function calytics.sketch_visitors(units timestamp[], visitors uuid[])
  returns table (unit timestamp, sketch hll)
  language sql stable
begin atomic
  select v.unit, hll_add_agg(hll_hash_bytea(uuid_send(v.visitor)), 12, 5, 512, 1)
    from unnest(units, visitors) v (unit, visitor)
   group by 1;
end;
comment on function calytics.sketch_visitors(timestamp[], uuid[]) is 'Sketches of visitors by unit.';

create function calytics.unite_visitors(units timestamp[], sketches bytea[])
  returns table (unit timestamp, sketch hll, visitors bigint)
  language sql stable
begin atomic
  -- Uniting is what takes time.
  select u.unit, u.sketch, round(hll_cardinality(u.sketch))::bigint
    from (select p.unit, hll_union_agg(p.sketch::hll) as sketch
            from unnest(units, sketches) p (unit, sketch) group by p.unit offset 0) u;
end;
comment on function calytics.unite_visitors(timestamp[], bytea[]) is 'Sketches united by unit, and how many visitors that makes.';

create function calytics.visitor_sketches(
  src int, zone text, low bigint, recent_run bigint, lo timestamptz, hi timestamptz, lo_hour timestamp, hi_hour timestamp,
  hi_cut timestamptz, coarsest text
) returns table (at timestamp, sketch hll)
  language sql stable
begin atomic
  with day as (
    select date_trunc('day', lo_hour + interval '1 day' - interval '1 microsecond') as lo, date_trunc('day', hi_hour) as hi
  ), month as (
    select date_trunc('month', d.lo + interval '1 month' - interval '1 microsecond') as lo, date_trunc('month', d.hi) as hi
      from day d
  ), piece (grain, lo, hi) as (
    select 'hour', lo_hour, case when coarsest <> 'hour' and d.lo < d.hi then d.lo else hi_hour end from day d
    union all
    select 'hour', d.hi, hi_hour from day d where coarsest <> 'hour' and d.lo < d.hi
    union all
    select 'day', d.lo, case when coarsest = 'month' and m.lo < m.hi then m.lo else d.hi end
      from day d, month m where coarsest <> 'hour' and d.lo < d.hi
    union all
    select 'day', m.hi, d.hi from day d, month m where coarsest = 'month' and d.lo < d.hi and m.lo < m.hi
    union all
    select 'month', m.lo, m.hi from day d, month m where coarsest = 'month' and d.lo < d.hi and m.lo < m.hi
  )
  select b.at, b.sketch
    from piece p
   cross join lateral (
     select x.at, x.sketch from calytics.visitor_bucket x
      where x.source_id = src and x.grain = p.grain and x.at >= p.lo and x.at < p.hi offset 0) b
  union all
  select r.at, r.sketch from calytics.recent_visitor r
   where r.run >= recent_run and r.source_id = src and r.at >= lo_hour and r.at < hi_hour
  union all
  select c.at, c.sketch
    from (values (lo, least(calytics.hour_begins(lo_hour, zone), hi)), (hi_cut, hi)) v (lo, hi)
   cross join lateral calytics.visitors_between(src, zone, low, v.lo, v.hi) c;
end;
comment on function calytics.visitor_sketches(
    int, text, bigint, bigint, timestamptz, timestamptz, timestamp, timestamp, timestamptz, text) is
  'Sketches whose union is all visitors of folded events from lo to before hi: of whole hours from lo_hour to before hi_hour by buckets no '
  'coarser than one grain; of the parts before, and from hi_cut on, by events.';

create function calytics.visitors_folded(
  src int, zone text, low bigint, recent_run bigint, until timestamptz, lo timestamptz, hi timestamptz, coarsest text
) returns table (at timestamp, sketch hll)
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off set enable_bitmapscan = on
as $$
declare
  lo_hour timestamp := date_trunc('hour', lo at time zone zone);
  hi_hour timestamp := date_trunc('hour', hi at time zone zone);
  hi_cut timestamptz := calytics.hour_begins(hi_hour, zone);
begin
  if calytics.hour_begins(lo_hour, zone) < lo then
    lo_hour := lo_hour + interval '1 hour';
  end if;
  if until < hi then
    -- Buckets hold nothing beyond it.
    hi_hour := date_trunc('month', hi_hour) + interval '1 month';
    hi_cut := hi;
  elsif hi_cut < lo then
    hi_cut := lo;
  end if;
  if lo_hour > hi_hour then
    -- Within one hour: by events alone.
    lo_hour := hi_hour;
    hi_cut := lo;
  end if;
  return query
  select s.at, s.sketch
    from calytics.visitor_sketches(
      src, zone, low, recent_run, lo, hi, lo_hour, hi_hour, hi_cut, coarsest) s;
end
$$;
comment on function calytics.visitors_folded(int, text, bigint, bigint, timestamptz, timestamptz, timestamptz, text) is
  'Sketches by the start of an hour, day or month, the coarsest one at most, whose union is all visitors of folded events from lo '
  'to before hi. until: when the last event happened that buckets know of.';

create function calytics.visitors(src int, lo timestamptz, hi timestamptz, unit text)
  returns table (at timestamp, visitors bigint)
  language c stable set search_path = pg_catalog, pg_temp
  set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_bitmapscan = on
  as 'MODULE_PATHNAME', 'calytics_visitors';
comment on function calytics.visitors(int, timestamptz, timestamptz, text) is
  'Distinct visitors from lo to before hi, exact in the caller''s snapshot while they are few: by local unit (NULL: one row). '
  'No row where there are none.';
