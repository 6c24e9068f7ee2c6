-- What tracked events amount to: sessions, and what each session did on the way to booking a service. These are
-- facts as the buckets know them, which the folder alone writes; an event only tells, by its segment, that its
-- session is to be looked at again. What a session is now follows from its events and from the bookings
-- that webhooks tell of, whatever came first.

create table calytics.tracked_until (
  source_id  int not null,
  until      timestamptz not null,
  primary key (source_id, until)
);
comment on table calytics.tracked_until is
  'When the last event happened that the buckets know of, by source, its last row: beyond it they are empty. A row that is no more '
  'lies before it, however long an old snapshot keeps it.';

create table calytics.tracked_session (
  source_id       int not null,
  session_id      text collate "C" not null,
  began_at        timestamptz not null,
  ended_at        timestamptz not null,
  received_first  timestamptz not null,
  received_last   timestamptz not null,
  events          int not null,
  origin          calytics.origin,            -- of the first event that tells any
  origin_at       timestamptz,                -- when that happened
  origin_id       text collate "C",           -- and its id
  claimed         boolean not null,           -- the page said that it was booked
  booked          boolean not null,           -- it named a booking that a webhook tells of, or a webhook named it
  primary key (source_id, session_id, began_at)
);
comment on table calytics.tracked_session is
  'Sessions of people as the buckets know them: events of one id, none of which came more than half an hour after the one before.';
create index tracked_session_began on calytics.tracked_session (began_at, source_id);

create table calytics.funnel (
  source_id       int not null,
  session_id      text collate "C" not null,
  service         text collate "C" not null,
  received_first  timestamptz not null,
  received_last   timestamptz not null,
  started_at      timestamptz not null,       -- the first of all events below
  ended_at        timestamptz not null,       -- the last of them
  viewed_at       timestamptz,                -- the first of its kind, as those that follow
  selected_at     timestamptz,
  began_at        timestamptz,
  submitted_at    timestamptz,
  claimed_at      timestamptz,
  abandoned_at    timestamptz,                -- the last
  booked_at       timestamptz,
  uid             text collate "C",           -- of the booking
  reached         timestamptz[] not null,     -- the steps of the funnel, each later than the one before
  anchor_at       timestamptz,                -- the first of these
  last_at         timestamptz,                -- the last of these
  primary key (source_id, session_id, service)
);
comment on table calytics.funnel is
  'What an id of a session did on the way to booking a service, as the buckets know it; read it through cal.booking_funnel.';
create index funnel_anchor on calytics.funnel (anchor_at, source_id) where anchor_at is not null;
create index funnel_long on calytics.funnel (anchor_at, source_id) where last_at - anchor_at > interval '1 hour';

create table calytics.named_booking (
  source_id   int not null,
  uid         text collate "C" not null,
  session_id  text collate "C" not null,
  root_uid    text collate "C",               -- once a webhook tells of it
  primary key (source_id, uid, session_id)
);
comment on table calytics.named_booking is
  'Which sessions named which bookings: a webhook about one of these has their facts looked at again.';
create index named_booking_root on calytics.named_booking (source_id, root_uid) where root_uid is not null;

create function calytics.happened_in(src int, lo timestamptz, hi timestamptz) returns setof calytics.event
  language sql stable
begin atomic
  select e.* from calytics.event e
   where e.occurred_at >= lo and e.occurred_at < hi and e.source_id = src and not e.late
     and e.received_at >= lo and e.received_at <= hi + interval '24 hours'
  union all
  select e.* from calytics.event e
   where e.occurred_at >= lo and e.occurred_at < hi and e.source_id = src and e.late and e.received_at >= lo;
end;
comment on function calytics.happened_in(int, timestamptz, timestamptz) is
  'Events that happened from lo to before hi: those that came within a day, which are late after it, are in a month or two.';

create function calytics.event_counts(event_type text, bot boolean, late boolean, removed int[], duration bigint)
  returns calytics.tally
  language c immutable parallel safe
  as 'MODULE_PATHNAME', 'calytics_event_counts';
comment on function calytics.event_counts(text, boolean, boolean, int[], bigint) is
  'What an event counts, by calytics.measure; a machine''s only as that.';

create function calytics.funnel_counts(reached timestamptz[], as_of timestamptz) returns calytics.tally
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_funnel_counts';
comment on function calytics.funnel_counts(timestamptz[], timestamptz) is
  'What a session counts that reached the steps of the funnel at these times, as of a moment.';

create function calytics.session_counts(claimed boolean, booked boolean) returns calytics.tally
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_session_counts';
comment on function calytics.session_counts(boolean, boolean) is 'What a session counts.';

create function calytics.track_measures(s calytics.tracked_session, f calytics.funnel)
  returns table (basis text, at timestamptz, service text, host text, counts calytics.tally)
  language sql immutable
begin atomic
  select 'session', (s).began_at, '', '', calytics.session_counts((s).claimed, (s).booked)
   where (s).session_id is not null
  union all
  select 'origin', (s).began_at, o.name, o.kind, calytics.session_counts((s).claimed, (s).booked)
    from calytics.origins((s).origin) o where (s).session_id is not null
  union all
  select 'funnel', (f).anchor_at, (f).service, '', calytics.funnel_counts((f).reached, 'infinity')
   where (f).anchor_at is not null;
end;
comment on function calytics.track_measures(calytics.tracked_session, calytics.funnel) is
  'What a session, or a funnel, contributes. Basis session: by its beginning; origin: the same, its origins in place of the '
  'service, what kind they are in place of the host, by the names they tell (calytics.origin_label); funnel: by the first step.';

create function calytics.track_events(src int, since timestamptz, below bigint)
  returns table (
    session_id text, service text, occurred_at timestamptz, received_at timestamptz, event_type text, event_id text,
    uid text, origin calytics.origin
  )
  language sql stable
begin atomic
  select e.session_id, e.service, e.occurred_at, e.received_at, e.event_type, e.event_id, b.uid,
         case when coalesce(e.utm_source, e.utm_medium, e.utm_campaign, e.referrer_host) is not null
              then row(e.utm_source, e.utm_medium, e.utm_campaign, e.referrer_host)::calytics.origin end
    from calytics.event e
    left join calytics.booking b on b.source_id = src and b.uid = e.booking_uid
   where e.source_id = src and not e.bot and e.received_at >= since and e.segment + 0 < below
  union all
  select m.session_id, m.service, m.booked_at, m.booked_at, null, null, m.uid, null
    from calytics.session_bookings(src, null, since) m;
end;
comment on function calytics.track_events(int, timestamptz, bigint) is
  'Events of people received since a moment, of segments below one, with the booking they name where a webhook tells of it; and '
  'bookings that webhooks say their sessions made, as events without a type.';

create function calytics.session_events(src int, sessions text[], since timestamptz, until timestamptz, below bigint)
  returns table (
    session_id text, service text, occurred_at timestamptz, received_at timestamptz, event_type text, event_id text, uid text,
    utm_source text, utm_medium text, utm_campaign text, referrer_host text
  )
  language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off set enable_bitmapscan = on
as $$
begin
  -- A few are looked through for each event, more are hashed.
  if cardinality(sessions) <= 8 then
    return query
    select e.session_id, e.service, e.occurred_at, e.received_at, e.event_type, e.event_id,
           case when e.booking_uid is not null then (
             select b.uid from calytics.booking b where b.source_id = src and b.uid = e.booking_uid) end,
           e.utm_source, e.utm_medium, e.utm_campaign, e.referrer_host
      from calytics.event e
     where e.source_id = src and not e.bot and e.received_at >= since and e.received_at <= until
       and e.segment + 0 < below  -- found by time
       and e.session_id = any (sessions);
  else
    return query
    select e.session_id, e.service, e.occurred_at, e.received_at, e.event_type, e.event_id,
           case when e.booking_uid is not null then (
             select b.uid from calytics.booking b where b.source_id = src and b.uid = e.booking_uid) end,
           e.utm_source, e.utm_medium, e.utm_campaign, e.referrer_host
      from calytics.event e
     where e.source_id = src and not e.bot and e.received_at >= since and e.received_at <= until
       and e.segment + 0 < below  -- found by time
       and (e.session_id in (select unnest(sessions))) is true;
  end if;
end
$$;
comment on function calytics.session_events(int, text[], timestamptz, timestamptz, bigint) is
  'As calytics.track_events, events of some sessions that were received from since to until. What it costs goes by how many '
  'events of whatever session were received meanwhile.';

create function calytics.track_sessions(src int, since timestamptz, below bigint)
  returns setof calytics.tracked_session
  language sql stable
begin atomic
  with gap as (
    select e.*, coalesce(e.occurred_at - lag(e.occurred_at) over (partition by e.session_id order by e.occurred_at)
                           > interval '30 minutes', true) as begins
      from calytics.track_events(src, since, below) e
  ), numbered as (
    select g.*, count(*) filter (where g.begins) over (
             partition by g.session_id order by g.occurred_at, g.begins desc) as n
      from gap g
  )
  select src, x.session_id, x.began_at, x.ended_at, x.received_first, x.received_last, x.events, x.origins[1], x.origin_times[1],
         x.origin_ids[1], x.claimed, x.booked
    from (
      select n.session_id, min(n.occurred_at) as began_at, max(n.occurred_at) as ended_at, min(n.received_at) as received_first,
             max(n.received_at) as received_last, count(n.event_type)::int as events,
             array_agg(n.origin order by n.occurred_at, n.event_id, n.origin) filter (where not (n.origin is null)) as origins,
             array_agg(n.occurred_at order by n.occurred_at, n.event_id, n.origin) filter (where not (n.origin is null)) as origin_times,
             array_agg(n.event_id order by n.occurred_at, n.event_id, n.origin) filter (where not (n.origin is null)) as origin_ids,
             coalesce(bool_or(n.event_type = 'BOOKING_COMPLETE'), false) as claimed, bool_or(n.uid is not null) as booked
        from numbered n
       group by n.session_id, n.n) x;
end;
comment on function calytics.track_sessions(int, timestamptz, bigint) is
  'Sessions as events and bookings tell them: parameters as in calytics.track_events. For recounts: the folder and readers '
  'are told the same, and faster, by extension/core/tracking/track_facts.hpp.';

create function calytics.track_funnels(src int, since timestamptz, below bigint)
  returns setof calytics.funnel
  language sql stable
begin atomic
  select src, w.session_id, w.service, w.received_first, w.received_last, w.started_at, w.ended_at, w.viewed_at, w.selected_at,
         w.began_at, w.submitted_at, w.claimed_at, w.abandoned_at, w.booked_at, w.uid, w.reached, w.reached[1],
         w.reached[cardinality(w.reached)]
    from (
      select e.session_id, e.service, min(e.received_at) as received_first, max(e.received_at) as received_last,
             min(e.occurred_at) as started_at, max(e.occurred_at) as ended_at,
             min(e.occurred_at) filter (where e.event_type = 'SERVICE_VIEW') as viewed_at,
             min(e.occurred_at) filter (where e.event_type = 'SERVICE_SELECT') as selected_at,
             min(e.occurred_at) filter (where e.event_type = 'BOOKING_START') as began_at,
             min(e.occurred_at) filter (where e.event_type = 'BOOKING_SUBMIT') as submitted_at,
             min(e.occurred_at) filter (where e.event_type = 'BOOKING_COMPLETE') as claimed_at,
             max(e.occurred_at) filter (where e.event_type = 'BOOKING_ABANDON') as abandoned_at,
             min(e.occurred_at) filter (where e.uid is not null) as booked_at,
             (array_agg(e.uid order by e.occurred_at, e.uid) filter (where e.uid is not null))[1] as uid,
             calytics.funnel_times(
               k.step, k.at, '{SERVICE_VIEW,SERVICE_SELECT,BOOKING_START,BOOKING_SUBMIT,BOOKED}', '24 hours', false) as reached
        from calytics.track_events(src, since, below) e
       -- A page that names a booking that a webhook tells of has booked, and so has a session that a webhook names.
       cross join lateral (
         select e.event_type as step, e.occurred_at as at where e.event_type is not null
         union all
         select 'BOOKED', e.occurred_at where e.event_type is not null and e.uid is not null
         union all
         select b.step, b.at from calytics.booked_steps(e.occurred_at) b where e.event_type is null) k
       where e.uid is not null
          or e.event_type in ('SERVICE_VIEW', 'SERVICE_SELECT', 'BOOKING_START', 'BOOKING_SUBMIT', 'BOOKING_COMPLETE', 'BOOKING_ABANDON')
       group by e.session_id, e.service) w;
end;
comment on function calytics.track_funnels(int, timestamptz, bigint) is 'As calytics.track_sessions, funnels.';

create type calytics.track_change as (
  session_before  calytics.tracked_session,
  session_after   calytics.tracked_session,
  funnel_before   calytics.funnel,
  funnel_after    calytics.funnel
);
comment on type calytics.track_change is
  'A session, or a funnel, as the buckets know it and as events tell it; NULL where there is none.';

create function calytics.track_changes(src int, low bigint, below bigint) returns setof calytics.track_change
  language c stable set search_path = pg_catalog, pg_temp
  set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_hashagg = off set enable_bitmapscan = off
  as 'MODULE_PATHNAME', 'calytics_track_changes';
comment on function calytics.track_changes(int, bigint, bigint) is
  'What became of sessions and their funnels: of those with events of segments from low to before below, or with bookings that '
  'they named and that webhooks of segments from low on told of.';

create function calytics.changes_now(src int) returns setof calytics.track_change
  language sql stable
begin atomic
  select c
    from calytics.track_changes(
      src, (select f.segment from calytics.fold_state f order by f.run desc limit 1), x'7fffffffffffffff'::bigint) c;
end;
comment on function calytics.changes_now(int) is 'What became in this snapshot of sessions and their funnels since they were folded.';
