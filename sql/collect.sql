-- Reading sums, in C++ (extension/glue/sums/collect.cpp): exact in the caller's snapshot, wherever the folder stands.

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
  language c stable set search_path = pg_catalog, pg_temp
  set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_hashagg = off set enable_bitmapscan = off
  as 'MODULE_PATHNAME', 'calytics_collect';
comment on function calytics.collect(int, calytics.span[], text[], text[]) is
  'The sums of a source''s contributions in each span, exact in the caller''s snapshot. services, hosts: keys to '
  'keep to. A row a role, basis, window, unit, service, host and currency; none where nothing happened.';

create function calytics.collect_tracked(
  src int, spans calytics.span[], services text[] default null, hosts text[] default null
) returns setof calytics.sums
  language c stable set search_path = pg_catalog, pg_temp
  set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_hashagg = off set enable_bitmapscan = off
  as 'MODULE_PATHNAME', 'calytics_collect_tracked';
comment on function calytics.collect_tracked(int, calytics.span[], text[], text[]) is
  'As calytics.collect, for spans whose basis is tracking, session, origin or funnel.';
