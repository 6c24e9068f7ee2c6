-- Sessions :first to :last of :total of invented visitors over the year up to now, in the order in which they
-- came, written straight into calytics.event as if they had come while metrics were off: four sessions look at a service, three
-- of them choose one, two begin to book and one books. Ten events a session group of four.

select setseed(:first / 1e9) \g /dev/null

select calytics.make_event_partitions(now() - interval '1 year 1 day', 13) \g /dev/null

insert into calytics.event (
    source_id, segment, received_at, occurred_at, session_id, event_type, service, visitor, late, bot, device, browser,
    utm_source, utm_medium, properties)
with session as materialized (
  select i, md5('session ' || i) as hash, now() - interval '1 year' * ((:total - i + random()) / :total) - interval '1 minute' as began,
         1 + floor(random() * 6)::int as service
    from generate_series(:first::int, :last::int) i
)
select o.source_id, -1, e.at, e.at, s.hash, e.step,
       (array['consultation', 'small-tattoo', 'medium-tattoo', 'full-day', 'touch-up', 'piercing'])[s.service],
       s.hash::uuid, false, false, (array['mobile', 'desktop'])[1 + s.i % 2], 'Firefox',
       (array['google', 'instagram', null])[1 + s.i % 3], (array['organic', 'social', null])[1 + s.i % 3],
       '{"page": "services", "device_type": "mobile"}'
  from session s
  join calytics.source o on o.name = 'default'
 cross join lateral (
   select p.step, s.began + (p.i - 1) * interval '15 seconds' as at
     from unnest(array['SERVICE_VIEW', 'SERVICE_SELECT', 'BOOKING_START', 'BOOKING_SUBMIT']) with ordinality as p (step, i)
    where p.i <= 1 + s.i % 4) e;
