-- A person's rights: to see what is held (cal.export_person), and to be forgotten (cal.erase_person). The archive of
-- raw bodies is what all state is built from, so the person is taken out of the bodies, and state is built anew: what
-- stands afterwards is what would stand had a stranger booked. Numbers stay as they were.

create table calytics.erased (
  source_id  int not null,
  uid        text collate "C" not null,
  customer   uuid not null,
  stand_in   text not null,
  primary key (source_id, uid, customer)
);
comment on table calytics.erased is
  'Legs whose attendees were erased, by the pseudonym that they had, and the address that stands for them since. Webhooks '
  'that come later and name them again are kept without them.';

create trigger forget after insert or update or delete or truncate on calytics.erased
  for each statement execute function calytics.forget();

create function calytics.person_id(identity text, person_key bytea) returns uuid
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_person_id';
comment on function calytics.person_id(text, bytea) is
  'The pseudonym of an e-mail address, or of the phone number of who gave none.';

create function calytics.names_person(body bytea, identity text) returns boolean
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_names_person';
comment on function calytics.names_person(bytea, text) is
  'True if a body names that address or number, as it is or behind JSON''s or URLs'' escapes.';

create function calytics.erase_from_body(body bytea, identity text, stand_in text, names text[], booked boolean) returns bytea
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_erase_from_body';
comment on function calytics.erase_from_body(bytea, text, text, text[], boolean) is
  'A webhook''s body without a person: stand_in for the address, no names (which hold no NULL), and if the person booked, no '
  'answers, notes, titles, places, reasons and metadata. The rest stays, byte for byte. NULL if it is no JSON object.';

create function calytics.body_without(w calytics.webhook, body bytea, identity text, stand_in text, names text[], booked boolean)
  returns bytea
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  -- What says nothing about a booking is of no use without the person.
  return case
    when w.kind = 'booking' then calytics.erase_from_body(body, identity, stand_in, names, booked)
    when w.trigger is not null and w.kind <> 'unreadable'
      then convert_to(jsonb_build_object('triggerEvent', w.trigger)::text, 'UTF8')
    else 'erased'::bytea end;
end
$$;
comment on function calytics.body_without(calytics.webhook, bytea, text, text, text[], boolean) is
  'What is kept of a body that names a person who is erased.';

create function calytics.erase_again(src int, w calytics.webhook, body bytea) returns bytea
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  key bytea := (select k.person_key from calytics.source_key k where k.source_id = src);
  e calytics.erased;
  i int;
  identity text;
  names text[];
begin
  for e in
    select x.* from calytics.erased x where x.source_id = src and x.uid in (w.uid, w.reschedule_uid)
  loop
    i := array_position(w.attendee_ids, e.customer);
    identity := coalesce(w.attendee_emails[i], w.attendee_phones[i]);
    names := array_remove(array[w.attendee_names[i], w.attendee_phones[i]], null);
    if i is null and w.kind = 'booking' then
      -- Whose seat was cancelled is no attendee any more, and yet it may be their answers that the body holds.
      identity := (
        select f.address[1] from regexp_matches(convert_from(body, 'UTF8'), '[^][\s"\\<>(),;:]+@[^][\s"\\<>(),;:]+', 'g') as f (address)
         where calytics.person_id(f.address[1], key) = e.customer limit 1);
    end if;
    continue when identity is null;
    body := calytics.body_without(w, body, identity, e.stand_in, names, i is null or i = 1);
    insert into calytics.erased (source_id, uid, customer, stand_in)
      values (src, w.uid, e.customer, e.stand_in) on conflict do nothing;
  end loop;
  return body;
end
$$;
comment on function calytics.erase_again(int, calytics.webhook, bytea) is
  'A body of a booking of somebody who was erased, as it is to be kept.';

create function calytics.build_without(s calytics.source, identity text, former uuid, legs text[], rewritten bigint[])
  returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  src int := s.source_id;
  uids text[] collate "C" := legs;
  namesakes uuid[];
begin
  -- Who works there, or is what a service is called after, is in bookings without number.
  if exists (select from calytics.host h
              where h.source_id = src and calytics.names_person(convert_to(concat_ws(' ', h.host, h.name, h.email), 'UTF8'), identity))
     or exists (select from calytics.service v
                 where v.source_id = src and calytics.names_person(convert_to(concat_ws(' ', v.service, v.title), 'UTF8'), identity)) then
    perform cal.rebuild(s.name);
    return;
  end if;
  namesakes := array(
    select distinct p.customer from calytics.person p
     where p.source_id = src
       and (p.customer = former
            or calytics.names_person(convert_to(concat_ws(' ', p.name, p.email, p.phone), 'UTF8'), identity)));
  delete from calytics.person p where p.source_id = src and p.customer = any (namesakes);
  uids := calytics.related_legs(src, uids || array(
    select a.uid from calytics.attendee a where a.source_id = src and a.customer = any (namesakes)));
  perform calytics.apply_again(src, uids, rewritten);
  perform calytics.fold(true);
end
$$;
comment on function calytics.build_without(calytics.source, text, uuid, text[], bigint[]) is
  'State anew after deliveries were rewritten without a person: of the legs they told of and all that belongs to these, as '
  'cal.rebuild would build it.';

create function calytics.erase_from_source(s calytics.source, identity text) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  src int := s.source_id;
  key bytea := (select k.person_key from calytics.source_key k where k.source_id = src);
  former uuid := calytics.person_id(identity, key);
  other text := 'erased-' || calytics.random_hex(16) || '@erased.invalid';
  names text[];
  legs text[] collate "C";
  booked text[] collate "C";
  told text[] collate "C" := '{}';
  d record;
  w calytics.webhook;
  held jsonb;
  rewritten bigint[] := '{}';
  events int;
  blocked int;
begin
  -- As cal.rebuild does it: webhooks that arrive meanwhile wait.
  perform calytics.lock_fold();
  lock table calytics.booking in exclusive mode;
  names := array(
    select n from calytics.person p cross join unnest(array[p.name, p.phone]) n
     where p.source_id = src and p.customer = former and btrim(n) <> '' group by n order by length(n) desc, n);
  booked := array(
    select b.uid from calytics.booking b where b.source_id = src and b.customer = former);
  legs := array(
    select a.uid from calytics.attendee a where a.source_id = src and a.customer = former
    union select unnest(booked));
  held := jsonb_build_object(
    'bookings', cardinality(legs),
    'names', (select count(*) from calytics.person p where p.source_id = src and p.customer = former),
    'private_texts', (select count(*) from calytics.booking_private p where p.source_id = src and p.uid = any (booked)));

  for d in
    select x.delivery_id, x.uid, x.body from calytics.webhook_delivery x
     where x.source_id = src and (x.uid = any (legs) or calytics.names_person(x.body, identity))
  loop
    w := calytics.parse_webhook(d.body, key);
    continue when w.kind <> 'booking' and not calytics.names_person(d.body, identity);
    d.body := calytics.body_without(
      w, d.body, identity, other, names,
      case when coalesce(cardinality(w.attendee_ids), 0) > 0 then w.attendee_ids[1] = former else d.uid = any (booked) end);
    update calytics.webhook_delivery x set body = d.body
     where x.source_id = src and x.delivery_id = d.delivery_id and x.body <> d.body;
    if found then
      rewritten := rewritten || d.delivery_id;
      told := told || d.uid;
    end if;
  end loop;
  insert into calytics.erased (source_id, uid, customer, stand_in)
    select src, l, former, other from unnest(legs) l
    on conflict on constraint erased_pkey do update set stand_in = excluded.stand_in;

  update calytics.event e
     set person = case when e.person = former then calytics.person_id(other, key) else e.person end,
         ip_address = null,
         properties = case when t.properties then null else e.properties end,
         url = case when t.url then null else e.url end,
         referrer = case when t.referrer then null else e.referrer end
    from calytics.event x
   cross join lateral (
     select bool_or(n is not null and position(lower(n) in lower(x.properties::text)) > 0) as properties,
            bool_or(n is not null and position(lower(n) in lower(x.url)) > 0) as url,
            bool_or(n is not null and position(lower(n) in lower(x.referrer)) > 0) as referrer
       from unnest(names || identity) n) t
   where e.source_id = src and x.tableoid = e.tableoid and x.ctid = e.ctid
     and (x.person = former
          or x.session_id in (select v.session_id from calytics.event v where v.source_id = src and v.booking_uid = any (legs)
                            union all
                            select m.session_id from calytics.booking_session m where m.source_id = src and m.uid = any (legs)));
  get diagnostics events = row_count;
  update calytics.blocked b set reason = null
   where b.source_id = src and calytics.names_person(convert_to(b.reason, 'UTF8'), identity);
  get diagnostics blocked = row_count;

  if rewritten <> '{}' then
    perform calytics.build_without(s, identity, former, array_remove(legs || told, null), rewritten);
    -- Facts change their pseudonym, and with it no sum; neither what the folder logged nor what it will holds the former.
    update calytics.chain c set customer = calytics.person_id(other, key) where c.source_id = src and c.customer = former;
    perform calytics.break_log();
  end if;
  return held || jsonb_build_object(
    'source', s.name, 'deliveries', cardinality(rewritten), 'events', events, 'blocked_times', blocked,
    'customer', case when legs <> '{}' then calytics.person_id(other, key) end);
end
$$;
comment on function calytics.erase_from_source(calytics.source, text) is 'cal.erase_person for one source.';

create function cal.erase_person(email text, source text default null) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  identity text := btrim(email);
  receipt jsonb := '[]';
  s calytics.source;
begin
  if identity is null or length(identity) < 5 then
    raise exception 'that is nobody''s address'
      using errcode = 'invalid_parameter_value',
            hint = 'Give the person''s whole e-mail address, or the phone number of who gave no address.';
  end if;
  if erase_person.source is not null then
    perform calytics.source_named(erase_person.source);
  end if;
  for s in
    select x.* from calytics.source x where erase_person.source is null or x.name = erase_person.source order by x.source_id
  loop
    receipt := receipt || calytics.erase_from_source(s, identity);
  end loop;
  return jsonb_build_object('erased_at', now(), 'sources', receipt);
end
$$;
comment on function cal.erase_person(text, text) is
  'Forgets a person, by e-mail address (or by the phone number of who gave none), in one source or in all: takes address, names, '
  'numbers, answers, notes, titles, places, reasons and metadata out of the archived webhooks, their tracked events and reasons of '
  'blocked time, builds the state of their bookings anew from the archive (ingest waits meanwhile) and lets numbers stay as they were: '
  'the bookings belong to a new pseudonym that nobody can tie to the address. The same webhooks sent again, and later ones '
  'about these bookings, don''t bring the person back; a new booking of theirs does, so erase them at Cal.com first. Gives a '
  'receipt without the person: {erased_at, sources: [{source, customer (the new pseudonym), bookings, names, private_texts, '
  'deliveries, events, blocked_times}]}. Backups and old row versions (until vacuumed) are not touched. Raises '
  'invalid_parameter_value, no_data_found (no such source).';

create function cal.export_person(email text, source text default null) returns jsonb
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  identity text := btrim(email);
  answer jsonb;
begin
  if export_person.source is not null then
    perform calytics.source_named(export_person.source);
  end if;
  select coalesce(jsonb_agg(jsonb_build_object(
           'source', s.name,
           'customer', p.customer,
           'names', (
             select coalesce(jsonb_agg(jsonb_build_object(
                      'name', x.name, 'email', x.email, 'phone', x.phone, 'first_at', x.first_at) order by x.first_at), '[]')
               from calytics.person x where x.source_id = s.source_id and x.customer = p.customer),
           'bookings', (
             select coalesce(jsonb_agg(to_jsonb(b) order by b.starts_at, b.uid), '[]')
               from cal.booking b where b.source = s.name and b.uid = any (l.uids)),
           'seats', (
             select coalesce(jsonb_agg(to_jsonb(a) - 'source' - 'customer' order by a.uid), '[]')
               from cal.attendee a where a.source = s.name and a.customer = p.customer),
           'texts', (
             select coalesce(jsonb_agg(to_jsonb(x) - 'source' order by x.uid), '[]')
               from cal.booking_private x
              where x.source = s.name and x.uid in (
                select b.uid from calytics.booking b where b.source_id = s.source_id and b.customer = p.customer)),
           'history', (
             select coalesce(jsonb_agg(to_jsonb(c) - 'source' order by c.change_id, c.uid), '[]')
               from cal.booking_change c where c.source = s.name and c.uid = any (l.uids)),
           'payments', (
             select coalesce(jsonb_agg(to_jsonb(y) - 'source_id' order by y.paid_at), '[]')
               from calytics.payment y where y.source_id = s.source_id and y.uid = any (l.uids)),
           'deliveries', (
             select coalesce(jsonb_agg(jsonb_build_object(
                      'delivery_id', d.delivery_id, 'received_at', d.received_at, 'trigger', d.trigger, 'uid', d.uid)
                      order by d.delivery_id), '[]')
               from calytics.webhook_delivery d
              where d.source_id = s.source_id and calytics.names_person(d.body, identity)),
           'events', (
             select coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(e) - 'source') order by e.occurred_at), '[]')
               from cal.analytics_event e
              where e.source = s.name
                and (e.person = p.customer or e.session_id in (
                       select v.session_id from calytics.event v where v.source_id = s.source_id and v.booking_uid = any (l.uids)
                       union all
                       select m.session_id from calytics.booking_session m where m.source_id = s.source_id and m.uid = any (l.uids)))))
           order by s.source_id), '[]')
    into answer
    from calytics.source s
    join calytics.source_key k using (source_id)
   cross join lateral (select calytics.person_id(identity, k.person_key) as customer) p
   cross join lateral (
     select coalesce(array_agg(a.uid), '{}') as uids
       from calytics.attendee a where a.source_id = s.source_id and a.customer = p.customer) l
   where export_person.source is null or s.name = export_person.source;
  return jsonb_build_object('exported_at', now(), 'sources', answer);
end
$$;
comment on function cal.export_person(text, text) is
  'All that is held of a person, by e-mail address (or by the phone number of who gave none), in one source or in all: '
  '{exported_at, sources: [{source, customer (pseudonym), names, bookings, seats, texts, history, payments, deliveries (that name '
  'them; their bodies may name others too), events (of sessions that led to a booking of theirs)}]}. Raises no_data_found (no '
  'such source).';
