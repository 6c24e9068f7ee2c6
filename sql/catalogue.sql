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

create function calytics.learn_names(src int, w calytics.webhook, at timestamptz) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  known record;
  person record;
begin
  select w.event_type_id is null or w.service is null or exists (
           select from calytics.service s
            where (s.source_id, s.event_type_id, s.service, s.title)
                = (src, w.event_type_id, w.service, coalesce(w.service_title, ''))
              and s.first_at <= at) as service,
         w.host_id is null or w.host is null or exists (
           select from calytics.host h
            where (h.source_id, h.host_id, h.host, h.name, h.email, h.time_zone)
                = (src, w.host_id, w.host, coalesce(w.host_name, ''), coalesce(w.host_email, ''),
                   coalesce(w.host_time_zone, ''))
              and h.first_at <= at) as host
    into known;
  if not known.service then
    insert into calytics.service as s (source_id, event_type_id, service, title, first_at)
      values (src, w.event_type_id, w.service, coalesce(w.service_title, ''), at)
      on conflict (source_id, event_type_id, service, title)
      do update set first_at = least(s.first_at, excluded.first_at);
  end if;
  if not known.host then
    insert into calytics.host as h (source_id, host_id, host, name, email, time_zone, first_at)
      values (src, w.host_id, w.host, coalesce(w.host_name, ''), coalesce(w.host_email, ''),
              coalesce(w.host_time_zone, ''), at)
      on conflict (source_id, host_id, host, name, email, time_zone)
      do update set first_at = least(h.first_at, excluded.first_at);
  end if;

  -- By key and one by one: two sessions that meet in the same persons must meet in the same order.
  for person in
    select t.customer, coalesce(t.name, '') as name, coalesce(t.email, '') as email,
           coalesce(t.phone, '') as phone
      from unnest(w.attendee_ids, w.attendee_names, w.attendee_emails, w.attendee_phones)
           as t (customer, name, email, phone)
     order by t.customer
  loop
    continue when exists (
      select from calytics.person p
       where (p.source_id, p.customer, p.name, p.email, p.phone)
           = (src, person.customer, person.name, person.email, person.phone)
         and p.first_at <= at);
    insert into calytics.person as p (source_id, customer, name, email, phone, first_at)
      values (src, person.customer, person.name, person.email, person.phone, at)
      on conflict (source_id, customer, name, email, phone)
      do update set first_at = least(p.first_at, excluded.first_at);
  end loop;
end
$$;
comment on function calytics.learn_names(int, calytics.webhook, timestamptz) is
  'Adds the services, hosts and persons that a webhook names. Commutative and idempotent.';

create function calytics.learn_private(src int, w calytics.webhook, at timestamptz, fresh boolean)
  returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  o calytics.booking_private;
  n calytics.booking_private;
  e calytics.booking_private;
begin
  if w.title is null and w.answers is null and w.reason is null then
    return;
  end if;
  e.source_id := src;
  e.uid := w.uid;
  if w.title is not null or w.answers is not null then
    e.title := w.title;
    e.location := w.location;
    e.notes := w.notes;
    e.answers := w.answers::jsonb;
    e.metadata := w.metadata::jsonb;
    e.told_at := at;
  end if;
  if w.reason is not null then
    e.reason := w.reason;
    e.reason_at := at;
  end if;

  if not fresh then
    select p.* into o from calytics.booking_private p where p.source_id = src and p.uid = w.uid;
    if found then
      n := o;
      if e.told_at is not null and (
           o.told_at is null
           or (e.told_at, coalesce(e.title, ''), coalesce(e.location, ''), coalesce(e.notes, ''),
               coalesce(e.answers, '{}'), coalesce(e.metadata, '{}'))
            > (o.told_at, coalesce(o.title, ''), coalesce(o.location, ''), coalesce(o.notes, ''),
               coalesce(o.answers, '{}'), coalesce(o.metadata, '{}'))) then
        n := e;
        n.reason := o.reason;
        n.reason_at := o.reason_at;
      end if;
      if e.reason_at is not null and (
           o.reason_at is null or (e.reason_at, e.reason) > (o.reason_at, o.reason)) then
        n.reason := e.reason;
        n.reason_at := e.reason_at;
      end if;
      if n is distinct from o then
        update calytics.booking_private p
           set title = n.title, location = n.location, notes = n.notes, answers = n.answers,
               metadata = n.metadata, told_at = n.told_at, reason = n.reason, reason_at = n.reason_at
         where p.source_id = src and p.uid = w.uid;
      end if;
      return;
    end if;
  end if;
  insert into calytics.booking_private values (e.*);
end
$$;
comment on function calytics.learn_private(int, calytics.webhook, timestamptz, boolean) is
  'Keeps what a webhook says in free text; the text told last stands. Commutative and idempotent. '
  'fresh: the leg was not known before. The leg''s row is locked by the caller.';
