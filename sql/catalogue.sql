-- Services, hosts and persons that webhooks named, each name with the time it was first used. Rows
-- are only ever added, or their time moved back by a late delivery: no row is hot, and the current
-- name, the one that came into use last, is the same for any order of the webhooks.

create table calytics.service (
  source_id      int not null,
  event_type_id  bigint not null,
  service        text collate "C" not null,
  title          text not null,
  first_at       timestamptz not null,
  primary key (source_id, event_type_id, service, title)
);
comment on table calytics.service is 'Names of services (Cal.com''s event types) and since when.';

create table calytics.host (
  source_id  int not null,
  host_id    bigint not null,
  host       text collate "C" not null,
  name       text not null,
  email      text not null,
  time_zone  text not null,
  first_at   timestamptz not null,
  primary key (source_id, host_id, host, name, email, time_zone)
);
comment on table calytics.host is 'Names of hosts (artists) and since when; holds personal data.';

create table calytics.person (
  source_id  int not null,
  customer   uuid not null,
  name       text not null,
  email      text not null,
  phone      text not null,
  first_at   timestamptz not null,
  primary key (source_id, customer, name, email, phone)
);
comment on table calytics.person is 'Names behind the pseudonyms, and since when; personal data.';

create table calytics.booking_private (
  source_id   int not null,
  uid         text collate "C" not null,
  title       text,
  location    text,
  notes       text,
  answers     jsonb,
  metadata    jsonb,
  told_at     timestamptz,
  reason      text,
  reason_at   timestamptz,
  primary key (source_id, uid)
);
comment on table calytics.booking_private is
  'What a booking says in free text, where people write names; personal data.';

-- Sessions remember which names are known. That a name turns out to be older tells them nothing.
create trigger forget after update of source_id, event_type_id, service, title or delete or truncate
  on calytics.service for each statement execute function calytics.forget();
create trigger forget after update of source_id, host_id, host, name, email, time_zone or delete or truncate
  on calytics.host for each statement execute function calytics.forget();
create trigger forget after update of source_id, customer, name, email, phone or delete or truncate
  on calytics.person for each statement execute function calytics.forget();
