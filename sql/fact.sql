-- Facts: one chain is one booking, whatever the number of its legs. A fact is a function of the legs
-- alone (chain_of) and of the same person's other chains (person.sql). It says what happened and when;
-- what that means for a metric is contribution.sql's business, so that no definition is baked in here.

create table calytics.payment (
  source_id  int not null,
  uid        text collate "C" not null,
  entry      text collate "C" not null,
  kind       text collate "C" not null check (kind in ('payment', 'refund')),
  amount     bigint not null check (amount >= 0),
  currency   text collate "C" not null check (currency ~ '^[A-Z]{3}$'),
  paid_at    timestamptz not null,
  primary key (source_id, uid, entry)
);
comment on table calytics.payment is
  'Money entered by hand for a booking, in minor units: Cal.com tells neither amounts nor refunds.';
create index payment_paid on calytics.payment (paid_at, source_id);
create index payment_kind on calytics.payment (source_id, kind);

create table calytics.chain (
  source_id        int not null,
  root_uid         text collate "C" not null,
  uid              text collate "C" not null,   -- the current leg
  customer         uuid,
  status           text collate "C" not null,   -- the current leg's
  created_at       timestamptz,                 -- the root's; NULL if nobody told us
  legs             int not null,                -- legs whose creation is known
  hopped_at        timestamptz[] not null,      -- when each reschedule was made, in order
  hops             int not null,
  confirmed_at     timestamptz,
  cancelled_at     timestamptz,
  cancelled_by     text collate "C",
  notice           interval,                    -- from cancellation to start; NULL if not known
  withdrawn        boolean not null,            -- cancelled before it was ever confirmed
  rejected_at      timestamptz,
  awaiting_at      timestamptz,
  paid_at          timestamptz,
  starts_at        timestamptz,
  ended_at         timestamptz,                 -- the start where the end is not known
  minutes          bigint not null,
  lead             bigint,                      -- minutes from the root's creation to its start
  service          text collate "C" not null,   -- key: event type id, or else its slug; '' if unknown
  consultation     boolean not null,
  host             text collate "C" not null,   -- key: host id, or else the name; '' if unknown
  price            bigint,
  currency         text collate "C" not null,   -- '' if unknown
  no_show          boolean not null,
  host_no_show     boolean not null,
  entries          calytics.payment[] not null,
  first_at         timestamptz,                 -- the person's first visit
  previous_at      timestamptz,                 -- the person's visit before this one
  next_created_at  timestamptz,                 -- the person's next booking made after this one's start
  session_at       timestamptz,                 -- the same, consultations apart
  primary key (source_id, root_uid)
);
comment on table calytics.chain is
  'Facts as the buckets know them, one row a booking with all its legs; the folder alone writes here. Times '
  'that nobody told us fall back to the creation or the start. Read it through cal.chain.';

create index chain_created on calytics.chain (created_at, source_id);
create index chain_service on calytics.chain (starts_at, source_id);
create index chain_ended on calytics.chain (ended_at, source_id);
create index chain_person on calytics.chain (customer, source_id);
create index chain_confirmed on calytics.chain (confirmed_at, source_id)
  where confirmed_at <> created_at or created_at is null;
create index chain_cancelled on calytics.chain (cancelled_at, source_id) where cancelled_at is not null;
create index chain_rejected on calytics.chain (rejected_at, source_id) where rejected_at is not null;
create index chain_paid on calytics.chain (paid_at, source_id) where paid_at is not null;
create index chain_awaiting on calytics.chain (awaiting_at, source_id) where awaiting_at is not null;
-- From its beginning until the client was asked for a new time.
create index chain_asked on calytics.chain using gist (
  tstzrange(least(created_at, starts_at, awaiting_at), awaiting_at, '[]'))
  include (awaiting_at, starts_at, created_at, service, host, currency, source_id)
  where awaiting_at is not null and confirmed_at is not null;
create index chain_long on calytics.chain using gist (tstzrange(starts_at, ended_at))
  where ended_at - starts_at > interval '2 hours';
-- From its first reschedule to its last.
create index chain_hopped on calytics.chain using gist (
  tstzrange(hopped_at[1], hopped_at[cardinality(hopped_at)], '[]'))
  where cardinality(hopped_at) > 0;

create function calytics.is_visit(c calytics.chain) returns boolean
  language sql immutable
  return c.status = 'accepted' and not c.no_show and c.customer is not null and c.starts_at is not null;
comment on function calytics.is_visit(calytics.chain) is
  'True if a known person holds, or held, this booking and was not a no-show.';

create function calytics.chain_of(
  legs calytics.booking[], entries calytics.payment[], consultations text
) returns calytics.chain
  language c immutable parallel safe
  as 'MODULE_PATHNAME', 'calytics_chain_of';
comment on function calytics.chain_of(calytics.booking[], calytics.payment[], text) is
  'The fact that a chain''s legs amount to, the other chains of its person apart. legs: current leg first, '
  'that is those not superseded before the others, then by hops and uid downwards; what the current leg does '
  'not tell is taken from the legs behind it. consultations: the regular expression of such services.';
