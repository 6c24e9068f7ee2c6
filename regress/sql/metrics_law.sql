-- The laws of the metrics, on random lives of bookings under random settings: what cal.metrics returns
-- equals a plain recount of the legs (recount.psql), at any moment, for any period, filter and date
-- basis, wherever the folder stands; parts add up to the whole; the period before is cut at the same
-- elapsed part; any order and any repetition of the same webhooks gives the same metrics. Counts of
-- checks depend on the seed; what is printed is the differences, of which there are none.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set checks_file :regress /checks.psql
\i :checks_file
-- Where the session stands must not matter.
select set_config('timezone', pg_temp.pick('UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe'), false) \g /dev/null

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
        delete from calytics.attendee a using calytics.booking b
         where b.source_id = src and b.root_uid = root and a.source_id = src and a.uid = b.uid;
        delete from calytics.booking_private p using calytics.booking b
         where b.source_id = src and b.root_uid = root and p.source_id = src and p.uid = b.uid;
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
call pg_temp.studio('law', 40);
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
      select c.at, e.every, m::text
        from (select clock_timestamp() as at) c, (values (null), ('month')) e (every),
             lateral cal.metrics('year', '2026-03-01', source => name, every => e.every) m
       where m.basis_used in ('booked', 'service', 'event');  -- what is tracked has no history
    commit;
    perform pg_sleep(0.01);
  end loop;
end $$;
select length(cal.rotate_secret('law-known', 'whsec_law')) as secret;
select cal.set_source('law-known', 'America/St_Johns') \g /dev/null
call pg_temp.remember('law-known', 5);
select count(*) as moments, count(*) filter (where now <> once) as changed
  from (select k.known_at, k.every, array_agg(k.line order by k.line) as once,
               array(select m::text from cal.metrics('year', '2026-03-01', source => 'law-known', every => k.every, known_at => k.known_at) m
                      order by m::text) as now
          from moment_known k group by 1, 2) x;

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
