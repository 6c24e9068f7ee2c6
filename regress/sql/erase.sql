-- A person is forgotten: nowhere is there an address, a name or a number of theirs, and every number, and who came back,
-- is as it was. A rebuild afterwards gives the same state, and webhooks sent again don't bring the person back.
\set ECHO none
-- Names in full, whoever runs it.
set search_path = public;
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file
create function pg_temp.send(trigger text, leg text, at text, changes jsonb default '{}') returns text language sql as $$
  select r.outcome from cal.simulate_webhook(trigger, 'erase-' || leg, changes, at::timestamptz, 'erase') w,
         cal.receive_webhook(w.body, w.headers, 'erase') r $$;
-- A booking of somebody's; "more" goes over it.
create function pg_temp.booked(name text, email text, more jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object(
    'title', 'Piece between Zoe Ink and ' || name, 'additionalNotes', name || ' bring a drawing', 'location', name || ' at home',
    'attendees', jsonb_build_array(jsonb_build_object('email', email, 'name', name, 'phoneNumber', '+34 600 111 222', 'timeZone', 'UTC')),
    'responses', jsonb_build_object('name', jsonb_build_object('label', 'your_name', 'value', name),
                                    'email', jsonb_build_object('label', 'email_address', 'value', email),
                                    'skin', jsonb_build_object('label', 'Allergies', 'value', 'latex, says ' || name)),
    'metadata', jsonb_build_object('referral', name), 'cancelledBy', email) || more $$;
create function pg_temp.raw(body text) returns text language sql as $$
  select r.outcome from calytics.source_secret x join calytics.source s using (source_id),
         lateral cal.receive_webhook(convert_to(body, 'UTF8'),
           jsonb_build_object('x-cal-signature-256', calytics.sign_webhook(convert_to(body, 'UTF8'), x.secret)), 'erase') r
   where s.name = 'erase' $$;
-- Every row of every table that holds one of the texts, as it is, in other letters, or as bytes.
create function pg_temp.leaks(variadic texts text[]) returns table (relation regclass, n bigint) language plpgsql as $$
declare
  t text;
begin
  for relation in
    select c.oid from pg_class c where c.relnamespace in ('cal'::regnamespace, 'calytics'::regnamespace) and c.relkind = 'r' order by 1
  loop
    execute format(
      -- Another's address that only ends alike is none.
      'select count(*) from %s x cross join lateral (select regexp_replace(lower(x::text), ''nzelda@|6e7a656c646140'', ''-'', ''g'') as v) v where %s',
      relation,
      (select string_agg(format('position(lower(%L) in v.v) > 0 or position(encode(convert_to(%1$L, ''UTF8''), ''hex'') in v.v) > 0', w), ' or ')
         from unnest(texts) w)) into n;
    if n > 0 then
      return next;
    end if;
  end loop;
end $$;
create function pg_temp.state() returns table (relation text, content text) language plpgsql as $$
declare
  t text;
begin
  foreach t in array array['booking', 'attendee', 'booking_change', 'booking_private', 'person', 'host', 'service', 'webhook_delivery'] loop
    return query execute format(
      'select %L, coalesce(string_agg(x::text, chr(10) order by x::text), '''') from calytics.%I x join calytics.source s using (source_id) where s.name = ''erase''', t, t);
  end loop;
end $$;
create function pg_temp.numbers() returns setof jsonb language sql as $$
  select to_jsonb(m) from cal.metrics('year', '2026-03-20 12:00Z', source => 'erase', every => 'month', split => 'service') m
  union all select to_jsonb(m) from cal.metrics('year', '2026-03-20 12:00Z', source => 'erase') m
  union all select to_jsonb(f) from cal.funnel('year', '2026-12-31', source => 'erase') f
  union all select to_jsonb(b) - 'customer' from cal.booking b where b.source = 'erase' $$;
select length(cal.rotate_secret('erase', 'whsec_erase')) > 0 and length(cal.rotate_secret('other', 'whsec_erase_other')) > 0 as ready \g /dev/null
\set ECHO queries

-- Zelda comes back, moves, cancels, sits among others, and writes a form; Bob only shares a slot with her.
select pg_temp.send('BOOKING_CREATED', 'a', '2026-01-01 10:00Z', pg_temp.booked('Zelda Quux', 'Zelda@Example.com')),
       pg_temp.send('BOOKING_RESCHEDULED', 'b', '2026-01-02 10:00Z', pg_temp.booked('Zelda Quux', 'zelda@example.com', '{"rescheduleUid": "erase-a"}')),
       pg_temp.send('MEETING_ENDED', 'b', '2026-01-02 10:00Z', '{"attendees": [{"email": "ZELDA@example.com", "name": "Zelda"}], "description": "Zelda Quux wrote"}'),
       pg_temp.send('BOOKING_CREATED', 'c', '2026-02-01 10:00Z', pg_temp.booked('Zelda Quux-Smith', ' zelda@example.com ')),
       pg_temp.send('BOOKING_CANCELLED', 'c', '2026-02-02 10:00Z', pg_temp.booked('Zelda Quux-Smith', 'zelda@example.com', '{"cancellationReason": "Zelda is ill"}')),
       pg_temp.send('BOOKING_CREATED', 'd', '2026-02-03 10:00Z', pg_temp.booked('Bob Bar', 'bob@example.com',
         '{"attendees": [{"email": "bob@example.com", "name": "Bob Bar"}, {"email": "zelda@example.com", "name": "Zelda Quux"}],
           "responses": {"guests": {"label": "Guests", "value": ["zelda@example.com"]}, "n": {"label": "Notes", "value": "I come with Zelda Quux"}}}')),
       pg_temp.send('BOOKING_NO_SHOW_UPDATED', 'd', '2026-02-11 10:00Z',
         '{"message": "zelda@example.com marked as no-show", "attendees": [{"email": "zelda@example.com", "noShow": true}]}'),
       pg_temp.send('BOOKING_CREATED', 'e', '2026-02-04 10:00Z', pg_temp.booked('Nadia Quux', 'nzelda@example.com')),
       pg_temp.send('FORM_SUBMITTED', 'f', '2026-02-05 10:00Z', '{"responses": {"who": {"value": "zelda\u0040example.com, Zelda Quux"}}}');
select pg_temp.raw('name=Zelda%20Quux&email=zelda%40example.com'), pg_temp.raw('{"triggerEvent": "BOOKING_CREATED", "payload": {"x": "zelda\u0040example.com"');
select cal.track(jsonb_build_array(
    jsonb_build_object('sessionId', 'z', 'eventType', 'SERVICE_VIEW', 'serviceId', 'consultation', 'timestamp', '2026-01-01T09:00:00Z', 'userId', 'zelda@example.com',
                       'url', 'https://studio.example/for/Zelda-Quux', 'properties', '{"greeting": "Hola Zelda Quux"}'::jsonb),
    jsonb_build_object('sessionId', 'z', 'eventType', 'BOOKING_COMPLETE', 'serviceId', 'consultation', 'timestamp', '2026-01-01T10:00:00Z', 'bookingUid', 'erase-a'),
    jsonb_build_object('sessionId', 'n', 'eventType', 'SERVICE_VIEW', 'serviceId', 'consultation', 'timestamp', '2026-01-01T09:00:00Z', 'properties', '{"colour": "red"}'::jsonb)),
  '{"ipAddress": "203.0.113.9", "userAgent": "x"}', 'erase') -> 'accepted' as tracked;
select cal.block_time(tstzrange('2026-05-01', '2026-05-02'), reason => 'zelda@example.com comes', source => 'erase') > 0 as blocked;
select cal.record_payment('erase-b', 12000, 'EUR', paid_at => '2026-01-20 10:00Z', entry => 'one', source => 'erase') as paid;
select cal.fold() \g /dev/null
create temp table stood as select * from pg_temp.numbers();
create temp table was as select b.customer::text as pseudonym from cal.booking b where b.source = 'erase' and b.uid = 'erase-a';

-- What is held of her, and of nobody else.
select jsonb_object_agg(k, jsonb_array_length(v)) as held
  from jsonb_array_elements(cal.export_person('ZELDA@example.com ', 'erase') -> 'sources') s, jsonb_each(s) e (k, v) where jsonb_typeof(v) = 'array';
select position('latex' in x::text) > 0 as answers, position('+34 600 111 222' in x::text) > 0 as number, position('erase-e' in x::text) as another,
       position('bob@' in x::text) as companion
  from cal.export_person('zelda@example.com', 'erase') x;
select count(*) as sources from jsonb_array_elements(cal.export_person('zelda@example.com') -> 'sources') s where s ->> 'source' in ('erase', 'other');

-- She is forgotten, in all sources.
select s - 'customer' as receipt, (s ->> 'customer') is not null as goes_on
  from jsonb_array_elements(cal.erase_person('Zelda@example.com') -> 'sources') s where s ->> 'source' in ('erase', 'other') order by 1;
select * from pg_temp.leaks('zelda@example.com', 'zelda\u0040', 'zelda%40', 'Zelda Quux', 'Zelda-Quux', 'Zelda%20', 'Zelda wrote') order by 1;
select * from cal.verify_metrics('erase');
select count(*) as differences from ((select * from stood except all select * from pg_temp.numbers()) union all (select * from pg_temp.numbers() except all select * from stood)) x;
select count(distinct b.customer) as one_person from cal.booking b where b.source = 'erase' and b.uid in ('erase-a', 'erase-b', 'erase-c');
select relation from pg_temp.leaks((select pseudonym from was));
-- Others are as they were: what Bob answered is only without her.
select uid, title, notes, answers from cal.booking_private where source = 'erase' order by uid;

-- Law 4: rebuilding from the archive gives the same.
create temp table erased as select * from pg_temp.state();
select * from cal.rebuild('erase');
select relation from erased e join pg_temp.state() s using (relation) where e.content <> s.content;

-- The same webhooks again, and later ones about these bookings, don't bring her back.
select pg_temp.send('BOOKING_CREATED', 'a', '2026-01-01 10:00Z', pg_temp.booked('Zelda Quux', 'Zelda@Example.com')) as again,
       pg_temp.send('BOOKING_CREATED', 'a', '2026-01-01 10:00:01Z', pg_temp.booked('Zelda Quux', 'Zelda@Example.com')) as another_subscription,
       pg_temp.send('BOOKING_PAID', 'b', '2026-01-03 10:00Z', pg_temp.booked('Zelda Quux', 'zelda@example.com')) as later;
select pg_temp.send('BOOKING_RESCHEDULED', 'b2', '2026-01-03 10:00Z', pg_temp.booked('Zelda Quux', 'zelda@example.com', '{"rescheduleUid": "erase-b"}')) as moved,
       pg_temp.send('MEETING_ENDED', 'b2', '2026-01-03 10:00Z', '{"attendees": [{"email": "zelda@example.com", "name": "Zelda Quux"}]}') as over;
-- Her seat beside Bob was cancelled: she attends no more, and yet it is she who answered.
select pg_temp.send('BOOKING_CANCELLED', 'd', '2026-02-12 10:00Z',
         pg_temp.booked('Zelda Quux', 'zelda@example.com', '{"attendees": [{"email": "bob@example.com", "name": "Bob Bar"}]}')) as seat;
select * from pg_temp.leaks('zelda@example.com', 'Zelda Quux');
select uid, seats, paid, status from cal.booking where source = 'erase' and uid in ('erase-a', 'erase-b', 'erase-b2') order by 1;
select count(distinct b.customer) as one_person from cal.booking b where b.source = 'erase' and b.uid in ('erase-a', 'erase-b', 'erase-b2', 'erase-c');
select * from cal.verify_metrics('erase');
delete from erased;
insert into erased select * from pg_temp.state();
select * from cal.rebuild('erase');
select relation from erased e join pg_temp.state() s using (relation) where e.content <> s.content;

-- Erased again there is nothing to erase; who books anew is known anew.
select s as receipt from jsonb_array_elements(cal.erase_person('zelda@example.com', 'erase') -> 'sources') s;
select pg_temp.send('BOOKING_CREATED', 'z', '2026-03-01 10:00Z', pg_temp.booked('Zelda Quux', 'zelda@example.com')) as anew;
select relation from pg_temp.leaks('zelda@example.com') order by relation::text;
select s ->> 'bookings' as bookings, s ->> 'deliveries' as deliveries from jsonb_array_elements(cal.erase_person('zelda@example.com', 'erase') -> 'sources') s;
select * from pg_temp.leaks('zelda@example.com', 'Zelda Quux');

-- Who gave a number and no address goes by the number.
select pg_temp.send('BOOKING_CREATED', 'p', '2026-03-02 10:00Z', pg_temp.booked('Pia Phone', '',
         '{"attendees": [{"name": "Pia Phone", "phoneNumber": "+34 699 000 111"}], "responses": {}, "cancelledBy": null}')) as outcome;
select s ->> 'bookings' as bookings from jsonb_array_elements(cal.erase_person('+34 699 000 111', 'erase') -> 'sources') s;
select * from pg_temp.leaks('+34 699 000 111', 'Pia Phone');

select cal.erase_person(null);
select cal.erase_person(' a ');
select cal.erase_person('a@example.com', 'nowhere');
select cal.export_person('a@example.com', 'nowhere');
