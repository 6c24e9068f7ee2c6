-- A week at a studio, small enough to count by hand: what analysts type, and what they get. The laws
-- that hold for any studio are in metrics_law.
\set ECHO none
set client_min_messages = warning;
set datestyle = 'ISO, YMD';
set timezone = 'Europe/Madrid';
\set SHOW_CONTEXT never
-- Sends one webhook; times are local.
create function pg_temp.tell(trigger text, uid text, at timestamptz, changes jsonb default '{}') returns text
  language sql as $$
  select r.outcome
    from cal.simulate_webhook(trigger, uid, changes, at, 'metrics') w, cal.receive_webhook(w.body, w.headers, 'metrics') r $$;
-- What a webhook says of a booking: who comes, to whom, for what, when.
create function pg_temp.says(who text, host text, service text, starts timestamptz, minutes int, price int) returns jsonb
  language sql as $$
  select jsonb_build_object(
    'attendees', jsonb_build_array(jsonb_build_object('email', who || '@example.com', 'name', who)),
    'organizer', jsonb_build_object('id', case host when 'zoe' then 41 else 42 end, 'username', host, 'email', host || '@example.com'),
    'type', service, 'eventTypeId', case service when 'consultation' then 7301 else 7303 end,
    'startTime', starts, 'endTime', starts + make_interval(mins => minutes), 'length', minutes, 'price', price) $$;
\set ECHO all
select length(cal.rotate_secret('metrics', 'whsec_metrics')) as secret;
select cal.set_source('metrics', 'Europe/Madrid', 'EUR');

-- Monday is 2 March 2026; the week is looked at on Friday the 6th at 18:00.
select b.n, b.uid, pg_temp.tell(b.trigger, b.uid, b.at::timestamptz, b.says) as outcome, b.meaning
  from (values
    (1, 'BOOKING_CREATED', 'ana-1', '2026-02-20 10:00', pg_temp.says('ana', 'zoe', 'consultation', '2026-03-02 10:00', 45, 5000), 'held: Ana''s first visit'),
    (2, 'BOOKING_CREATED', 'ana-2', '2026-03-02 11:00', pg_temp.says('ana', 'zoe', 'piece', '2026-03-04 12:00', 180, 30000), 'held: Ana returns'),
    (3, 'BOOKING_PAID', 'ana-2', '2026-03-02 11:05', pg_temp.says('ana', 'zoe', 'piece', '2026-03-04 12:00', 180, 30000), 'and is paid'),
    (4, 'BOOKING_CREATED', 'ben', '2026-02-25 10:00', pg_temp.says('ben', 'ravi', 'piece', '2026-03-03 10:00', 120, 20000), null),
    (5, 'BOOKING_CANCELLED', 'ben', '2026-03-02 20:00', pg_temp.says('ben', 'ravi', 'piece', '2026-03-03 10:00', 120, 20000)
         || '{"cancelledBy": "ben@example.com"}', 'cancelled by the client 14 hours before: late'),
    (6, 'BOOKING_CREATED', 'cleo', '2026-03-01 09:00', pg_temp.says('cleo', 'ravi', 'consultation', '2026-03-05 16:00', 45, 5000), null),
    (7, 'BOOKING_NO_SHOW_UPDATED', 'cleo', '2026-03-05 17:00', '{"attendees": [{"email": "cleo@example.com", "noShow": true}]}', 'no-show'),
    (8, 'BOOKING_CREATED', 'dan', '2026-03-03 12:00', pg_temp.says('dan', 'ravi', 'piece', '2026-03-07 10:00', 180, 30000), 'upcoming, on Saturday'),
    (9, 'BOOKING_CREATED', 'eve', '2026-02-10 10:00', pg_temp.says('eve', 'zoe', 'piece', '2026-02-24 10:00', 120, 20000), null),
    (10, 'BOOKING_RESCHEDULED', 'eve-again', '2026-02-23 09:00', pg_temp.says('eve', 'zoe', 'piece', '2026-03-06 10:00', 120, 20000)
         || '{"rescheduleUid": "eve", "rescheduleStartTime": "2026-02-24T09:00:00Z", "rescheduleEndTime": "2026-02-24T11:00:00Z"}', 'held, after a reschedule'),
    (11, 'BOOKING_REQUESTED', 'fay', '2026-03-05 10:00', pg_temp.says('fay', 'zoe', 'piece', '2026-03-10 10:00', 60, 10000), 'pending'),
    (12, 'BOOKING_REQUESTED', 'gus', '2026-03-04 10:00', pg_temp.says('gus', 'zoe', 'piece', '2026-03-06 15:00', 60, 10000), null),
    (13, 'BOOKING_REJECTED', 'gus', '2026-03-05 11:00', pg_temp.says('gus', 'zoe', 'piece', '2026-03-06 15:00', 60, 10000), 'rejected'),
    (14, 'BOOKING_CREATED', 'hal', '2026-02-26 10:00', pg_temp.says('hal', 'ravi', 'piece', '2026-03-06 09:00', 60, 10000), null),
    (15, 'BOOKING_CANCELLED', 'hal', '2026-03-01 12:00', pg_temp.says('hal', 'ravi', 'piece', '2026-03-06 09:00', 60, 10000)
         || '{"cancelledBy": "ravi@example.com"}', 'cancelled by the host, days before'),
    (16, 'BOOKING_CREATED', 'ivy-1', '2026-02-20 11:00', pg_temp.says('ivy', 'zoe', 'consultation', '2026-02-24 10:00', 45, 5000), 'held the week before'),
    (17, 'BOOKING_CREATED', 'ivy-2', '2026-02-24 12:00', pg_temp.says('ivy', 'zoe', 'piece', '2026-02-27 20:00', 60, 10000), 'that week too, but after Friday 18:00')
  ) as b (n, trigger, uid, at, says, meaning) order by b.n;
-- Nobody told of refunds yet, and of payments Cal.com alone.
select metric, value, currency from cal.metrics('week', '2026-03-06 18:00', source => 'metrics', metrics => '{collected,refunded,net}');
select cal.record_payment('ana-1', 5000, paid_at => '2026-03-02 10:45', entry => 'cash', source => 'metrics'),
       cal.record_payment('ana-2', 2000, kind => 'refund', paid_at => '2026-03-05 12:00', entry => 'goodwill', source => 'metrics');

-- The week so far, and the one before up to its Friday 18:00.
create view pg_temp.week as
  select metric, basis_used as basis, round(value, 4) as value, numerator, denominator, round(previous, 4) as previous, round(change, 4) as change,
         currency
    from cal.metrics('week', '2026-03-06 18:00', source => 'metrics') where basis_used in ('booked', 'service', 'event');
table pg_temp.week;
-- The same once it is folded, and once that is merged.
create temp table before_fold as table pg_temp.week;
select cal.fold(false) is not null as folded;
select count(*) as changed_by_folding from (table before_fold except table pg_temp.week) x;
select cal.fold() as left_to_merge;
select count(*) as changed_by_merging from (table before_fold except table pg_temp.week) x;
select calytics.pending();

-- By day, by service, by host, by another date, for a range, at another moment.
select starts_at::date as day, max(value) filter (where metric = 'created') as created,
       max(value) filter (where metric = 'completed') as completed, max(value) filter (where metric = 'booked_value') as booked_value
  from cal.metrics('week', '2026-03-06 18:00', source => 'metrics', every => 'day', metrics => '{created,completed,booked_value}') group by 1 order by 1;
select service_name, host_name, metric, value, currency
  from cal.metrics('week', '2026-03-06 18:00', source => 'metrics', split => 'service,host', metrics => '{completed,booked_value,no_show_rate}');
select metric, value, numerator, denominator
  from cal.metrics('week', '2026-03-06 18:00', source => 'metrics', host => 'ravi', metrics => '{completed,upcoming,cancellation_rate,no_show_rate}');
select basis_used, value from (values ('booked'), ('service'), ('event')) b (basis),
       lateral cal.metrics('week', '2026-03-06 18:00', source => 'metrics', basis => b.basis, metrics => '{created}');
select metric, value, numerator, denominator, starts_at, ends_at
  from cal.metrics('custom', "from" => '2026-03-02', "to" => '2026-03-05 12:00', source => 'metrics', metrics => '{created,completed,customers}', as_of => '2026-03-06');
select metric, value, numerator, denominator
  from cal.metrics('week', '2026-03-06', source => 'metrics', as_of => '2026-05-01', metrics => '{rebooking_rate,consultation_conversion,completed}');
select value as known_at_the_millennium
  from cal.metrics('week', '2026-03-06 18:00', source => 'metrics', metrics => '{completed}', known_at => '2000-01-01');

-- The bookings behind a number.
select root_uid, uid, counted_at, numerator, denominator, service_name, host_name, cardinality(deliveries) as webhooks
  from cal.explain_metric('cancellation_rate', 'week', '2026-03-06 18:00', source => 'metrics');
select root_uid, numerator, currency from cal.explain_metric('collected', 'week', '2026-03-06 18:00', source => 'metrics');

-- For BI.
select day, service, host, currency, created, confirmed, completed, upcoming, cancelled, late_cancelled, no_show, booked_minutes, booked_value, collected, refunded
  from cal.service_analytics where source = 'metrics' order by day, service, host;
select root_uid, uid, status, starts_at, minutes, service, host, hops, price, currency, no_show from cal.chain where source = 'metrics' order by root_uid;
select uid, entry, kind, amount, currency, paid_at from cal.payment where source = 'metrics' order by uid;
select span, webhooks, created from cal.realtime_metrics where source = 'metrics' and span = '5 minutes';

-- The dashboard shows the same.
create temp table board as select cal.dashboard('week', '2026-03-06 18:00', 'metrics') as d;
select k from board, jsonb_object_keys(d) k order by k;
select jsonb_pretty(d #> '{figures,no_show_rate}') as no_show_rate, jsonb_pretty(d #> '{figures,net}') as net from board;
select d #> '{series,completed}' as completed, d #> '{series,booked_value}' as booked_value from board;
select s ->> 'name' as service, s -> 'completed' as completed, s -> 'booked_value' as booked_value from board, jsonb_array_elements(d -> 'services') s;
select count(*) as figures_that_differ
  from board, cal.metrics('week', '2026-03-06 18:00', source => 'metrics') m
 where coalesce(d #> array['figures', m.metric, m.currency], d #> array['figures', m.metric]) -> 'value' is distinct from coalesce(to_jsonb(m.value), 'null');

-- Rules change, and the past follows.
select cal.set_source('metrics', late_notice => '12 hours');
select value from cal.metrics('week', '2026-03-06 18:00', source => 'metrics', metrics => '{late_cancellation_rate}');
select cal.set_source('metrics', late_notice => '2 days', time_zone => 'America/New_York');
select starts_at, value from cal.metrics('week', '2026-03-06 18:00', source => 'metrics', metrics => '{late_cancellation_rate}');
select cal.set_source('metrics', time_zone => 'Europe/Madrid');
select count(*) as changed_for_good from (table before_fold except table pg_temp.week) x;
select cal.remove_payment('ana-2', 'goodwill', 'metrics'), cal.remove_payment('ana-2', 'goodwill', 'metrics') as again;
select metric, value from cal.metrics('week', '2026-03-06 18:00', source => 'metrics', metrics => '{collected,refunded,net}');
-- Also within an hour that a range cuts, and before it is folded that the money was taken back.
select length(cal.record_payment('ana-2', 700, 'EUR', 'payment', '2026-03-04 10:05Z', 'mistake', 'metrics')) as entry, cal.fold() is not null as folded;
begin;
select value from cal.metrics('custom', "from" => '2026-03-04 00:00Z', "to" => '2026-03-04 10:20Z', source => 'metrics', metrics => '{collected}');
select cal.remove_payment('ana-2', 'mistake', 'metrics');
select value from cal.metrics('custom', "from" => '2026-03-04 00:00Z', "to" => '2026-03-04 10:20Z', source => 'metrics', metrics => '{collected}');
commit;

-- A wrong bucket is found and mended.
select * from cal.verify_metrics('metrics');
update calytics.bucket b
   set cells = calytics.cube_plus(b.cells, (select calytics.cube('*', '*', 'EUR', '{4:1}', 1)))
  from calytics.source s
 where s.name = 'metrics' and b.source_id = s.source_id and b.basis = 'service' and b.grain = 'day' and b.at = '2026-03-04'
   and b.split = 'none';
select what, basis, grain, at, measure, expected, stored from cal.verify_metrics('metrics');
select * from cal.repair_metrics('metrics');
select * from cal.verify_metrics('metrics');

-- What is not understood is said so.
select cal.metrics('week', source => 'nowhere');
select cal.metrics('week', source => 'metrics', metrics => '{created,profit}');
select cal.metrics('fortnight', source => 'metrics');
select cal.metrics('custom', "from" => '2026-03-02', source => 'metrics');
select cal.metrics('custom', "from" => '2026-03-02', "to" => '2026-03-02', source => 'metrics');
select cal.metrics('week', null, source => 'metrics');
select cal.metrics('week', source => 'metrics', basis => 'paid');
select cal.metrics('week', source => 'metrics', every => 'minute');
select cal.metrics('week', source => 'metrics', split => 'customer');
select cal.dashboard('fortnight', source => 'metrics');
select cal.explain_metric('profit', source => 'metrics');
select cal.explain_metric('customers', 'custom', "from" => '2026-03-02', "to" => '2026-03-03', source => 'metrics');
select cal.record_payment('nobody', 100, source => 'metrics');
select cal.record_payment('ana-1', -100, source => 'metrics');
select cal.record_payment('ana-1', 100, 'euro', source => 'metrics');
select cal.record_payment('ana-1', 100, kind => 'tip', source => 'metrics');
select cal.set_source('metrics', late_notice => '1 month');
select cal.set_source('metrics', lapse_after => '-1 day');
select cal.set_source('metrics', week_start => 8);
select cal.set_source('metrics', currency => 'euro');
select cal.set_source('metrics', consultation => '(');
begin isolation level repeatable read;
select cal.fold();
rollback;
