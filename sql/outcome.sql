-- What became of deliveries and events, counted in shared memory as they come in: numbers that only grow while
-- the server runs, however many rows there are and whatever becomes of these later.

create function calytics.outcome_counts(out source_id int, out outcome text, out count bigint) returns setof record
  language c volatile strict rows 10
  as 'MODULE_PATHNAME', 'calytics_outcome_counts';
comment on function calytics.outcome_counts() is
  'Outcomes of this database''s deliveries and events by source since calytics.counted_since(), those that are not 0: applied, '
  'unchanged, duplicate, ping, stored, quarantined and unauthorized of deliveries, event_accepted, event_duplicate, event_private '
  'and event_rejected. No rows where calytics is not preloaded.';

create function calytics.counted_since() returns timestamptz
  language c volatile
  as 'MODULE_PATHNAME', 'calytics_counted_since';
comment on function calytics.counted_since() is
  'When counting outcomes began: as the server started, or recovered from a crash. NULL where calytics is not preloaded.';

create function calytics.machine(
    out disk_total bigint, out disk_free bigint, out memory_total bigint, out memory_available bigint) returns record
  language c volatile
  as 'MODULE_PATHNAME', 'calytics_machine';
comment on function calytics.machine() is
  'Bytes of the file system that holds the data directory, and of memory: all, and what can be had. NULL where the system '
  'doesn''t tell.';
