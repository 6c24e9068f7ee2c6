-- A forecast is of the days that are over, as a plain recount of the bookings has them, in the source's time zone; the rest
-- is extension/core/metrics/forecast.hpp's, and tested there. It says so where it can't tell, and a pace knows what is to come.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file
set timezone = 'UTC';
\set ECHO queries
select length(cal.rotate_secret('ahead', 'whsec_of_the_days_ahead')) as secret;
select cal.set_source('ahead', (array['Europe/Madrid', 'Australia/Lord_Howe', 'America/St_Johns'])[1 + floor(random() * 3)::int], 'EUR');

-- Nothing yet; too little; what nobody told of.
select distinct value, low, high, reason, history_days from cal.forecast('created', 3, 'ahead');
select distinct value, reason from cal.forecast('collected', 3, 'ahead');
\set ECHO none
create function pg_temp.book(uid text, starts timestamptz, service int, price int, currency text) returns void language sql as $$
  select count(r.outcome)
    from cal.simulate_webhook('BOOKING_CREATED', uid, jsonb_build_object(
           'startTime', calytics.iso(starts), 'endTime', calytics.iso(starts + interval '50 minutes'), 'eventTypeId', service,
           'type', 'service-' || service, 'price', price, 'currency', currency,
           'attendees', jsonb_build_array(jsonb_build_object('email', uid || '@example.com', 'name', uid))),
           starts - interval '3 days', 'ahead') w,
         cal.receive_webhook(w.body, w.headers, 'ahead') r $$;
select pg_temp.book('ahead-short-' || i, (day + time '08:00') at time zone s.time_zone, 1, 100, 'EUR')
  from calytics.source s, generate_series(1, 20) i, lateral (select (now() at time zone s.time_zone)::date - i as day) x
 where s.name = 'ahead' and extract(isodow from day) <> 7 \g /dev/null
\set ECHO queries
select distinct value, regexp_replace(reason, '(19|20) days', 'some days') as reason from cal.forecast('completed', 3, 'ahead');
-- Twenty weeks of some bookings a day, none on Sundays, some in another currency, some still to come.
\set ECHO none
select pg_temp.book(format('ahead-%s-%s', d, i), (day + time '09:00' + i * interval '1 hour') at time zone s.time_zone, 1 + i % 2, 1000 * (1 + i),
                    case when i = 5 then 'USD' else 'EUR' end)
  from calytics.source s,
       generate_series(1, 150) d,
       lateral (select (now() at time zone s.time_zone)::date - 140 + d as day) x,
       generate_series(1, 1 + d % 2 + floor(random() * 5 + 0 * d)::int) i
 where s.name = 'ahead' and extract(isodow from day) <> 7 \g /dev/null
select cal.fold() \g /dev/null
-- The same from the bookings themselves.
create temp table told as
  select q.measure, q.metric, q.service, q.digits, (c.starts_at at time zone s.time_zone)::date as day,
         sum(case q.metric when 'completed' then 1 when 'booked_minutes' then c.minutes else c.price end) as value
    from (values ('completed', 'completed', null, 2), ('booked_minutes', 'booked_minutes', null, 0), ('booked_value', 'booked_value', null, 0),
                 ('service-2', 'completed', 'service-2', 2)) q (measure, metric, service, digits)
   cross join calytics.source s
    join cal.chain c on c.source = s.name and (q.service is null or c.service = q.service) and (q.metric <> 'booked_value' or c.currency = 'EUR')
   where s.name = 'ahead' and c.status = 'accepted' and c.starts_at < date_trunc('day', now() at time zone s.time_zone) at time zone s.time_zone
   group by 1, 2, 3, 4, 5;
create temp table recount as
  select b.*, (select array_agg(coalesce((select t.value from told t where t.measure = b.measure and t.day = g::date), 0)::float8 order by g)
                 from generate_series(b.first_day::timestamp, (now() at time zone s.time_zone)::date - 1, interval '1 day') g) as history
    from (select measure, metric, service, digits, min(day) as first_day from told where value > 0 group by 1, 2, 3, 4) b, calytics.source s
   where s.name = 'ahead';
\set ECHO queries
select q.measure, bool_and(f.value = round(r.value[i]::numeric, q.digits) and f.low = round(r.low[i]::numeric, q.digits)
                           and f.high = round(r.high[i]::numeric, q.digits)) as same,
       bool_and(f.history_days = cardinality(q.history)) as days, bool_and(f.method like 'ETS(A,Ad,A), a week of 6 days%') as closed_on_sundays,
       bool_and((f.value = 0) = (extract(isodow from f.starts_at at time zone s.time_zone) = 7)) as sundays,
       string_agg(distinct f.currency_used, ' ') as currency, bool_and(f.trial_folds > 5 and f.error > 0 and f.naive_error > 0) as trial
  from calytics.source s
 cross join recount q
 cross join lateral calytics.forecast_ranges(q.history, extract(isodow from q.first_day)::int - 1, array_fill(1, array[30]), true, 0.9) r
 cross join lateral rows from (cal.forecast(q.metric, 30, 'ahead', q.service, confidence => 0.9)) with ordinality f (
   starts_at, ends_at, currency_used, value, low, high, reason, method, history_days, trial_folds, trial_days, error, naive_error, coverage, reason_code, i)
 where s.name = 'ahead'
 group by q.measure order by 1;
-- Ranges are the days', and begin with today.
select every, abs(sum(f.value) - (select sum(d.value) from cal.forecast('completed', 90, 'ahead') d)) < 1 as adds_up,
       min(f.starts_at) = date_trunc('day', now() at time zone s.time_zone) at time zone s.time_zone as today, bool_and(low <= value and value <= high) as band
  from calytics.source s, unnest(array['day', 'week', 'month', 'quarter', 'year', null]) every, cal.forecast('completed', 90, 'ahead', every => every) f
 where s.name = 'ahead' group by every, s.time_zone order by every;
-- As of earlier, the days after that aren't looked at.
select history_days, count(*), bool_and(value > 0 or extract(isodow from starts_at at time zone s.time_zone) = 7) as told
  from calytics.source s, cal.forecast('completed', 7, 'ahead', at => (select min(c.starts_at) + interval '63 days' from cal.chain c where c.source = 'ahead')) f
 where s.name = 'ahead' group by 1;
-- What a month may come to: what was, and what is to come.
\set ECHO none
create temp table months as
  select m.month at time zone s.time_zone as lo, (m.month + interval '3 months') at time zone s.time_zone as hi,
         (m.month + interval '3 months')::date - (now() at time zone s.time_zone)::date as days
    from calytics.source s cross join lateral (select date_trunc('month', now() at time zone s.time_zone) as month) m where s.name = 'ahead';
create temp table paced as
  select p.* from months m, cal.pace(m.lo, m.hi, array[now() - interval '7 days', now()], 'ahead', forecast => true) p;
create temp table ahead as select f.* from months m, cal.forecast('completed', m.days, 'ahead', every => 'month') f;
\set ECHO queries
select count(p.expected) as told, count(p.expected) filter (where p.known < now() - interval '1 day' or p.currency <> 'EUR') as elsewhere,
       bool_and(p.expected = f.value + (select count(*) from cal.chain c
                                         where c.source = 'ahead' and c.status = 'accepted' and c.starts_at >= p.starts_at and c.starts_at < f.starts_at)
                and p.expected_high - p.expected_low = f.high - f.low) as same
  from paced p left join ahead f on f.ends_at = p.ends_at;
select count(p.expected) as told from cal.pace(now() - interval '90 days', now() - interval '40 days', source => 'ahead', forecast => true) p;

-- What can't be asked.
\set SHOW_CONTEXT never
select cal.forecast('made', source => 'ahead');
select cal.forecast('cancellation_rate', source => 'ahead');
select cal.forecast('upcoming', source => 'ahead');
select cal.forecast('pending', source => 'ahead');
select cal.forecast('sessions', source => 'ahead', service => 'service-1');
select cal.forecast(horizon => 367, source => 'ahead');
select cal.forecast(every => 'hour', source => 'ahead');
select cal.forecast(confidence => 1, source => 'ahead');
select cal.forecast(at => 'infinity', source => 'ahead');
select cal.forecast(source => 'nowhere');
