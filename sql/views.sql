-- What people read. The plain views hold no name, address, phone number or free text; those with
-- personal data say so, and only cal_admin may read them.

create view cal.source as
  select s.name as source, s.time_zone, s.currency, s.week_start, s.created_at
    from calytics.source s;
comment on view cal.source is
  'Sources of webhooks: time zone (IANA), currency (ISO 4217), first day of the week (1 is Monday).';

create view cal.service as
  select distinct on (s.source_id, s.event_type_id)
         o.name as source, s.event_type_id, s.service, s.title, s.first_at as named_at
    from calytics.service s join calytics.source o using (source_id)
   order by s.source_id, s.event_type_id, s.first_at desc, s.service desc, s.title desc;
comment on view cal.service is
  'Services (Cal.com''s event types) under their current names, in use since named_at.';

create view cal.host as
  select distinct on (h.source_id, h.host_id)
         o.name as source, h.host_id, h.host, h.time_zone, h.first_at as named_at
    from calytics.host h join calytics.source o using (source_id)
   order by h.source_id, h.host_id, h.first_at desc, h.host desc, h.time_zone desc;
comment on view cal.host is 'Hosts (artists) by their public user name at Cal.com.';

create view cal.booking as
  select o.name as source, b.uid, b.root_uid, b.booking_id, b.status, b.starts_at, b.ends_at,
         b.created_at, coalesce(s.service, b.service) as service, b.event_type_id, b.host, b.host_id,
         b.customer, b.price, b.currency, b.paid_at is not null as paid,
         nullif(b.paid_at, 'infinity') as paid_at,
         case when b.status in ('accepted', 'pending') then b.seats > 0 and b.no_shows = b.seats end
           as no_show,
         case when b.status in ('accepted', 'pending') then coalesce(b.host_no_show, false) end
           as host_no_show,
         nullif(b.accepted_at, 'infinity') as accepted_at,
         case when b.status = 'cancelled' then nullif(b.cancelled_at, 'infinity') end as cancelled_at,
         case when b.status = 'cancelled' then b.cancelled_by end as cancelled_by,
         b.hops, b.superseded_by, b.seats, b.no_shows, b.seats_per_slot, b.recurring, b.series
    from calytics.booking b
    join calytics.source o using (source_id)
    left join lateral (
      select n.service from calytics.service n
       where n.source_id = b.source_id and n.event_type_id = b.event_type_id
       order by n.first_at desc, n.service desc limit 1) s on true;
comment on view cal.booking is
  'Bookings, one row a leg: a reschedule adds a leg, and all legs of one booking share root_uid. '
  'status: pending, accepted, cancelled, rejected, superseded (rescheduled to superseded_by) or '
  'awaiting_rebook (the host asked for a new time). price: list price in minor units of currency '
  '(ISO 4217), not the amount charged. customer: pseudonym. no_show: all its attendees are marked; '
  'NULL for a leg that never took place. cancelled_by: host, customer or other. hops: reschedules '
  'before this leg. seats: attendees who hold one. NULL is what nobody told us.';

create view cal.booking_change as
  select o.name as source, c.uid, c.known_at, c.happened_at, c.delivery_id, c.root_uid, c.hops,
         c.status, c.created_at, nullif(c.accepted_at, 'infinity') as accepted_at,
         nullif(c.cancelled_at, 'infinity') as cancelled_at, c.cancelled_by,
         c.paid_at is not null as paid, c.starts_at, c.ends_at, c.service, c.price, c.currency,
         c.host, c.customer, c.seats, c.no_shows, c.host_no_show, c.change_id
    from calytics.booking_change c join calytics.source o using (source_id);
comment on view cal.booking_change is
  'Every state a leg was ever in: valid from known_at, when we learned of it (happened_at is what the '
  'webhook says), to the next row of the same uid by change_id.';

create view cal.attendee as
  select o.name as source, a.uid, a.customer, a.active, a.no_show
    from calytics.attendee a join calytics.source o using (source_id);
comment on view cal.attendee is
  'Attendees of each leg by pseudonym. active: holds a seat now; no_show: NULL if nobody said.';

create view cal.delivery as
  select o.name as source, d.delivery_id, d.received_at, d.trigger, d.uid, d.outcome, d.detail,
         d.version, calytics.octet_length(d.body) as bytes, d.repeats, d.repeated_at, d.replayed_at
    from calytics.webhook_delivery d join calytics.source o using (source_id);
comment on view cal.delivery is
  'The archive of webhooks without their bodies. repeats: later deliveries of the same bytes.';

create view cal.person as
  select distinct on (p.source_id, p.customer)
         o.name as source, p.customer, p.name, p.email, p.phone, p.first_at as named_at
    from calytics.person p join calytics.source o using (source_id)
   order by p.source_id, p.customer, p.name = '', p.first_at desc, p.name desc, p.phone desc;
comment on view cal.person is 'Personal data: who a pseudonym is, as named last. For cal_admin.';

create view cal.booking_private as
  select o.name as source, p.uid, p.title, p.location, p.notes, p.reason, p.answers, p.metadata
    from calytics.booking_private p join calytics.source o using (source_id);
comment on view cal.booking_private is
  'Personal data: what was written into a booking. reason: why it was cancelled, rejected or '
  'rescheduled; answers: booking questions. For cal_admin.';
