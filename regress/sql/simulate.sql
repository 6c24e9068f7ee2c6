-- The simulator: whatever it makes is let in and understood.
select length(cal.rotate_secret('simulate', 'whsec_simulate')) as secret;
select t.trigger, r.outcome
  from unnest(array['PING', 'BOOKING_CREATED', 'BOOKING_REQUESTED', 'BOOKING_CONFIRMED', 'BOOKING_RESCHEDULED',
                    'BOOKING_PAYMENT_INITIATED', 'BOOKING_PAID', 'BOOKING_NO_SHOW_UPDATED', 'MEETING_STARTED',
                    'MEETING_ENDED', 'BOOKING_CANCELLED', 'BOOKING_REJECTED', 'FORM_SUBMITTED', 'SOMETHING_NEW'])
         with ordinality as t (trigger, n),
       lateral cal.simulate_webhook(t.trigger, 'simulate-' || t.n, source => 'simulate') w,
       lateral cal.receive_webhook(w.body, w.headers, 'simulate') r
 order by t.n;
select uid, status, service, host, price, currency, paid, no_show, cancelled_by, hops, seats
  from cal.booking where source = 'simulate' and uid like 'simulate-%' order by split_part(uid, '-', 2)::int;
-- One booking's life; changes are laid over the payload.
select r.outcome
  from (values (1, 'BOOKING_CREATED', '{"price": 12000, "currency": "jpy"}'::jsonb), (2, 'BOOKING_CANCELLED', '{}')) t (n, trigger, changes),
       lateral cal.simulate_webhook(t.trigger, 'simulate-life', t.changes, now() + t.n * interval '1 s', 'simulate') w,
       lateral cal.receive_webhook(w.body, w.headers, 'simulate') r
 order by t.n;
select status, price, currency, cancelled_by from cal.booking where uid = 'simulate-life';
select p.name, p.email from cal.person p where p.source = 'simulate';
select * from cal.simulate_webhook(source => 'simulate-nowhere');
