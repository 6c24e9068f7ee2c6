-- The raw archive: every authentic body, byte for byte, with what became of it. All booking state
-- can be rebuilt from here. The same bytes sent again are counted, not kept twice.

create sequence calytics.delivery_id;
comment on sequence calytics.delivery_id is
  'Numbers deliveries in the order in which they were applied, booking by booking; gaps mean nothing.';

create table calytics.webhook_delivery (
  source_id     int not null,
  delivery_id   bigint not null,
  digest        bytea not null,
  received_at   timestamptz not null,
  trigger       text collate "C",
  uid           text collate "C",
  outcome       text collate "C" not null,
  detail        text,
  version       text,
  content_type  text,
  repeats       int not null default 0,
  repeated_at   timestamptz,
  change_id     bigint not null,
  replayed_at   timestamptz,
  body          calytics.webhook_body not null,
  primary key (source_id, delivery_id),
  unique (source_id, digest)
);
comment on table calytics.webhook_delivery is
  'Authentic webhook bodies as received. outcome: applied, unchanged, ping, stored or quarantined; '
  'detail says more and holds no personal data; repeats counts later deliveries of the same bytes; '
  'change_id is its place in the order of application, which a replay gives anew.';

create index webhook_delivery_quarantined on calytics.webhook_delivery (delivery_id, source_id)
  where outcome = 'quarantined';
-- Rows come in the order of time, so that pages tell it well enough, at less cost for each webhook.
create index webhook_delivery_received on calytics.webhook_delivery using brin (received_at) with (autosummarize = on);
