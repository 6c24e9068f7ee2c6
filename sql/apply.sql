-- Applies one normalised webhook to the booking it speaks of, and to the leg it replaces. Locks are
-- taken leg first, then predecessor; the delivery's number is drawn only when all are held, so that
-- numbers follow the order in which each booking really changed.

create function calytics.touch_booking(
  e calytics.booking, people calytics.attendee[],
  out fresh boolean, out changed boolean, out linked boolean, out saved boolean, out root_uid text
)
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  o calytics.booking;
  n calytics.booking;
  p calytics.attendee;
  counted record;
begin
  fresh := false;
  loop
    select b.* into o from calytics.booking b
     where b.source_id = e.source_id and b.uid = e.uid
       for no key update;
    if found then
      n := calytics.merge_booking(o, e);
      if people is not null then
        counted := calytics.merge_attendees(e, people);
        n.seats := counted.seats;
        n.no_shows := counted.no_shows;
      end if;
      n.status := calytics.booking_status(n);
      changed := (n.status, n.booking_id, n.created_at, n.accepted_at, n.rejected_at, n.awaiting_at,
                  n.host_id, n.cancelled_at, n.cancelled_by,
                  n.paid_at, n.starts_at, n.ends_at, n.event_type_id, n.service, n.price, n.currency,
                  n.host, n.customer, n.seats, n.no_shows, n.host_no_show, n.recurring, n.series,
                  n.payment_id, n.seats_per_slot, n.reschedule_uid, n.superseded_by, n.moved_to)
              is distinct from
                 (o.status, o.booking_id, o.created_at, o.accepted_at, o.rejected_at, o.awaiting_at,
                  o.host_id, o.cancelled_at, o.cancelled_by,
                  o.paid_at, o.starts_at, o.ends_at, o.event_type_id, o.service, o.price, o.currency,
                  o.host, o.customer, o.seats, o.no_shows, o.host_no_show, o.recurring, o.series,
                  o.payment_id, o.seats_per_slot, o.reschedule_uid, o.superseded_by, o.moved_to);
      linked := n.reschedule_uid is distinct from o.reschedule_uid;
      saved := n is distinct from o;
      root_uid := o.root_uid;
      if saved then
        perform calytics.save_booking(n);
      end if;
      return;
    end if;

    e.seats := 0;
    e.no_shows := 0;
    foreach p in array coalesce(people, '{}') loop
      e.seats := e.seats + p.active::int;
      e.no_shows := e.no_shows + (p.active and coalesce(p.no_show, false))::int;
    end loop;
    e.status := calytics.booking_status(e);
    insert into calytics.booking values (e.*) on conflict on constraint booking_pkey do nothing;
    if found then
      if people is not null then
        insert into calytics.attendee select x.* from unnest(people) x;
      end if;
      fresh := true;
      changed := true;
      saved := true;
      root_uid := e.root_uid;
      linked := e.reschedule_uid is not null;
      return;
    end if;
  end loop;
end
$$;
comment on function calytics.touch_booking(calytics.booking, calytics.attendee[]) is
  'Joins an account of a leg and its attendees into what is known. fresh: the leg was not known; '
  'changed: readers see a difference; linked: the leg it replaced has become known; saved: anything is '
  'different; root_uid: its chain so far.';

create function calytics.save_booking(n calytics.booking) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update calytics.booking b set
      booking_id = n.booking_id, reschedule_uid = n.reschedule_uid, superseded_by = n.superseded_by,
      moved_to = n.moved_to, status = n.status, created_at = n.created_at,
      accepted_at = n.accepted_at, rejected_at = n.rejected_at, awaiting_at = n.awaiting_at,
      cancelled_at = n.cancelled_at, cancelled_by = n.cancelled_by, paid_at = n.paid_at,
      payment_id = n.payment_id, starts_at = n.starts_at, ends_at = n.ends_at,
      schedule_at = n.schedule_at, event_type_id = n.event_type_id, service = n.service,
      price = n.price, currency = n.currency, price_at = n.price_at, host_id = n.host_id,
      host = n.host, host_at = n.host_at, customer = n.customer, customer_at = n.customer_at,
      seats = n.seats, no_shows = n.no_shows, seats_per_slot = n.seats_per_slot,
      recurring = n.recurring, series = n.series, host_no_show = n.host_no_show,
      host_no_show_at = n.host_no_show_at
   where b.source_id = n.source_id and b.uid = n.uid;
end
$$;
comment on function calytics.save_booking(calytics.booking) is
  'Writes a leg''s row back, all but its place in the chain.';

create function calytics.apply_webhook(
  src int, w calytics.webhook, received timestamptz, delivery bigint default null,
  known timestamptz default null, ordinal bigint default null, out outcome text, out change_id bigint
)
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  at timestamptz := coalesce(w.happened_at, received);
  people calytics.attendee[];
  changed_uids text[] collate "C" := '{}';
  changed text collate "C";
  roots text[] collate "C" := '{}';
  leg record;
  old record;
begin
  people := calytics.attendee_evidence(src, w, at);
  leg := calytics.touch_booking(calytics.booking_evidence(src, w, at), people);
  if leg.changed then
    changed_uids := array[w.uid];
  end if;
  if leg.saved then
    roots := array[leg.root_uid];
  end if;

  if w.reschedule_uid <> w.uid then
    -- A seat that moved is a seat given up in the slot it left.
    if calytics.moves_seat(w) then
      people := calytics.seats_given_up(people, w.reschedule_uid);
    else
      people := null;
    end if;
    old := calytics.touch_booking(calytics.predecessor_evidence(src, w), people);
    if old.changed then
      changed_uids := changed_uids || w.reschedule_uid;
    end if;
    if old.saved or leg.linked then
      roots := roots || old.root_uid;
    end if;
  end if;
  if leg.linked then
    changed_uids := changed_uids || calytics.link_chain(src, w.uid);
    roots := roots || array(
      select b.root_uid from calytics.booking b where b.source_id = src and b.uid = w.uid);
  end if;
  if roots <> '{}' and calytics.collects_metrics() then
    perform calytics.mark(src, roots);
  end if;

  perform calytics.learn_private(src, w, at, leg.fresh);
  perform calytics.learn_names(src, w, at);

  change_id := coalesce(ordinal, nextval('calytics.delivery_id'));
  foreach changed in array changed_uids loop
    insert into calytics.booking_change
        (source_id, uid, change_id, delivery_id, known_at, happened_at, root_uid, hops, status,
         created_at, accepted_at, rejected_at, awaiting_at, cancelled_at, cancelled_by, paid_at, starts_at,
         ends_at, event_type_id, service, price, currency, host_id, host, customer, seats, no_shows,
         host_no_show)
      select b.source_id, b.uid, apply_webhook.change_id, coalesce(delivery, apply_webhook.change_id),
             coalesce(known, received), w.happened_at, b.root_uid, b.hops, b.status, b.created_at,
             b.accepted_at, b.rejected_at, b.awaiting_at, b.cancelled_at, b.cancelled_by, b.paid_at,
             b.starts_at, b.ends_at, b.event_type_id, b.service, b.price, b.currency, b.host_id, b.host,
             b.customer, b.seats, b.no_shows, b.host_no_show
        from calytics.booking b
       where b.source_id = src and b.uid = changed
      on conflict on constraint booking_change_pkey do nothing;
  end loop;
  outcome := case when changed_uids = '{}' then 'unchanged' else 'applied' end;
end
$$;
comment on function calytics.apply_webhook(
    int, calytics.webhook, timestamptz, bigint, timestamptz, bigint) is
  'Applies a webhook that speaks of a booking. received stands in for the event''s time where the '
  'webhook doesn''t tell it; delivery, known and ordinal are given when an archived one is applied '
  'again. outcome: applied, or unchanged if readers see no difference; change_id: its place in the '
  'order.';
