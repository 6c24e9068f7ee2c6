-- A webhook simulator: bodies as Cal.com would send them, correctly signed, for trying things out
-- without a Cal.com account. All people in them are invented.

create function calytics.iso(at timestamptz) returns text
  language sql immutable
  return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
comment on function calytics.iso(timestamptz) is 'An instant as Cal.com writes it.';

create function calytics.simulated_body(
  trigger text, uid text, changes jsonb, at timestamptz, currency text
) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  id int := 100000 + abs(hashtext(uid)) % 900000;
  starts timestamptz := date_trunc('hour', at) + interval '7 days';
  host jsonb := '{"id": 41, "name": "Zoe Ink", "email": "zoe@example.com", "username": "zoe",
                  "timeZone": "Europe/Madrid", "language": {"locale": "en"}}';
  client jsonb := '{"email": "sam@example.com", "name": "Sam Example", "timeZone": "Europe/Madrid",
                    "language": {"locale": "en"}}';
  payload jsonb;
begin
  case
    when trigger = 'PING' then
      payload := jsonb_build_object('type', 'Test', 'title', 'Test trigger event',
        'startTime', calytics.iso(at), 'endTime', calytics.iso(at),
        'attendees', jsonb_build_array(client), 'organizer', host);
    when trigger = 'BOOKING_NO_SHOW_UPDATED' then
      payload := jsonb_build_object('message', 'sam@example.com marked as no-show',
        'attendees', '[{"email": "sam@example.com", "noShow": true}]'::jsonb, 'bookingUid', uid,
        'bookingId', id);
    when trigger in ('MEETING_STARTED', 'MEETING_ENDED') then
      return jsonb_build_object('triggerEvent', trigger, 'id', id, 'uid', uid, 'userId', 41,
        'eventTypeId', 7301, 'title', 'Consultation between Zoe Ink and Sam Example',
        'startTime', calytics.iso(starts), 'endTime', calytics.iso(starts + interval '45 minutes'),
        'createdAt', calytics.iso(at), 'status', 'ACCEPTED', 'paid', false, 'noShowHost', false,
        'user', host - 'id', 'attendees', jsonb_build_array(client || '{"noShow": false}')) || changes;
    else
      payload := jsonb_build_object('type', 'consultation',
        'title', 'Consultation between Zoe Ink and Sam Example', 'eventTitle', 'Consultation',
        'eventTypeId', 7301, 'startTime', calytics.iso(starts),
        'endTime', calytics.iso(starts + interval '45 minutes'), 'organizer', host,
        'attendees', jsonb_build_array(client),
        'responses', '{"name": {"label": "your_name", "value": "Sam Example", "isHidden": false},
                       "email": {"label": "email_address", "value": "sam@example.com",
                                 "isHidden": false}}'::jsonb,
        'location', 'Studio', 'uid', uid, 'bookingId', id, 'price', 5000, 'currency', lower(currency),
        'length', 45, 'metadata', '{}'::jsonb, 'status', 'ACCEPTED')
      || case trigger
           when 'BOOKING_REQUESTED' then '{"status": "PENDING", "requiresConfirmation": true}'
           when 'BOOKING_CANCELLED' then '{"status": "CANCELLED", "cancelledBy": "sam@example.com",
                                           "cancellationReason": "Something came up"}'
           when 'BOOKING_REJECTED' then '{"status": "REJECTED", "rejectionReason": "Fully booked"}'
           when 'BOOKING_RESCHEDULED' then jsonb_build_object(
             'rescheduleUid', 'sim' || substr(md5(uid), 1, 19), 'rescheduleId', id - 1,
             'rescheduleStartTime', calytics.iso(starts - interval '1 day'),
             'rescheduleEndTime', calytics.iso(starts - interval '1 day' + interval '45 minutes'),
             'rescheduledBy', 'sam@example.com')
           when 'BOOKING_PAYMENT_INITIATED' then '{"paymentId": 5501}'
           when 'BOOKING_PAID' then '{"paymentId": 5501}'
           else '{}'
         end::jsonb;
  end case;
  return jsonb_build_object('triggerEvent', trigger, 'createdAt', calytics.iso(at),
                            'payload', payload || changes);
end
$$;
comment on function calytics.simulated_body(text, text, jsonb, timestamptz, text) is
  'The body of a simulated webhook.';

create function cal.simulate_webhook(
  trigger text default 'BOOKING_CREATED', uid text default null, changes jsonb default '{}',
  at timestamptz default clock_timestamp(), source text default 'default',
  out body bytea, out headers jsonb
)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  secret text;
  currency text;
begin
  select x.secret, s.currency into secret, currency
    from calytics.source s join calytics.source_secret x using (source_id)
   where s.name = simulate_webhook.source and now() >= x.valid_from and now() < x.valid_until
   order by x.valid_until desc, x.valid_from desc
   limit 1;
  if not found then
    raise exception 'source "%" has no webhook secret', simulate_webhook.source
      using errcode = 'no_data_found', hint = 'Make one: select cal.rotate_secret(...).';
  end if;
  body := convert_to(calytics.simulated_body(
    coalesce(trigger, 'BOOKING_CREATED'), coalesce(uid, 'sim' || left(calytics.random_hex(10), 19)),
    coalesce(changes, '{}'), coalesce(at, clock_timestamp()), coalesce(currency, 'EUR'))::text, 'UTF8');
  headers := jsonb_build_object(
    'content-type', 'application/json', 'x-cal-webhook-version', '2021-10-20',
    'x-cal-signature-256', calytics.sign_webhook(body, secret));
end
$$;
comment on function cal.simulate_webhook(text, text, jsonb, timestamptz, text) is
  'A webhook as Cal.com would send it, signed with the source''s newest secret: body and headers for '
  'cal.receive_webhook or for a POST. trigger: Cal.com''s name of the event; uid: the booking (a new '
  'one if NULL); changes: JSON object laid over the payload; at: when it happened. Raises '
  'no_data_found if the source has no valid secret.';
