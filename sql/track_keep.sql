-- What tracking keeps, and for how long: partitions made ahead and dropped, salts destroyed. The folder's
-- worker sees to it; nothing here depends on anybody's remembering.

create function calytics.event_partition(month timestamp) returns text
  language sql immutable
  return 'event_' || to_char(month, 'YYYY_MM');
comment on function calytics.event_partition(timestamp) is 'The name of the partition of a month of UTC.';

create function calytics.make_event_partitions(at timestamptz, ahead int) returns int
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  first timestamp := date_trunc('month', at at time zone 'UTC');
  month timestamp;
  name text;
  made int := 0;
begin
  for i in 0 .. ahead loop
    month := first + make_interval(months => i);
    name := calytics.event_partition(month);
    continue when to_regclass('calytics.' || name) is not null;
    begin
      -- Attached, not created as a partition: that would wait for everybody who writes, and they for it.
      execute format('create table calytics.%I (like calytics.event including defaults including constraints)', name);
      execute format('comment on table calytics.%I is %L', name, 'Events received in a month of UTC.');
      execute format('alter table calytics.%I owner to %I', name, (
        select c.relowner::regrole::text from pg_class c where c.oid = 'calytics.event'::regclass));
      execute format(
        'alter table calytics.event attach partition calytics.%I for values from (%L) to (%L)', name,
        month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
      -- Of the partition's own, not of all partitions: as such they come back with a dump.
      -- By session there is none, which every event would have to pay for: where a session's events are follows from when they
      -- were received, for that is the order they lie in, and its facts tell when that was.
      execute format(
        'create index %I on calytics.%I using brin (received_at, occurred_at) with (pages_per_range = 16, autosummarize = on)',
        name || '_times', name);
      execute format('create index %I on calytics.%I (occurred_at, source_id) where late', name || '_late', name);
      -- The folder and readers find by it what is new: it grows at its right end only, and what is equal is kept once.
      execute format('create index %I on calytics.%I (segment, source_id)', name || '_segment', name);
      made := made + 1;
    exception when duplicate_table or unique_violation then
      null;  -- Somebody else made it meanwhile.
    end;
  end loop;
  return made;
end
$$;
comment on function calytics.make_event_partitions(timestamptz, int) is
  'Makes the partition of a moment''s month, and of so many months after it, where they are missing.';

create function calytics.summarize_events(at timestamptz default now()) returns bigint
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  partition regclass;
  summarized bigint := 0;
begin
  for partition in
    select to_regclass('calytics.' || calytics.event_partition(m))
      from (select distinct date_trunc('month', x at time zone 'UTC') from unnest(array[at - interval '1 hour', at]) x) d (m)
  loop
    continue when partition is null;
    begin
      -- Whoever has the table just now, be it vacuum, isn't to be disturbed: the next time will do.
      execute format('lock table %s in share update exclusive mode nowait', partition);
      summarized := summarized + (
        select coalesce(sum(brin_summarize_new_values(i.indexrelid)), 0)
          from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
         where i.indrelid = partition and a.amname = 'brin');
    exception when lock_not_available then
      null;
    end;
  end loop;
  return summarized;
end
$$;
comment on function calytics.summarize_events(timestamptz) is
  'Has the indexes of times know the pages that were filled since, which would be read each time until autovacuum comes by, and '
  'returns how many ranges of pages these were. Waits for nobody. The background worker calls it about once a second while events come.';

create function calytics.drop_event_partition(name text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '200ms'
as $$
begin
  execute format('drop table calytics.%I', drop_event_partition.name);
  delete from calytics.event_month_due d where d.name = drop_event_partition.name;
exception when lock_not_available then
  null;  -- Somebody reads it: the next time will do, and nobody is kept waiting.
end
$$;
comment on function calytics.drop_event_partition(text) is 'Drops a partition of events, unless it is in use just now.';

create table calytics.event_month_due (
  name   text collate "C" primary key,
  since  timestamptz not null
);
comment on table calytics.event_month_due is
  'Partitions of events that are to go, and since when that is so. They go a day later: while a dump is restored, policies '
  'may come after the events that they are about.';

create function calytics.keep_tracking(at timestamptz default now()) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  longest interval := (select coalesce(max(coalesce(t.keep_events, '400 days')), '400 days')
                         from calytics.source s left join calytics.tracking t using (source_id));
  month record;
  due record;
begin
  delete from calytics.visitor_salt x where x.day < (at at time zone 'UTC')::date - 1;
  delete from calytics.event_key k where k.seen_at < at - interval '8 days';
  delete from calytics.event_service e where e.month < date_trunc('month', at at time zone 'UTC') - interval '1 month';
  -- A database without a source may be one that is being restored, and brings its partitions itself.
  if exists (select from calytics.source) then
    perform calytics.make_event_partitions(at, 1);
  end if;
  for month in
    select c.relname as name, (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC' as ends_at
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'calytics.event'::regclass
     order by 2
  loop
    if month.ends_at < at - longest then
      insert into calytics.event_month_due (name, since) values (month.name, at) on conflict do nothing;
      if exists (select from calytics.event_month_due d where d.name = month.name and d.since <= at - interval '1 day') then
        perform calytics.drop_event_partition(month.name);
        if to_regclass('calytics.' || month.name) is null then
          perform calytics.retire_sessions(s.source_id, month.ends_at) from calytics.source s order by s.source_id;
        end if;
      end if;
    else
      delete from calytics.event_month_due d where d.name = month.name;
      for due in
        select t.source_id from calytics.tracking t
         where t.keep_events < at - month.ends_at and (t.kept_from is null or t.kept_from < month.ends_at)
      loop
        execute format('delete from calytics.%I e where e.source_id = $1', month.name) using due.source_id;
        perform calytics.retire_sessions(due.source_id, month.ends_at);
      end loop;
    end if;
  end loop;
end
$$;
comment on function calytics.keep_tracking(timestamptz) is
  'Keeps tracking''s promises as of a moment: salts older than yesterday''s are destroyed, months of events beyond their '
  'time dropped with their sessions, while what was counted of them stays, partitions made ahead. The background worker calls it at least once a minute.';

create function calytics.todays_salt(src int, at timestamptz) returns bytea
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  today date := (at at time zone 'UTC')::date;
  found_salt bytea;
begin
  select x.salt into found_salt from calytics.visitor_salt x where x.source_id = src and x.day = today;
  if not found then
    insert into calytics.visitor_salt (source_id, day, salt)
      values (src, today, decode(calytics.random_hex(32), 'hex')) on conflict do nothing;
    select x.salt into strict found_salt from calytics.visitor_salt x where x.source_id = src and x.day = today;
    delete from calytics.visitor_salt x where x.day < today - 1;
  end if;
  return found_salt;
end
$$;
comment on function calytics.todays_salt(int, timestamptz) is 'The salt of a moment''s day, made at its first use.';
