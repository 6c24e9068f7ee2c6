-- The tables of schema.prisma, as `prisma migrate` would make them.

create table "CalDelivery" (
  "id"          bigserial primary key,
  "receivedAt"  timestamptz(3) not null default current_timestamp,
  "signature"   text not null,
  "body"        bytea not null
);
create unique index "CalDelivery_signature_key" on "CalDelivery" ("signature");

create table "CalBooking" (
  "uid"              text primary key,
  "status"           text not null,
  "startsAt"         timestamptz(3) not null,
  "endsAt"           timestamptz(3) not null,
  "service"          text,
  "host"             text,
  "customer"         text,
  "price"            decimal(12, 2),
  "currency"         text,
  "rescheduledFrom"  text,
  "updatedAt"        timestamptz(3) not null
);
create index "CalBooking_startsAt_idx" on "CalBooking" ("startsAt");

create table "CalAnalyticsEvent" (
  "id"          bigserial primary key,
  "occurredAt"  timestamptz(3) not null default current_timestamp,
  "sessionId"   text not null,
  "eventType"   text not null,
  "serviceId"   text,
  "userId"      text,
  "ipAddress"   text,
  "userAgent"   text,
  "properties"  jsonb,
  "duration"    integer
);
create index "CalAnalyticsEvent_occurredAt_idx" on "CalAnalyticsEvent" ("occurredAt");
