-- Segments: which rows that writers append are complete, so that the folder may take them.

create sequence calytics.segment as bigint minvalue 1 no cycle;
comment on sequence calytics.segment is
  'Its last value is the current segment, the one that writers tag their rows with.';
select pg_catalog.nextval('calytics.segment');

create function calytics.open_segment() returns bigint
  language c volatile strict
  as 'MODULE_PATHNAME', 'calytics_open_segment';
comment on function calytics.open_segment() is
  'The segment to tag rows with in this transaction, under a shared lock until it ends. For isolation '
  'level read committed only.';

create function calytics.advance_segment(inout low bigint, out current bigint) returns record
  language c volatile strict
  as 'MODULE_PATHNAME', 'calytics_advance_segment';
comment on function calytics.advance_segment(bigint) is
  'For the folder: begins a new segment, current, and returns as low the first one from low on that a '
  'transaction may still write to, current at the latest. All before it are complete: what was '
  'committed in them is seen by the next statement.';
