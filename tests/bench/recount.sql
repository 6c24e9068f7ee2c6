-- The year's main figures as an application without metrics would count them: by month, from all legs.
-- It is far less than what cal.dashboard answers.
select date_trunc('month', b.starts_at at time zone 'Europe/Madrid') as month,
       count(*) filter (where b.status <> 'superseded') as bookings,
       count(*) filter (where b.status = 'cancelled') as cancelled,
       count(*) filter (where b.status = 'accepted' and b.ends_at < now() and b.no_shows = 0) as completed,
       count(*) filter (where b.status = 'accepted' and b.ends_at < now() and b.no_shows > 0) as no_shows,
       count(distinct b.customer) as customers,
       sum(b.price) filter (where b.status = 'accepted') as booked_value
  from calytics.booking b
 where b.starts_at >= date_trunc('year', now() at time zone 'Europe/Madrid') at time zone 'Europe/Madrid'
   and b.starts_at < date_trunc('day', now()) - interval '9 hours 23 minutes'
 group by 1
 order by 1;
