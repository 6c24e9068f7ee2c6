-- The laws of the metrics, on random lives of bookings under random settings: what cal.metrics returns
-- equals a plain recount of the legs (recount.psql), at any moment, for any period, filter and date
-- basis, wherever the folder stands; parts add up to the whole; the period before is cut at the same
-- elapsed part; any order and any repetition of the same webhooks gives the same metrics. Counts of
-- checks depend on the seed; what is printed is the differences, of which there are none.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file
\set recount_file :regress /recount.psql
\i :recount_file
\set lives_file :regress /lives.psql
\i :lives_file
reset enable_seqscan;
reset plan_cache_mode;
-- Where the session stands must not matter.
select set_config('timezone', pg_temp.pick('UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe'), false) \g /dev/null

create temp table difference (seed text, law text, what text, metric text, basis text, currency text, returned text, recounted text);
create temp table setting as select :'seed'::text as seed;

-- The first instant at which a clock on the wall shows this time or a later one.
create function pg_temp.first_instant(wall timestamp, zone text) returns timestamptz language sql as $$
  select min(i) from unnest(array[interval '0', '30 minutes', '1 hour']) back,
         lateral (select wall at time zone zone - back) c (i)
   where i at time zone zone >= wall $$;
create function pg_temp.wall_start(unit text, wall timestamp, week_start int) returns timestamp language sql as $$
  select case when unit = 'week'
              then wall::date - (extract(isodow from wall)::int - week_start + 7) % 7
              else date_trunc(unit, wall) end $$;
create function pg_temp.step(unit text) returns interval language sql as $$
  select case unit when 'quarter' then interval '3 months' else ('1 ' || unit)::interval end $$;

-- Rows of cal.metrics beside those of the recount: under each basis, this period and the one before.
create function pg_temp.check_period(
  src calytics.source, period text, at timestamptz, as_of timestamptz, begins timestamptz, shuts timestamptz,
  service text, host text) returns void language plpgsql as $$
declare
  wall timestamp;
  before_wall timestamp;
  before_begins timestamptz;
  before_shuts timestamptz;
  before_as_of timestamptz;
  what text;
begin
  if period = 'custom' then
    -- In seconds: days would be those of the session's time zone.
    before_begins := begins - make_interval(secs => extract(epoch from shuts - begins)::float8);
    before_shuts := begins;
    before_as_of := as_of - make_interval(secs => extract(epoch from shuts - begins)::float8);
  else
    wall := pg_temp.wall_start(period, at at time zone src.time_zone, src.week_start);
    before_wall := wall - pg_temp.step(period);
    begins := pg_temp.first_instant(wall, src.time_zone);
    shuts := pg_temp.first_instant(wall + pg_temp.step(period), src.time_zone);
    before_begins := pg_temp.first_instant(before_wall, src.time_zone);
    before_shuts := begins;
    before_as_of := (before_wall + ((as_of at time zone src.time_zone) - wall)) at time zone src.time_zone;
  end if;
  what := format('%s %s at %s as of %s, %s to %s, service %s, host %s, zone %s, week from %s', src.name, period, at, as_of, begins, shuts,
                 service, host, src.time_zone, src.week_start);
  insert into difference
    with returned as (
      select distinct m.metric, m.basis_used as basis, coalesce(m.currency, '') as currency, m.value, m.numerator, m.denominator,
             m.previous, m.previous_numerator, m.previous_denominator
        from (values (null), ('booked'), ('service'), ('event')) b (basis),
             lateral cal.metrics(period, at, case when period = 'custom' then begins end, case when period = 'custom' then shuts end,
                                 src.name, service, host, b.basis, as_of => as_of) m),
    recounted as (
      select r.metric, r.basis, r.currency, r.value, r.numerator, r.denominator
        from pg_temp.recount(begins, least(shuts, as_of), shuts, as_of, service, host) r),
    before as (
      select r.metric, r.basis, r.currency, r.value, r.numerator, r.denominator
        from pg_temp.recount(before_begins, least(before_shuts, before_as_of), before_shuts, before_as_of, service, host) r)
    select s.seed, d.law, what, d.metric, d.basis, d.currency, d.returned, d.recounted
      from setting s, (
        select case when r.metric is null then 'no row' else 'recount' end as law, metric, basis, currency,
               (r.value, r.numerator, r.denominator)::text as returned, (c.value, c.numerator, c.denominator)::text as recounted
          from returned r full join recounted c using (metric, basis, currency)
         where (round(coalesce(r.value, 0), 6), coalesce(r.numerator, 0), coalesce(r.denominator, 0))
            <> (round(coalesce(c.value, 0), 6), coalesce(c.numerator, 0), coalesce(c.denominator, 0))
            or r.metric is null and c.currency = ''
        union all
        select 'previous', metric, basis, currency,
               (r.previous, r.previous_numerator, r.previous_denominator)::text, (c.value, c.numerator, c.denominator)::text
          from returned r full join before c using (metric, basis, currency)
         where (round(coalesce(r.previous, 0), 6), coalesce(r.previous_numerator, 0), coalesce(r.previous_denominator, 0))
            <> (round(coalesce(c.value, 0), 6), coalesce(c.numerator, 0), coalesce(c.denominator, 0))) d;
end $$;

-- Parts of a period add up to the whole: buckets in time, services, hosts, and all of them at once.
create function pg_temp.check_sums(src calytics.source, period text, at timestamptz, as_of timestamptz) returns void language plpgsql as $$
declare
  every text := case period when 'year' then pg_temp.pick('week', 'month', 'quarter') when 'quarter' then pg_temp.pick('day', 'week', 'month')
    else pg_temp.pick('hour', 'day', 'week') end;
  split text := pg_temp.pick('service', 'host', 'service,host');
  basis text := pg_temp.pick('booked', 'service', 'event', null);
  what text := format('%s %s at %s as of %s every %s by %s', src.name, period, at, as_of, every, split);
begin
  insert into difference
    with whole as (
      select m.metric, m.basis_used, coalesce(m.currency, '') as currency, m.value
        from cal.metrics(period, at, source => src.name, basis => basis, as_of => as_of) m join cal.metric d using (metric)
       where d.additive),
    parts as (
      select p.parted, m.metric, m.basis_used, coalesce(m.currency, '') as currency, sum(m.value) as value
        from (values ('every', every, null), ('split', null, split), ('both', every, split)) p (parted, every, split),
             lateral cal.metrics(period, at, source => src.name, basis => basis, every => p.every, split => p.split, as_of => as_of) m
        join cal.metric d using (metric)
       where d.additive
       group by 1, 2, 3, 4)
    select s.seed, 'parts', what || ', ' || p.parted, w.metric, w.basis_used, w.currency, p.value::text, w.value::text
      from setting s, whole w
     cross join (values ('every'), ('split'), ('both')) k (parted)
      left join parts p using (parted, metric, basis_used, currency)
     where coalesce(p.value, 0) <> coalesce(w.value, 0);

  -- A bucket of a series is that range of time by itself, also where it is no sum.
  insert into difference
    with series as (
      select m.metric, m.basis_used, coalesce(m.currency, '') as currency, m.starts_at, m.ends_at, m.value, m.numerator, m.denominator
        from cal.metrics(period, at, source => src.name, basis => basis, every => every, as_of => as_of) m),
    chosen as (
      select * from (select distinct s.starts_at, s.ends_at from series s where s.metric = 'created') d order by random() limit 2)
    select s.seed, 'bucket', what || format(', %s to %s', c.starts_at, c.ends_at), r.metric, r.basis, r.currency,
           (b.value, b.numerator, b.denominator)::text, (r.value, r.numerator, r.denominator)::text
      from setting s, chosen c
     cross join lateral pg_temp.recount(c.starts_at, c.ends_at, c.ends_at, as_of) r
     left join series b
       on b.metric = r.metric and b.basis_used = r.basis and b.currency = r.currency and b.starts_at = c.starts_at
    where r.metric <> 'upcoming'
      and exists (select from series x where x.metric = r.metric and x.basis_used = r.basis)
      and (round(coalesce(b.value, 0), 6), coalesce(b.numerator, 0), coalesce(b.denominator, 0))
       <> (round(coalesce(r.value, 0), 6), coalesce(r.numerator, 0), coalesce(r.denominator, 0));

  -- The bookings behind a number add up to it.
  insert into difference
    with whole as (
      select m.metric, m.basis_used, coalesce(m.currency, '') as currency, m.numerator, m.denominator
        from cal.metrics(period, at, source => src.name, basis => basis, as_of => as_of) m join cal.metric d using (metric)
       where m.metric !~ 'lead_time_p|average_ticket|customers|retention'),
    chosen as (select w.* from whole w order by random() limit 5)
    select s.seed, 'explained', what, c.metric, c.basis_used, c.currency, (e.numerator, e.denominator)::text, (c.numerator, c.denominator)::text
      from setting s, chosen c
     cross join lateral (
       select coalesce(sum(x.numerator), 0) as numerator, coalesce(sum(x.denominator), 0) as denominator
         from cal.explain_metric(c.metric, period, at, source => src.name, basis => basis, as_of => as_of) x
        where c.currency = '' or x.currency = c.currency) e
     where (e.numerator, e.denominator) <> (coalesce(c.numerator, 0), coalesce(c.denominator, 0))
       and not (c.metric in ('collected', 'refunded', 'net') and c.numerator is null);

  -- A line of a split is that filter. Keys may share a name, by which both are filtered.
  insert into difference
    with line as (
      select m.metric, m.basis_used, coalesce(m.currency, '') as currency, m.service_name, m.host_name,
             sum(m.numerator) as numerator, sum(m.denominator) as denominator
        from cal.metrics(period, at, source => src.name, basis => basis, split => split, as_of => as_of) m
       group by 1, 2, 3, 4, 5),
    chosen as (select distinct l.service_name, l.host_name from line l
                where l.service_name <> '' or l.host_name <> '' order by 1, 2 limit 2),
    filter as (
      select c.service_name, c.host_name, m.metric, m.basis_used, coalesce(m.currency, '') as currency, m.numerator, m.denominator
        from chosen c,
             lateral cal.metrics(period, at, source => src.name, basis => basis, service => c.service_name, host => c.host_name, as_of => as_of) m)
    select s.seed, 'split', what || format(', %s, %s', f.service_name, f.host_name), f.metric, f.basis_used, f.currency,
           (l.numerator, l.denominator)::text, (f.numerator, f.denominator)::text
      from setting s, filter f
      left join line l
        on l.metric = f.metric and l.basis_used = f.basis_used and l.currency = f.currency
       and l.service_name is not distinct from f.service_name and l.host_name is not distinct from f.host_name
     where (coalesce(l.numerator, 0), coalesce(l.denominator, 0)) <> (coalesce(f.numerator, 0), coalesce(f.denominator, 0))
       and f.metric <> 'average_ticket';
end $$;

create function pg_temp.check_now(name text) returns void language plpgsql as $$
declare
  src calytics.source := (select s from calytics.source s where s.name = check_now.name);
  period text := pg_temp.pick('day', 'week', 'month', 'month', 'quarter', 'year', 'custom', 'custom');
  at timestamptz := pg_temp.moment();
  begins timestamptz := date_trunc(pg_temp.pick('milliseconds', 'second', 'hour'), pg_temp.moment());
  service text;
  host text;
begin
  if pg_temp.chance(0.25) then
    -- By key, unless it is another service's name too.
    select t.service into service from told t
     where t.service <> '' and not exists (select from calytics.service v where v.source_id = t.source_id and v.service = t.service)
     order by random() limit 1;
  end if;
  if pg_temp.chance(0.25) then
    select t.host into host from told t
     where t.host <> '' and not exists (select from calytics.host h where h.source_id = t.source_id and h.host = t.host)
     order by random() limit 1;
  end if;
  perform pg_temp.check_period(
    src, period, at, case when pg_temp.chance(0.4) then at else pg_temp.moment() end, begins,
    begins + random() * random() * interval '120 days' + interval '1 second', service, host);
end $$;

-- Whatever may happen to an installation, between two webhooks.
create function pg_temp.disturb(name text) returns void language plpgsql as $$
declare
  src int := (select s.source_id from calytics.source s where s.name = disturb.name);
  leg text := (select b.uid from calytics.booking b where b.source_id = src order by random() limit 1);
  root text;
begin
  case floor(random() * 22)
    when 0, 1, 2, 3, 4 then perform cal.fold(false);
    when 5, 6, 7, 8, 9 then perform cal.fold(true);
    when 10 then perform cal.repair_metrics(name);
    when 11, 12 then
      perform cal.set_source(name, time_zone => pg_temp.pick('Europe/Madrid', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu',
                                                             'America/Havana', 'Atlantic/Azores', 'Africa/Cairo', 'Pacific/Apia'));
    when 13 then perform cal.set_source(name, week_start => 1 + floor(random() * 7)::int);
    when 14 then
      perform cal.set_source(name, late_notice => make_interval(hours => 1 + floor(random() * 72)::int),
        lapse_after => make_interval(days => 1 + floor(random() * 60)::int), rebook_within => make_interval(days => 1 + floor(random() * 60)::int),
        convert_within => make_interval(days => 1 + floor(random() * 60)::int), consultation => pg_temp.pick('consult', '^c', 'piece|touch'));
    when 15 then
      if pg_temp.chance(0.2) then
        perform cal.rebuild(name);
      end if;
    when 16, 17, 18 then
      perform cal.record_payment(leg, floor(random() * 30000)::bigint, pg_temp.pick('EUR', 'USD', 'JPY'),
                                 pg_temp.pick('payment', 'payment', 'refund'), pg_temp.moment(), pg_temp.pick('a', 'b'), name);
    when 19 then perform cal.remove_payment(leg, pg_temp.pick('a', 'b'), name);
    when 20 then
      -- A chain is gone for good, by hand.
      if pg_temp.chance(0.3) then
        root := (select b.root_uid from calytics.booking b where b.source_id = src and b.uid = leg);
        delete from calytics.booking b where b.source_id = src and b.root_uid = root;
        perform calytics.mark(src, array[root]);
      end if;
    else null;
  end case;
end $$;

create procedure pg_temp.studio(name text, rounds int) language plpgsql as $$
begin
  for round in 1 .. rounds loop
    for i in 1 .. 12 + floor(random() * 20)::int loop
      perform pg_temp.live(name);
      if pg_temp.chance(0.3) then
        commit;
      end if;
    end loop;
    for i in 1 .. 3 loop
      perform pg_temp.disturb(name);
      commit;
    end loop;
    perform pg_temp.tell(s.source_id) from calytics.source s where s.name = studio.name;
    for i in 1 .. 2 loop
      perform pg_temp.check_now(name);
    end loop;
    perform pg_temp.check_sums(s, pg_temp.pick('week', 'month', 'quarter', 'year'), pg_temp.moment(), pg_temp.moment())
       from calytics.source s where s.name = studio.name and round % 3 = 0;
    insert into difference
      select s.seed, 'verify', v.what || ' ' || v.root_uid, v.measure, v.basis, v.currency, v.stored::text, v.expected::text
        from setting s, cal.verify_metrics(name) v where round % 10 = 0;
    commit;
  end loop;
end $$;
\set ECHO all
select length(cal.rotate_secret('law', 'whsec_law')) as secret;
call pg_temp.studio('law', 30);
select law, metric, basis, count(*), min(what) as what from difference group by 1, 2, 3 order by 1, 2, 3;
select * from difference order by law, what limit 5;
select count(*) as verified_differences from cal.verify_metrics('law');

-- The same webhooks in another order, with repeats, at a source with the same people and settings.
select cal.remove_payment(p.uid, p.entry, 'law') from calytics.payment p join calytics.source s using (source_id) where s.name = 'law' \g /dev/null
select cal.rebuild('law') \g /dev/null
select length(cal.rotate_secret('law-again', 'whsec_law')) as secret;
update calytics.source_key k set person_key = o.person_key
  from calytics.source s, calytics.source t join calytics.source_key o using (source_id)
 where s.name = 'law-again' and k.source_id = s.source_id and t.name = 'law';
select cal.set_source('law-again', s.time_zone, s.currency, s.week_start, s.late_notice, s.lapse_after, s.rebook_within, s.convert_within,
                      s.consultation) from calytics.source s where s.name = 'law' \g /dev/null
select count(*) filter (where r.outcome = 'quarantined') as quarantined
  from (select s.body, s.headers from sent s cross join generate_series(1, 2) k where k = 1 or random() < 0.2 order by random()) s,
       lateral cal.receive_webhook(s.body, s.headers, 'law-again') r;
create temp table told_twice as
  select s.name, e.every, e.split, b.basis, m.metric, m.starts_at, m.service_name, m.host_name, m.currency, m.value, m.numerator, m.denominator
    from (values ('law'), ('law-again')) s (name),
         (values (null), ('booked'), ('service'), ('event')) b (basis),
         (values ('day', null), ('month', 'service,host')) e (every, split),
         lateral cal.metrics('year', '2026-03-01', source => s.name, basis => b.basis, every => e.every, split => e.split) m
   where m.value <> 0 or m.numerator <> 0 or m.denominator <> 0;
select count(*) > 1000 as many, count(*) filter (where copies % 2 = 1) as differences_by_order
  from (select count(*) as copies from told_twice t
         group by every, split, basis, metric, starts_at, service_name, host_name, currency, value, numerator, denominator) x;

-- What was known at a moment stays what it was, whatever became known since.
truncate leg;
create temp table moment_known (known_at timestamptz, every text, line text);
create procedure pg_temp.remember(name text, rounds int) language plpgsql as $$
begin
  for round in 1 .. rounds loop
    for i in 1 .. 40 loop
      perform pg_temp.live(name);
      commit;
    end loop;
    perform pg_sleep(0.01);
    insert into moment_known
      select clock_timestamp(), e.every, m::text
        from (values (null), ('month')) e (every), lateral cal.metrics('year', '2026-03-01', source => name, every => e.every) m;
    commit;
    perform pg_sleep(0.01);
  end loop;
end $$;
select length(cal.rotate_secret('law-known', 'whsec_law')) as secret;
select cal.set_source('law-known', 'America/St_Johns') \g /dev/null
call pg_temp.remember('law-known', 5);
select count(*) > 500 as many, count(*) filter (where not exists (
         select from cal.metrics('year', '2026-03-01', source => 'law-known', every => k.every, known_at => k.at) m where m::text = any (k.lines)))
       as unknown, count(*) filter (where k.n <> (
         select count(*) from cal.metrics('year', '2026-03-01', source => 'law-known', every => k.every, known_at => k.at) m where m::text = any (k.lines))) as changed
  from (select max(known_at) as at, every, array_agg(line) as lines, count(*) as n from moment_known group by date_trunc('milliseconds', known_at), every) k;

-- What nobody told us is not zero: money is NULL until somebody speaks of it, and from then on exact, folded or not.
create view pg_temp.money as
  select m.metric, m.value, m.currency
    from cal.metrics('year', '2026-12-31', source => 'law-money', metrics => '{collected,refunded,net}') m;
select length(cal.rotate_secret('law-money', 'whsec_law')) as secret;
select pg_temp.post('law-money', 'BOOKING_CREATED', 'paid', '{}', '2026-02-01 10:00Z') \g /dev/null
table pg_temp.money;
select pg_temp.post('law-money', 'BOOKING_PAID', 'paid', '{}', '2026-02-02 10:00Z') \g /dev/null
table pg_temp.money;
insert into calytics.payment
  select s.source_id, 'paid', 'voucher', 'refund', 1999, 'EUR', '2026-02-03 10:00Z' from calytics.source s where s.name = 'law-money';
select calytics.mark(s.source_id, '{paid}') from calytics.source s where s.name = 'law-money' \g /dev/null
table pg_temp.money;
select cal.fold() is not null as folded;
table pg_temp.money;
