-- What calytics.track_durability gives up, and for whom: the commit of tracking alone.
select cal.rotate_secret('durability', 'a-secret-for-durability') is not null as made;
set synchronous_commit = local;

begin;
select cal.track('{"sessionId": "d1", "eventType": "PAGE_VIEW"}', '{}', 'durability') ->> 'accepted' as accepted;
show synchronous_commit;
commit;

set calytics.track_durability = 'relaxed';
begin;
select cal.track('{"sessionId": "d2", "eventType": "PAGE_VIEW"}', '{}', 'durability') ->> 'accepted' as accepted;
show synchronous_commit;
select cal.track('{"sessionId": "d2", "eventType": "PAGE_VIEW"}', '{}', 'durability') ->> 'accepted' as accepted;
show synchronous_commit;
commit;
show synchronous_commit;

-- A webhook takes it back, and keeps it from being given up.
begin;
select cal.track('{"sessionId": "d3", "eventType": "PAGE_VIEW"}', '{}', 'durability') ->> 'accepted' as accepted;
select (cal.receive_webhook(w.body, w.headers, 'durability')).outcome from cal.simulate_webhook(source => 'durability') w;
show synchronous_commit;
select cal.track('{"sessionId": "d3", "eventType": "PAGE_VIEW"}', '{}', 'durability') ->> 'accepted' as accepted;
show synchronous_commit;
commit;

-- So does whatever was written before.
begin;
create temp table written ();
select cal.track('{"sessionId": "d4", "eventType": "PAGE_VIEW"}', '{}', 'durability') ->> 'accepted' as accepted;
show synchronous_commit;
rollback;

set calytics.track_durability = 'sometimes';
set role cal_reader;
set calytics.track_durability = 'durable';
reset role;
reset calytics.track_durability;
reset synchronous_commit;
