-- Webhooks only mark the chains they change, in their own transaction: no lock beyond the legs', no hot row.
-- What has become of a marked chain is the difference between its fact as the buckets know it
-- (calytics.chain, which the folder alone writes) and its legs as they are. The folder works that
-- difference off; until then readers add it. Either way it is computed here.

create sequence calytics.mark_id;
comment on sequence calytics.mark_id is 'Tells marks apart; order and gaps mean nothing.';

create table calytics.chain_mark (
  source_id  int not null,
  segment    bigint not null,
  mark_id    bigint not null default nextval('calytics.mark_id'),
  root_uid   text collate "C" not null,
  marked_at  timestamptz not null default now(),
  primary key (segment, mark_id, source_id)
);
comment on table calytics.chain_mark is
  'Chains whose legs changed since the folder looked. Only rows from the low-water mark of '
  'calytics.fold_state on can be there: readers skip what lies below it without looking.';

create function calytics.mark(src int, roots text[]) returns void
  language c volatile strict set search_path = pg_catalog, pg_temp
  as 'MODULE_PATHNAME', 'calytics_mark';
comment on function calytics.mark(int, text[]) is
  'Marks chains as changed; to be called in the transaction that changed their legs.';

create function calytics.unsettled(src int, low bigint)
  returns table (before calytics.chain, after calytics.chain)
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off set enable_mergejoin = off set enable_hashjoin = off
as $$
begin
  if not exists (select from calytics.chain_mark m
                  where m.segment >= low and (src is null or m.source_id = src)) then
    return;
  end if;
  return query
  with marked as materialized (
    select distinct m.source_id, m.root_uid
      from calytics.chain_mark m
     where m.segment >= low and (src is null or m.source_id = src)
  ), fresh as materialized (
    select calytics.chain_of(
             array_agg(b order by b.status = 'superseded', b.hops desc, b.uid desc),
             (select array_agg(y order by y.uid, y.entry) from calytics.payment y
               where y.source_id = s.source_id and y.uid = any (array_agg(b.uid))),
             s.consultation) as fact
      from marked m
      join calytics.booking b on b.root_uid = m.root_uid and b.source_id = m.source_id
      join calytics.source s on s.source_id = m.source_id
     group by s.source_id, b.root_uid
  ), known as materialized (
    select x as fact, x.source_id, x.root_uid, x.customer
      from marked m
      join calytics.chain x on x.source_id = m.source_id and x.root_uid = m.root_uid
  ), person as materialized (
    select (f.fact).source_id, (f.fact).customer from fresh f where (f.fact).customer is not null
    union
    select k.source_id, k.customer from known k where k.customer is not null
  ), other as materialized (
    select x as fact, x.source_id, x.root_uid
      from person p
      join calytics.chain x on x.customer = p.customer and x.source_id = p.source_id
     where (x.source_id, x.root_uid) not in (select m.source_id, m.root_uid from marked m)
  ), placed as materialized (
    select p as fact
      from (
        select array_agg(u.fact) as chains
          from (select f.fact from fresh f where (f.fact).customer is not null
                union all
                select o.fact from other o) u
         group by (u.fact).source_id, (u.fact).customer) g
     cross join lateral calytics.placed_among(g.chains) p
    union all
    select f.fact from fresh f where (f.fact).customer is null
  ), stored as (
    select k.fact, k.source_id, k.root_uid from known k
    union all
    select o.fact, o.source_id, o.root_uid from other o
  )
  select s.fact, p.fact
    from placed p
    full join stored s on s.source_id = (p.fact).source_id and s.root_uid = (p.fact).root_uid
   where s.fact is distinct from p.fact;
end
$$;
comment on function calytics.unsettled(int, bigint) is
  'What became of the chains marked from segment low on, and of their persons'' other chains: the fact that the buckets '
  'know and the one that the legs tell; NULL where there is none. src: one source; NULL for all.';
