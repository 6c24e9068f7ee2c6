-- What a booking owes to the same person's other bookings: the first visit, the one before, and what
-- the person booked next. One rule for one person (while ingesting) and for all (while recounting).

create table calytics.customer (
  source_id  int not null,
  customer   uuid not null,
  primary key (source_id, customer)
);
comment on table calytics.customer is
  'Persons by pseudonym. Whoever changes facts of a person''s bookings locks the person''s row first.';

create function calytics.lock_customer(src int, person uuid) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  loop
    perform from calytics.customer c where c.source_id = src and c.customer = person for no key update;
    exit when found;
    insert into calytics.customer values (src, person) on conflict do nothing;
    exit when found;
  end loop;
end
$$;
comment on function calytics.lock_customer(int, uuid) is 'Locks a person''s row, made if new.';

create function calytics.placed_among(chains calytics.chain[]) returns setof calytics.chain
  language sql immutable
begin atomic
  select c.source_id, c.root_uid, c.uid, c.customer, c.status, c.created_at, c.legs, c.hopped_at, c.hops,
         c.confirmed_at, c.cancelled_at, c.cancelled_by, c.notice, c.withdrawn, c.rejected_at,
         c.awaiting_at, c.paid_at, c.starts_at, c.ended_at, c.minutes, c.lead, c.service, c.consultation,
         c.host, c.price, c.currency, c.no_show, c.host_no_show, c.entries,
         case when v.visit then min(c.starts_at) over visits end,
         case when v.visit then lag(c.starts_at) over visits end,
         case when v.visit then (
           select min(o.created_at) from unnest(chains) o
            where o.created_at > c.starts_at and o.root_uid <> c.root_uid) end,
         case when v.visit then (
           select min(o.created_at) from unnest(chains) o
            where o.created_at > c.starts_at and o.root_uid <> c.root_uid and not o.consultation) end
    from unnest(chains) c cross join lateral (select calytics.is_visit(c) as visit offset 0) v
  window visits as (partition by v.visit order by c.starts_at, c.root_uid);
end;
comment on function calytics.placed_among(calytics.chain[]) is
  'All chains of one person, each with what it owes to the others.';
