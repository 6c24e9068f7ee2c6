-- What a booking owes to the same person's other bookings: the first visit, the one before, and what
-- the person booked next. One rule for the folder, the reader and the recount.

create function calytics.placed_among(chains calytics.chain[]) returns setof calytics.chain
  language sql immutable
begin atomic
  select c.source_id, c.root_uid, c.uid, c.customer, c.status, c.created_at, c.legs, c.hopped_at, c.hops,
         c.confirmed_at, c.cancelled_at, c.cancelled_by, c.notice, c.withdrawn, c.rejected_at,
         c.awaiting_at, c.paid_at, c.starts_at, c.ended_at, c.minutes, c.lead, c.service, c.consultation,
         c.host, c.price, c.currency, c.no_show, c.host_no_show, c.entries,
         case when f.visit then min(c.starts_at) over visits end,
         case when f.visit then lag(c.starts_at) over visits end,
         case when f.visit then f.next_made end,
         case when f.visit then f.next_session end
    from unnest(chains) c
    join (
      select e.root_uid, e.visit, e.asks,
             min(e.made_at) over later as next_made, min(e.session_at) over later as next_session
        from (
          select v.root_uid, calytics.is_visit(v) as visit, true as asks, v.starts_at as at,
                 null::timestamptz as made_at, null::timestamptz as session_at
            from unnest(chains) v
          union all
          select m.root_uid, false, false, least(m.created_at, m.starts_at), least(m.created_at, m.starts_at),
                 case when not m.consultation then least(m.created_at, m.starts_at) end
            from unnest(chains) m
           where m.created_at is not null) e
      window later as (order by e.at desc nulls last, e.asks desc rows unbounded preceding)) f
      on f.asks and f.root_uid = c.root_uid
  window visits as (partition by f.visit order by c.starts_at, c.root_uid);
end;
comment on function calytics.placed_among(calytics.chain[]) is
  'All chains of one person, each with what it owes to the others. A booking entered after the fact counts as made '
  'at its start.';
