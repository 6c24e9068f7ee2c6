-- The laws of the join, on random accounts of a leg with values few enough to meet and to tie.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file
create function pg_temp.pick(variadic choices text[]) returns text language sql volatile as $$
  select choices[1 + floor(random() * cardinality(choices))::int] $$;
create function pg_temp.instant() returns timestamptz language sql volatile as $$
  select pg_temp.pick(null, '2026-01-01Z', '2026-01-02Z', '2026-01-03Z', 'infinity')::timestamptz $$;
create function pg_temp.account() returns calytics.booking language plpgsql volatile as $$
declare
  b calytics.booking;
begin
  b.source_id := 1; b.uid := 'u'; b.root_uid := 'u'; b.hops := 0; b.seats := 0; b.no_shows := 0;
  b.booking_id := pg_temp.pick(null, '1', '2'); b.reschedule_uid := pg_temp.pick(null, 'p', 'q');
  b.superseded_by := pg_temp.pick(null, null, 'x', 'y'); b.moved_to := pg_temp.pick(null, null, 'x', 'y');
  b.created_at := pg_temp.instant(); b.accepted_at := pg_temp.instant(); b.rejected_at := pg_temp.instant();
  b.awaiting_at := pg_temp.instant(); b.cancelled_at := pg_temp.instant();
  if b.cancelled_at is not null then b.cancelled_by := pg_temp.pick(null, 'host', 'customer', 'other'); end if;
  b.paid_at := pg_temp.instant(); b.payment_id := pg_temp.pick(null, '1', '2');
  b.schedule_at := pg_temp.instant();
  if b.schedule_at is not null then
    b.starts_at := pg_temp.pick('2026-02-01Z', '2026-02-02Z');
    b.ends_at := pg_temp.pick(null, '2026-02-03Z', '2026-02-04Z');
  end if;
  b.event_type_id := pg_temp.pick(null, '1', '2'); b.service := pg_temp.pick(null, 'a', 'b');
  b.price_at := pg_temp.instant();
  if b.price_at is not null then b.price := pg_temp.pick('0', '5'); b.currency := pg_temp.pick(null, 'EUR', 'USD'); end if;
  b.host_at := pg_temp.instant();
  if b.host_at is not null then b.host := pg_temp.pick('a', 'b'); b.host_id := pg_temp.pick(null, '1', '2'); end if;
  b.customer_at := pg_temp.instant();
  if b.customer_at is not null then b.customer := md5(pg_temp.pick('a', 'b'))::uuid; end if;
  b.seats_per_slot := pg_temp.pick(null, '8', '9'); b.recurring := pg_temp.pick('f', 't'); b.series := pg_temp.pick(null, 'r', 's');
  b.host_no_show_at := pg_temp.instant();
  if b.host_no_show_at is not null then b.host_no_show := pg_temp.pick('f', 't'); end if;
  return b;
end $$;
create temp table sample as
  select pg_temp.account() as a, pg_temp.account() as b, pg_temp.account() as c from generate_series(1, 3000);
create function pg_temp.join(a calytics.booking, b calytics.booking) returns calytics.booking language sql as $$
  select calytics.merge_booking(a, b) $$;
\set ECHO all

select count(*) as samples,
       count(*) filter (where pg_temp.join(a, b) is distinct from pg_temp.join(b, a)) as not_commutative,
       count(*) filter (where pg_temp.join(pg_temp.join(a, b), c) is distinct from pg_temp.join(a, pg_temp.join(b, c))) as not_associative,
       count(*) filter (where pg_temp.join(a, a) is distinct from a) as not_idempotent,
       count(*) filter (where pg_temp.join(pg_temp.join(a, b), b) is distinct from pg_temp.join(a, b)) as not_absorbing,
       count(*) filter (where a is distinct from b) > 2900 as samples_differ
  from sample;

-- What a status says is never taken back by learning more, but for what outranks it.
with rank (status, rank) as (values ('pending', 1), ('accepted', 2), ('awaiting_rebook', 3), ('rejected', 4),
                                    ('cancelled', 5), ('superseded', 6))
select count(*) as undone
  from (select calytics.booking_status(a) as before, calytics.booking_status(pg_temp.join(a, b)) as after from sample) s
  join rank x on x.status = s.before join rank y on y.status = s.after
 where y.rank < x.rank;
