-- Streams of events as SQL sees them: who may hear what.
\set ECHO none
create function pg_temp.listen(token text, query text default '')
  returns table (status int, type text, channels text, answer text) language sql as $$
  select h.status, h.headers ->> 'content-type',
         (select string_agg(s.name, ', ' order by s.name)
            from regexp_split_to_table(h.headers ->> 'x-calytics-listen', ', ') c (channel)
            join calytics.source s on calytics.changes_channel(s.source_id) = c.channel),
         convert_from(h.body, 'UTF8')
    from cal.http('GET', '/api/cal/events', query, jsonb_build_object('authorization', 'Bearer ' || token), '') h $$;
select cal.set_source('live-one'), cal.set_source('live-two');
\set ECHO all
select length(cal.add_token('live all', 'reader', 'cal_live_test_token_of_all')) as token;
select length(cal.add_token('live some', 'reader', 'cal_live_test_token_of_some', sources => '{live-two}')) as token;
select * from pg_temp.listen('nobody');
select status, type, channels like '%live-one, live-two%' as all_of_them, answer from pg_temp.listen('cal_live_test_token_of_all');
select * from pg_temp.listen('cal_live_test_token_of_all', 'source=live-one');
select * from pg_temp.listen('cal_live_test_token_of_some');
select * from pg_temp.listen('cal_live_test_token_of_some', 'source=live-one');
select * from pg_temp.listen('cal_live_test_token_of_some', 'source=live-two');
select * from pg_temp.listen('cal_live_test_token_of_all', 'source=live-three');
select status from pg_temp.listen('cal_live_test_token_of_all', 'source=%ff');
select h.status, convert_from(h.body, 'UTF8') as answer from cal.http('GET', '/ready', '', '{}', '') h;
