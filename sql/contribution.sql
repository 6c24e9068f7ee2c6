-- What a fact contributes to which measure, when: the one place that turns facts into numbers. It is
-- read by the folder for facts that changed, by readers for what is not folded yet, and by the recount
-- for all. Nothing of it is stored with the facts, so a changed rule or a new measure needs a recount
-- of the buckets and nothing else. The arithmetic is in extension/core/metrics/contribution.cpp.
--
-- A contribution has a basis (booked: when the booking was made; service: when its current leg starts; event: when
-- something happened to it; cohort: the person's first visit), an instant and a tally of measures:

create table calytics.measure (
  measure      int primary key,
  name         text collate "C" not null unique,
  description  text not null
);
comment on table calytics.measure is 'The cells of a tally: what contributions count.';
insert into calytics.measure values
  (1, 'created', 'bookings, by event: made then'),
  (2, 'legs', 'legs whose creation is known, by event: made then'),
  (3, 'confirmed', 'bookings that were ever accepted'),
  (4, 'held', 'accepted bookings that are no no-show'),
  (5, 'cancelled', 'confirmed bookings that were cancelled, or await a new time (readers take those back that have not lapsed)'),
  (6, 'cancelled_by_client', 'of these: by the client'),
  (7, 'cancelled_by_host', 'of these: by the host'),
  (8, 'late', 'cancelled with no more than late_notice'),
  (9, 'late_by_client', 'of these: by the client'),
  (10, 'late_by_host', 'of these: by the host'),
  (11, 'rescheduled', 'bookings with a hop'),
  (12, 'hops', 'reschedules'),
  (13, 'no_show', 'bookings all of whose attendees are no-shows'),
  (14, 'host_no_show', 'bookings whose host did not come'),
  (15, 'rejected', 'bookings that were rejected'),
  (16, 'pending', 'bookings that wait for the host''s word'),
  (17, 'awaiting', 'bookings that wait for the client to pick a new time'),
  (18, 'withdrawn', 'requests cancelled before they were confirmed'),
  (19, 'accepted', 'accepted bookings, no-shows included'),
  (20, 'minutes', 'minutes of accepted bookings'),
  (21, 'value', 'list price of accepted bookings, minor units'),
  (22, 'held_value', 'list price of held bookings'),
  (23, 'collected', 'money collected, minor units'),
  (24, 'refunded', 'money refunded'),
  (25, 'held_collected', 'money collected for held bookings'),
  (26, 'held_refunded', 'money refunded for held bookings'),
  (27, 'lead_count', 'bookings whose lead time is known'),
  (28, 'lead_minutes', 'minutes from creation to the first start'),
  (29, 'visits', 'held bookings of a known person'),
  (30, 'new', 'visits that are the person''s first'),
  (31, 'returning', 'other visits'),
  (32, 'people_day', 'visits that are the person''s first in their day'),
  (33, 'people_week', 'the same by week'),
  (34, 'people_month', 'the same by month'),
  (35, 'people_quarter', 'the same by quarter'),
  (36, 'people_year', 'the same by year'),
  (37, 'retained_day', 'of people_day: with a visit in the 365 days before the day'),
  (38, 'retained_week', 'the same by week'),
  (39, 'retained_month', 'the same by month'),
  (40, 'retained_quarter', 'the same by quarter'),
  (41, 'retained_year', 'the same by year'),
  (42, 'rebooked', 'visits after which the person booked again within rebook_within'),
  (43, 'consultations', 'visits that are consultations'),
  (44, 'converted', 'consultations after which the person booked a session within convert_within');

-- Besides, cells in ranges: 100 to 108 lead times by class (below an hour, 6 h, 1 d, 3 d, 7 d, 14 d, 28 d, 56 d, more), 200
-- to 367 starts by hour of the local week, 1000 on lead times by bin (to the minute below 64, then 32 bins for each doubling),
-- and for cohorts 2000, 3000 and 4000 on people, value and money collected by months since.

create function calytics.local_week(local timestamp, week_start int) returns timestamp
  language sql immutable
  return date_trunc('week', local - make_interval(days => week_start - 1)) + make_interval(days => week_start - 1);
comment on function calytics.local_week(timestamp, int) is
  'The start of a local time''s week; week_start: 1 (Monday) to 7.';

create function calytics.contributions(c calytics.chain, s calytics.source)
  returns table (basis text, at timestamptz, currency text, counts calytics.tally)
  language c immutable strict parallel safe rows 6
  as 'MODULE_PATHNAME', 'calytics_contributions';
comment on function calytics.contributions(calytics.chain, calytics.source) is
  'What a fact contributes under the rules of its source: at most one row a basis, instant and cause.';
