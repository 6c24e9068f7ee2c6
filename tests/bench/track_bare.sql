-- The same batch put into a plain table, as it is: nothing judged, nothing scrubbed, nothing counted.
\set n 1 + :k * :clients + :client_id
\set k :k + 1
insert into bench.event (
    event_id, session_id, event_type, occurred_at, service, booking_uid, event_type_id, booking_id, duration, experiment,
    variant, user_id, user_agent, ip_address, url, referrer, properties)
select e."eventId", e."sessionId", e."eventType", e.timestamp, e."serviceId", e."bookingUid", e."calEventTypeId", e."bookingId",
       e.duration, e.experiment, e.variant, e."userId", e."userAgent", e."ipAddress", e.url, e.referrer, e.properties
  from bench.batch b
 cross join jsonb_to_recordset(b.events::jsonb) as e (
         "eventId" text, "sessionId" text, "eventType" text, timestamp timestamptz, "serviceId" text, "bookingUid" text,
         "calEventTypeId" bigint, "bookingId" bigint, duration bigint, experiment text, variant text, "userId" text,
         "userAgent" text, "ipAddress" text, url text, referrer text, properties jsonb)
 where b.n = :n;
