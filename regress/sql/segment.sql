-- Segments, as one session sees them; with two see the isolation test.
create temp table before as select last_value as segment from calytics.segment;
select calytics.open_segment() - segment as moved from before;
begin;
select calytics.open_segment() = calytics.open_segment() as same;
select mode, granted, classid = x'63616c79'::bigint as class, objid = (segment & x'7fffffff'::bigint) as key, objsubid
  from pg_locks, before where locktype = 'advisory' and pid = pg_backend_pid();
commit;
select count(*) as left_over from pg_locks where locktype = 'advisory' and pid = pg_backend_pid();
-- All before are free, so that the folder may have all up to the new one; its probing leaves no lock.
begin;
select low - segment as low, current - segment as current from before, calytics.advance_segment(segment);
select low - segment as low, current - segment as current from before, calytics.advance_segment(segment + 1);
select count(*) as left_over from pg_locks where locktype = 'advisory' and pid = pg_backend_pid();
rollback;
-- Moving on is not undone.
select calytics.open_segment() - segment as moved from before;
select low - segment as low, current - segment as current from before, calytics.advance_segment(segment + 1000);
select calytics.advance_segment(null);
begin isolation level repeatable read;
select calytics.open_segment();
rollback;
begin isolation level serializable;
select calytics.open_segment();
rollback;
begin read only;
select calytics.open_segment() - segment as moved from before;
rollback;
