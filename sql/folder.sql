-- The folder, a background worker in each database with the extension: how it is woken, how it fares.

create function calytics.wake_folder() returns void
  language c volatile
  as 'MODULE_PATHNAME', 'calytics_wake_folder';
comment on function calytics.wake_folder() is
  'Has the folder run calytics.fold soon after this transaction''s commit; starts it where there is '
  'none. Does nothing where calytics is not preloaded.';

create function calytics.expect_reading(ms int) returns void
  language c volatile strict
  as 'MODULE_PATHNAME', 'calytics_expect_reading';
comment on function calytics.expect_reading(int) is
  'Says that somebody reads metrics, or is told of changes, for so long: meanwhile the folder folds each calytics.fold_interval. '
  'Readers of metrics say so of themselves, for two seconds.';

create function calytics.folder_state(
    out pid int, out started_at timestamptz, out last_run_at timestamptz, out runs bigint,
    out errors bigint, out last_error text, out last_error_at timestamptz) returns record
  language c volatile
  as 'MODULE_PATHNAME', 'calytics_folder_state';
comment on function calytics.folder_state() is
  'This database''s folder: process id and since when (NULL if none runs), when it last ran to an end, '
  'runs and errors since the server started, and the last error. All NULL where calytics is not '
  'preloaded or this database has never had a folder.';

select calytics.wake_folder();
