-- The proof that buckets and pending changes equal a recount of the facts, and the facts the legs; and
-- the cure where they don't. A changed time zone, a changed rule and a new measure are the same
-- operation: all that changes is what the recount says. Ingest goes on meanwhile, because buckets are
-- the folder's alone and pending changes are told in facts, not in numbers.

create function calytics.expected_buckets(src int)
  returns table (basis text, grain text, split text, at timestamp, cells bytea)
  language sql stable
begin atomic
  -- Each grain from the one below it: far fewer rows than all from the facts.
  with hourly as materialized (
    select u.basis, u.hour as at, calytics.cube(u.cells, u.weight) as cells
      from (
        select f.basis, f.hour, calytics.cube(f.service, f.host, f.currency, f.counts, 1) as cells, 1::bigint as weight
          from calytics.fact_counts f where f.source_id = src
         group by f.hour, f.basis
        union all
        select t.basis, t.hour, t.cells, t.weight from calytics.expected_tracking(src) t
        union all
        select r.basis, r.at, r.cells, -1
          from calytics.recent_delta r
         where r.source_id = src
           and r.run >= (select f.recent_run from calytics.fold_state f order by f.run desc limit 1)) u
     group by u.hour, u.basis
  ), daily as materialized (
    select h.basis, date_trunc('day', h.at) as at, calytics.cube(h.cells, 1) as cells
      from hourly h group by 2, h.basis
  ), monthly as materialized (
    select d.basis, date_trunc('month', d.at) as at, calytics.cube(d.cells, 1) as cells
      from daily d group by 2, d.basis
  )
  select g.basis, g.grain, d.split, g.at, d.cells
    from (
      select 'hour' as grain, h.* from hourly h
      union all
      select 'day', d.* from daily d
      union all
      select 'month', m.* from monthly m) g
   cross join lateral calytics.cube_splits(g.basis, g.grain, g.cells) d
   where d.cells <> '';
end;
comment on function calytics.expected_buckets(int) is
  'What a source''s buckets should hold: all that its facts contribute, less what is folded but not merged.';

create function calytics.bucket_differences(src int)
  returns table (basis text, grain text, split text, at timestamp, expected bytea, stored bytea)
  language sql stable
begin atomic
  select coalesce(e.basis, b.basis), coalesce(e.grain, b.grain), coalesce(e.split, b.split),
         coalesce(e.at, b.at), coalesce(e.cells, ''), coalesce(b.cells, '')
    from calytics.expected_buckets(src) e
    full join (select * from calytics.bucket x where x.source_id = src) b
      on e.basis = b.basis and e.grain = b.grain and e.split = b.split and e.at = b.at
   where coalesce(e.cells, '') <> coalesce(b.cells, '');
end;
comment on function calytics.bucket_differences(int) is 'Buckets that don''t hold what they should.';

create function calytics.cube_differences(expected bytea, stored bytea)
  returns table (service text, host text, currency text, expected_counts calytics.tally, stored_counts calytics.tally)
  language sql stable
begin atomic
  select coalesce(e.service, b.service), coalesce(e.host, b.host), coalesce(e.currency, b.currency),
         coalesce(e.counts, '{}'), coalesce(b.counts, '{}')
    from calytics.cells(expected) e
    full join calytics.cells(stored) b
      on b.service = e.service and b.host = e.host and b.currency = e.currency
   where calytics.not_equal(coalesce(e.counts, '{}'), coalesce(b.counts, '{}'));
end;
comment on function calytics.cube_differences(bytea, bytea) is 'Cells in which two cubes differ.';

create function calytics.recount_facts(src int) returns setof calytics.chain
  language sql stable
begin atomic
  select p.*
    from (
      select array_agg(c) as chains
        from (
          select calytics.chain_of(
                   array_agg(b order by b.status = 'superseded', b.hops desc, b.uid desc),
                   (select array_agg(y order by y.uid, y.entry) from calytics.payment y
                     where y.source_id = src and y.uid = any (array_agg(b.uid))),
                   (select s.consultation from calytics.source s where s.source_id = src)) as c
            from calytics.booking b
           where b.source_id = src
           group by b.root_uid offset 0) f
       group by coalesce((f.c).customer::text, (f.c).root_uid)) g
   cross join lateral calytics.placed_among(g.chains) p;
end;
comment on function calytics.recount_facts(int) is 'All facts of a source anew from its legs.';

create function calytics.facts_now(src int) returns setof calytics.chain
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  low bigint := (select f.segment from calytics.fold_state f order by f.run desc limit 1);
begin
  return query
  with changed as materialized (
    select u.before, u.after from calytics.unsettled(src, low) u
  )
  select c.* from calytics.chain c
   where (src is null or c.source_id = src)
     and not exists (select from changed u
                      where (u.before).source_id = c.source_id and (u.before).root_uid = c.root_uid)
  union all
  select (u.after).* from changed u where (u.after).root_uid is not null;
end
$$;
comment on function calytics.facts_now(int) is
  'Facts as the legs tell them in this snapshot, folded or not; NULL for all sources.';

create function calytics.fact_differences(src int)
  returns table (root_uid text, expected calytics.chain, stored calytics.chain)
  language sql stable
begin atomic
  select coalesce(e.root_uid, c.root_uid), e.fact, c.fact
    from (select r as fact, r.root_uid from calytics.recount_facts(src) r) e
    full join (select x as fact, x.root_uid from calytics.facts_now(src) x) c
      on c.root_uid = e.root_uid
   where e.fact is distinct from c.fact;
end;
comment on function calytics.fact_differences(int) is 'Facts that are not what their legs say.';

create function calytics.rebucket(src int) returns bigint
  language plpgsql volatile set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  written bigint;
begin
  perform calytics.lock_fold();
  insert into calytics.bucket as b (source_id, basis, grain, split, at, cells)
    select src, d.basis, d.grain, d.split, d.at, d.expected
      from calytics.bucket_differences(src) d
     order by d.basis, d.grain, d.split, d.at
    on conflict on constraint bucket_pkey do update set cells = excluded.cells;
  get diagnostics written = row_count;
  delete from calytics.bucket b where b.source_id = src and b.cells = '';
  perform calytics.break_log();
  return written;
end
$$;
comment on function calytics.rebucket(int) is
  'Makes a source''s buckets what its facts say under its present rules; returns how many were not.';

create function cal.verify_metrics(source text default null)
  returns table (
    source_name text, what text, basis text, grain text, at timestamp, service text, host text, currency text,
    measure text, expected bigint, stored bigint, root_uid text
  )
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select s.name, 'bucket', d.basis, d.grain, d.at, c.service, c.host, c.currency, coalesce(m.name, e.index::text),
         calytics.get(c.expected_counts, e.index), calytics.get(c.stored_counts, e.index), null
    from calytics.source s
   cross join lateral calytics.bucket_differences(s.source_id) d
   cross join lateral calytics.cube_differences(d.expected, d.stored) c
   cross join lateral calytics.entries(calytics.minus(c.expected_counts, c.stored_counts)) e
    left join calytics.measure m on m.measure = e.index
   where verify_metrics.source is null or s.name = verify_metrics.source
  union all
  select s.name, 'fact', null, null, null, null, null, null, null, null, null, f.root_uid
    from calytics.source s
   cross join lateral calytics.fact_differences(s.source_id) f
   where verify_metrics.source is null or s.name = verify_metrics.source
  union all
  select s.name, d.what, null, null, null, null, null, null, null, null, null, d.session_id
    from calytics.source s
   cross join lateral calytics.session_differences(s.source_id) d
   where verify_metrics.source is null or s.name = verify_metrics.source
  union all
  select s.name, 'visitors', 'visitor', d.grain, d.at, null, null, null, 'visitors', d.expected, d.stored, null
    from calytics.source s
   cross join lateral calytics.visitor_differences(s.source_id) d
   where verify_metrics.source is null or s.name = verify_metrics.source
$$;
comment on function cal.verify_metrics(text) is
  'Recounts all metrics of a source (of all, if NULL) in one snapshot: buckets and pending changes against the facts, and '
  'the facts against the bookings'' legs, sessions, funnels and visitors against the events that are kept. Returns the '
  'differences: no row when all is well. what: bucket, fact, session, funnel (root_uid: of the booking; of these two, the '
  'session''s id) or visitors; at: local time; measure: as in calytics.measure. Reads everything; ingest and readers go on.';

create function calytics.rewrite_facts(src int) returns bigint
  language sql volatile
begin atomic
  with wrong as materialized (
    select c.source_id, c.root_uid, e.fact
      from (select r as fact, r.root_uid from calytics.recount_facts(src) r) e
      full join (select x as fact, x.source_id, x.root_uid from calytics.chain x where x.source_id = src) c
        on c.root_uid = e.root_uid
     where e.fact is distinct from c.fact
  ), gone as (
    delete from calytics.chain c using wrong w
     where c.source_id = w.source_id and c.root_uid = w.root_uid returning c.root_uid
  ), written as (
    -- The count is read first, and so all of the wrong facts are gone before the right ones come: in the order in which
    -- they would have come by themselves, which keeps near in the table what is near in time.
    insert into calytics.chain
      select (w.fact).* from wrong w
       where (w.fact).root_uid is not null and (select count(*) from gone) is not null
       order by (w.fact).created_at
  )
  select count(*) from wrong;
end;
comment on function calytics.rewrite_facts(int) is
  'Makes all facts of a source what their legs say, and returns how many were not; the buckets are to follow in the same '
  'transaction, which is the folder''s. Marks stay: what is written here is where the folder starts from.';

create function cal.repair_metrics(source text default null, out facts bigint, out buckets bigint)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s record;
begin
  perform calytics.fold(false);
  facts := 0;
  buckets := 0;
  for s in
    select x.source_id from calytics.source x
     where repair_metrics.source is null or x.name = repair_metrics.source order by x.source_id
  loop
    facts := facts + calytics.rewrite_facts(s.source_id) + calytics.rewrite_tracking(s.source_id);
    buckets := buckets + calytics.rebucket(s.source_id);
    if exists (select from calytics.visitor_differences(s.source_id)) then
      perform calytics.rebuild_visitors(s.source_id);
    end if;
  end loop;
end
$$;
comment on function cal.repair_metrics(text) is
  'Makes metrics what a recount says: of one source, or of all. Returns how many facts and buckets were wrong. Ingest and '
  'readers go on meanwhile; the folder waits. Raises feature_not_supported unless the transaction is read committed.';
