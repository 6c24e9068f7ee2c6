-- What a session remembers: on random lives, read again and again on one connection while moments pass or
-- jump, webhooks come in, the folder runs, is undone or merges, rules and facts change and are mended, every
-- read equals the one of a session that remembers nothing, and a recount of the legs.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set checks_file :regress /checks.psql
\i :checks_file
\set remember_file :regress /remember.psql
\i :remember_file
select set_config('timezone', pg_temp.pick('UTC', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe'), false) \g /dev/null
select cal.rotate_secret('memo', 'whsec_of_the_memo'), cal.rotate_secret('other', 'whsec_of_the_other') \g /dev/null
select cal.set_source('memo', pg_temp.pick('Europe/Madrid', 'America/St_Johns', 'Australia/Lord_Howe'), 'EUR', 1) \g /dev/null

-- A question as the tabs of a dashboard and BI tools repeat it.
create temp table question (
  n int primary key, per text, at timestamptz, lag interval, service text, host text, basis text, every text, split text);
insert into question
  select n, (array['day', 'week', 'month', 'quarter', 'year'])[1 + n % 5], pg_temp.moment(),
         case when pg_temp.chance(0.5) then '0' else (random() - 0.5) * interval '40 days' end,
         case when pg_temp.chance(0.2) then 'large-piece' end, case when pg_temp.chance(0.2) then 'zoe' end,
         case when pg_temp.chance(0.4) then pg_temp.pick('booked', 'service', 'event') end,
         case when pg_temp.chance(0.4) then pg_temp.pick('week', 'month') end,
         case when pg_temp.chance(0.4) then pg_temp.pick('service', 'host', 'service,host') end
    from generate_series(1, 9) n;

create function pg_temp.answer(q question) returns text language plpgsql stable as $$
begin
  return case q.n % 3
    when 0 then (select string_agg(m::text, E'\n' order by m::text)
                   from cal.metrics(q.per, q.at, source => 'memo', service => q.service, host => q.host, basis => q.basis,
                                    every => q.every, split => q.split, as_of => q.at + q.lag) m)
    when 1 then (select string_agg(l::text, E'\n' order by l::text) from cal.lifetime_value('memo', at => q.at) l)
    else (cal.dashboard(q.per, q.at, 'memo', q.service, q.host, q.basis, as_of => q.at + q.lag) - 'last_webhook_age_s')::text end;
end $$;

-- Questions are asked shortly before something counts otherwise, and then shortly after it: it begins, ends, is made or
-- changed, or has awaited a new time for too long, at times after the period is over. Some stay where they are, and some go back or far.
create function pg_temp.approach() returns void language sql as $$
  update question q
     set at = coalesce(e.start, e.at - d.lag - d.far * interval '12 minutes'),
         lag = coalesce(e.at - d.far * interval '12 minutes' - e.start, d.lag)
    from (select x.n, case when random() < 0.6 then '0' else (random() - 0.5) * interval '40 days' end as lag,
                 random() * random() as far, random() as dice, 1 + floor(random() * 5)::int as kind from question x) d
    join lateral (
      select i.at, case when i.kind = 5 and d.dice < 0.4 then c.starts_at end as start
        from calytics.source s join calytics.chain c using (source_id)
       cross join lateral (values (1, c.starts_at), (2, c.ended_at), (3, c.created_at), (4, c.cancelled_at), (4, c.rejected_at),
                                  (4, c.paid_at), (4, c.hopped_at[1]), (5, c.awaiting_at + s.lapse_after)) i (kind, at)
       where s.name = 'memo' and i.at is not null order by i.kind = d.kind desc, random() limit 1) e on true
   where d.n = q.n and d.dice < 0.8 $$;
create function pg_temp.pass() returns void language sql as $$
  update question q
     set at = q.at + case when d.dice < 0.1 then '0' when d.dice < 0.8 then d.far * interval '24 minutes'
                          when d.dice < 0.9 then d.far * interval '-24 minutes' else d.far * interval '2 days' end
    from (select x.n, random() as dice, random() as far from question x) d
   where d.n = q.n $$;

create procedure pg_temp.check_all(what text) language plpgsql as $$
declare
  wrong bigint;
begin
  commit;
  wrong := pg_temp.wrong_answers();
  if wrong > 0 then
    insert into difference (law, what, returned) values ('memo', what, wrong::text);
  end if;
  commit;
end $$;

create procedure pg_temp.happen(what text) language plpgsql as $$
declare
  src int := (select s.source_id from calytics.source s where s.name = 'memo');
  leg text := (select b.uid from calytics.booking b where b.source_id = src order by random() limit 1);
begin
  case what
    when 'webhooks' then
      for i in 1..1 + floor(random() * 6)::int loop
        perform pg_temp.live('memo');
      end loop;
    when 'fold' then perform cal.fold(false);
    when 'merge' then perform cal.fold(true);
    when 'a webhook for another source' then perform pg_temp.live('other');
    when 'money' then perform cal.record_payment(leg, 1000, 'EUR', pg_temp.pick('payment', 'refund'), pg_temp.moment(), 'money', 'memo');
    when 'money back' then perform cal.remove_payment(p.uid, p.entry, 'memo') from calytics.payment p where p.source_id = src;
    when 'repair' then perform cal.repair_metrics('memo');
    when 'a rule' then
      perform cal.set_source('memo', lapse_after => pg_temp.pick('1 day', '30 days', '3 hours')::interval,
                             rebook_within => pg_temp.pick('5 days', '30 days')::interval);
    when 'a zone' then perform cal.set_source('memo', time_zone => pg_temp.pick('Europe/Madrid', 'America/St_Johns', 'Asia/Kathmandu'));
    when 'consultations' then perform cal.set_source('memo', consultation => pg_temp.pick('consult', 'large'));
    when 'much' then
      for i in 1..60 loop
        perform pg_temp.live('memo');
      end loop;
      perform cal.fold(pg_temp.chance(0.5));
    when 'what is undone' then
      begin
        perform pg_temp.live('memo');
        perform cal.fold(pg_temp.chance(0.5));
        if pg_temp.wrong_answers() > 0 then
          raise exception 'wrong within';
        end if;
        raise exception 'undo' using errcode = 'P0UND';
      exception when sqlstate 'P0UND' then
        if pg_temp.wrong_answers() > 0 then
          raise exception 'wrong after';
        end if;
      end;
    when 'an error' then
      begin
        perform cal.metrics(source => 'memo', every => 'never');
      exception when others then null;
      end;
  end case;
end $$;

-- The recount, twice for about the same period: the second answer is the first one, moved.
create procedure pg_temp.check_recount() language plpgsql as $$
declare
  src calytics.source := (select s from calytics.source s where s.name = 'memo');
  per text := pg_temp.pick('day', 'week', 'month', 'quarter', 'year');
  at timestamptz := pg_temp.moment();
begin
  perform pg_temp.tell(src.source_id);
  commit;
  perform pg_temp.check_period(src, per, at, at, null, null, null, null);
  commit;
  perform pg_temp.check_period(src, per, at + d, at + d, null, null, null, null)
     from (select random() * interval '25 minutes' as d) d;
  commit;
end $$;

do $$
declare
  what text;
begin
  for i in 1..60 loop
    perform pg_temp.live('memo');
  end loop;
  for round in 1..18 loop
    what := pg_temp.pick('webhooks', 'webhooks', 'webhooks', 'webhooks', 'fold', 'fold', 'fold', 'fold', 'fold', 'merge', 'merge', 'merge',
                         'a webhook for another source', 'money', 'money back', 'repair', 'a rule', 'a zone', 'consultations', 'much',
                         'what is undone', 'what is undone', 'an error');
    call pg_temp.happen(what);
    call pg_temp.check_all(round || ': ' || what);
    if pg_temp.chance(0.6) then
      perform pg_temp.approach();
      call pg_temp.check_all(round || ': before');
      if pg_temp.chance(0.5) then
        perform pg_temp.live('memo');
        perform cal.fold(pg_temp.chance(0.3));
      end if;
      perform pg_temp.pass();
      call pg_temp.check_all(round || ': after');
    end if;
    if round % 4 = 0 then
      call pg_temp.check_recount();
    end if;
  end loop;
end $$;
\set SHOW_CONTEXT never
\set ECHO all
select law, what, metric, returned, recounted from difference order by what limit 10;
select count(*) as verified_differences from cal.verify_metrics('memo');

-- It is remembered indeed: a session doesn't look at buckets again, unless it is told that they were mended.
select pg_temp.wrong_answers();
update calytics.bucket b
   set cells = calytics.cube_plus(b.cells, (select calytics.cube('*', '*', 'EUR', '{1:1,3:1,4:1}', 1)))
  from calytics.source s
 where s.name = 'memo' and b.source_id = s.source_id;
select pg_temp.wrong_answers() > 0 as remembered;
update question set at = at + interval '3 days';
select pg_temp.wrong_answers();
select buckets > 0 as mended from cal.repair_metrics('memo');
select pg_temp.wrong_answers();

-- What a transaction has written itself it sees, and nothing of it is left behind when it is undone: the next run of the
-- folder has the same number.
update question set per = 'year', at = '2026-01-15 12:00Z', lag = '300 days', service = null, host = null;
select pg_temp.wrong_answers();
begin;
select pg_temp.wrong_answers();
select pg_temp.book('memo') from generate_series(1, 10) \g /dev/null
select pg_temp.wrong_answers();
savepoint s;
select cal.fold(true) \g /dev/null
select pg_temp.wrong_answers();
rollback to s;
select pg_temp.wrong_answers();
select cal.fold(false) \g /dev/null
select pg_temp.wrong_answers();
rollback;
select pg_temp.wrong_answers();
select pg_temp.book('memo') from generate_series(1, 10) \g /dev/null
select cal.fold(false) \g /dev/null
select pg_temp.wrong_answers();
