-- A chain is all legs tied by reschedule_uid. Each leg carries the chain's root and its distance from
-- it, so that a chain is read by one index. Both are functions of the links alone: the order in
-- which links become known doesn't matter. Links that form a ring, which Cal.com never sends, get the
-- ring's smallest uid as their root, so that even nonsense has one answer.

create function calytics.chain_root(
  src int, leg text, out root_uid text, out hops int, out ringed boolean
)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  path text[] collate "C" := array[leg];
  parent text collate "C";
begin
  loop
    select b.reschedule_uid into parent
      from calytics.booking b
     where b.source_id = src and b.uid = path[cardinality(path)];
    exit when parent is null or parent = any (path);
    path := path || parent;
  end loop;
  ringed := coalesce(parent = leg, false);
  root_uid := coalesce(
    (select min(u collate "C") from unnest(path[array_position(path, parent):]) u where parent is not null),
    path[cardinality(path)]);
  hops := array_position(path, root_uid) - 1;
end
$$;
comment on function calytics.chain_root(int, text) is
  'The root of a leg''s chain, the number of reschedules between the two, and whether the leg is part '
  'of a ring.';

create function calytics.link_chain(src int, leg text) returns table (uid text, root_uid text)
  language plpgsql volatile set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set enable_seqscan = off
as $$
declare
  top record;
  below record;
  settled boolean;
begin
  -- Another session may add a leg behind the ones seen here while this one waits for their locks:
  -- so again, with a new snapshot, until there is nothing left to change.
  loop
    settled := true;
    top := calytics.chain_root(src, leg);
    for below in
      with recursive tree as (
          select leg collate "C" as uid, 0 as depth
        union all
        select b.uid, t.depth + 1
          from tree t join calytics.booking b on b.source_id = src and b.reschedule_uid = t.uid
      ) cycle uid set again using path
      select t.uid, t.depth from tree t where not t.again order by t.depth, t.uid
    loop
      if top.ringed then
        select r.root_uid, r.hops - below.depth as hops into top.root_uid, top.hops
          from calytics.chain_root(src, below.uid) r;
      end if;
      update calytics.booking b set root_uid = top.root_uid, hops = top.hops + below.depth
       where b.source_id = src and b.uid = below.uid
         and (b.root_uid, b.hops) is distinct from (top.root_uid, top.hops + below.depth);
      if found then
        uid := below.uid;
        root_uid := top.root_uid;
        return next;
        settled := false;
      end if;
    end loop;
    exit when settled;
  end loop;
end
$$;
comment on function calytics.link_chain(int, text) is
  'Gives a leg and all legs that follow it their root anew; returns those that changed, a row for each change.';
