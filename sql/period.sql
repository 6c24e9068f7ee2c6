-- Periods: which range of time "this week" is, and the one before it at the same elapsed part.

create function calytics.local_start(unit text, local timestamp, week_start int) returns timestamp
  language sql immutable
  return case when unit = 'week' then calytics.local_week(local, week_start) else date_trunc(unit, local) end;
comment on function calytics.local_start(text, timestamp, int) is
  'The start of the hour, day, week, month, quarter or year that a local time is in.';

create function calytics.hour_begins(hour timestamp, zone text) returns timestamptz
  language sql stable
  return case
    when date_trunc('hour', (hour at time zone zone - interval '1 hour') at time zone zone) = hour
    then hour at time zone zone - interval '1 hour'
    else hour at time zone zone end;
comment on function calytics.hour_begins(timestamp, text) is
  'The first instant of a local hour; the earlier one where a clock change repeats the hour.';

create type calytics.period as (
  starts_at  timestamptz,
  cut_at     timestamptz,  -- what happens later is not in the period yet
  ends_at    timestamptz,
  as_of      timestamptz,
  unit       text          -- day, week, month, quarter, year; NULL for a custom range
);
comment on type calytics.period is 'A range of time, looked at as of a moment.';

create type calytics.span as (
  role      text,         -- the caller's word for it
  basis     text,
  "window"  text,         -- period, matured, converted, upcoming: what the sums are for
  lo        timestamptz,
  hi        timestamptz,
  unit      text,         -- hour, day, week, month, quarter, year: sums by it; NULL: one sum
  split     text,         -- none, service, host, both: what sums are kept apart by
  cells     boolean,      -- with the histograms' cells
  ended_by  timestamptz,  -- service basis: what had not ended by then is told apart; may be NULL
  as_of     timestamptz
);
comment on type calytics.span is
  'A range of time whose sums are asked for. Window "period" gives, besides, window "unfinished": minus what had '
  'not ended by ended_by; other windows leave that out themselves.';

create function calytics.period_at(
  period text, at timestamptz, as_of timestamptz, "from" timestamptz, "to" timestamptz, back int,
  zone text, week_start int
) returns calytics.period
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  p calytics.period;
  step interval;
  start timestamp;
  earlier timestamp;
begin
  if at is null or as_of is null then
    raise exception 'metrics need a moment to be looked at'
      using errcode = 'invalid_parameter_value', hint = 'Leave "at" and "as_of" out for now.';
  end if;
  if period = 'custom' then
    if "from" is null or "to" is null or "from" >= "to" or not isfinite("from") or not isfinite("to") then
      raise exception 'a custom period needs "from" and "to", the first before the second'
        using errcode = 'invalid_parameter_value',
              hint = 'For instance: "from" => ''2026-01-01'', "to" => ''2026-02-01''.';
    end if;
    -- In seconds: days of an interval would be counted in the session's time zone.
    step := back * make_interval(secs => extract(epoch from "to" - "from")::float8);
    p.starts_at := "from" - step;
    p.ends_at := "to" - step;
    p.as_of := as_of - step;
  else
    step := case period
      when 'day' then interval '1 day' when 'week' then interval '7 days' when 'month' then interval '1 month'
      when 'quarter' then interval '3 months' when 'year' then interval '1 year' end;
    if step is null then
      raise exception 'there is no period "%"', period
        using errcode = 'invalid_parameter_value',
              hint = 'Use day, week, month, quarter, year, or custom with "from" and "to".';
    end if;
    start := calytics.local_start(period, at at time zone zone, week_start);
    earlier := start - back * step;
    p.starts_at := calytics.hour_begins(earlier, zone);
    p.ends_at := calytics.hour_begins(earlier + step, zone);
    p.as_of := case when back = 0 then as_of
                    else (earlier + ((as_of at time zone zone) - start)) at time zone zone end;
    p.unit := period;
  end if;
  p.cut_at := greatest(least(p.ends_at, p.as_of), p.starts_at);
  return p;
end
$$;
comment on function calytics.period_at(
    text, timestamptz, timestamptz, timestamptz, timestamptz, int, text, int) is
  'The period that "at" is in, or so many before it. An earlier one is looked at from the same local time after its '
  'start as the current one is, so that equal parts are compared; a custom range goes back by its own length.';

create function calytics.buckets(p calytics.period, unit text, zone text, week_start int)
  returns table (local timestamp, starts_at timestamptz, ends_at timestamptz)
  language sql stable
begin atomic
  select x.local, greatest(x.a, p.starts_at), least(x.b, p.ends_at)
    from (
      select g.local, calytics.hour_begins(g.local, zone) as a, calytics.hour_begins(g.local + s.step, zone) as b
        from (select case unit when 'quarter' then interval '3 months' else ('1 ' || unit)::interval end as step) s
       cross join lateral generate_series(
         calytics.local_start(unit, p.starts_at at time zone zone, week_start),
         (p.ends_at at time zone zone) - interval '1 microsecond', s.step) g (local)) x
   where x.a < x.b;
end;
comment on function calytics.buckets(calytics.period, text, text, int) is
  'The hours, days, weeks, months, quarters or years of a period by local start, clipped to it.';

create function calytics.spans(
  p calytics.period, role text, unit text, split text, s calytics.source, windows text[],
  cells boolean default true
) returns calytics.span[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  midnight timestamp := date_trunc('day', p.as_of at time zone s.time_zone);
  today timestamptz := calytics.hour_begins(midnight, s.time_zone);
  rebooked_by timestamptz := today - s.rebook_within;
  converted_by timestamptz := today - s.convert_within;
begin
  -- One expression without a query: it is evaluated without a plan.
  return array_remove(array[
    case when windows is null or 'period service' = any (windows) then
      row(role, 'service', 'period', p.starts_at, p.cut_at, unit, split, cells, p.as_of, p.as_of)::calytics.span end,
    case when windows is null or 'period booked' = any (windows) then
      row(role, 'booked', 'period', p.starts_at, p.cut_at, unit, split, cells, null, p.as_of)::calytics.span end,
    case when windows is null or 'period event' = any (windows) then
      row(role, 'event', 'period', p.starts_at, p.cut_at, unit, split, false, null, p.as_of)::calytics.span end,
    case when windows is null or 'upcoming service' = any (windows) then
      row(role, 'service', 'upcoming', greatest(p.starts_at, p.as_of), p.ends_at, unit, split, false, null,
          p.as_of)::calytics.span end,
    case when windows is null or 'matured service' = any (windows) then
      row(role, 'service', 'matured', p.starts_at, least(p.cut_at, rebooked_by), unit, split, false, rebooked_by,
          p.as_of)::calytics.span end,
    case when (windows is null or 'converted service' = any (windows)) and converted_by <> rebooked_by then
      row(role, 'service', 'converted', p.starts_at, least(p.cut_at, converted_by), unit, split, false, converted_by,
          p.as_of)::calytics.span end], null);
end
$$;
comment on function calytics.spans(calytics.period, text, text, text, calytics.source, text[], boolean) is
  'The spans that metrics of a period are made of; windows keeps to some: "period booked". One span is enough where '
  'windows matured and converted are the same. What is to follow a booking has had its time where that was over when '
  'the day of the as-of time began.';

create function calytics.source_named(name text) returns calytics.source
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  s calytics.source;
begin
  select x.* into s from calytics.source x where x.name = source_named.name;
  if not found then
    raise exception 'there is no source "%"', name
      using errcode = 'no_data_found', hint = 'cal.source lists the sources.';
  end if;
  return s;
end
$$;
comment on function calytics.source_named(text) is 'The source of that name; raises no_data_found.';

create function calytics.service_keys(src int, wanted text) returns text[]
  language sql stable
  return (
    select case when wanted is not null then
      array(select v.event_type_id::text from calytics.service v
             where v.source_id = src and v.service = wanted
             union select wanted) end);
comment on function calytics.service_keys(int, text) is
  'The keys of a service by its name, past ones included, or its key; NULL for all services.';

create function calytics.host_keys(src int, wanted text) returns text[]
  language sql stable
  return (
    select case when wanted is not null then
      array(select h.host_id::text from calytics.host h
             where h.source_id = src and h.host = wanted
             union select wanted) end);
comment on function calytics.host_keys(int, text) is
  'The keys of a host by the user name, past ones included, or its key; NULL for all hosts.';

create function calytics.service_name(src int, key text) returns text
  language sql stable
  return coalesce(
    (select v.service from calytics.service v
      where v.source_id = src and v.event_type_id::text = key
      order by v.first_at desc, v.service desc limit 1),
    key);
comment on function calytics.service_name(int, text) is 'A service''s current name by its key.';

create function calytics.host_name(src int, key text) returns text
  language sql stable
  return coalesce(
    (select h.host from calytics.host h
      where h.source_id = src and h.host_id::text = key
      order by h.first_at desc, h.host desc limit 1),
    key);
comment on function calytics.host_name(int, text) is 'A host''s current user name by its key.';
