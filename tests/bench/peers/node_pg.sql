-- The tables of tests/bench/peers/node_pg.mjs, as somebody would make them by hand.

create table delivery (
  id           bigint generated always as identity primary key,
  received_at  timestamptz not null default now(),
  signature    text not null unique,
  body         bytea not null
);

create table booking (
  uid               text primary key,
  status            text not null,
  starts_at         timestamptz not null,
  ends_at           timestamptz not null,
  service           text,
  host              text,
  customer          text,
  price             bigint,
  currency          text,
  rescheduled_from  text,
  updated_at        timestamptz not null default now()
);
create index on booking (starts_at);

create table event (
  id           bigint generated always as identity primary key,
  occurred_at  timestamptz not null default now(),
  session_id   text not null,
  event_type   text not null,
  service      text,
  ip_address   text,
  user_agent   text,
  properties   jsonb
);
create index on event (occurred_at);
