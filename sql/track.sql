-- Tracking: what happens on the way to a booking, told by web pages. Events are judged and scrubbed in C++
-- before SQL sees them (extension/core/tracking/track_parser.hpp); only here do they become rows. A visitor is a
-- pseudonym under a random salt of the day, which is destroyed after two days: from then on nobody, with
-- all that the database holds, can tell who a visitor was, or that two days' visitors are one.

create table calytics.tracking (
  source_id       int primary key references calytics.source on delete cascade,
  anonymize_ips   boolean not null default true,
  honour_signals  boolean not null default true,
  anonymous       boolean not null default false,
  keep_events     interval not null default '400 days' check (keep_events >= interval '2 days'),
  origins         text[] not null default '{}',
  batch_size      int not null default 20 check (batch_size between 1 and 500),
  flush_interval  interval not null default '10 seconds' check (flush_interval between interval '100 ms' and interval '1 hour'),
  max_retries     int not null default 5 check (max_retries between 0 and 20),
  kept_from       timestamptz                   -- months before it are gone
);
comment on table calytics.tracking is
  'How a source''s visitors are tracked; without a row, as the defaults say. anonymize_ips: addresses are cut to /24 '
  'and /48; honour_signals: Do-Not-Track and Global Privacy Control; anonymous: nothing that attributes an event to a person, '
  'a visitor or a campaign; keep_events: how long after a month its events go; origins: web sites that may send events, none: '
  'any. batch_size, flush_interval and max_retries are the browser tracker''s: how many events it gathers for how long, and how '
  'often it tries again by itself.';

create trigger forget after insert or update or delete or truncate on calytics.tracking
  for each statement execute function calytics.forget();

create table calytics.visitor_salt (
  source_id  int not null references calytics.source on delete cascade,
  day        date not null,                 -- in UTC
  salt       bytea not null,
  primary key (source_id, day)
);
comment on table calytics.visitor_salt is 'Salts of visitors'' pseudonyms: of today and yesterday, and of no other day.';

create table calytics.event_key (
  source_id  int not null,
  event_id   uuid not null,                  -- the id if it is a UUID, else a digest of it
  seen_at    timestamptz not null,
  primary key (event_id, source_id)
);
comment on table calytics.event_key is
  'Ids of events seen in the last days, in 16 bytes (extension/core/tracking/event_key.hpp): an event that is sent again is known by it.';
create index event_key_seen on calytics.event_key using brin (seen_at);

create table calytics.event (
  source_id      int not null,
  segment        bigint not null,                -- -1: written while metrics were off
  received_at    timestamptz not null,
  occurred_at    timestamptz not null,
  session_id     text collate "C" not null,
  event_type     text collate "C" not null,
  service        text collate "C" not null,     -- key: service id, or else event type id; '' if neither
  booking_uid    text collate "C",
  visitor        uuid,
  person         uuid,                           -- pseudonym of the user id
  late           boolean not null,
  bot            boolean not null,
  device         text collate "C",
  browser        text collate "C",
  duration       bigint,
  event_type_id  bigint,
  booking_id     bigint,
  event_id       text collate "C",
  experiment     text collate "C",
  variant        text collate "C",
  ip_address     text,
  url            text,
  referrer       text,
  referrer_host  text collate "C",
  utm_source     text,
  utm_medium     text,
  utm_campaign   text,
  properties     jsonb,
  removed        int[]                           -- personal data found, by kind
) partition by range (received_at);
comment on table calytics.event is 'Tracked events by month of receipt; read them through cal.analytics_event.';

create function calytics.track_body(src int, body bytea, context jsonb, from_browser boolean) returns jsonb
  language c volatile strict set search_path = pg_catalog, pg_temp
  as 'MODULE_PATHNAME', 'calytics_track_body';
comment on function calytics.track_body(int, bytea, jsonb, boolean) is
  'Takes the events of a request''s body. from_browser: the body doesn''t say whose events they are. Gives how many were '
  'received, accepted, duplicates and private, the rejected ones by index (NULL: all) and reason, and how many pieces of '
  'personal data were removed.';

create function cal.track(events jsonb, context jsonb default '{}', source text default 'default') returns jsonb
  language c volatile security definer set search_path = pg_catalog, pg_temp
  as 'MODULE_PATHNAME', 'calytics_track_jsonb';
comment on function cal.track(jsonb, jsonb, text) is
  'Takes tracking events: one object, an array, or {"events": [...], "context": {...}}. An event holds sessionId and '
  'eventType (PAGE_VIEW, SERVICE_VIEW, SERVICE_SELECT, BOOKING_START, BOOKING_SUBMIT, BOOKING_COMPLETE, BOOKING_ABANDON or '
  'any name such as GIFT_CARD_VIEW) and may hold serviceId, calEventTypeId, bookingId, bookingUid, duration (ms), eventId '
  '(sent twice, it counts once), timestamp (ISO 8601, or ms since 1970; in the future it becomes now), experiment, variant '
  'and properties. Of services that Cal.com doesn''t know a month tells calytics.most_services (1,000) apart; events of others '
  'are of (other). context: userId, userAgent, ipAddress, referrer, url, doNotTrack; what an event says of them comes first. '
  'A batch''s own context may hold sentAt: what the clock of its timestamps says as it is sent, by which they are put right. '
  'Each event is judged by itself and scrubbed of personal data before it is stored. Gives {received, accepted, duplicates, '
  'private, rejected: [{index, reason}], removed}. Raises no_data_found (no such source), invalid_parameter_value.';

create function cal.track(events text, context jsonb default '{}', source text default 'default') returns jsonb
  language c volatile security definer set search_path = pg_catalog, pg_temp
  as 'MODULE_PATHNAME', 'calytics_track';
comment on function cal.track(text, jsonb, text) is
  'As cal.track(jsonb, ...), of JSON that is still text, as literals and parameters without a type are: read once and not twice, it '
  'is the fastest. Text that is no JSON is told of in the answer, as rejected with index NULL, and raises nothing.';

create function cal.set_tracking(
  source text default 'default', anonymize_ips boolean default null, honour_signals boolean default null,
  strict boolean default null, keep_events interval default null, origins text[] default null, batch_size int default null,
  flush_interval interval default null, max_retries int default null
) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  id int := (calytics.source_named(set_tracking.source)).source_id;
  wrong text := (select o from unnest(origins) o where o is null or o !~ '^https?://[a-z0-9.:[\]-]+$' limit 1);
begin
  if keep_events < interval '2 days' then
    raise exception 'events can''t be kept for %', keep_events
      using errcode = 'invalid_parameter_value', hint = 'Use two days or more.';
  elsif wrong is not null or array_position(origins, null) is not null then
    raise exception '"%" is not the origin of a web site', coalesce(wrong, 'NULL')
      using errcode = 'invalid_parameter_value',
            hint = 'As browsers send it, for instance https://studio.example: in small letters, without a path.';
  elsif batch_size not between 1 and 500 or flush_interval not between '100 ms' and '1 hour'
        or max_retries not between 0 and 20 then
    raise exception 'the tracker can''t work with that'
      using errcode = 'invalid_parameter_value',
            hint = 'batch_size is 1 to 500 events, flush_interval 100 ms to 1 hour, max_retries 0 to 20.';
  end if;
  insert into calytics.tracking (source_id) values (id) on conflict do nothing;
  update calytics.tracking t
     set anonymize_ips = coalesce(set_tracking.anonymize_ips, t.anonymize_ips),
         honour_signals = coalesce(set_tracking.honour_signals, t.honour_signals),
         anonymous = coalesce(set_tracking.strict, t.anonymous),
         keep_events = coalesce(set_tracking.keep_events, t.keep_events),
         origins = coalesce(set_tracking.origins, t.origins),
         batch_size = coalesce(set_tracking.batch_size, t.batch_size),
         flush_interval = coalesce(set_tracking.flush_interval, t.flush_interval),
         max_retries = coalesce(set_tracking.max_retries, t.max_retries)
   where t.source_id = id;
end
$$;
comment on function cal.set_tracking(text, boolean, boolean, boolean, interval, text[], int, interval, int) is
  'Says how a source''s visitors are tracked, from now on; what is NULL stays. anonymize_ips (true): addresses are cut to /24 '
  'and /48. honour_signals (true): events of clients that send Do-Not-Track or Global Privacy Control are counted and '
  'dropped. strict (false): no visitor, user, address, campaign or referrer beyond its origin is kept. keep_events (400 '
  'days): how long after a month its events go. origins ({}: any): web sites whose pages may send events, such as '
  'https://studio.example. For the browser tracker: batch_size (20) events go at once, or what there is after flush_interval '
  '(10 seconds); after max_retries (5) failures in a row it tries no more by itself. Raises no_data_found (no such source), '
  'invalid_parameter_value.';

create view cal.analytics_event as
  select s.name as source, e.session_id, e.event_type, e.service, e.occurred_at, e.received_at, e.late, e.visitor, e.person,
         e.bot, e.device, e.browser, e.duration, e.event_type_id, e.booking_id, e.booking_uid, e.event_id, e.experiment,
         e.variant, e.url, e.referrer, e.referrer_host, e.utm_source, e.utm_medium, e.utm_campaign,
         e.properties, e.removed
    from calytics.event e join calytics.source s using (source_id);
comment on view cal.analytics_event is
  'Tracked events, scrubbed. service: its id, or else the event type''s; visitor: a pseudonym that lasts a day; person: one of '
  'the user id; late: it came more than a day after it happened; bot: a machine by its user agent; duration in ms; removed: '
  'pieces of personal data taken out, by kind: e-mail, phone, card, IBAN, national id, IP address, token, person.';
