-- The folder: moves what changed into facts and buckets, exactly once, because the marks it deletes, the
-- facts it writes and the sums it adds are one transaction, and no other writer of these exists. How late
-- it runs costs speed, never truth: readers add what is pending.

create view calytics.fact_counts as
  select c.source_id, c.root_uid, c.service, c.host, k.basis collate "C" as basis, k.at,
         date_trunc('hour', k.at at time zone s.time_zone) as hour, k.currency collate "C" as currency, k.counts
    from calytics.chain c
    join calytics.source s using (source_id)
   cross join lateral calytics.contributions(c, s) k;
comment on view calytics.fact_counts is 'What all facts contribute; hour is local.';

create function calytics.happened_between(src int, lo timestamptz, hi timestamptz, lapse interval)
  returns table (root_uid text)
  language sql stable
begin atomic
  select c.root_uid from calytics.chain c
   where c.created_at >= lo and c.created_at < hi and c.source_id = src
  union
  select c.root_uid from calytics.chain c
   where c.confirmed_at >= lo and c.confirmed_at < hi and c.source_id = src
     and (c.confirmed_at <> c.created_at or c.created_at is null)
  union
  select c.root_uid from calytics.chain c
   where c.cancelled_at >= lo and c.cancelled_at < hi and c.source_id = src
  union
  select c.root_uid from calytics.chain c
   where c.awaiting_at >= lo - lapse and c.awaiting_at < hi - lapse and c.source_id = src
  union
  select c.root_uid from calytics.chain c
   where c.rejected_at >= lo and c.rejected_at < hi and c.source_id = src
  union
  select c.root_uid from calytics.chain c
   where c.paid_at >= lo and c.paid_at < hi and c.source_id = src
  union
  select c.root_uid from calytics.chain c
   where tstzrange(c.hopped_at[1], c.hopped_at[cardinality(c.hopped_at)], '[]') && tstzrange(lo, greatest(lo, hi))
     and cardinality(c.hopped_at) > 0 and c.source_id = src
     and exists (select from unnest(c.hopped_at) h where h >= lo and h < hi)
  union
  select b.root_uid
    from calytics.payment p join calytics.booking b on b.source_id = p.source_id and b.uid = p.uid
   where p.paid_at >= lo and p.paid_at < hi and p.source_id = src;
end;
comment on function calytics.happened_between(int, timestamptz, timestamptz, interval) is
  'Chains to which something happened from lo to before hi, by index; lapse as in calytics.source.';

create function calytics.lock_fold() returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'metrics can''t be folded under isolation level %',
        current_setting('transaction_isolation')
      using errcode = 'feature_not_supported', hint = 'Call it in a transaction that is read committed.';
  end if;
  -- Segments are the positive keys of this class (segment.sql).
  perform pg_advisory_xact_lock(x'63616c79'::int, -1);
end
$$;
comment on function calytics.lock_fold() is
  'Makes this transaction the folder, the only writer of buckets, until it ends.';

create function calytics.fold_chains(run bigint, low bigint) returns void
  language c volatile set search_path = pg_catalog, pg_temp
  set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set enable_hashagg = off set enable_bitmapscan = off
  as 'MODULE_PATHNAME', 'calytics_fold_chains';
comment on function calytics.fold_chains(bigint, bigint) is
  'Makes facts what the legs say of chains marked from segment low on, and of their persons'' other chains; adds what that '
  'changes to the recent deltas of a run, and logs it. Part of calytics.fold.';

create function calytics.merge_deltas(since bigint) returns void
  language c volatile set search_path = pg_catalog, pg_temp
  set jit = off set enable_seqscan = off
  as 'MODULE_PATHNAME', 'calytics_merge_deltas';
comment on function calytics.merge_deltas(bigint) is
  'Adds the recent deltas of the runs from since on to the buckets, by hour, day and month, split as calytics.cube_splits has it. '
  'Part of calytics.fold.';

create function calytics.fold(merge boolean) returns bigint
  language plpgsql volatile set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
as $$
declare
  state calytics.fold_state;
  low bigint;
  current bigint;
  begun_at timestamptz := clock_timestamp();
  changed_sources int[];
  -- Of so many runs ago, sums are read anew about as fast as caught up with.
  runs_logged constant int := 512;
begin
  perform calytics.lock_fold();
  if merge then
    perform calytics.keep_tracking();
    perform calytics.keep_access();
  end if;
  select f.* into state from calytics.fold_state f order by f.run desc limit 1;
  if not exists (select from calytics.chain_mark m where m.segment >= state.segment)
     and not exists (select from calytics.event e where e.segment >= state.segment)
     and not (merge and exists (select from calytics.recent_delta r where r.run >= state.recent_run)) then
    return exists (select from calytics.recent_delta r where r.run >= state.recent_run)::int;
  end if;

  -- A segment below low has no writer left: the next statement sees all that it will ever hold.
  select a.low, a.current into low, current from calytics.advance_segment(state.segment) a;
  perform calytics.fold_tracking(state.run + 1, state.segment, low);
  perform calytics.fold_chains(state.run + 1, state.segment);
  changed_sources := array(select distinct r.source_id from calytics.recent_delta r where r.run = state.run + 1);
  -- Marks of segments that are still written to stay: tracking had not seen all of them.
  with gone as (
      delete from calytics.chain_mark m where m.segment >= state.segment and m.segment < low returning m.source_id
  )
  select changed_sources || array_agg(distinct g.source_id) into changed_sources from gone g;
  perform calytics.tell_changed(changed_sources);

  if merge then
    perform calytics.merge_deltas(state.recent_run);
    perform calytics.merge_visitors(state.recent_run);
    delete from calytics.recent_delta r where r.run >= state.recent_run and r.run <= state.run + 1 - runs_logged;
    delete from calytics.recent_visitor r where r.run >= state.recent_run and r.run <= state.run + 1 - runs_logged;
    state.recent_run := state.run + 2;
  end if;

  insert into calytics.fold_state
    values (state.run + 1, low, state.recent_run, clock_timestamp(), case when low = current then begun_at else state.since end);
  delete from calytics.fold_state f where f.run <= state.run;
  -- One run is one lookup, whatever is dead before it.
  delete from calytics.fold_log l where l.run = state.run + 1 - runs_logged;
  delete from calytics.recent_delta r where r.run = state.run + 1 - runs_logged and r.run < state.recent_run;
  delete from calytics.recent_visitor r where r.run = state.run + 1 - runs_logged and r.run < state.recent_run;
  return exists (select from calytics.recent_delta r where r.run >= state.recent_run)::int + 2 * (low < current)::int;
end
$$;
comment on function calytics.fold(boolean) is
  'Folds what is pending; merge: also merges what was folded into the buckets. Returns 1 if rows wait to be merged, else 0, '
  'and 2 more if some may have stayed because their writers'' transactions had not quite ended. The background worker calls it.';

create function calytics.break_log() returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  with last as (
      delete from calytics.fold_state f returning f.*
  )
  insert into calytics.fold_state
    select l.run + 1, l.segment, l.recent_run, l.folded_at, l.since from last l order by l.run desc limit 1;
  delete from calytics.fold_log;
  delete from calytics.recent_delta r where r.run < (select f.recent_run from calytics.fold_state f order by f.run desc limit 1);
  delete from calytics.recent_visitor r where r.run < (select f.recent_run from calytics.fold_state f order by f.run desc limit 1);
end
$$;
comment on function calytics.break_log() is
  'A run without a log, for the folder that rewrites facts or buckets: nobody catches up with it from an earlier one.';

create function cal.fold(merge boolean default true) returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform calytics.fold(merge);
  return (select count(*) from calytics.recent_delta r
           where r.run >= (select f.recent_run from calytics.fold_state f order by f.run desc limit 1));
end
$$;
comment on function cal.fold(boolean) is
  'Folds pending changes into the buckets of the metrics by hand. Never needed for right numbers, since readers '
  'add what is pending; it only makes reading faster where the background worker doesn''t run. merge: also merge '
  'what is folded into the buckets. Returns the number of folded rows that wait to be merged. Waits for another '
  'folder; raises feature_not_supported unless the transaction is read committed.';

create function calytics.pending() returns bigint
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  state calytics.fold_state;
begin
  select f.* into state from calytics.fold_state f order by f.run desc limit 1;
  return (select count(*) from calytics.chain_mark m where m.segment >= state.segment)
       + (select count(*) from calytics.event e where e.segment >= state.segment)
       + (select count(*) from calytics.recent_delta r where r.run >= state.recent_run);
end
$$;
comment on function calytics.pending() is 'Rows that are not in the buckets yet.';
