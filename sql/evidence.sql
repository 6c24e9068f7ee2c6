-- What one webhook says about a booking, in the form of a booking: a row in which only the columns
-- are set that the webhook is evidence for. This file alone knows what each trigger means. State is
-- the join (merge.sql) of such rows, so nothing here may look at what was known before.

create function calytics.booking_evidence(src int, w calytics.webhook, at timestamptz)
  returns calytics.booking
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  b calytics.booking;
  flat boolean := w.envelope = 'flat';
begin
  b.source_id := src;
  b.uid := w.uid;
  b.root_uid := w.uid;
  b.hops := 0;
  b.seats := 0;
  b.no_shows := 0;
  b.recurring := coalesce(w.recurring, false);
  b.series := w.series;
  b.event_type_id := w.event_type_id;
  b.service := w.service;
  b.payment_id := w.payment_id;
  b.seats_per_slot := w.seats_per_slot;

  -- A seat that moves to another slot arrives as a reschedule, with the old slot's booking id.
  if not calytics.moves_seat(w) then
    b.booking_id := w.booking_id;
    b.reschedule_uid := nullif(w.reschedule_uid, w.uid);
  end if;

  if flat or w.trigger in ('BOOKING_CREATED', 'BOOKING_REQUESTED', 'BOOKING_RESCHEDULED',
                           'BOOKING_PAYMENT_INITIATED') then
    b.created_at := at;
  end if;

  case
    when w.trigger = 'BOOKING_CONFIRMED'
      or w.trigger in ('BOOKING_CREATED', 'BOOKING_RESCHEDULED')
         and not flat and coalesce(w.status, 'ACCEPTED') = 'ACCEPTED'
      or w.trigger = 'BOOKING_PAID'
         and not flat and w.status = 'ACCEPTED' and not coalesce(w.requires_confirmation, false) then
      b.accepted_at := at;
    when w.trigger in ('BOOKING_NO_SHOW_UPDATED', 'AFTER_HOSTS_CAL_VIDEO_NO_SHOW',
                       'AFTER_GUESTS_CAL_VIDEO_NO_SHOW')
      or w.trigger not in ('BOOKING_REQUESTED', 'BOOKING_PAYMENT_INITIATED', 'BOOKING_PAID')
         and w.status = 'ACCEPTED' then
      b.accepted_at := 'infinity';
    else
      null;
  end case;

  -- Snapshots tell that something happened, not when; the events themselves tell when.
  if w.trigger = 'BOOKING_CANCELLED' and not flat then
    if coalesce(w.single_seat, false) then
      null;
    elsif w.request_reschedule then
      b.awaiting_at := at;
    else
      b.cancelled_at := at;
      b.cancelled_by := w.cancelled_by;
    end if;
  elsif w.status = 'CANCELLED' then
    b.cancelled_at := 'infinity';
    b.cancelled_by := w.cancelled_by;
  end if;

  if w.trigger = 'BOOKING_REJECTED' and not flat then
    b.rejected_at := at;
  elsif w.status = 'REJECTED' then
    b.rejected_at := 'infinity';
  end if;

  if w.trigger = 'BOOKING_PAID' and not flat then
    b.paid_at := at;
  elsif w.paid then
    b.paid_at := 'infinity';
  end if;

  if w.starts_at is not null then
    b.starts_at := w.starts_at;
    b.ends_at := case when w.ends_at >= w.starts_at then w.ends_at end;
    b.schedule_at := at;
  end if;
  if w.price is not null then
    b.price := w.price;
    b.currency := w.currency;
    b.price_at := at;
  end if;
  if coalesce(w.host, w.host_id::text) is not null then
    b.host_id := w.host_id;
    b.host := coalesce(w.host, 'host-' || w.host_id);
    b.host_at := at;
  end if;
  if w.host_no_show is not null then
    b.host_no_show := w.host_no_show;
    b.host_no_show_at := at;
  end if;
  if w.attendee_ids[1] is not null and not coalesce(w.single_seat, false)
     and w.trigger not in ('BOOKING_NO_SHOW_UPDATED', 'AFTER_HOSTS_CAL_VIDEO_NO_SHOW',
                           'AFTER_GUESTS_CAL_VIDEO_NO_SHOW') then
    b.customer := w.attendee_ids[1];
    b.customer_at := at;
  end if;
  return b;
end
$$;
comment on function calytics.booking_evidence(int, calytics.webhook, timestamptz) is
  'The booking as this webhook alone tells it; at is when the event happened.';

create function calytics.moves_seat(w calytics.webhook) returns boolean
  language sql immutable
  return w.trigger = 'BOOKING_RESCHEDULED' and w.seat_id is not null
     and w.reschedule_uid <> w.uid;
comment on function calytics.moves_seat(calytics.webhook) is
  'True if one attendee moves from one seated booking to another, which leaves both standing.';

create function calytics.predecessor_evidence(src int, w calytics.webhook) returns calytics.booking
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  b calytics.booking;
begin
  b.source_id := src;
  b.uid := w.reschedule_uid;
  b.root_uid := w.reschedule_uid;
  b.hops := 0;
  b.seats := 0;
  b.no_shows := 0;
  b.recurring := false;
  b.starts_at := w.reschedule_starts_at;
  b.ends_at := case when w.reschedule_ends_at >= w.reschedule_starts_at then w.reschedule_ends_at end;
  b.schedule_at := case when w.reschedule_starts_at is not null then '-infinity'::timestamptz end;
  if calytics.moves_seat(w) then
    b.moved_to := w.uid;
  else
    b.superseded_by := w.uid;
    b.booking_id := w.reschedule_booking_id;
  end if;
  return b;
end
$$;
comment on function calytics.predecessor_evidence(int, calytics.webhook) is
  'What a webhook tells about the leg that was rescheduled: Cal.com sends nothing for that leg itself.';

create function calytics.attendee_evidence(src int, w calytics.webhook, at timestamptz)
  returns calytics.attendee[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  marks boolean := w.trigger in ('BOOKING_NO_SHOW_UPDATED', 'AFTER_GUESTS_CAL_VIDEO_NO_SHOW',
                                 'AFTER_HOSTS_CAL_VIDEO_NO_SHOW');
  leaves boolean := w.trigger = 'BOOKING_CANCELLED' and coalesce(w.single_seat, false);
  people calytics.attendee[];
  p calytics.attendee;
begin
  for n in 1 .. coalesce(cardinality(w.attendee_ids), 0) loop
    p.source_id := src;
    p.uid := w.uid;
    p.customer := w.attendee_ids[n];
    p.position := case when marks or leaves then 1000 else n end;
    p.seat_id := case when n = 1 then w.seat_id end;
    p.active := not leaves;
    p.active_at := case when marks then '-infinity' else at end;
    p.no_show := case w.trigger
                   when 'BOOKING_NO_SHOW_UPDATED' then w.attendee_no_shows[n]
                   when 'AFTER_GUESTS_CAL_VIDEO_NO_SHOW' then true
                   else nullif(w.attendee_no_shows[n], false)  -- snapshots say false by default
                 end;
    p.no_show_at := case when p.no_show is not null then at end;
    people := people || p;
  end loop;
  return people;
end
$$;
comment on function calytics.attendee_evidence(int, calytics.webhook, timestamptz) is
  'What a webhook tells about the booking''s attendees, one row each; NULL if nothing.';

create function calytics.seats_given_up(people calytics.attendee[], left_uid text)
  returns calytics.attendee[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  gone calytics.attendee[];
  p calytics.attendee;
begin
  foreach p in array coalesce(people, '{}') loop
    p.uid := left_uid;
    p.seat_id := null;
    p.active := false;
    p.no_show := null;
    p.no_show_at := null;
    gone := gone || p;
  end loop;
  return gone;
end
$$;
comment on function calytics.seats_given_up(calytics.attendee[], text) is
  'What attendees who moved to another slot tell about the slot they left.';

create function calytics.trigger_applies(trigger text) returns boolean
  language sql immutable
  return trigger in (
    'BOOKING_CREATED', 'BOOKING_REQUESTED', 'BOOKING_CONFIRMED', 'BOOKING_RESCHEDULED',
    'BOOKING_CANCELLED', 'BOOKING_REJECTED', 'BOOKING_PAYMENT_INITIATED', 'BOOKING_PAID',
    'BOOKING_NO_SHOW_UPDATED', 'BOOKING_LOCATION_UPDATED', 'BOOKING_REASSIGNED', 'MEETING_STARTED',
    'MEETING_ENDED', 'AFTER_HOSTS_CAL_VIDEO_NO_SHOW', 'AFTER_GUESTS_CAL_VIDEO_NO_SHOW');
comment on function calytics.trigger_applies(text) is
  'True if webhooks of this trigger say something about a booking''s state.';

create function calytics.trigger_known(trigger text) returns boolean
  language sql immutable
  return calytics.trigger_applies(trigger) or trigger in (
    'PING', 'INSTANT_MEETING', 'INSTANT_MEETING_ACCEPTED', 'RECORDING_READY',
    'RECORDING_TRANSCRIPTION_GENERATED', 'FORM_SUBMITTED', 'FORM_SUBMITTED_NO_EVENT',
    'ROUTING_FORM_FALLBACK_HIT', 'OOO_CREATED', 'DELEGATION_CREDENTIAL_ERROR',
    'WRONG_ASSIGNMENT_REPORT', 'CALENDAR_ENTRY_REJECTED');
comment on function calytics.trigger_known(text) is
  'True if Cal.com is known to send this trigger. The list grows: others are kept all the same.';
