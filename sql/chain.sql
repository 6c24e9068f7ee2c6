-- A chain is all legs tied by reschedule_uid. Each leg carries the chain's root and its distance from
-- it, so that a chain is read by one index. Both are functions of the links alone: the order in
-- which links become known doesn't matter. Links that form a ring, which Cal.com never sends, get the
-- ring's smallest uid as their root, so that even nonsense has one answer.

create function calytics.chain_root(src int, leg text, out root_uid text, out hops int)
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
    exit when parent is null;
    if parent = any (path) then
      select min(u collate "C") into chain_root.root_uid
        from unnest(path[array_position(path, parent):]) as u;
      chain_root.hops := array_position(path, chain_root.root_uid) - 1;
      return;
    end if;
    path := path || parent;
  end loop;
  chain_root.root_uid := path[cardinality(path)];
  chain_root.hops := cardinality(path) - 1;
end
$$;
comment on function calytics.chain_root(int, text) is
  'The root of a leg''s chain and the number of reschedules between the two.';

create function calytics.link_chain(src int, leg text) returns text[]
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  moved text[] := '{}';
  step text[];
begin
  -- Another session may add a leg behind the ones seen here while this one waits for their locks:
  -- so again, with a new snapshot, until there is nothing left to change.
  loop
    with recursive below as (
        select leg collate "C" as uid
      union
        select b.uid from calytics.booking b join below on b.source_id = src and b.reschedule_uid = below.uid
    ), placed as (
      update calytics.booking b set root_uid = r.root_uid, hops = r.hops
        from (select below.uid, c.root_uid, c.hops
                from below cross join lateral calytics.chain_root(src, below.uid) c
               order by below.uid) r
       where b.source_id = src and b.uid = r.uid
         and (b.root_uid, b.hops) is distinct from (r.root_uid, r.hops)
      returning b.uid
    )
    select array_agg(p.uid) into step from placed p;
    exit when step is null;
    moved := moved || step;
  end loop;
  return moved;
end
$$;
comment on function calytics.link_chain(int, text) is
  'Gives a leg and all legs that follow it their root anew; returns those that changed.';
