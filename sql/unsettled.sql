-- Webhooks only mark the chains they change, in their own transaction: no lock beyond the legs', no hot row.
-- What has become of a marked chain is the difference between its fact as the buckets know it
-- (calytics.chain, which the folder alone writes) and its legs as they are. The folder works that
-- difference off; until then readers add it. Either way it is computed here.

create sequence calytics.mark_id cache 64;
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
  language c stable set search_path = pg_catalog, pg_temp
  set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set enable_hashagg = off set enable_bitmapscan = off
  as 'MODULE_PATHNAME', 'calytics_unsettled';
comment on function calytics.unsettled(int, bigint) is
  'What became of the chains marked from segment low on, and of their persons'' other chains: the fact that the buckets '
  'know and the one that the legs tell; NULL where there is none. src: one source; NULL for all.';
