-- The join of two accounts of one leg, or of one attendee. Each column is a register that only ever
-- moves one way: the earliest or the latest telling wins, ties go by value. Merging is therefore
-- commutative, associative and idempotent, and so is applying webhooks; the tests hold it to that.

create function calytics.merge_booking(a calytics.booking, b calytics.booking)
  returns calytics.booking
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  a.booking_id := greatest(a.booking_id, b.booking_id);
  a.reschedule_uid := greatest(a.reschedule_uid, b.reschedule_uid);
  a.superseded_by := greatest(a.superseded_by, b.superseded_by);
  a.moved_to := greatest(a.moved_to, b.moved_to);
  a.payment_id := greatest(a.payment_id, b.payment_id);
  a.event_type_id := greatest(a.event_type_id, b.event_type_id);
  a.service := greatest(a.service, b.service);
  a.seats_per_slot := greatest(a.seats_per_slot, b.seats_per_slot);
  a.series := greatest(a.series, b.series);
  a.recurring := a.recurring or b.recurring;

  a.created_at := least(a.created_at, b.created_at);
  a.accepted_at := least(a.accepted_at, b.accepted_at);
  a.rejected_at := least(a.rejected_at, b.rejected_at);
  a.awaiting_at := least(a.awaiting_at, b.awaiting_at);
  a.paid_at := least(a.paid_at, b.paid_at);

  if b.cancelled_at is not null and (
       a.cancelled_at is null
       or (b.cancelled_at, coalesce(b.cancelled_by, '~')) < (a.cancelled_at, coalesce(a.cancelled_by, '~'))) then
    a.cancelled_at := b.cancelled_at;
    a.cancelled_by := b.cancelled_by;
  end if;
  if b.schedule_at is not null and (
       a.schedule_at is null
       or (b.schedule_at, b.starts_at, coalesce(b.ends_at, '-infinity'))
        > (a.schedule_at, a.starts_at, coalesce(a.ends_at, '-infinity'))) then
    a.schedule_at := b.schedule_at;
    a.starts_at := b.starts_at;
    a.ends_at := b.ends_at;
  end if;
  if b.price_at is not null and (
       a.price_at is null
       or (b.price_at, b.price, coalesce(b.currency, '')) < (a.price_at, a.price, coalesce(a.currency, ''))) then
    a.price_at := b.price_at;
    a.price := b.price;
    a.currency := b.currency;
  end if;
  if b.host_at is not null and (
       a.host_at is null
       or (b.host_at, b.host, coalesce(b.host_id, 0)) > (a.host_at, a.host, coalesce(a.host_id, 0))) then
    a.host_at := b.host_at;
    a.host := b.host;
    a.host_id := b.host_id;
  end if;
  if b.customer_at is not null and (
       a.customer_at is null or (b.customer_at, b.customer) < (a.customer_at, a.customer)) then
    a.customer_at := b.customer_at;
    a.customer := b.customer;
  end if;
  if b.host_no_show_at is not null and (
       a.host_no_show_at is null
       or (b.host_no_show_at, b.host_no_show) > (a.host_no_show_at, a.host_no_show)) then
    a.host_no_show_at := b.host_no_show_at;
    a.host_no_show := b.host_no_show;
  end if;
  return a;
end
$$;
comment on function calytics.merge_booking(calytics.booking, calytics.booking) is
  'The join of two accounts of one leg. What is derived (status, seats, no_shows, root_uid, hops) is '
  'left as it is in a.';

create function calytics.booking_status(b calytics.booking) returns text
  language sql immutable
  return case
    when b.superseded_by is not null or (b.moved_to is not null and b.seats = 0) then 'superseded'
    when b.cancelled_at is not null then 'cancelled'
    when b.rejected_at is not null then 'rejected'
    when b.awaiting_at is not null then 'awaiting_rebook'
    when b.accepted_at is not null then 'accepted'
    else 'pending'
  end;
comment on function calytics.booking_status(calytics.booking) is
  'A leg''s status: what can''t be undone outranks what came before it.';

create function calytics.merge_attendees(
  e calytics.booking, people calytics.attendee[], out seats int, out no_shows int
)
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into calytics.attendee as a
    select p.* from unnest(people) p order by p.customer
    on conflict on constraint attendee_pkey do update set
      position = least(a.position, excluded.position),
      seat_id = greatest(a.seat_id, excluded.seat_id),
      active = case when (excluded.active_at, excluded.active) > (a.active_at, a.active)
                    then excluded.active else a.active end,
      active_at = greatest(a.active_at, excluded.active_at),
      no_show = case when excluded.no_show_at is not null
                      and (a.no_show_at is null
                           or (excluded.no_show_at, excluded.no_show) > (a.no_show_at, a.no_show))
                     then excluded.no_show else a.no_show end,
      no_show_at = greatest(a.no_show_at, excluded.no_show_at);
  select count(*) filter (where a.active), count(*) filter (where a.active and a.no_show)
    into seats, no_shows
    from calytics.attendee a
   where a.source_id = e.source_id and a.uid = e.uid;
end
$$;
comment on function calytics.merge_attendees(calytics.booking, calytics.attendee[]) is
  'Joins what is told of a leg''s attendees into what is known; returns the seats held now and how '
  'many of them are marked as no-show. The leg''s row is locked by the caller.';
