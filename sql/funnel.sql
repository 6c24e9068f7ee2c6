-- From the first view of a service to the verified booking. What counts as booked is a webhook that Cal.com
-- signed, found by the booking's uid that the page told of; what the page itself claims stands beside it.

create function calytics.funnels_now(src int, lo timestamptz default null, hi timestamptz default null)
  returns setof calytics.funnel
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off set enable_seqscan = off
as $$
begin
  return query
  with changed as materialized (
    select c.funnel_before as before, c.funnel_after as after from calytics.changes_now(src) c
  )
  select (c.after).* from changed c
   where (c.after).session_id is not null and (lo is null or (c.after).anchor_at >= lo and (c.after).anchor_at < hi)
  union all
  select f.*
    from (
      select x.* from calytics.funnel x where lo is null and x.source_id = src
      union all
      select x.* from calytics.funnel x where x.anchor_at >= lo and x.anchor_at < hi and x.source_id = src) f
   where not exists (
     select from changed c where (c.before).session_id = f.session_id and (c.before).service = f.service);
end
$$;
comment on function calytics.funnels_now(int, timestamptz, timestamptz) is
  'Funnels as events and bookings tell them in this snapshot, folded or not: all of a source, or those whose first step is in a range.';

create function calytics.step_events(src int, lo timestamptz, hi timestamptz)
  returns table (session_id text, service text, event_type text, at timestamptz, booking_uid text)
  language sql stable
begin atomic
  select e.session_id, e.service, e.event_type, e.occurred_at, e.booking_uid
    from calytics.event e
   where e.source_id = src and e.occurred_at >= lo and e.occurred_at < hi and not e.bot
  union all
  -- In the page's own clock: when it named a booking that a webhook tells of.
  select v.session_id, v.service, 'BOOKED', v.occurred_at, v.booking_uid
    from calytics.event v
    join calytics.booking b on b.source_id = src and b.uid = v.booking_uid
   where v.source_id = src and v.occurred_at >= lo and v.occurred_at < hi and not v.bot
  union all
  select m.session_id, m.service, k.step, k.at, m.uid
    from calytics.session_bookings(src, null, lo, hi) m cross join lateral calytics.booked_steps(m.booked_at) k;
end;
comment on function calytics.step_events(int, timestamptz, timestamptz) is
  'Events of people in a range of time, and BOOKED for each booking of theirs that a verified webhook tells of, or says that '
  'their session made.';

create function cal.funnel(
  period text default 'week', at timestamptz default now(), "from" timestamptz default null,
  "to" timestamptz default null, source text default 'default', service text default null,
  steps text[] default '{SERVICE_VIEW,SERVICE_SELECT,BOOKING_START,BOOKING_SUBMIT,BOOKED}',
  "window" interval default '24 hours', strict boolean default false, as_of timestamptz default null
) returns table (
  step int, name text, sessions bigint, pending bigint, conversion numeric, overall_conversion numeric,
  median_s numeric, mean_s numeric
)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  s calytics.source := calytics.source_named(source);
  services text[] := case when funnel.service is not null then calytics.service_keys(s.source_id, funnel.service) end;
  p calytics.period := calytics.period_at(
    period, at, coalesce(as_of, at), "from", "to", 0, s.time_zone, s.week_start);
  kept boolean := coalesce(
    steps = '{SERVICE_VIEW,SERVICE_SELECT,BOOKING_START,BOOKING_SUBMIT,BOOKED}' and "window" = interval '24 hours' and not strict, false);
begin
  if coalesce(cardinality(steps), 0) not between 1 and 20 or array_position(steps, null) is not null then
    raise exception 'a funnel has 1 to 20 steps'
      using errcode = 'invalid_parameter_value', hint = 'For instance: steps => ''{SERVICE_VIEW,BOOKED}''.';
  elsif "window" is null or "window" <= '0' or "window" > '366 days' then
    raise exception 'a funnel''s window can''t be %', coalesce("window"::text, 'NULL')
      using errcode = 'invalid_parameter_value', hint = 'Use up to 366 days, such as ''24 hours''.';
  end if;
  return query
  with way as materialized (
    -- The funnel that is kept, as of a moment.
    select array(select a from unnest(f.reached) a where a <= p.as_of) as times
      from calytics.funnels_now(s.source_id, p.starts_at, p.cut_at) f
     where kept and (services is null or f.service = any (services))
    union all
    select w.times
      from (
        -- Whoever came to the first step before the period counts there: looked for as far back as the window is long.
        select calytics.funnel_times(e.event_type, e.at, steps, "window", funnel.strict) as times
          from calytics.step_events(s.source_id, p.starts_at - "window", least(p.cut_at + "window", p.as_of)) e
         where not kept and (services is null or e.service = any (services))
         group by e.session_id, e.service) w
     where w.times[1] >= p.starts_at and w.times[1] < p.cut_at
  )
  select k.step::int, steps[k.step], r.sessions, r.pending,
         r.sessions::numeric / nullif(r.before, 0), r.sessions::numeric / nullif(r.first, 0), r.median, r.mean
    from generate_series(1, cardinality(steps)) k (step)
   cross join lateral (
     select count(*) filter (where cardinality(w.times) >= k.step) as sessions,
            case when k.step > 1 then count(*) filter (where cardinality(w.times) >= k.step - 1) end as before,
            count(*) as first,
            case when k.step > 1 then count(*) filter (
              where cardinality(w.times) = k.step - 1 and w.times[1] + "window" > p.as_of) else 0 end as pending,
            (percentile_cont(0.5) within group (order by extract(epoch from w.times[k.step] - w.times[1])::float8)
               filter (where cardinality(w.times) >= k.step))::numeric as median,
            avg(extract(epoch from w.times[k.step] - w.times[1])) filter (where cardinality(w.times) >= k.step) as mean
       from way w) r
   order by k.step;
end
$$;
comment on function cal.funnel(
    text, timestamptz, timestamptz, timestamptz, text, text, text[], interval, boolean, timestamptz) is
  'How many sessions reached each step on the way to a booking, by the time of their first step in the period (parameters '
  'as in cal.metrics). A session counts once for each service. steps: event types in order; BOOKED is a booking that a '
  'verified webhook tells of. Each step later than the one before and within "window" of the first; strict: no other step '
  'in between. pending: sessions at the step before whose window is still open. conversion: of the step before; '
  'overall_conversion: of the first (0 to 1); median_s, mean_s: seconds from the first step. Bots don''t count. Raises '
  'invalid_parameter_value and no_data_found (no such source).';

create view cal.booking_funnel as
  select o.name as source, f.session_id, f.service, f.started_at, f.viewed_at, f.selected_at, f.began_at, f.submitted_at,
         f.claimed_at, f.abandoned_at, f.booked_at, b.root_uid, b.status as booking_status,
         case when f.booked_at is not null then 'booked' when f.claimed_at is not null then 'claimed'
              when f.abandoned_at is not null then 'abandoned' else 'open' end as outcome
    from calytics.source o
   cross join lateral calytics.funnels_now(o.source_id) f
    left join calytics.booking b on b.source_id = f.source_id and b.uid = f.uid;
comment on view cal.booking_funnel is
  'A row a session and service with any step: the first time that the page told of each; claimed_at: the page said that it was '
  'booked; booked_at: the page named a booking that a verified webhook tells of, or a webhook said that this session made one '
  '(metadata.calyticsSession), the earlier of both; root_uid and booking_status: that booking. outcome: booked, '
  'claimed (no webhook yet), abandoned or open.';
