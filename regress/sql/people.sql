-- Lifetime value: cohorts of people by the month of their first visit equal a plain recount of the legs,
-- on random lives of bookings, in any time zone, as of any moment, wherever the folder stands; what is not
-- over is NULL. What is printed is the differences, of which there are none.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set recount_file :regress /recount.psql
\i :recount_file
select set_config('timezone', pg_temp.pick('UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'), false) \g /dev/null

create temp table difference (what text, cohort date, n int, currency text, returned text, recounted text);
create temp table checked (known bigint, unknown bigint);

-- Also where midnight is left out or comes twice.
create function pg_temp.first_instant(wall timestamp, zone text) returns timestamptz language sql as $$
  select min(i) from unnest(array[interval '0', '30 minutes', '1 hour']) back,
         lateral (select wall at time zone zone - back) c (i)
   where i at time zone zone >= wall $$;

-- Month by month and person by person.
create function pg_temp.recount_cohorts(zone text, months int, at timestamptz, as_of timestamptz)
  returns table (cohort date, n int, currency text, people bigint, active bigint, value numeric, collected numeric,
                 cumulative_value numeric, cumulative_collected numeric)
  language plpgsql as $$
#variable_conflict use_column
begin
  create temp table visited on commit drop as
    select t.customer, t.currency, coalesce(t.price, 0) as price, date_trunc('month', t.starts_at at time zone zone) as month,
           min(date_trunc('month', t.starts_at at time zone zone)) over (partition by t.customer) as cohort,
           coalesce((select sum(m.collected) from told_money m where m.root_uid = t.root_uid and m.currency = t.currency), 0) as collected
      from told t where t.visit;
  return query
    with cell as materialized (
      select c.cohort, k.n, c.cohort + make_interval(months => k.n) as month, y.currency,
             pg_temp.first_instant(c.cohort + make_interval(months => k.n + 1), zone) <= as_of as over,
             pg_temp.first_instant(c.cohort + interval '1 month', zone) <= as_of as born
        from (select distinct v.cohort from visited v
               where v.cohort <= least(at, as_of) at time zone zone) c
       cross join generate_series(0, months) k (n)
       cross join (values ('EUR'), ('USD'), ('JPY')) y (currency))
    select c.cohort::date, c.n, c.currency,
           case when c.born then (select count(distinct v.customer) from visited v where v.cohort = c.cohort) end,
           case when c.over then (select count(distinct v.customer) from visited v
                                   where v.cohort = c.cohort and v.month = c.month) end,
           case when c.over then (select coalesce(sum(v.price), 0) from visited v
                                   where v.cohort = c.cohort and v.month = c.month and v.currency = c.currency) end,
           case when c.over then (select coalesce(sum(v.collected), 0) from visited v
                                   where v.cohort = c.cohort and v.month = c.month and v.currency = c.currency) end,
           case when c.over then (select coalesce(sum(v.price), 0) from visited v
                                   where v.cohort = c.cohort and v.month <= c.month and v.currency = c.currency) end,
           case when c.over then (select coalesce(sum(v.collected), 0) from visited v
                                   where v.cohort = c.cohort and v.month <= c.month and v.currency = c.currency) end
      from cell c;
  drop table visited;
end $$;

create procedure pg_temp.check_cohorts(name text, rounds int) language plpgsql as $$
declare
  src int := (select s.source_id from calytics.source s where s.name = check_cohorts.name);
  zone text;
  asked_at timestamptz;
  as_of timestamptz;
begin
  for round in 1 .. rounds loop
    for i in 1 .. 50 loop
      perform pg_temp.live(name);
    end loop;
    for i in 1 .. 5 loop
      perform cal.record_payment(b.uid, floor(random() * 30000)::bigint, pg_temp.pick('EUR', 'USD', 'JPY'),
                                 case when i = 1 then 'payment' else pg_temp.pick('payment', 'refund') end, pg_temp.moment(), pg_temp.pick('a', 'b'), name)
         from calytics.booking b where b.source_id = src order by random() limit 1;
    end loop;
    zone := pg_temp.pick('Europe/Madrid', 'America/St_Johns', 'Australia/Lord_Howe', 'America/Havana', 'Pacific/Apia', 'Asia/Kathmandu');
    perform cal.set_source(name, time_zone => zone, currency => 'EUR');
    if pg_temp.chance(0.5) then
      perform cal.fold(pg_temp.chance(0.5));
    end if;
    if pg_temp.chance(0.5) then
      commit;
    end if;
    perform pg_temp.live(name);
    as_of := pg_temp.moment() + random() * interval '60 days';
    asked_at := case when pg_temp.chance(0.5) then as_of else pg_temp.moment() end;
    perform pg_temp.tell(src);
    with returned as (
      select l.* from cal.lifetime_value(name, 6, at => asked_at, as_of => as_of) l),
    recounted as (
      select c.* from pg_temp.recount_cohorts(zone, 6, asked_at, as_of) c),
    compared as (
      insert into difference
        select format('round %s in %s at %s as of %s', round, zone, asked_at, as_of), coalesce(r.cohort, c.cohort), coalesce(r.months_since, c.n),
               coalesce(r.currency_used, c.currency),
               (r.people, r.active, r.value, r.collected, r.cumulative_value, r.cumulative_collected)::text,
               (c.people, c.active, c.value, c.collected, c.cumulative_value, c.cumulative_collected)::text
          from returned r full join recounted c on c.cohort = r.cohort and c.n = r.months_since and c.currency = r.currency_used
         where (r.cohort is not null or c.value > 0 or c.collected > 0)
           and ((r.people, r.active, r.value, r.collected, r.cumulative_value, r.cumulative_collected)
               is distinct from
               (c.people, c.active, c.value, c.collected, c.cumulative_value, c.cumulative_collected)
            or r.active_rate is distinct from c.active::numeric / c.people
            or r.value_per_person is distinct from c.cumulative_value / c.people
            or r.collected_per_person is distinct from c.cumulative_collected / c.people)
        union all
        select format('round %s: no row', round), c.cohort, c.n, null, null, null from recounted c
         where not exists (select from returned r where r.cohort = c.cohort and r.months_since = c.n))
    insert into checked select count(r.active), count(*) filter (where r.active is null) from returned r;
    commit;
  end loop;
end $$;
\set SHOW_CONTEXT never
\set ECHO all
select length(cal.rotate_secret('people', 'whsec_people')) as secret;
call pg_temp.check_cohorts('people', 6);
select count(*) as differences from difference;
select * from difference order by what, cohort, n, currency limit 5;
select sum(known) > 50 as known, sum(unknown) > 50 as unknown from checked;

-- By hand: Ana and Bo come first in January; Ana again in March and in April, which is not over; Cy in February, unseen
-- at first; nobody told of a payment.
select length(cal.rotate_secret('cohort', 'whsec_cohort')) as secret;
select cal.set_source('cohort', time_zone => 'Europe/Madrid', currency => 'EUR');
create function pg_temp.visit(uid text, who text, starts timestamptz, price int) returns void language plpgsql as $$
begin
  perform pg_temp.post('cohort', 'BOOKING_CREATED', uid, jsonb_build_object(
    'type', 'tattoo', 'eventTypeId', 7, 'startTime', calytics.iso(starts), 'endTime', calytics.iso(starts + interval '1 hour'),
    'price', price, 'currency', 'eur', 'attendees', jsonb_build_array(jsonb_build_object('email', who || '@example.com', 'name', who))),
    '2026-01-01');
end $$;
select pg_temp.visit(v.uid, v.who, v.starts::timestamptz, v.price)
  from (values ('v1', 'ana', '2026-01-10 10:00Z', 5000), ('v2', 'bo', '2026-01-31 22:30Z', 3000), ('v3', 'ana', '2026-03-31 21:59Z', 7000),
               ('v4', 'ana', '2026-03-31 22:00Z', 100), ('v5', 'cy', '2026-01-31 23:00Z', 2500)) v (uid, who, starts, price) \g /dev/null
select cohort, people, months_since, active, active_rate::numeric(4, 2), currency_used, value, collected, cumulative_value,
       value_per_person::numeric(8, 2)
  from cal.lifetime_value('cohort', 3, as_of => '2026-04-20');
-- A payment by hand counts in the month of the visit; another currency has columns of its own.
select cal.record_payment('v2', 4000, 'EUR', entry => 'desk', source => 'cohort');
select cohort, months_since, value, collected, cumulative_collected, collected_per_person::numeric(8, 2)
  from cal.lifetime_value('cohort', 2, 'eur', as_of => '2026-04-20');
select cohort, months_since, active, currency_used, value, collected from cal.lifetime_value('cohort', 0, 'usd', as_of => '2026-04-20');
-- Before any month is over, nothing is known.
select cohort, people, months_since, active, value from cal.lifetime_value('cohort', 1, at => '2026-01-15');
select count(*) as rows from cal.lifetime_value('cohort', 1, at => '2025-12-31 22:59Z');
select cal.lifetime_value('cohort', -1);
select cal.lifetime_value('cohort', at => null);
select cal.lifetime_value('nowhere');
