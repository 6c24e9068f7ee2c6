-- Chains :first to :last of :total invented bookings, written straight into calytics.booking: three
-- years up to now and 60 days ahead, in opening hours, a fifth as many customers as bookings. 8 % are
-- rescheduled and so have two legs, 8 % cancelled, 3 % no-shows; some are pending, rejected, or await a
-- new time. The same numbers make the same shares whatever the total, so that sizes can be compared.

select setseed(:first / 1e9) \g /dev/null
set work_mem = '64MB';

insert into calytics.booking (
    source_id, uid, booking_id, reschedule_uid, root_uid, hops, superseded_by, status, created_at, accepted_at,
    rejected_at, awaiting_at, cancelled_at, cancelled_by, paid_at, starts_at, ends_at, schedule_at,
    event_type_id, service, price, currency, price_at, host_id, host, host_at, customer, customer_at,
    seats, no_shows)
with dice as materialized (
  select i, md5('booking ' || i) as hash, random() as day, random() as hour, random() as lead, random() as fate,
         random() as late, random() as paid, random() < 0.08 as moved,
         (array[1, 1, 1, 2, 2, 2, 3, 3, 5, 6, 4])[1 + floor(random() * 11)] as service,
         1 + floor(random() * 5)::int as host,
         md5('customer ' || floor(random() * (:total / 5)))::uuid as customer
    from generate_series(:first::int, :last::int) i
), planned as materialized (
  select d.*, (current_date - 1095 + floor(d.day * 1155)::int + time '10:00' + interval '15 minutes' * floor(d.hour * 36))
              at time zone 'Europe/Madrid' as starts_at,
         interval '1 day' * (-ln(1 - d.lead) * 12) as ahead
    from dice d
), timed as materialized (
  select p.*, least(p.starts_at - p.ahead, now() - interval '20 days' * p.lead) as created_at,
         (array[30, 90, 150, 420, 45, 60])[p.service] * interval '1 minute' as takes,
         (array[0, 12000, 25000, 80000, 4000, 6000])[p.service] as price
    from planned p
), fated as materialized (
  select t.*, case
           when t.fate < 0.08 then 'cancelled'
           when t.fate < 0.10 then 'rejected'
           when t.fate < 0.105 then 'awaiting_rebook'
           when t.fate < 0.115 and t.starts_at > now() - interval '30 days' then 'pending'
           else 'accepted' end as status,
         t.fate between 0.12 and 0.15 and t.starts_at < now() as stayed_away,
         left(t.hash, 22) as root, 'm' || right(t.hash, 21) as leg
    from timed t
)
select s.source_id, l.uid, 2 * f.i + l.hops, l.reschedule_uid, f.root, l.hops, l.superseded_by,
       l.status, l.created_at,
       case when l.status not in ('pending', 'rejected') then l.created_at end,
       case when l.status = 'rejected' then l.created_at + interval '5 hours' end,
       case when l.status = 'awaiting_rebook' then greatest(l.created_at, l.starts_at - interval '3 days') end,
       c.cancelled_at, case when c.cancelled_at is not null then (array['customer', 'customer', 'host'])[1 + f.i % 3] end,
       case when f.price > 0 and f.paid < 0.5 and l.status <> 'rejected' then l.created_at + interval '10 minutes' end,
       l.starts_at, l.starts_at + f.takes, l.created_at, 100 + f.service,
       (array['consultation', 'small-tattoo', 'medium-tattoo', 'full-day', 'touch-up', 'piercing'])[f.service],
       f.price, 'EUR', l.created_at, 200 + f.host, (array['ada', 'bo', 'cleo', 'dan', 'eve'])[f.host], l.created_at,
       f.customer, l.created_at, 1, (f.stayed_away and l.status = 'accepted')::int
  from fated f
  join calytics.source s on s.name = 'default'
 cross join lateral (
   select f.root as uid, null as reschedule_uid, 0 as hops, case when f.moved then f.leg end as superseded_by,
          case when f.moved then 'superseded' else f.status end as status, f.created_at,
          case when f.moved then f.starts_at - interval '5 days' else f.starts_at end as starts_at
   union all
   select f.leg, f.root, 1, null, f.status, f.created_at + (now() - f.created_at) * 0.02, f.starts_at
    where f.moved) l
 cross join lateral (
   select case when l.status = 'cancelled'
               then l.created_at + (least(now(), l.starts_at) - l.created_at) * f.late end as cancelled_at) c;

-- History alone knows that anyone ever told of a payment.
insert into calytics.booking_change (source_id, uid, change_id, delivery_id, known_at, root_uid, hops, status, paid_at, seats, no_shows)
select b.source_id, b.uid, 0, 0, b.paid_at, b.root_uid, b.hops, b.status, b.paid_at, b.seats, b.no_shows
  from calytics.booking b
 where b.paid_at is not null
 limit 1
on conflict do nothing;
