-- What a session remembers of what is tracked: random sessions, read again and again on one connection while moments
-- pass or jump, events and webhooks come in, on time and late, the folder runs, is undone or merges, clocks are
-- set: every read equals the one of a session that remembers nothing.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set track_file :regress /track_recount.psql
\i :track_file
\set remember_file :regress /remember.psql
\i :remember_file
select set_config('timezone', pg_temp.pick('UTC', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe'), false) \g /dev/null
select cal.rotate_secret('remembered', 'whsec_of_what_is_remembered') \g /dev/null
select cal.set_source('remembered', pg_temp.pick('Europe/Madrid', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu'), 'EUR', 1) \g /dev/null

-- A question as a dashboard that stays open repeats it; some are about a moment when all has happened.
create temp table question (n int primary key, per text, at timestamptz, lag interval, service text, every text);
insert into question
  select n, (array['day', 'week', 'month', 'year'])[1 + n % 4],
         case when n % 3 = 0 then '2026-12-01 12:00Z'::timestamptz else pg_temp.moment() end,
         case when pg_temp.chance(0.6) then '0' else random() * interval '2 days' end,
         case when pg_temp.chance(0.2) then 'piece' end,
         case when pg_temp.chance(0.5) then pg_temp.pick('day', 'week', 'month') end
    from generate_series(1, 9) n;

create function pg_temp.answer(q question) returns text language plpgsql stable as $$
begin
  return case q.n % 4
    when 0 then (select string_agg(m::text, E'\n' order by m::text)
                   from cal.metrics(q.per, q.at, source => 'remembered', service => q.service, every => q.every, as_of => q.at + q.lag) m)
    when 1 then (select string_agg(t::text, E'\n' order by t::text)
                   from cal.traffic(q.per, q.at, source => 'remembered', every => q.every, as_of => q.at + q.lag) t)
    when 2 then (select string_agg(s::text, E'\n' order by s::text)
                   from cal.sources(q.per, q.at, source => 'remembered', as_of => q.at + q.lag) s)
    else (cal.dashboard(q.per, q.at, 'remembered', q.service, as_of => q.at + q.lag) - 'last_webhook_age_s')::text end;
end $$;

create temp table verdict (round int, wrong bigint);
do $$
declare
  wrong bigint;
begin
  for round in 1 .. 40 loop
    perform pg_temp.tell('remembered', 1 + floor(random() * 30)::int);
    if pg_temp.chance(0.5) then
      perform pg_temp.hear('remembered');
    end if;
    commit;
    if pg_temp.chance(0.6) then
      perform cal.fold(pg_temp.chance(0.4));
      if pg_temp.chance(0.1) then
        rollback;
      else
        commit;
      end if;
    end if;
    if round % 17 = 0 then
      perform cal.set_source('remembered', pg_temp.pick('America/New_York', 'Europe/Lisbon', 'Asia/Kolkata'));
      commit;
    end if;
    -- Time passes, and now and then goes back.
    update question q set at = q.at + case when pg_temp.chance(0.9) then random() * random() * interval '20 minutes'
                                           else (random() - 0.5) * interval '3 hours' end
     where pg_temp.chance(0.7);
    commit;
    wrong := pg_temp.wrong_answers();
    commit;
    insert into verdict values (round, wrong);
    commit;
  end loop;
end $$;

-- What is looked up ahead of the ends of spans: as time passes into another hour, events come in that happen a little later,
-- and a booking; folded while the end is before them, they are counted once it is not.
create temp table later (step int, wrong bigint);
do $$
declare
  moment timestamptz := (select '2026-05-05 10:58:58'::timestamp at time zone s.time_zone from calytics.source s where s.name = 'remembered');
  wrong bigint;
begin
  for step in 1 .. 24 loop
    moment := moment + interval '5 seconds';
    -- In step 11 nothing happens but that the ends move: what is folded in step 12 is all of the hour ahead.
    if step <> 11 then
      perform cal.track(jsonb_build_object(
                'sessionId', 'later ' || step, 'eventType', 'SERVICE_VIEW', 'serviceId', 'piece', 'ipAddress', '203.0.113.' || step,
                'userAgent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
                'timestamp', moment + interval '4 seconds'), source => 'remembered');
    end if;
    if step = 12 then
      perform cal.receive_webhook(w.body, w.headers, 'remembered')
         from cal.simulate_webhook('BOOKING_CREATED', 'later', null, moment + interval '4 seconds', 'remembered') w;
    end if;
    commit;
    if step % 3 = 0 or step = 10 then
      perform cal.fold(false);
      commit;
    end if;
    update question q set at = moment, lag = '0', service = null, per = (array['day', 'week', 'month', 'year'])[1 + q.n % 4];
    commit;
    wrong := pg_temp.wrong_answers();
    commit;
    insert into later values (step, wrong);
    commit;
  end loop;
end $$;
\set ECHO queries
select step, wrong from later where wrong > 0 order by step;
select round, wrong from verdict where wrong > 0 order by round;
select count(*) from verdict;
-- Something was there to tell.
select count(*) > 200 as events, count(*) filter (where uid in (select uid from told_booking)) > 5 as booked from told;
select (cal.dashboard('year', '2026-06-01 12:00Z', 'remembered') #>> '{funnel,steps,0,sessions}')::int > 0 as viewed;
select count(*) as differences from cal.verify_metrics('remembered');
