-- Batches of events as pages send them, :count of :size each, in sessions of four events, and a table for
-- them of the columns that an application would give it, with one index: its key if the events have ids, else
-- on their time. It keeps what it was given before, as ours does: after a checkpoint a page that is there goes to the log whole.

truncate bench.batch;
insert into bench.batch (n, events)
  select b.n, '[' || string_agg(
           format('{"sessionId": "%s", "eventType": "%s"%s, "timestamp": "%s", "serviceId": "%s", "url": '
                  '"https://studio.example/services/%s?utm_source=instagram&utm_medium=social&utm_campaign=autumn", '
                  '"referrer": "https://www.instagram.com/", "duration": %s, "properties": {"scroll": %s, "theme": "dark", "price": 12000}}',
                  md5(b.salt || e.i / 4)::uuid, (array['PAGE_VIEW', 'SERVICE_VIEW', 'SERVICE_SELECT', 'BOOKING_START'])[1 + e.i % 4],
                  case when :ids then format(', "eventId": "%s"', gen_random_uuid()) else '' end,
                  to_char(now() at time zone 'UTC' + interval '1 millisecond' * e.i, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                  (array['consultation', 'small-tattoo', 'medium-tattoo'])[1 + e.i % 3], e.i % 7, 137 * e.i, e.i % 100),
           ', ' order by e.i) || ']'
    from (select n, random()::text as salt from generate_series(1, :count) n) b
   cross join generate_series(0, :size - 1) e (i)
   group by b.n;

select coalesce((select :ids <> bool_or(i.indisprimary) from pg_index i where i.indrelid = to_regclass('bench.event')), true) as anew \gset
\if :anew
drop table if exists bench.event;
create table bench.event (
  event_id text, session_id text not null, event_type text not null, occurred_at timestamptz not null,
  received_at timestamptz not null default now(), service text, booking_uid text, event_type_id bigint, booking_id bigint,
  duration bigint, experiment text, variant text, user_id text, user_agent text, ip_address text, url text, referrer text,
  properties jsonb
);
\if :ids
alter table bench.event add primary key (event_id);
\else
create index on bench.event (occurred_at);
\endif
\endif
vacuum analyze bench.batch;
checkpoint;
