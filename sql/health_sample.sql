-- Health that remembers: every calytics.health_interval the folder's worker, or another where that one is held up, keeps a
-- sample of how the installation is, for calytics.health_retention, and settles alerts by it. A sample costs milliseconds however large the database is: it takes
-- counters, the ends of indexes, and counts nothing without a bound. Nor does it wait: what a lock keeps it from reading is absent,
-- and the sample says so.

create table calytics.health_sample (
  sampled_at        timestamptz primary key,
  database_size     bigint,
  connections       int,
  pending           bigint,
  unmerged          bigint,
  lag_s             numeric,
  quarantined       bigint,
  disk_total        bigint,
  disk_free         bigint,
  memory_total      bigint,
  memory_available  bigint,
  received          jsonb,               -- by source and outcome, since the sample before; NULL: nobody counted
  counted           jsonb,               -- the same since counted_since
  counted_since     timestamptz,
  alerts            bigint,
  unread            text[] not null      -- which of the above a lock kept us from reading
);
comment on table calytics.health_sample is 'How the installation was; read it through cal.health_history.';

create table calytics.usual_silence (
  source_id    int primary key references calytics.source on delete cascade,
  delivery_id  bigint not null,          -- the source's last when this was found out
  longest      interval                  -- NULL: too little is known
);
comment on table calytics.usual_silence is
  'The longest time between two webhooks of a source in the four weeks before its last one. While none comes it stays the same.';

create function calytics.backlog(most bigint default null, out marks bigint, out unmerged bigint, out since timestamptz)
  language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  state calytics.fold_state;
begin
  select f.* into state from calytics.fold_state f order by f.run desc limit 1;
  select count(*), min(p.at) into marks, since
    from ((select m.marked_at as at from calytics.chain_mark m
            where m.segment >= state.segment order by m.segment limit most)
          union all
          (select e.received_at from calytics.event e
            where e.segment >= state.segment order by e.segment limit most)) p;
  select count(*) into unmerged
    from (select from calytics.recent_delta r where r.run >= state.recent_run limit most) d;
end
$$;
comment on function calytics.backlog(bigint) is
  'What waits for the folder: changes and events that are not folded, and since when (NULL: none), and folded rows that are not '
  'merged. most: no more than so many of each kind are counted, the oldest.';

create function calytics.quarantined(most int, at timestamptz) returns table (source_id int, total bigint, last_day bigint)
  language sql stable
begin atomic
  select q.source_id, count(*), count(*) filter (where q.received_at > quarantined.at - interval '1 day')
    from (select d.source_id, d.received_at from calytics.webhook_delivery d
           where d.outcome = 'quarantined' order by d.delivery_id desc limit most) q
   group by q.source_id;
end;
comment on function calytics.quarantined(int, timestamptz) is
  'How many deliveries are in quarantine by source, and how many of these came in the 24 hours before a moment; of all sources no more than so many, the newest.';

create function calytics.counted_outcomes() returns jsonb
  language sql volatile
begin atomic
  select coalesce(jsonb_object_agg(s.name, s.counts), '{}')
    from (select s.name, jsonb_object_agg(c.outcome, c.count) as counts
            from calytics.outcome_counts() c join calytics.source s using (source_id) group by s.name) s;
end;
comment on function calytics.counted_outcomes() is 'calytics.outcome_counts() as {"source": {"outcome": count}}.';

create function calytics.newly_counted(now jsonb, before jsonb) returns jsonb
  language sql immutable
begin atomic
  select coalesce(jsonb_object_agg(x.source, x.counts), '{}')
    from (select n.key as source, jsonb_object_agg(c.key, c.value::bigint - coalesce((before #>> array[n.key, c.key])::bigint, 0)) as counts
            from jsonb_each(now) n cross join lateral jsonb_each_text(n.value) c
           where c.value::bigint > coalesce((before #>> array[n.key, c.key])::bigint, 0)
           group by n.key) x;
end;
comment on function calytics.newly_counted(jsonb, jsonb) is
  'By how much counters as of calytics.counted_outcomes() have grown, without those that have not.';

create function calytics.measure_health(at timestamptz) returns calytics.health_sample
  language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '250ms'
as $$
declare
  s calytics.health_sample;
  b record;
  m record;
  -- Whoever needs to know more of a backlog than this asks cal.health().
  most constant int := 100000;
begin
  m := calytics.machine();
  s.sampled_at := at;
  s.unread := '{}';
  s.database_size := pg_database_size(current_database());
  s.connections := (select d.numbackends from pg_stat_database d where d.datname = current_database());
  begin
    b := calytics.backlog(most);
    s.pending := b.marks;
    s.unmerged := b.unmerged;
    s.lag_s := coalesce(round(greatest(extract(epoch from at - b.since), 0), 3), 0);
  exception when lock_not_available then
    s.unread := s.unread || array['pending', 'unmerged', 'lag_s'];
  end;
  begin
    s.quarantined := (select coalesce(sum(q.total), 0) from calytics.quarantined(most, at) q);
  exception when lock_not_available then
    s.unread := s.unread || array['quarantined'];
  end;
  s.disk_total := m.disk_total;
  s.disk_free := m.disk_free;
  s.memory_total := m.memory_total;
  s.memory_available := m.memory_available;
  s.counted_since := calytics.counted_since();
  if s.counted_since is not null then
    s.counted := calytics.counted_outcomes();
  end if;
  return s;
end
$$;
comment on function calytics.measure_health(timestamptz) is
  'How the installation is now: a sample, but for what came since the one before, and alerts. Of what is pending, unmerged or '
  'quarantined no more than 100,000 are counted; what a lock keeps it from reading for a quarter of a second is NULL, and named in unread. What was read '
  'can be read again in the same transaction.';

create function calytics.longest_silence(src int, last timestamptz) returns interval
  language sql stable
begin atomic
  select case when count(*) >= 20 and max(g.at) - min(g.at) >= interval '7 days' then max(g.gap) end
    from (select d.received_at as at, d.received_at - lag(d.received_at) over (order by d.received_at) as gap
            from calytics.webhook_delivery d
           where d.received_at > longest_silence.last - interval '28 days' and d.received_at <= longest_silence.last
             and d.source_id = src and d.trigger is distinct from 'BOOKING_SYNCED') g;
end;
comment on function calytics.longest_silence(int, timestamptz) is
  'The longest time between two webhooks of a source in the four weeks before a moment; NULL where there were less than 20, or '
  'all within a week.';

create function calytics.silence(src int, at timestamptz, out value numeric, out detail text, out facts jsonb)
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  -- Nobody is to be alarmed by a night.
  night constant interval := '12 hours';
  last record;
  longest interval;
begin
  select d.delivery_id, d.received_at into last
    from calytics.webhook_delivery d where d.source_id = src and d.trigger is distinct from 'BOOKING_SYNCED'
   order by d.delivery_id desc limit 1;
  if not found then
    return;
  elsif at - last.received_at < night then
    value := 0;
    return;
  end if;
  select u.longest into longest
    from calytics.usual_silence u where u.source_id = src and u.delivery_id = last.delivery_id;
  if not found then
    longest := calytics.longest_silence(src, last.received_at);
    insert into calytics.usual_silence as u (source_id, delivery_id, longest) values (src, last.delivery_id, longest)
      on conflict on constraint usual_silence_pkey
      do update set delivery_id = excluded.delivery_id, longest = excluded.longest;
  end if;
  if longest is not null then
    longest := greatest(longest, night);
    value := extract(epoch from at - last.received_at) / extract(epoch from longest);
    facts := jsonb_build_object(
      'hours', floor(extract(epoch from at - last.received_at) / 3600), 'usual_hours', ceil(extract(epoch from longest) / 3600));
    detail := format('none for %s hours; up to %s hours were usual in the four weeks before', facts ->> 'hours', facts ->> 'usual_hours');
  end if;
end
$$;
comment on function calytics.silence(int, timestamptz) is
  'For how long no webhook has come from a source, in multiples of the longest time that was usual. NULL where none ever came '
  'or too few to tell what is usual.';

create function calytics.read_alerts(s calytics.health_sample) returns calytics.alert_reading[]
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  readings calytics.alert_reading[] := array(
    select row('fold_lag', 0, coalesce(s.lag_s, (
                 select h.lag_s + extract(epoch from s.sampled_at - h.sampled_at)
                   from calytics.health_sample h where h.lag_s is not null order by h.sampled_at desc limit 1)),
               'pending changes: ' || s.pending, jsonb_build_object('pending', s.pending))::calytics.alert_reading
    union all
    select row('disk_full', 0, 100 * (1 - s.disk_free::numeric / nullif(s.disk_total, 0)),
               format('%s of %s are free', pg_size_pretty(s.disk_free), pg_size_pretty(s.disk_total)),
               jsonb_build_object('free', s.disk_free, 'total', s.disk_total))::calytics.alert_reading
    union all
    select row('rejected_signatures', x.source_id, coalesce(r.refused, 0), null, null)::calytics.alert_reading
      from calytics.source x
      left join (
        select c.key, sum((c.value ->> 'unauthorized')::bigint) as refused
          from (select h.received from calytics.health_sample h where h.sampled_at > s.sampled_at - interval '1 hour'
                union all
                select s.received) h
         cross join lateral jsonb_each(h.received) c
         group by c.key) r on r.key = x.name);
begin
  -- Of deliveries, where they can be read.
  if s.quarantined is null then
    return readings;
  end if;
  return readings || array(
    select row('no_webhooks', x.source_id, q.value, q.detail, q.facts)::calytics.alert_reading
      from calytics.source x cross join lateral calytics.silence(x.source_id, s.sampled_at) q
    union all
    select row('quarantine', x.source_id, coalesce(q.last_day, 0), null, null)::calytics.alert_reading
      from calytics.source x left join calytics.quarantined(10000, s.sampled_at) q using (source_id));
end
$$;
comment on function calytics.read_alerts(calytics.health_sample) is
  'What a sample, and those of the hour before it, tell about each kind of alert. While it can''t be read how far folding lags, it is taken '
  'to stand still; of deliveries that can''t be read, there is no reading.';

create function calytics.sample_health(at timestamptz default clock_timestamp()) returns bigint
  language plpgsql volatile set search_path = pg_catalog, pg_temp set jit = off set lock_timeout = '2s'
as $$
declare
  before calytics.health_sample;
  s calytics.health_sample;
begin
  -- A database without a source may be one that is being restored, and two samples at once would raise alerts twice.
  if not exists (select from calytics.source) or not pg_try_advisory_xact_lock(x'63616c79'::int, -2) then
    return 0;
  end if;
  select h.* into before from calytics.health_sample h order by h.sampled_at desc limit 1;
  s := calytics.measure_health(at);
  if s.counted is not null and before.counted_since is not distinct from s.counted_since then
    s.received := calytics.newly_counted(s.counted, before.counted);
  elsif s.counted is not null then
    s.received := s.counted;
  end if;
  s.alerts := calytics.settle_alerts(calytics.read_alerts(s), at);
  insert into calytics.health_sample select s.* on conflict do nothing;
  delete from calytics.health_sample h where h.sampled_at < at - current_setting('calytics.health_retention')::interval;
  delete from calytics.alert a where a.cleared_at < at - interval '400 days';
  return s.alerts;
end
$$;
comment on function calytics.sample_health(timestamptz) is
  'Keeps a sample of health as of a moment, settles alerts by it, and forgets samples beyond calytics.health_retention. Returns '
  'how many alerts are raised. The background worker calls it. Raises lock_not_available where sources, alerts or samples '
  'themselves are locked for long.';

create function cal.sample_health() returns bigint
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform calytics.preloaded();
  return calytics.sample_health();
end
$$;
comment on function cal.sample_health() is
  'Keeps a sample of health now, and raises and clears alerts; for servers without the background worker, which does so every '
  'calytics.health_interval. Returns how many alerts are raised.';

create function cal.health_history(
  "from" timestamptz default now() - interval '1 day', "to" timestamptz default 'infinity', every interval default null
) returns table (
  sampled_at timestamptz, samples bigint, database_size bigint, connections int, pending bigint, unmerged bigint, lag_s numeric,
  quarantined bigint, disk_total bigint, disk_free bigint, memory_total bigint, memory_available bigint, received jsonb,
  alerts bigint, unread text[]
)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  step interval := coalesce(every, '1 microsecond');
begin
  if step <= '0' or extract(year from step) <> 0 or extract(month from step) <> 0 then
    raise exception 'history can''t be told every %', every
      using errcode = 'invalid_parameter_value', hint = 'Use a span of days or less, such as ''1 hour''.';
  end if;
  return query
  with taken as materialized (
    select date_bin(step, h.sampled_at, '2000-01-01Z') as bin, h.* from calytics.health_sample h
     where h.sampled_at >= health_history."from" and h.sampled_at < health_history."to"
  ), came as materialized (
    select c.bin, jsonb_object_agg(c.source, c.counts) as received
      from (select c.bin, c.source, jsonb_object_agg(c.outcome, c.count) as counts
              from (select t.bin, o.key as source, n.key as outcome, sum(n.value::bigint) as count
                      from taken t cross join lateral jsonb_each(t.received) o cross join lateral jsonb_each_text(o.value) n
                     group by 1, 2, 3) c
             group by 1, 2) c
     group by 1
  ), missing as materialized (
    select t.bin, array_agg(distinct u order by u) as unread from taken t cross join lateral unnest(t.unread) u group by 1
  )
  select t.bin, count(*), max(t.database_size), max(t.connections), max(t.pending), max(t.unmerged), max(t.lag_s),
         max(t.quarantined), max(t.disk_total), min(t.disk_free), max(t.memory_total), min(t.memory_available),
         case when count(t.received) > 0 then coalesce(c.received, '{}') end, max(t.alerts), coalesce(m.unread, '{}')
    from taken t left join came c using (bin) left join missing m using (bin)
   group by t.bin, c.received, m.unread
   order by t.bin;
end
$$;
comment on function cal.health_history(timestamptz, timestamptz, interval) is
  'How the installation was, sample by sample from "from" to before "to", or with every the worst of each such span: bytes of the '
  'database, the disk and memory, connections, changes pending and rows unmerged (see cal.health()) with the age of the oldest in '
  'seconds, deliveries in quarantine, what was received since the sample before by source and outcome (events have outcomes '
  'event_...; NULL where calytics is not preloaded), alerts raised, and unread: which of these a lock kept it from reading. Kept for calytics.health_retention. Raises '
  'invalid_parameter_value.';
