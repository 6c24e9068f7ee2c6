-- Names of origins can be made up without end: a month's buckets keep 1,000 of a kind apart and no more, the same in
-- every order of reading, folding, recounting and mending.
select length(cal.rotate_secret('origins', 'whsec_origins')) as secret;
select cal.set_source('origins', 'Pacific/Auckland');

create function pg_temp.come(utm text, lo int, hi int, day text) returns bigint language sql as $$
  select sum((cal.track((
           select jsonb_agg(jsonb_build_object(
                    'sessionId', utm || day || i, 'eventType', 'PAGE_VIEW', 'url', 'https://s.example/?utm_source=' || utm || i,
                    'timestamp', (day || 'T12:00:00Z')::timestamptz + i * interval '1 second'))
             from generate_series(b, least(b + 499, hi)) i), source => 'origins') ->> 'accepted')::int)
    from generate_series(lo, hi, 500) b $$;
create function pg_temp.told() returns table (names bigint, other bigint, sessions numeric) language sql as $$
  select count(*), sum(s.sessions) filter (where s.origin = '(other)'), sum(s.sessions)
    from cal.sources('month', '2026-03-31T10:00Z', source => 'origins') s $$;

select pg_temp.come('a', 1, 900, '2026-03-03') as accepted;
select cal.fold() \g /dev/null
select pg_temp.come('b', 1, 300, '2026-03-04') as accepted;
select cal.fold(false) \g /dev/null
-- There was room for 100.
select * from pg_temp.told();
select count(*) as differences from cal.verify_metrics('origins');
-- Known ones go on, pending ones and folded ones; new ones don't.
select pg_temp.come('a', 1, 10, '2026-03-05') as accepted, pg_temp.come('c', 1, 10, '2026-03-05') as other;
select * from pg_temp.told();
select cal.fold() \g /dev/null
select * from pg_temp.told();
select count(*) as differences from cal.verify_metrics('origins');
-- In a part of an hour.
select origin, sessions from cal.sources('custom', "from" => '2026-03-05T12:00:02Z', "to" => '2026-03-05T12:00:04Z', source => 'origins') order by 1;
-- The month after has room of its own, and so has another kind.
select pg_temp.come('d', 1, 3, '2026-04-03') as accepted;
select origin, sessions from cal.sources('month', '2026-04-20T10:00Z', source => 'origins') order by 1;
select origin, sessions from cal.sources('month', '2026-03-31T10:00Z', source => 'origins', by => 'medium') order by 1;
-- All made anew: the same.
create temp table before as
  select b.basis, b.grain, b.split, b.at, b.cells from calytics.bucket b join calytics.source s using (source_id) where s.name = 'origins';
delete from calytics.bucket b using calytics.source s where s.source_id = b.source_id and s.name = 'origins' and b.basis = 'origin';
delete from calytics.tracked_session v using calytics.source s where s.source_id = v.source_id and s.name = 'origins' and v.session_id like '%1';
select facts > 0 as facts, buckets > 0 as buckets from cal.repair_metrics('origins');
select count(*) as differences from cal.verify_metrics('origins');
select count(*) as lost from before b
 where not exists (select from calytics.bucket x join calytics.source s using (source_id)
                    where s.name = 'origins' and (x.basis, x.grain, x.split, x.at, x.cells) = (b.basis, b.grain, b.split, b.at, b.cells));
-- A clock of another zone.
select cal.set_source('origins', 'America/St_Johns');
select count(*) as differences from cal.verify_metrics('origins');
