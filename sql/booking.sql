-- Booking state: one row a leg. A row is the join of everything that webhooks said about the leg,
-- each column a register with a rule of its own (extension/core/booking/booking_state.hpp), so that any order and any
-- repetition of the webhooks ends in the same row. Times named *_at that hold 'infinity' mean
-- "happened, nobody told us when". No foreign keys on the way in: a lock on the one source row for
-- every webhook would be the hottest row of all.

create table calytics.booking (
  source_id        int not null,
  uid              text collate "C" not null,
  booking_id       bigint,
  reschedule_uid   text collate "C",           -- the leg that this one replaced
  root_uid         text collate "C" not null,  -- the chain's first leg (chain.sql)
  hops             int not null,               -- legs between the root and this one
  superseded_by    text collate "C",           -- the leg that replaced this one
  moved_to         text collate "C",           -- where a seat of it went
  status           text collate "C" not null,  -- derived (booking_state.cpp)
  created_at       timestamptz,
  accepted_at      timestamptz,
  rejected_at      timestamptz,
  awaiting_at      timestamptz,                -- the host asked the customer to pick a new time
  cancelled_at     timestamptz,
  cancelled_by     text collate "C",           -- host, customer, other
  paid_at          timestamptz,
  payment_id       bigint,
  starts_at        timestamptz,
  ends_at          timestamptz,
  schedule_at      timestamptz,                -- when starts_at and ends_at were told
  event_type_id    bigint,
  service          text collate "C",
  price            bigint,                     -- list price, minor units
  currency         text collate "C",
  price_at         timestamptz,                -- when it was told first
  host_id          bigint,
  host             text collate "C",
  host_at          timestamptz,                -- when it was told last
  customer         uuid,
  customer_at      timestamptz,                -- when it was told first
  seats            int not null default 0,     -- attendees who hold a seat now
  no_shows         int not null default 0,     -- those of them marked as no-show
  seats_per_slot   bigint,
  recurring        boolean not null default false,
  series           text collate "C",
  host_no_show     boolean,
  host_no_show_at  timestamptz,
  primary key (source_id, uid)
);
comment on table calytics.booking is 'Booking state, one row a leg; read it through cal.booking.';

-- No index is on what webhooks change again and again, not even as its predicate: so that they enter none anew.
-- Led by the narrower column: before statistics exist, the planner would otherwise take any index that
-- begins with source_id for any lookup within a source.
create index booking_chain on calytics.booking (root_uid, source_id);
create index booking_successor on calytics.booking (reschedule_uid, source_id)
  where reschedule_uid is not null;

create table calytics.attendee (
  source_id   int not null,
  uid         text collate "C" not null,
  customer    uuid not null,
  position    int not null,              -- the booker is first
  seat_id     text collate "C",
  active      boolean not null,
  active_at   timestamptz not null,      -- when that was told last
  no_show     boolean,
  no_show_at  timestamptz,
  primary key (source_id, uid, customer)
);
comment on table calytics.attendee is 'Who holds, or held, a seat in which leg, by pseudonym.';

create table calytics.booking_change (
  source_id     int not null,
  uid           text collate "C" not null,
  change_id     bigint not null,
  delivery_id   bigint not null,
  known_at      timestamptz not null,
  happened_at   timestamptz,
  root_uid      text collate "C" not null,
  hops          int not null,
  status        text collate "C" not null,
  created_at    timestamptz,
  accepted_at   timestamptz,
  rejected_at   timestamptz,
  awaiting_at   timestamptz,
  cancelled_at  timestamptz,
  cancelled_by  text collate "C",
  paid_at       timestamptz,
  starts_at     timestamptz,
  ends_at       timestamptz,
  event_type_id bigint,
  service       text collate "C",
  price         bigint,
  currency      text collate "C",
  host_id       bigint,
  host          text collate "C",
  customer      uuid,
  seats         int not null,
  no_shows      int not null,
  host_no_show  boolean,
  primary key (source_id, uid, change_id)
);
comment on table calytics.booking_change is
  'Every state a leg was ever in, from known_at on, as far as readers can see it; append only.';
create index booking_change_paid on calytics.booking_change (source_id, known_at) where paid_at is not null;
