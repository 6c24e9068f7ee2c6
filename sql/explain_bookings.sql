-- The bookings behind numbers that are no metric's: a cell of retention or of lifetime value, and what is booked for a month.

create type calytics.explained_booking as (
  root_uid      text,
  uid           text,
  status        text,
  starts_at     timestamptz,
  service_name  text,
  host_name     text,
  customer      uuid,
  currency      text,
  value         bigint
);
comment on type calytics.explained_booking is
  'A booking behind a number. value: its list price in minor units, NULL where that isn''t known; customer: the pseudonym.';

create function calytics.service_names(src int) returns table (key text, name text)
  language sql stable
begin atomic
  select distinct on (v.event_type_id) v.event_type_id::text, v.service
    from calytics.service v where v.source_id = src order by v.event_type_id, v.first_at desc, v.service desc;
end;
comment on function calytics.service_names(int) is 'The current names of a source''s services by their keys; see calytics.service_name.';

create function calytics.host_names(src int) returns table (key text, name text)
  language sql stable
begin atomic
  select distinct on (v.host_id) v.host_id::text, v.host
    from calytics.host v where v.source_id = src order by v.host_id, v.first_at desc, v.host desc;
end;
comment on function calytics.host_names(int) is 'The current names of a source''s hosts by their keys; see calytics.host_name.';

create function cal.explain_retention(
  cohort date, since int, unit text default 'month', source text default 'default', at timestamptz default now(),
  service text default null, host text default null
) returns setof calytics.explained_booking
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(explain_retention.source);
  services text[] := calytics.service_keys(s.source_id, explain_retention.service);
  hosts text[] := calytics.host_keys(s.source_id, explain_retention.host);
  step interval := calytics.retention_step(unit, since, at);
begin
  return query
  with visit as materialized (
    select f.*, calytics.local_start(unit, f.starts_at at time zone s.time_zone, s.week_start) as begins
      from calytics.facts_now(s.source_id) f
     where calytics.is_visit(f) and f.starts_at < explain_retention.at
       and (services is null or f.service = any (services)) and (hosts is null or f.host = any (hosts))
  ), born as materialized (
    select v.customer from visit v group by 1 having min(v.begins) = explain_retention.cohort
  )
  select f.root_uid, f.uid, f.status, f.starts_at, coalesce(v.name, nullif(f.service, '')), coalesce(h.name, nullif(f.host, '')),
         f.customer, nullif(f.currency, ''), case when f.currency <> '' then f.price end
    from visit f
    left join calytics.service_names(s.source_id) v on v.key = f.service
    left join calytics.host_names(s.source_id) h on h.key = f.host
   where f.begins = explain_retention.cohort + explain_retention.since * step
     and f.customer in (select b.customer from born b)
   order by f.starts_at, f.root_uid;
end
$$;
comment on function cal.explain_retention(date, int, text, text, timestamptz, text, text) is
  'The visits behind a cell of cal.retention, the earliest first: those that people of a cohort had so many units (since) after it; '
  'there are as many customers as the cell has active ones, also before the unit is over. value: list price, minor units. Parameters '
  'as in cal.retention. Raises invalid_parameter_value and no_data_found (no such source).';

create function cal.explain_lifetime_value(
  cohort date, months_since int, source text default 'default', currency text default null, at timestamptz default now()
) returns setof calytics.explained_booking
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(explain_lifetime_value.source);
  born timestamptz := calytics.hour_begins(date_trunc('month', cohort::timestamp), s.time_zone);
  until timestamptz := calytics.hour_begins(
    date_trunc('month', cohort::timestamp) + make_interval(months => months_since + 1), s.time_zone);
begin
  if cohort is null or not isfinite(cohort) or months_since is null or months_since not between 0 and 600 then
    raise exception 'lifetime value is told of a month and 0 to 600 months after it' using errcode = 'invalid_parameter_value';
  end if;
  return query
  select f.root_uid, f.uid, f.status, f.starts_at, coalesce(v.name, nullif(f.service, '')), coalesce(h.name, nullif(f.host, '')),
         f.customer, nullif(f.currency, ''), case when f.currency <> '' then f.price end
    from calytics.facts_now(s.source_id) f
    left join calytics.service_names(s.source_id) v on v.key = f.service
    left join calytics.host_names(s.source_id) h on h.key = f.host
   where calytics.is_visit(f) and f.first_at >= born and f.first_at < calytics.hour_begins(
           date_trunc('month', explain_lifetime_value.cohort::timestamp) + interval '1 month', s.time_zone)
     and f.starts_at < least(until, explain_lifetime_value.at)
     and (explain_lifetime_value.currency is null or f.currency = upper(explain_lifetime_value.currency))
   order by f.starts_at, f.root_uid;
end
$$;
comment on function cal.explain_lifetime_value(date, int, text, text, timestamptz) is
  'The visits behind a cell of cal.lifetime_value, the earliest first: all that people of a cohort, those whose first visit was in '
  'that month, had from then to so many months after it. Their values (list price, minor units) add up to cumulative_value. '
  'currency: only visits priced in it. Raises invalid_parameter_value and no_data_found (no such source).';

create function cal.explain_pace(
  "from" timestamptz, "to" timestamptz, known_at timestamptz default null, source text default 'default',
  service text default null, host text default null
) returns setof calytics.explained_booking
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(explain_pace.source);
  services text[] := calytics.service_keys(s.source_id, explain_pace.service);
  hosts text[] := calytics.host_keys(s.source_id, explain_pace.host);
begin
  if ("from" < "to") is not true or not isfinite("from") or not isfinite("to") then
    raise exception 'pace is told of a range of time, "from" before "to"' using errcode = 'invalid_parameter_value';
  end if;
  return query
  select f.root_uid, f.uid, f.status, f.starts_at, coalesce(v.name, nullif(f.service, '')), coalesce(h.name, nullif(f.host, '')),
         f.customer, nullif(f.currency, ''), case when f.currency <> '' then f.price end
    from calytics.facts_between(
           s.source_id, "from", "to", services, hosts, case when explain_pace.known_at < now() then explain_pace.known_at end) f
    left join calytics.service_names(s.source_id) v on v.key = f.service
    left join calytics.host_names(s.source_id) h on h.key = f.host
   where f.status = 'accepted' and not f.no_show and f.starts_at >= "from"
   order by f.starts_at, f.root_uid;
end
$$;
comment on function cal.explain_pace(timestamptz, timestamptz, timestamptz, text, text, text) is
  'The bookings that cal.pace counts from "from" to before "to", the earliest first, as was known at a moment (NULL: now). value: list '
  'price, minor units. service, host: only these, by name or key. Raises invalid_parameter_value and no_data_found (no such source).';
