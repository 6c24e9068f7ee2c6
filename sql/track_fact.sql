-- What tracked events amount to: sessions, and what each session did on the way to booking a service. These are
-- facts as the buckets know them, which the folder alone writes; an event only tells, by its segment, that its
-- session is to be looked at again. What a session is now follows from its events and from the bookings
-- that webhooks tell of, whatever came first.

create table calytics.tracked_until (
  source_id  int primary key,
  until      timestamptz not null
);
comment on table calytics.tracked_until is 'When the last event happened that the buckets know of, by source: beyond it they are empty.';

create type calytics.origin as (
  source    text collate "C",
  medium    text collate "C",
  campaign  text collate "C",
  referrer  text collate "C"
);
comment on type calytics.origin is 'Where a session came from: UTM parameters and the referrer''s host.';

create table calytics.tracked_session (
  source_id       int not null,
  session_id      text collate "C" not null,
  began_at        timestamptz not null,
  ended_at        timestamptz not null,
  received_first  timestamptz not null,
  received_last   timestamptz not null,
  events          int not null,
  origin          calytics.origin,            -- of the first event that tells any
  claimed         boolean not null,           -- the page said that it was booked
  booked          boolean not null,           -- it named a booking that a webhook tells of
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
  started_at      timestamptz not null,       -- the first event of any kind
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
  language sql immutable
  return case when claimed and booked then '{70:1,71:1,72:1}' when claimed then '{70:1,71:1,73:1}'
              when booked then '{70:1,72:1}' else '{70:1}' end::calytics.tally;
comment on function calytics.session_counts(boolean, boolean) is 'What a session counts.';

create function calytics.origins(o calytics.origin) returns table (kind text, name text)
  language sql immutable
begin atomic
  values
    ('source', left(coalesce((o).source, (o).referrer, '(direct)'), 80)),
    ('medium', left(coalesce((o).medium, '(none)'), 80)),
    ('campaign', left(coalesce((o).campaign, '(none)'), 80)),
    ('referrer', left(coalesce((o).referrer, '(none)'), 80));
end;
comment on function calytics.origins(calytics.origin) is
  'What a session''s origin is called by source (or else the referrer''s host), medium, campaign and referrer.';

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
  'service, what kind they are in place of the host; funnel: by the first step.';

create function calytics.track_events(src int, sessions text[], since timestamptz)
  returns table (
    session_id text, service text, occurred_at timestamptz, received_at timestamptz, event_type text, event_id text,
    uid text, root_uid text, origin calytics.origin
  )
  language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
as $$
begin
  if sessions is null then
    return query
    select e.session_id, e.service, e.occurred_at, e.received_at, e.event_type, e.event_id, b.uid, b.root_uid,
           case when coalesce(e.utm_source, e.utm_medium, e.utm_campaign, e.referrer_host) is not null
                then row(e.utm_source, e.utm_medium, e.utm_campaign, e.referrer_host)::calytics.origin end
      from calytics.event e
      left join calytics.booking b on b.source_id = src and b.uid = e.booking_uid
     where e.source_id = src and not e.bot and e.received_at >= since;
  else
    return query
    select e.session_id, e.service, e.occurred_at, e.received_at, e.event_type, e.event_id, b.uid, b.root_uid,
           case when coalesce(e.utm_source, e.utm_medium, e.utm_campaign, e.referrer_host) is not null
                then row(e.utm_source, e.utm_medium, e.utm_campaign, e.referrer_host)::calytics.origin end
      from calytics.event e
      left join calytics.booking b on b.source_id = src and b.uid = e.booking_uid
     where e.source_id = src and e.session_id = any (sessions) and not e.bot and e.received_at >= since;
  end if;
end
$$;
comment on function calytics.track_events(int, text[], timestamptz) is
  'Events of people, of some sessions'' or all, received since a moment, with the booking they name where a webhook tells of it.';

create function calytics.track_facts(src int, sessions text[], since timestamptz)
  returns table (session calytics.tracked_session, funnel calytics.funnel)
  language sql stable
begin atomic
  with event as materialized (
    select e.* from calytics.track_events(src, sessions, since) e
  ), gap as (
    select e.*, coalesce(e.occurred_at - lag(e.occurred_at) over (partition by e.session_id order by e.occurred_at)
                           > interval '30 minutes', true) as begins
      from event e
  ), numbered as (
    select g.*, count(*) filter (where g.begins) over (
             partition by g.session_id order by g.occurred_at, g.begins desc) as n
      from gap g
  ), service as (
    select e.session_id, e.service, min(e.received_at) as received_first, max(e.received_at) as received_last,
           min(e.occurred_at) as started_at,
           min(e.occurred_at) filter (where e.event_type = 'SERVICE_VIEW') as viewed_at,
           min(e.occurred_at) filter (where e.event_type = 'SERVICE_SELECT') as selected_at,
           min(e.occurred_at) filter (where e.event_type = 'BOOKING_START') as began_at,
           min(e.occurred_at) filter (where e.event_type = 'BOOKING_SUBMIT') as submitted_at,
           min(e.occurred_at) filter (where e.event_type = 'BOOKING_COMPLETE') as claimed_at,
           max(e.occurred_at) filter (where e.event_type = 'BOOKING_ABANDON') as abandoned_at,
           min(e.occurred_at) filter (where e.uid is not null) as booked_at,
           (array_agg(e.uid order by e.occurred_at, e.uid) filter (where e.uid is not null))[1] as uid,
           calytics.funnel_times(
             k.step, e.occurred_at, '{SERVICE_VIEW,SERVICE_SELECT,BOOKING_START,BOOKING_SUBMIT,BOOKED}', '24 hours', false) as reached
      from event e
     -- A page that names a booking that a webhook tells of has booked.
     cross join lateral (
       select e.event_type as step union all select 'BOOKED' where e.uid is not null) k
     group by e.session_id, e.service
  )
  select row(src, n.session_id, min(n.occurred_at), max(n.occurred_at), min(n.received_at), max(n.received_at), count(*)::int,
             (array_agg(n.origin order by n.occurred_at, n.event_id, n.origin) filter (where not (n.origin is null)))[1],
             bool_or(n.event_type = 'BOOKING_COMPLETE'), bool_or(n.uid is not null))::calytics.tracked_session, null::calytics.funnel
    from numbered n
   group by n.session_id, n.n
  union all
  select null, row(src, w.session_id, w.service, w.received_first, w.received_last, w.started_at, w.viewed_at, w.selected_at,
                   w.began_at, w.submitted_at, w.claimed_at, w.abandoned_at, w.booked_at, w.uid, w.reached, w.reached[1],
                   w.reached[cardinality(w.reached)])::calytics.funnel
    from service w
   where coalesce(w.viewed_at, w.selected_at, w.began_at, w.submitted_at, w.claimed_at, w.abandoned_at, w.booked_at) is not null;
end;
comment on function calytics.track_facts(int, text[], timestamptz) is
  'Sessions and funnels, one of the two a row, as events received since a moment and bookings tell them.';
