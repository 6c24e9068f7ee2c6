-- What a fact contributes to which measure, when: the one place that turns facts into numbers. It is
-- read by the folder for facts that changed, by readers for what is not folded yet, and by the recount
-- for all. Nothing of it is stored with the facts, so a changed rule or a new measure needs a recount
-- of the buckets and nothing else.
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

-- Besides, cells in ranges: 100 to 108 lead times by class, 200 to 367 starts by hour of the local week, 1000 on lead
-- times by bin, and for cohorts 2000, 3000 and 4000 on people, value and money collected by months since.

create function calytics.lead_class(minutes bigint) returns int
  language sql immutable
  return width_bucket(minutes, array[60, 360, 1440, 4320, 10080, 20160, 40320, 80640]::bigint[]);
comment on function calytics.lead_class(bigint) is
  'Class of a lead time: 0 below an hour, then below 6 h, 1 d, 3 d, 7 d, 14 d, 28 d, 56 d; 8 is more.';

create function calytics.lead_octave(minutes bigint) returns int
  language sql immutable
  return 5 + width_bucket(minutes, array[
    64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576,
    2097152, 4194304, 8388608]::bigint[]);
comment on function calytics.lead_octave(bigint) is 'The power of two at or below so many minutes, 64 or more.';

create function calytics.lead_bin(minutes bigint) returns int
  language sql immutable
  return case when minutes < 64 then minutes::int
    else 64 + (calytics.lead_octave(minutes) - 6) * 32
         + ((minutes >> (calytics.lead_octave(minutes) - 5))::int & 31) end;
comment on function calytics.lead_bin(bigint) is
  'Bin of a lead time: exact to the minute below 64, then 32 bins for each doubling.';

create function calytics.local_week(local timestamp, week_start int) returns timestamp
  language sql immutable
  return date_trunc('week', local - make_interval(days => week_start - 1)) + make_interval(days => week_start - 1);
comment on function calytics.local_week(timestamp, int) is
  'The start of a local time''s week; week_start: 1 (Monday) to 7.';

create function calytics.visit_counts(c calytics.chain, s calytics.source)
  returns table (counts calytics.tally, cohort calytics.tally)
  language sql immutable
begin atomic
  select calytics.tally(
           null, array[29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44],
           array[
             1, (l.previous is null)::int, (l.previous is not null)::int,
             p.day::int, p.week::int, p.month::int, p.quarter::int, p.year::int,
             (p.day and l.previous >= l.starts::date - 365)::int,
             (p.week and l.previous >= l.week - interval '365 days')::int,
             (p.month and l.previous >= date_trunc('month', l.starts) - interval '365 days')::int,
             (p.quarter and l.previous >= date_trunc('quarter', l.starts) - interval '365 days')::int,
             (p.year and l.previous >= date_trunc('year', l.starts) - interval '365 days')::int,
             (c.next_created_at <= c.ended_at + s.rebook_within)::int,
             c.consultation::int,
             (c.consultation and c.session_at <= c.ended_at + s.convert_within)::int]::bigint[]),
         calytics.tally(
           null, array[2000 + m.since, 3000 + m.since, 4000 + m.since],
           array[p.month::int, c.price,
                 case when c.paid_at is not null then coalesce(c.price, 0) else 0 end
                 + coalesce((select sum(e.amount)::bigint from unnest(c.entries) e
                              where e.kind = 'payment' and e.currency = c.currency), 0)])
    from (
      select x.*, calytics.local_week(x.starts, s.week_start) as week
        from (select c.starts_at at time zone s.time_zone as starts,
                     c.previous_at at time zone s.time_zone as previous,
                     c.first_at at time zone s.time_zone as first offset 0) x
      offset 0) l
    cross join lateral (
      select l.previous is null or l.previous < l.starts::date as day,
             l.previous is null or l.previous < l.week as week,
             l.previous is null or l.previous < date_trunc('month', l.starts) as month,
             l.previous is null or l.previous < date_trunc('quarter', l.starts) as quarter,
             l.previous is null or l.previous < date_trunc('year', l.starts) as year
      offset 0) p
    cross join lateral (
      select least(999, 12 * (extract(year from l.starts)::int - extract(year from l.first)::int)
                        + extract(month from l.starts)::int - extract(month from l.first)::int) as since) m;
end;
comment on function calytics.visit_counts(calytics.chain, calytics.source) is
  'What a visit counts beyond the booking: new or returning, people by calendar period, what followed, and '
  'its cells in the cohort of the person''s first month.';

create function calytics.contributions(c calytics.chain, s calytics.source)
  returns table (basis text, at timestamptz, currency text, counts calytics.tally)
  language sql immutable
begin atomic
  select k.basis, k.at, k.currency, k.counts
    from (
      select y.*,
             array[
               1, c.legs, (c.confirmed_at is not null)::int, y.held::int, y.cancelled::int,
               (c.cancelled_by is not distinct from 'customer' and y.cancelled)::int,
               (c.cancelled_by is not distinct from 'host' and y.cancelled)::int,
               y.late::int, (y.late and c.cancelled_by = 'customer')::int,
               (y.late and c.cancelled_by = 'host')::int,
               (c.hops > 0)::int, c.hops, c.no_show::int, c.host_no_show::int,
               (c.status = 'rejected')::int, (c.status = 'pending')::int,
               (c.status = 'awaiting_rebook' and c.confirmed_at is null)::int, c.withdrawn::int,
               y.accepted::int, c.minutes,
               case when y.accepted then c.price end, case when y.held then c.price end,
               y.collected, y.refunded,
               case when y.held then y.collected end, case when y.held then y.refunded end,
               (c.lead is not null)::int, c.lead]::bigint[] as common,
             array[1000 + calytics.lead_bin(c.lead), 100 + calytics.lead_class(c.lead)] as lead_cells,
             array[1, 1]::bigint[] as ones
        from (
          select c.status = 'accepted' as accepted,
                 c.status = 'accepted' and not c.no_show as held,
                 c.cancelled_at is not null
                   or c.awaiting_at is not null and c.confirmed_at is not null as cancelled,
                 coalesce(c.notice <= s.late_notice, false) as late,
                 case when c.paid_at is not null then coalesce(c.price, 0) else 0 end
                   + coalesce((select sum(p.amount)::bigint from unnest(c.entries) p
                                where p.kind = 'payment' and p.currency = c.currency), 0) as collected,
                 coalesce((select sum(p.amount)::bigint from unnest(c.entries) p
                            where p.kind = 'refund' and p.currency = c.currency), 0) as refunded
          offset 0) y
      offset 0) x
    cross join lateral (
      select 'booked', c.created_at, c.currency, calytics.tally(x.common, x.lead_cells, x.ones)
       where c.created_at is not null
      union all
      select 'service', c.starts_at, c.currency, calytics.tally(x.common, x.lead_cells, x.ones)
       where c.starts_at is not null
      union all
      select 'service', c.starts_at, c.currency, calytics.tally(
               null, array[200 + 24 * (extract(isodow from l.starts)::int - 1) + extract(hour from l.starts)::int],
               array[1]::bigint[])
        from (select c.starts_at at time zone s.time_zone as starts offset 0) l
       where x.accepted and c.starts_at is not null
      union all
      select 'service', c.starts_at, c.currency, v.counts
        from calytics.visit_counts(c, s) v where calytics.is_visit(c)
      union all
      select 'event', c.created_at, c.currency, '{1:1,2:1}'::calytics.tally
       where c.created_at is not null
      union all
      select 'event', c.confirmed_at, c.currency, '{3:1}'::calytics.tally
       where c.confirmed_at is not null
      union all
      select 'event', h.at, c.currency,
             case when h.n = 1 then '{2:1,11:1,12:1}'::calytics.tally else '{2:1,12:1}'::calytics.tally end
        from unnest(c.hopped_at) with ordinality h (at, n)
      union all
      select 'event', coalesce(c.cancelled_at, c.awaiting_at + s.lapse_after), c.currency,
             calytics.tally(null, array[5, 6, 7, 8, 9, 10], x.common[5:10])
       where x.cancelled
      union all
      select 'event', c.rejected_at, c.currency, '{15:1}'::calytics.tally
       where c.rejected_at is not null
      union all
      select 'event', c.paid_at, c.currency, calytics.tally(null, array[23], array[c.price])
       where c.paid_at is not null
      union all
      select 'event', p.paid_at, p.currency,
             calytics.tally(null, array[case p.kind when 'payment' then 23 else 24 end], array[p.amount])
        from unnest(c.entries) p
      union all
      select 'cohort', c.first_at, c.currency, v.cohort
        from calytics.visit_counts(c, s) v where calytics.is_visit(c)
    ) k (basis, at, currency, counts);
end;
comment on function calytics.contributions(calytics.chain, calytics.source) is
  'What a fact contributes under the rules of its source.';
