-- Services can be made up without end: a month's events tell so many apart, beside those that webhooks tell of.
select length(cal.rotate_secret('services', 'whsec_services')) as secret;
set calytics.most_services = 5;
create function pg_temp.view(services text[]) returns bigint language sql as $$
  select (cal.track((
           select jsonb_agg(jsonb_build_object('sessionId', 's' || s, 'eventType', 'SERVICE_VIEW', 'serviceId', s)) from unnest(services) s),
           source => 'services') ->> 'accepted')::bigint $$;
create view pg_temp.seen as
  select e.service collate "C" as service, count(*) as events from cal.analytics_event e where e.source = 'services' group by 1 order by 1;

select r.outcome
  from cal.simulate_webhook('BOOKING_CREATED', 'services-1', '{}', now(), 'services') w, cal.receive_webhook(w.body, w.headers, 'services') r;
select pg_temp.view('{a,b,a,consultation,7301}');
select pg_temp.view(array(select 'made-up-' || lpad(i::text, 4, '0') from generate_series(1, 900) i));
select * from pg_temp.seen;
-- Those that were there first go on, and so does what Cal.com knows, also from now on.
select pg_temp.view('{b,new,consultation,made-up-0002,made-up-0900,""}');
select r.outcome
  from cal.simulate_webhook('BOOKING_CREATED', 'services-2', '{"type": "new", "eventTypeId": 7302}', now(), 'services') w,
       cal.receive_webhook(w.body, w.headers, 'services') r;
select pg_temp.view('{new,7302,newer}');
select * from pg_temp.seen;
-- What is counted goes by these names, however it is read.
select service_name as service, value from cal.metrics('week', split => 'service', source => 'services') where metric = 'funnel_viewed' order by service_name collate "C";
select cal.fold() \g /dev/null
select service_name as service, value from cal.metrics('week', split => 'service', source => 'services') where metric = 'funnel_viewed' order by service_name collate "C";
select count(*) as differences from cal.verify_metrics('services');
-- What was learnt in vain isn't known; and the next month has room of its own, while this one is remembered.
reset calytics.most_services;
begin;
select pg_temp.view('{undone}');
rollback;
set calytics.most_services = 5;
select pg_temp.view('{undone}');
select count(*) as undone from cal.analytics_event e where e.source = 'services' and e.service = 'undone';
begin;
select calytics.admit_services(s.source_id, '{x,a,consultation}', now() + interval '1 month') as admitted from calytics.source s where s.name = 'services';
select calytics.keep_tracking(now() + interval '1 month') \g /dev/null
select count(*) as services from calytics.event_service e join calytics.source s using (source_id) where s.name = 'services';
select calytics.keep_tracking(now() + interval '2 months') \g /dev/null
select count(*) as services from calytics.event_service e join calytics.source s using (source_id) where s.name = 'services';
rollback;
reset calytics.most_services;
