-- What `make bench` puts into every database before it measures: a source as `make run` would make it,
-- the names of its services and hosts, and a table for webhooks with their signatures.

select cal.rotate_secret('default', :'secret') \g /dev/null
select cal.set_source('default', 'Europe/Madrid', 'EUR') \g /dev/null

insert into calytics.service (source_id, event_type_id, service, title, first_at)
  select s.source_id, 100 + i, v.slug, v.title, '2020-01-01'
    from calytics.source s,
         unnest(array['consultation', 'small-tattoo', 'medium-tattoo', 'full-day', 'touch-up', 'piercing'],
                array['Consultation', 'Small tattoo', 'Medium tattoo', 'Full day', 'Touch-up', 'Piercing'])
           with ordinality as v (slug, title, i);
insert into calytics.host (source_id, host_id, host, name, email, time_zone, first_at)
  select s.source_id, 200 + i, v.host, initcap(v.host), v.host || '@example.com', 'Europe/Madrid', '2020-01-01'
    from calytics.source s, unnest(array['ada', 'bo', 'cleo', 'dan', 'eve']) with ordinality as v (host, i);

create schema bench;
create table bench.webhook (n int primary key, body bytea not null, headers jsonb not null);
