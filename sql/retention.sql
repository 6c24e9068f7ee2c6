-- Who comes back: cohorts of people by their first visit, and one person's way from the first page seen to the
-- last booking.

create function calytics.retention_step(unit text, periods int, at timestamptz) returns interval
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  step interval := case unit when 'week' then interval '7 days' when 'month' then interval '1 month'
                             when 'quarter' then interval '3 months' when 'year' then interval '1 year' end;
begin
  if step is null then
    raise exception 'retention can''t be told by "%"', unit
      using errcode = 'invalid_parameter_value', hint = 'Use week, month, quarter or year.';
  elsif periods is null or periods not between 0 and 520 then
    raise exception 'retention can''t be told for % periods', periods
      using errcode = 'invalid_parameter_value', hint = 'Use 0 to 520.';
  elsif at is null or not isfinite(at) then
    raise exception 'retention needs a moment to be looked at'
      using errcode = 'invalid_parameter_value', hint = 'Leave "at" out for now.';
  end if;
  return step;
end
$$;
comment on function calytics.retention_step(text, int, timestamptz) is
  'How long a unit of retention is. Raises invalid_parameter_value on what cal.retention can''t tell.';

create function cal.retention(
  unit text default 'month', periods int default 12, source text default 'default', at timestamptz default now(),
  service text default null, host text default null
) returns table (cohort date, people bigint, since int, active bigint, active_rate numeric)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(retention.source);
  services text[] := case when retention.service is not null then calytics.service_keys(s.source_id, retention.service) end;
  hosts text[] := case when retention.host is not null then calytics.host_keys(s.source_id, retention.host) end;
  step interval := calytics.retention_step(unit, periods, at);
begin
  return query
  with visit as materialized (
    select f.customer, calytics.local_start(unit, f.starts_at at time zone s.time_zone, s.week_start) as begins
      from calytics.facts_now(s.source_id) f
     where calytics.is_visit(f) and f.starts_at < retention.at
       and (services is null or f.service = any (services)) and (hosts is null or f.host = any (hosts))
     group by 1, 2
  ), came as materialized (
    select v.born, v.begins, count(*) as active
      from (select x.begins, min(x.begins) over (partition by x.customer) as born from visit x) v
     group by 1, 2
  ), born as materialized (
    select c.born, c.active as people from came c where c.begins = c.born
  )
  select b.born::date, b.people, k.since::int,
         case when x.over then coalesce(c.active, 0) end,
         case when x.over then coalesce(c.active, 0)::numeric / b.people end
    from born b
   cross join generate_series(0, periods) k (since)
   cross join lateral (
     select calytics.hour_begins(b.born + (k.since + 1) * step, s.time_zone) <= retention.at as over) x
    left join came c on c.born = b.born and c.begins = b.born + k.since * step
   order by b.born, k.since;
end
$$;
comment on function cal.retention(text, int, text, timestamptz, text, text) is
  'A matrix of who comes back: people by the local week, month, quarter or year (unit) of their first visit (accepted, no '
  'no-show, begun before "at"), and how many of them had a visit so many units later (since: 0 to periods): active and '
  'active_rate, NULL where that unit is not over. service, host: visits to these only, by name or key. Raises '
  'invalid_parameter_value and no_data_found (no such source).';

create function cal.customer_journey(customer uuid, source text default 'default')
  returns table (at timestamptz, kind text, what text, service_name text, session_id text, uid text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  src int := (calytics.source_named(customer_journey.source)).source_id;
begin
  return query
  with fact as materialized (
    select f.* from calytics.facts_now(src) f where f.customer = customer_journey.customer
  ), leg as materialized (
    select b.uid from fact f join calytics.booking b on b.source_id = src and b.root_uid = f.root_uid
  ), session as materialized (
    select e.session_id from leg l join calytics.event e on e.source_id = src and e.booking_uid = l.uid
    union
    select m.session_id from leg l join calytics.booking_session m on m.source_id = src and m.uid = l.uid
  )
  select j.at, j.kind, j.what, nullif(calytics.service_name(src, j.service), ''), j.session_id, j.uid
    from (
      select e.occurred_at, 'event', e.event_type, e.service, e.session_id, e.booking_uid
        from session x join calytics.event e on e.source_id = src and e.session_id = x.session_id
      union all
      select v.at, 'booking', v.what, f.service,
             case when v.what = 'booked' then (
               select min(m.session_id) from calytics.booking_session m where m.source_id = src and m.uid = f.root_uid) end, f.uid
        from fact f
       cross join lateral (values
         (f.created_at, 'booked'), (f.confirmed_at, 'confirmed'), (f.rejected_at, 'rejected'), (f.cancelled_at, 'cancelled'),
         (f.awaiting_at, 'asked for a new time'), (f.paid_at, 'paid'),
         (case when f.status = 'accepted' then f.starts_at end,
          case when f.no_show then 'no-show' when f.starts_at <= now() then 'visit' else 'upcoming' end)) v (at, what)
       where v.at is not null
      union all
      select h.at, 'booking', 'rescheduled', f.service, null, f.uid from fact f cross join unnest(f.hopped_at) h (at)) j (
        at, kind, what, service, session_id, uid)
   order by j.at, j.kind desc, j.what;
end
$$;
comment on function cal.customer_journey(uuid, text) is
  'One person''s way, in order of time, by the pseudonym that cal.booking shows: events of the sessions that led to a booking of '
  'theirs (kind event), and what became of the bookings (kind booking: booked, confirmed, rescheduled, cancelled, visit, '
  'no-show, upcoming and so on; of booked, the session that a webhook says made it). Raises no_data_found (no such source).';
