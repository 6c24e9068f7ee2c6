-- Where contributions are summed up. Buckets hold sums by local month and day, in total and by service and
-- host, and by local hour, by both; recent_delta holds what has been folded lately, merged into them or not. One folder at a
-- time (fold.sql) writes here, and nobody else.

create table calytics.bucket (
  source_id  int not null,
  basis      text collate "C" not null,
  grain      text collate "C" not null,
  split      text collate "C" not null,   -- none, service, host, both: what sums are kept apart by (calytics.cube_splits)
  at         timestamp not null,          -- local time, the start of the month, day or hour
  cells      bytea not null,              -- a cube (cube.sql)
  primary key (source_id, basis, grain, split, at)
);
comment on table calytics.bucket is
  'Sums of contributions by local month, day and hour: cubes by service, host and currency; calytics.cells shows them.';
-- Cubes are read as they lie: in the row if they fit into a page, and uncompressed.
alter table calytics.bucket alter column cells set storage external, set (toast_tuple_target = 8160);

create table calytics.recent_delta (
  source_id  int not null,
  run        bigint not null,
  basis      text collate "C" not null,
  at         timestamp not null,          -- local time, the start of the hour
  cells      bytea not null,              -- a cube
  primary key (run, source_id, basis, at)
);
comment on table calytics.recent_delta is
  'Folded changes by local hour: those that are not merged into buckets yet, and those of the runs in calytics.fold_log. '
  'Merging seldom keeps the versions of busy buckets few, which matters where an old snapshot keeps them from being removed.';

create type calytics.change as (
  before  calytics.chain,   -- NULL where there was none
  after   calytics.chain    -- NULL where there is none any more
);
comment on type calytics.change is 'A fact that became another.';

create table calytics.fold_log (
  run      bigint primary key,
  changes  calytics.change[]      -- NULL where they are too many
);
comment on table calytics.fold_log is
  'What the last runs of the folder changed, all sources'' facts, so that a session that remembers the sums of a run can '
  'make them those of a later one (extension/glue/sums/memo.hpp). What is tracked it makes so by the recent deltas of these runs. '
  'A run that is not here can''t be caught up with: one that is too long ago, or rewrote facts and buckets otherwise.';
alter table calytics.fold_log alter column changes set storage external, set (toast_tuple_target = 8160);

create table calytics.fold_state (
  run         bigint primary key,
  segment     bigint not null,
  recent_run  bigint not null,
  folded_at   timestamptz not null,
  since       timestamptz not null
);
comment on table calytics.fold_state is
  'The newest row a snapshot sees tells where its pending rows begin: calytics.chain_mark from segment on, '
  'calytics.recent_delta from recent_run on. What lies below is gone, or dead, and is not even looked at. since: events of '
  'segments from segment on were received since then, or less than a day before, whatever clocks did meanwhile.';
insert into calytics.fold_state values (0, 0, 0, now(), '-infinity');
