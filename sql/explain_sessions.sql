-- The sessions behind numbers of what is tracked, each with the booking that it led to.

create type calytics.explained_session as (
  session_id        text,
  began_at          timestamptz,
  service_name      text,
  steps             int,
  booked            boolean,
  root_uid          text,
  status            text,
  starts_at         timestamptz,
  booked_service    text,
  booked_host       text
);
comment on type calytics.explained_session is
  'A session behind a number, or what it did on the way to one service. service_name, steps: that service, and how many steps of the '
  'funnel it took, where that is what is counted; booked: whether it counts as such; the rest is the booking that it named first, '
  'where a webhook tells of it.';

create function calytics.sessions_between(src int, lo timestamptz, hi timestamptz) returns setof calytics.tracked_session
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off
as $$
begin
  return query
  with changed as materialized (
    select c.session_before as before, c.session_after as after from calytics.changes_now(src) c
  )
  select (c.after).* from changed c
   where (c.after).session_id is not null and (c.after).began_at >= lo and (c.after).began_at < hi
  union all
  select s.* from calytics.tracked_session s
   where s.began_at >= lo and s.began_at < hi and s.source_id = src
     and not exists (select from changed c where (c.before).session_id = s.session_id and (c.before).began_at = s.began_at);
end
$$;
comment on function calytics.sessions_between(int, timestamptz, timestamptz) is
  'Sessions that began from lo to before hi, as events and bookings tell them in this snapshot, folded or not.';

create function calytics.uid_named(
  src int, pending calytics.funnel[], session text, lo timestamptz, hi timestamptz
) returns table (uid text)
  language sql stable
begin atomic
  select x.uid
    from (select p.booked_at, p.uid from unnest(pending) p where p.session_id = session
          union all
          select f.booked_at, f.uid from calytics.funnel f where f.source_id = src and f.session_id = session) x
   where x.booked_at >= lo and x.booked_at <= hi
   order by x.booked_at, x.uid limit 1;
end;
comment on function calytics.uid_named(int, calytics.funnel[], text, timestamptz, timestamptz) is
  'The booking that a session named first in a range of time, of those that a webhook tells of. pending: funnels not folded yet.';

create function calytics.walks(src int, lo timestamptz, hi timestamptz)
  returns table (session_id text, began_at timestamptz, types text[], uid text)
  language sql stable
begin atomic
  select n.session_id, min(n.occurred_at),
         coalesce(array_agg(n.event_type order by n.occurred_at, n.event_id) filter (where n.event_type is not null), '{}'),
         (array_agg(n.uid order by n.occurred_at, n.uid) filter (where n.uid is not null))[1]
    from (
      select g.*, count(*) filter (where g.begins) over (partition by g.session_id order by g.occurred_at, g.begins desc) as n
        from (
          select x.*, coalesce(x.occurred_at - lag(x.occurred_at) over (partition by x.session_id order by x.occurred_at)
                                 > interval '30 minutes', true) as begins
            from (
              select e.session_id, e.occurred_at, e.event_type, e.event_id, b.uid
                from calytics.event e
                left join calytics.booking b on b.source_id = src and b.uid = e.booking_uid
               where e.source_id = src and not e.bot
                 and e.occurred_at >= lo - interval '30 minutes' and e.occurred_at < hi + interval '1 day'
              union all
              -- Told of by webhooks alone.
              select m.session_id, m.booked_at, null, null, m.uid
                from calytics.session_bookings(src, null, lo - interval '30 minutes', hi + interval '1 day') m) x) g) n
   group by n.session_id, n.n
  having min(n.occurred_at) >= lo and min(n.occurred_at) < hi;
end;
comment on function calytics.walks(int, timestamptz, timestamptz) is
  'Sessions of people that began from lo to before hi, followed for a day: what happened in them, in order, and the booking that they '
  'named first, of those that a webhook tells of.';

create function cal.explain_traffic(
  period text default 'week', at timestamptz default now(), "from" timestamptz default null, "to" timestamptz default null,
  source text default 'default', by text default null, origin text default null, outcome text default null,
  as_of timestamptz default null
) returns setof calytics.explained_session
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(explain_traffic.source);
  p calytics.period := calytics.period_at(
    period, at, coalesce(as_of, at), "from", "to", 0, s.time_zone, s.week_start);
  pending calytics.funnel[] := array(
    select c.funnel_after from calytics.changes_now(s.source_id) c where (c.funnel_after).uid is not null);
begin
  if (by is null) <> (origin is null) or by not in ('source', 'medium', 'campaign', 'referrer') then
    raise exception 'where sessions came from can''t be told by "%"', by
      using errcode = 'invalid_parameter_value', hint = 'Use source, medium, campaign or referrer, and with it the origin''s name.';
  elsif outcome not in ('claimed', 'booked') then
    raise exception 'sessions can''t be kept to those that are "%"', outcome
      using errcode = 'invalid_parameter_value', hint = 'Use claimed or booked, or leave it out for all.';
  end if;
  return query
  select t.session_id::text, t.began_at, null::text, null::int, t.booked,
         b.root_uid, b.status, b.starts_at, coalesce(v.name, b.service), coalesce(h.name, b.host)
    from calytics.sessions_between(s.source_id, p.starts_at, p.cut_at) t
    left join lateral calytics.uid_named(s.source_id, pending, t.session_id, t.began_at, t.ended_at) u on t.booked
    left join lateral (
      -- Of a second session of the same id, which its funnel tells nothing of.
      select x.booking_uid
        from (
          select e.occurred_at, e.booking_uid
            from calytics.event e
           where e.source_id = s.source_id and e.session_id = t.session_id
             and e.received_at >= t.received_first and e.received_at <= t.received_last
             and e.occurred_at >= t.began_at and e.occurred_at <= t.ended_at
             and exists (select from calytics.booking x where x.source_id = s.source_id and x.uid = e.booking_uid)
          union all
          select m.booked_at, m.uid
            from calytics.session_bookings(s.source_id, array[t.session_id], t.began_at, t.ended_at + interval '1 microsecond') m) x
       where u.uid is null and t.booked
       order by x.occurred_at, x.booking_uid limit 1) n on t.booked
    left join calytics.booking b on b.source_id = s.source_id and b.uid = coalesce(u.uid, n.booking_uid)
    left join calytics.service_names(s.source_id) v on v.key = coalesce(b.event_type_id::text, b.service)
    left join calytics.host_names(s.source_id) h on h.key = coalesce(b.host_id::text, b.host)
   where (outcome is null or case outcome when 'claimed' then t.claimed else t.booked end)
     and (by is null or exists (
           select from calytics.origins(t.origin) o
            where o.kind = by and calytics.origin_label(s.source_id, t.began_at, o.kind, o.name) = explain_traffic.origin))
   order by t.booked desc, t.began_at, t.session_id;
end
$$;
comment on function cal.explain_traffic(
    text, timestamptz, timestamptz, timestamptz, text, text, text, text, timestamptz) is
  'The sessions that cal.traffic and cal.sources count, those that booked before others; parameters as there. by, origin: only those that '
  'came from there, as cal.sources calls it; outcome: only those that are claimed, or booked. service_name and steps are NULL. Raises '
  'invalid_parameter_value and no_data_found (no such source).';

create function cal.explain_journeys(
  step int, from_event text, to_event text, period text default 'week', at timestamptz default now(),
  "from" timestamptz default null, "to" timestamptz default null, source text default 'default', as_of timestamptz default null
) returns setof calytics.explained_session
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(explain_journeys.source);
  p calytics.period := calytics.period_at(
    period, at, coalesce(as_of, at), "from", "to", 0, s.time_zone, s.week_start);
begin
  if step is null or step not between 1 and 50 or from_event is null or to_event is null then
    raise exception 'a way is one of the steps 1 to 50, and the events that it goes from and to'
      using errcode = 'invalid_parameter_value', hint = 'cal.journeys tells them.';
  end if;
  return query
  select t.session_id::text, t.began_at, null::text, null::int, b.uid is not null,
         b.root_uid, b.status, b.starts_at, coalesce(v.name, b.service), coalesce(h.name, b.host)
    from calytics.walks(s.source_id, p.starts_at, p.cut_at) t
   cross join lateral (
     -- The steps are those at which the event changes.
     select array_agg(e.type order by e.i) as types
       from (select x.type, x.i, lag(x.type) over (order by x.i) as before
               from unnest(t.types || case when t.uid is not null then '(booked)' else '(left)' end) with ordinality x (type, i)) e
      where e.type is distinct from e.before) w
    left join calytics.booking b on b.source_id = s.source_id and b.uid = t.uid
    left join calytics.service_names(s.source_id) v on v.key = coalesce(b.event_type_id::text, b.service)
    left join calytics.host_names(s.source_id) h on h.key = coalesce(b.host_id::text, b.host)
   where w.types[step] = from_event and w.types[step + 1] = to_event
   order by 5 desc, t.began_at, t.session_id;
end
$$;
comment on function cal.explain_journeys(
    int, text, text, text, timestamptz, timestamptz, timestamptz, text, timestamptz) is
  'The sessions behind a row of cal.journeys, those that booked before others; parameters as there. service_name and steps are NULL. '
  'Raises invalid_parameter_value and no_data_found (no such source).';

create function cal.explain_funnel(
  step int default 1, period text default 'week', at timestamptz default now(), "from" timestamptz default null,
  "to" timestamptz default null, source text default 'default', service text default null, as_of timestamptz default null
) returns setof calytics.explained_session
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(explain_funnel.source);
  services text[] := calytics.service_keys(s.source_id, explain_funnel.service);
  p calytics.period := calytics.period_at(
    period, at, coalesce(as_of, at), "from", "to", 0, s.time_zone, s.week_start);
begin
  if step is null or step not between 1 and 5 then
    raise exception 'the funnel has no step %', coalesce(step::text, 'NULL')
      using errcode = 'invalid_parameter_value', hint = 'Use 1 (viewed) to 5 (booked).';
  end if;
  return query
  select f.session_id::text, f.anchor_at, coalesce(o.name, nullif(f.service, '')), w.steps, w.steps = 5,
         b.root_uid, b.status, b.starts_at, coalesce(v.name, b.service), coalesce(h.name, b.host)
    from calytics.funnels_now(s.source_id, p.starts_at, p.cut_at) f
   cross join lateral (select count(*)::int as steps from unnest(f.reached) a where a <= p.as_of) w
    left join calytics.service_names(s.source_id) o on o.key = f.service
    left join calytics.booking b
      on w.steps = 5 and b.source_id = s.source_id and b.uid = f.uid
     and (services is null or coalesce(b.event_type_id::text, b.service) = any (services))
    left join calytics.service_names(s.source_id) v on v.key = coalesce(b.event_type_id::text, b.service)
    left join calytics.host_names(s.source_id) h on h.key = coalesce(b.host_id::text, b.host)
   where w.steps >= step and (services is null or f.service = any (services))
   order by w.steps desc, f.anchor_at, f.session_id, f.service;
end
$$;
comment on function cal.explain_funnel(
    int, text, timestamptz, timestamptz, timestamptz, text, text, timestamptz) is
  'The sessions behind a step of cal.funnel with its own steps, those that got farthest first: parameters as there. step: 1 (viewed) to 5 '
  '(booked) is the least that they took; a session is there once for each service, and began_at is its first step. Raises '
  'invalid_parameter_value and no_data_found (no such source).';

create function cal.explain_experiment(
  experiment text, variant text, "from" timestamptz default '-infinity', "to" timestamptz default now(),
  source text default 'default', goal text default 'BOOKED'
) returns setof calytics.explained_session
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(explain_experiment.source);
begin
  if experiment is null or variant is null or goal is null or ("from" < "to") is not true then
    raise exception 'an experiment needs its name, a variant, a goal, and "from" before "to"'
      using errcode = 'invalid_parameter_value', hint = 'cal.experiment tells the variants.';
  end if;
  return query
  select t.session_id::text, t.since, null::text, null::int, t.hit,
         b.root_uid, b.status, b.starts_at, coalesce(v.name, b.service), coalesce(h.name, b.host)
    from calytics.experiment_sessions(s.source_id, experiment, "from", "to", goal) t
    left join calytics.booking b on b.source_id = s.source_id and b.uid = t.uid and t.hit
    left join calytics.service_names(s.source_id) v on v.key = coalesce(b.event_type_id::text, b.service)
    left join calytics.host_names(s.source_id) h on h.key = coalesce(b.host_id::text, b.host)
   where t.variant = explain_experiment.variant
   order by t.hit desc, t.since, t.session_id;
end
$$;
comment on function cal.explain_experiment(text, text, timestamptz, timestamptz, text, text) is
  'The sessions behind a variant of cal.experiment, those that converted (booked) before others; began_at: when they first saw it. '
  'Parameters as there. Raises invalid_parameter_value and no_data_found (no such source).';
