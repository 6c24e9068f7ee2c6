-- Keeps the facts exact as webhooks come in. A changed chain appends minus its old fact and plus its
-- new one to calytics.chain_delta, in the transaction that changed it; nothing else is written, no
-- bucket, no hot row. Order of locks: legs (apply.sql), then persons by key.

create sequence calytics.delta_id;
comment on sequence calytics.delta_id is 'Tells changes of facts apart; order and gaps mean nothing.';

create table calytics.chain_delta (
  like calytics.chain,
  segment   bigint not null,
  delta_id  bigint not null default nextval('calytics.delta_id'),
  sign      int not null check (sign in (-1, 1)),
  primary key (segment, delta_id, source_id)
);
comment on table calytics.chain_delta is
  'Signed changes of facts that no bucket holds yet. Only rows from the low-water mark of '
  'calytics.fold_state on can be there: readers skip what lies below it without looking.';

create function calytics.current_fact(src int, root text) returns calytics.chain
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  legs calytics.booking[];
begin
  legs := array(
    select b from calytics.booking b
     where b.source_id = src and b.root_uid = root
     order by b.status = 'superseded', b.hops desc, b.uid desc);
  if legs = '{}' then
    return null;
  end if;
  return calytics.chain_of(
    legs,
    array(select p from calytics.payment p
           where p.source_id = src and p.uid in (select l.uid from unnest(legs) l)
           order by p.uid, p.entry),
    (select s.consultation from calytics.source s where s.source_id = src));
end
$$;
comment on function calytics.current_fact(int, text) is
  'A chain''s fact by its legs, the other chains of its person apart; NULL if it has no leg.';

create function calytics.settle(src int, roots text[], force boolean default false) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  root text collate "C";
  person uuid;
  people uuid[] := '{}';
  locked uuid[] := '{}';
  moved uuid[] := '{}';
  before calytics.chain[] := '{}';
  after calytics.chain[] := '{}';
  o calytics.chain;
  n calytics.chain;
begin
  if not calytics.collects_metrics() then
    return;
  end if;
  roots := array(select distinct r from unnest(roots) r order by r);

  -- Who is concerned is known for sure only under the locks of those who are.
  loop
    foreach root in array roots loop
      people := people || array(
        select coalesce(c.customer, nobody) from calytics.chain c
         where c.source_id = src and c.root_uid = root
        union
        select coalesce(b.customer, nobody) from calytics.booking b
         where b.source_id = src and b.root_uid = root);
    end loop;
    people := array(select distinct p from unnest(people) p where p <> all (locked) order by p);
    exit when people = '{}';
    foreach person in array people loop
      perform calytics.lock_customer(src, person);
    end loop;
    locked := locked || people;
  end loop;

  foreach root in array roots loop
    o := null;
    select c.* into o from calytics.chain c where c.source_id = src and c.root_uid = root;
    n := calytics.current_fact(src, root);
    if calytics.is_visit(n) then
      n.first_at := o.first_at;
      n.previous_at := o.previous_at;
      n.next_created_at := o.next_created_at;
      n.session_at := o.session_at;
    end if;
    continue when n is not distinct from o and not force;
    if o.root_uid is not null then
      before := before || o;
    end if;
    if n.root_uid is null then
      delete from calytics.chain c where c.source_id = src and c.root_uid = root;
    else
      after := after || n;
    end if;
    if force
       or (o.customer, o.created_at, o.starts_at, o.consultation, calytics.is_visit(o), o.root_uid)
          is distinct from
          (n.customer, n.created_at, n.starts_at, n.consultation, calytics.is_visit(n), n.root_uid) then
      moved := moved || o.customer || n.customer;
    end if;
  end loop;
  if before = '{}' and after = '{}' then
    return;
  end if;

  for person in select distinct m from unnest(moved) m where m is not null order by m loop
    for n in
      select p.* from calytics.placed_among(array(
        select c from calytics.chain c
         where c.customer = person and c.source_id = src
           and c.root_uid not in (select a.root_uid from unnest(after) a)
        union all
        select a from unnest(after) a where a.customer = person)) p
    loop
      if n.root_uid = any (roots) then
        after := array(select case when a.root_uid = n.root_uid then n else a end from unnest(after) a);
      else
        select c.* into o from calytics.chain c where c.source_id = src and c.root_uid = n.root_uid;
        if n is distinct from o then
          before := before || o;
          after := after || n;
        end if;
      end if;
    end loop;
  end loop;
  perform calytics.save_facts(src, before, after);
end
$$;
comment on function calytics.settle(int, text[], boolean) is
  'Brings the facts of these chains, and of their persons'' other chains, up to date with the legs and '
  'appends what changed. force: also where the legs say nothing new. Does nothing while '
  'calytics.collect_metrics is off; cal.repair_metrics makes up for it.';

create function calytics.save_facts(src int, before calytics.chain[], after calytics.chain[])
  returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  segment bigint := calytics.open_segment();
  n calytics.chain;
begin
  foreach n in array after loop
    insert into calytics.chain values (n.*)
      on conflict on constraint chain_pkey do update set
        uid = excluded.uid, customer = excluded.customer, status = excluded.status,
        created_at = excluded.created_at, legs = excluded.legs, hopped_at = excluded.hopped_at,
        hops = excluded.hops, confirmed_at = excluded.confirmed_at,
        cancelled_at = excluded.cancelled_at, cancelled_by = excluded.cancelled_by,
        notice = excluded.notice, withdrawn = excluded.withdrawn, rejected_at = excluded.rejected_at,
        awaiting_at = excluded.awaiting_at, paid_at = excluded.paid_at,
        starts_at = excluded.starts_at, ended_at = excluded.ended_at, minutes = excluded.minutes,
        lead = excluded.lead, service = excluded.service, consultation = excluded.consultation,
        host = excluded.host, price = excluded.price, currency = excluded.currency,
        no_show = excluded.no_show, host_no_show = excluded.host_no_show, entries = excluded.entries,
        first_at = excluded.first_at, previous_at = excluded.previous_at,
        next_created_at = excluded.next_created_at, session_at = excluded.session_at;
  end loop;
  insert into calytics.chain_delta
    select b.*, segment, nextval('calytics.delta_id'), -1 from unnest(before) b
    union all
    select a.*, segment, nextval('calytics.delta_id'), 1 from unnest(after) a;
  perform calytics.wake_folder();
end
$$;
comment on function calytics.save_facts(int, calytics.chain[], calytics.chain[]) is
  'Writes facts and appends their change. The persons are locked by the caller.';
