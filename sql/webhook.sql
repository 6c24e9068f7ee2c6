-- What one webhook says, in types: the row that the C++ normaliser makes of any body. Glue fills it
-- by position, so order and types are a contract with extension/glue/webhook/webhook.cpp.

create type calytics.webhook as (
  envelope               text,         -- standard, flat, form, template, unreadable
  kind                   text,         -- booking, ping, other, unreadable
  problem                text,         -- why it is unreadable and what to do; free of personal data
  trigger                text,
  happened_at            timestamptz,  -- the event's time; the booking's creation in a flat body
  created_at             timestamptz,  -- of the booking, where the API tells it
  uid                    text,
  booking_id             bigint,
  status                 text,
  reschedule_uid         text,         -- the leg that this one replaces
  reschedule_booking_id  bigint,
  reschedule_starts_at   timestamptz,
  reschedule_ends_at     timestamptz,
  superseded_by          text,         -- the leg that replaces this one, where the API tells it
  event_type_id          bigint,
  service                text,
  service_title          text,
  starts_at              timestamptz,
  ends_at                timestamptz,
  price                  bigint,       -- minor units
  currency               text,
  host_id                bigint,
  host                   text,
  host_name              text,
  host_email             text,
  host_time_zone         text,
  seats_per_slot         bigint,
  seat_id                text,
  single_seat            boolean,      -- the body speaks of one attendee's seat, not of the booking
  recurring              boolean,
  series                 text,
  requires_confirmation  boolean,
  payment_id             bigint,
  paid                   boolean,
  request_reschedule     boolean,
  cancelled_by           text,         -- host, customer, other
  reason                 text,
  host_no_show           boolean,
  title                  text,
  location               text,
  notes                  text,
  answers                text,         -- JSON that jsonb accepts
  metadata               text,         -- JSON that jsonb accepts
  attendee_ids           uuid[],       -- pseudonyms; the arrays run in parallel, the booker first
  attendee_emails        text[],
  attendee_names         text[],
  attendee_phones        text[],
  attendee_no_shows      boolean[]
);
comment on type calytics.webhook is 'What one webhook says, normalised; NULL is what it does not say.';
