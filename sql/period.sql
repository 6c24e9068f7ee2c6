-- Periods: which range of time "this week" is, and the one before it at the same elapsed part. In C++
-- (extension/core/metrics/period.cpp), for the dashboard asks without SQL.

create function calytics.local_start(unit text, local timestamp, week_start int) returns timestamp
  language sql immutable
  return case when unit = 'week' then calytics.local_week(local, week_start) else date_trunc(unit, local) end;
comment on function calytics.local_start(text, timestamp, int) is
  'The start of the hour, day, week, month, quarter or year that a local time is in.';

create function calytics.hour_begins(hour timestamp, zone text) returns timestamptz
  language c stable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_hour_begins';
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
  language c stable parallel safe
  as 'MODULE_PATHNAME', 'calytics_period_at';
comment on function calytics.period_at(
    text, timestamptz, timestamptz, timestamptz, timestamptz, int, text, int) is
  'The period that "at" is in, or so many before it. An earlier one is looked at from the same local time after its '
  'start as the current one is, so that equal parts are compared; a custom range goes back by its own length.';

create function calytics.buckets(p calytics.period, unit text, zone text, week_start int)
  returns table (local timestamp, starts_at timestamptz, ends_at timestamptz)
  language c stable strict parallel safe rows 30
  as 'MODULE_PATHNAME', 'calytics_buckets';
comment on function calytics.buckets(calytics.period, text, text, int) is
  'The hours, days, weeks, months, quarters or years of a period by local start, clipped to it.';

create function calytics.spans(
  p calytics.period, role text, unit text, split text, s calytics.source, windows text[],
  cells boolean default true
) returns calytics.span[]
  language c stable parallel safe
  as 'MODULE_PATHNAME', 'calytics_spans';
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
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
begin
  if wanted is null then
    return null;
  end if;
  return array(select x.event_type_id::text from calytics.service x
                where x.source_id = src and x.service = wanted
                union select wanted);
end
$$;
comment on function calytics.service_keys(int, text) is
  'The keys of a service by its name, past ones included, or its key; NULL for all services.';

create function calytics.host_keys(src int, wanted text) returns text[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
begin
  if wanted is null then
    return null;
  end if;
  return array(select x.host_id::text from calytics.host x
                where x.source_id = src and x.host = wanted
                union select wanted);
end
$$;
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
