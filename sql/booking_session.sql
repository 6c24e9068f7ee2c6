-- Which session made a booking, as the booking's metadata tell: the tracker gives its session's id to Cal.com, which
-- brings it back in webhooks (calyticsSession). So a funnel gets to its end also where the page had no time to
-- tell that it was booked.
--
-- Metadata are whoever books' to set, and the signature says only that Cal.com sent them. A stranger who books can name
-- a session of his own making, or one whose random id he knows, and have his one booking count as that session's:
-- no more than he could by sending events, which are anybody's to send. The booking itself counts as it does
-- without, nothing is told to him of the session, and the id is short, plain and without personal data
-- (extension/core/privacy/session_id.hpp).

create table calytics.booking_session (
  source_id   int not null,
  uid         text collate "C" not null,
  session_id  text collate "C" not null,
  booked_at   timestamptz not null,            -- the first time that was told
  primary key (source_id, uid, session_id)
);
comment on table calytics.booking_session is
  'Which sessions made which bookings, one for each seat, by the bookings'' metadata. Webhooks only ever add to it: a person who is '
  'erased takes the metadata along, and numbers stay.';
create index booking_session_session on calytics.booking_session (session_id, source_id);
create index booking_session_booked on calytics.booking_session using brin (booked_at) with (pages_per_range = 16, autosummarize = on);

create function calytics.session_bookings(
  src int, sessions text[], lo timestamptz default '-infinity', hi timestamptz default 'infinity'
)
  returns table (session_id text, service text, booked_at timestamptz, uid text)
  language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  since timestamptz := greatest(lo, (select t.kept_from from calytics.tracking t where t.source_id = src));
begin
  if sessions is null then
    return query
    select s.session_id, coalesce(b.service, b.event_type_id::text, ''), s.booked_at, s.uid
      from calytics.booking_session s
      join calytics.booking b on b.source_id = s.source_id and b.uid = s.uid and b.root_uid = b.uid
     where s.source_id = src and s.booked_at >= since and s.booked_at < hi;
  else
    return query
    -- Session by session, whatever statistics say: a plan made while the tables were small would read all of them.
    select s.session_id, coalesce(b.service, b.event_type_id::text, ''), s.booked_at, s.uid
      from (select distinct unnest(sessions) as session_id) w
     cross join lateral (
       select x.session_id, x.booked_at, x.uid from calytics.booking_session x
        where x.session_id = w.session_id and x.source_id = src and x.booked_at >= since and x.booked_at < hi offset 0) s
     cross join lateral (
       select x.service, x.event_type_id from calytics.booking x
        where x.source_id = src and x.uid = s.uid and x.root_uid = s.uid offset 0) b;
  end if;
end
$$;
comment on function calytics.session_bookings(int, text[], timestamptz, timestamptz) is
  'Bookings that webhooks say some sessions, or any (NULL), made in a range of time, since events are kept. What replaces a '
  'booking is none.';

create function calytics.booked_steps(at timestamptz) returns table (step text, at timestamptz)
  language sql immutable
begin atomic
  values ('SERVICE_SELECT', booked_steps.at - interval '3 microseconds'),
         ('BOOKING_START', booked_steps.at - interval '2 microseconds'),
         ('BOOKING_SUBMIT', booked_steps.at - interval '1 microsecond'),
         ('BOOKED', booked_steps.at);
end;
comment on function calytics.booked_steps(timestamptz) is
  'Steps that a session has taken at last when it has booked: the page had no time to tell of them, or none that it saw. The '
  'first step is the page''s alone to tell.';
