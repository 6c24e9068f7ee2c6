-- What the dashboard shows is what SQL returns is what the BI views hold, to the digit: on random lives of
-- bookings, for every period, at random moments, with and without a filter, wherever the folder stands.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set lives_file :regress /lives.psql
\i :lives_file
select set_config('timezone', pg_temp.pick('UTC', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe'), false) \g /dev/null
select cal.rotate_secret('board', 'whsec_of_the_board') \g /dev/null
select cal.set_source('board', pg_temp.pick('Europe/Madrid', 'America/St_Johns', 'Australia/Lord_Howe'), 'EUR', 1) \g /dev/null

create temp table difference (law text, period text, what text, metric text, shown text, returned text);

-- A figure of the dashboard as text, so that 1.0 and 1 differ.
create function pg_temp.compare(
  law text, per text, moment timestamptz, seen timestamptz, service text, host text, basis text
) returns void language plpgsql as $$
declare
  d jsonb := cal.dashboard(per, moment, 'board', service, host, basis, as_of => seen);
begin
  insert into difference
  select law, per, 'figure', m.metric, f.figure::text, w.figure::text
    from cal.metrics(per, moment, source => 'board', service => compare.service, host => compare.host, basis => compare.basis, as_of => seen) m
   cross join lateral (
     select case when m.currency is null then d #> array['figures', m.metric]
                 else d #> array['figures', m.metric, m.currency] end as figure) f
   cross join lateral (
     select jsonb_build_object(
       'value', m.value, 'numerator', m.numerator, 'denominator', m.denominator, 'previous', m.previous,
       'previous_numerator', m.previous_numerator, 'previous_denominator', m.previous_denominator,
       'change', m.change) as figure) w
   where f.figure::text is distinct from w.figure::text
     and not (m.metric in ('customers', 'retention') and (service is not null or host is not null));

  insert into difference
  select law, per, 'series', m.metric, p.point::text, to_jsonb(m.value)::text
    from cal.metrics(per, moment, source => 'board', service => compare.service, host => compare.host, basis => compare.basis, as_of => seen,
                     every => d #>> '{series,unit}') m
    join lateral (
      select b.n - 1 as n
        from jsonb_array_elements_text(d #> '{series,starts_at}') with ordinality b (at, n)
       where b.at::timestamptz <= m.starts_at order by b.n desc limit 1) b on true
   cross join lateral (
     select (case when m.currency is null then d #> array['series', m.metric]
                  else d #> array['series', m.metric, m.currency] end) -> (b.n)::int as point) p
   where d -> 'series' ? m.metric
     and case when p.point is null or p.point = 'null' then m.value <> 0
              else p.point::text is distinct from to_jsonb(m.value)::text end;

  insert into difference
  select law, per, t.kind, m.metric, p.figure::text, to_jsonb(m.value)::text
    from (values ('services', 'service'), ('hosts', 'host')) t (kind, split)
   cross join lateral cal.metrics(per, moment, source => 'board', service => compare.service, host => compare.host, basis => compare.basis,
                                  as_of => seen, split => t.split) m
    left join lateral (
     select case when m.currency is null then l.line -> m.metric else l.line -> m.metric -> m.currency end as figure
       from jsonb_array_elements(d -> t.kind) l (line)
      where l.line ->> 'name' = coalesce(m.service_name, m.host_name, '')) p on true
   where case when p.figure is not null then p.figure is distinct from coalesce(to_jsonb(m.value), 'null')
              else m.value <> 0 and m.metric in ('created', 'completed', 'cancelled', 'no_show', 'booked_minutes', 'booked_value',
                                                 'new_customers', 'returning_customers') end;

  insert into difference
  select law, per, 'heatmap', 'starts', h.shown::text, w.returned::text
    from (select sum(x::bigint) as shown
            from jsonb_array_elements(d -> 'heatmap') r (hours) cross join lateral jsonb_array_elements_text(r.hours) x) h
   cross join (
     select count(*) as returned
       from cal.chain c
      where c.source = 'board' and c.status = 'accepted'
        and c.starts_at >= (d #>> '{period,from}')::timestamptz and c.starts_at < (d #>> '{period,cut_at}')::timestamptz
        and (compare.service is null or c.service = compare.service) and (compare.host is null or c.host = compare.host)) w
   where h.shown is distinct from w.returned;
end $$;

do $$
declare
  moment timestamptz;
  per text;
begin
  for round in 1..14 loop
    for i in 1..25 loop
      perform pg_temp.live('board');
    end loop;
    if pg_temp.chance(0.6) then
      perform cal.fold(pg_temp.chance(0.5));
    end if;
    foreach per in array array['day', 'week', 'month', 'quarter', 'year'] loop
      moment := pg_temp.moment();
      perform pg_temp.compare('5', per, moment, case when pg_temp.chance(0.5) then moment else pg_temp.moment() end,
                              case when pg_temp.chance(0.2) then 'large-piece' end, case when pg_temp.chance(0.2) then 'zoe' end,
                              case when pg_temp.chance(0.3) then pg_temp.pick('booked', 'service', 'event') end);
    end loop;
  end loop;
end $$;

-- The BI view, day by day, is the same as the metrics of these days.
insert into difference
select 'view', 'day', 'day', v.metric, v.shown::text, coalesce(m.value, 0)::text
  from (
    select a.day, x.metric, sum(x.value) as shown
      from cal.service_analytics a
     cross join lateral (values ('created', a.created), ('confirmed', a.confirmed), ('completed', a.completed),
       ('cancelled', a.cancelled), ('no_show', a.no_show), ('booked_minutes', a.booked_minutes)) x (metric, value)
     where a.source = 'board' and a.day < current_date
     group by a.day, x.metric) v
  left join (
    select (m.starts_at at time zone s.time_zone)::date as day, m.metric, m.value
      from calytics.source s
     cross join lateral cal.metrics(
       'custom', "from" => '2025-05-01', "to" => now(), source => 'board', every => 'day',
       metrics => '{created,confirmed,completed,cancelled,no_show,booked_minutes}') m
     where s.name = 'board') m on m.day = v.day and m.metric = v.metric
 where v.shown is distinct from coalesce(m.value, 0) and v.day > '2025-05-02';
\set SHOW_CONTEXT never
\set ECHO all
select count(*) > 60 as bookings from cal.chain where source = 'board';
select law, what, metric, count(*) from difference group by 1, 2, 3 order by 1, 2, 3 limit 10;
select * from difference order by law, what, metric limit 5;
select count(*) as verified_differences from cal.verify_metrics('board');
select cal.dashboard('week', '2026-01-07', 'nowhere');
select cal.dashboard('decade', source => 'board');
