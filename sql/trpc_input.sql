-- What procedures of /api/trpc read of their input: each of these gives a value of the type that SQL wants, or an
-- error that tells the caller what is wrong with it.

create function calytics.input_object(input jsonb) returns jsonb
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(input) not in ('object', 'null') then
    raise exception 'the input is not an object' using errcode = 'invalid_parameter_value';
  end if;
  return coalesce(nullif(input, 'null'), '{}');
end
$$;
comment on function calytics.input_object(jsonb) is
  'An input that is to be an object, empty if it is left out; raises invalid_parameter_value.';

create function calytics.input_text(input jsonb, key text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(input -> key) not in ('string', 'null') then
    raise exception 'input "%" is not a string', key using errcode = 'invalid_parameter_value';
  end if;
  return input ->> key;
end
$$;
comment on function calytics.input_text(jsonb, text) is
  'A string of an input, NULL if it is left out; raises invalid_parameter_value if it is something else.';

create function calytics.input_time(input jsonb, key text, zone text) returns timestamptz
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  value text := calytics.input_text(input, key);
begin
  if value is null then
    return null;
  end if;
  begin
    if value ~ '^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$' then
      return value::timestamp at time zone zone;
    elsif value ~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)$' then
      return value::timestamptz;
    end if;
  exception when data_exception then
    null;  -- there is no such day or hour
  end;
  raise exception 'input "%" is not a time', key
    using errcode = 'invalid_parameter_value',
          hint = 'Use ISO 8601: 2026-05-04, 2026-05-04T10:00 or, with an offset, 2026-05-04T10:00:00Z.';
end
$$;
comment on function calytics.input_time(jsonb, text, text) is
  'A time of an input in ISO 8601, local to the zone unless it has an offset; NULL if it is left out; raises '
  'invalid_parameter_value.';

create function calytics.input_number(input jsonb, key text, low int, high int, otherwise int) returns int
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  value numeric;
begin
  if coalesce(input -> key, 'null') = 'null' then
    return otherwise;
  elsif jsonb_typeof(input -> key) = 'number' then
    value := (input ->> key)::numeric;
    if value = trunc(value) and value between low and high then
      return value::int;
    end if;
  end if;
  raise exception 'input "%" is not a whole number from % to %', key, low, high using errcode = 'invalid_parameter_value';
end
$$;
comment on function calytics.input_number(jsonb, text, int, int, int) is
  'A whole number of an input, within bounds, or otherwise if it is left out; raises invalid_parameter_value.';

create function calytics.input_flag(input jsonb, key text) returns boolean
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(input -> key) not in ('boolean', 'null') then
    raise exception 'input "%" is neither true nor false', key using errcode = 'invalid_parameter_value';
  end if;
  return coalesce((input ->> key)::boolean, false);
end
$$;
comment on function calytics.input_flag(jsonb, text) is
  'Whether an input says true; false if it is left out; raises invalid_parameter_value.';

create function calytics.input_texts(input jsonb, key text) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(input -> key, 'null') = 'null' then
    return null;
  elsif jsonb_typeof(input -> key) <> 'array' or jsonb_array_length(input -> key) not between 1 and 100
        or jsonb_path_exists(input -> key, 'strict $[*] ? (@.type() != "string")') then
    raise exception 'input "%" is not an array of 1 to 100 strings', key using errcode = 'invalid_parameter_value';
  end if;
  return array(select jsonb_array_elements_text(input -> key));
end
$$;
comment on function calytics.input_texts(jsonb, text) is
  'An array of strings of an input, NULL if it is left out; raises invalid_parameter_value.';

create function calytics.input_interval(input jsonb, key text) returns interval
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return calytics.input_text(input, key)::interval;
exception when data_exception then
  raise exception 'input "%" is not a length of time', key
    using errcode = 'invalid_parameter_value', hint = 'For instance: "24 hours".';
end
$$;
comment on function calytics.input_interval(jsonb, text) is
  'A length of time of an input, NULL if it is left out; raises invalid_parameter_value.';

create type calytics.asked as (
  input    jsonb,
  source   text,
  src      int,
  zone     text,
  service  text,
  host     text,
  period   text,
  at       timestamptz,
  since    timestamptz,
  until    timestamptz,
  basis    text,
  as_of    timestamptz
);
comment on type calytics.asked is 'What procedures about a source are asked alike; see calytics.asked_of.';

create function calytics.asked_of(call jsonb) returns calytics.asked
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  asked calytics.asked;
  s calytics.source;
begin
  asked.input := calytics.input_object(call -> 'input');
  s := calytics.source_named(coalesce(calytics.input_text(asked.input, 'source'), 'default'));
  asked.source := s.name;
  asked.src := s.source_id;
  asked.zone := s.time_zone;
  asked.service := calytics.input_text(asked.input, 'service');
  asked.host := calytics.input_text(asked.input, 'host');
  asked.period := coalesce(calytics.input_text(asked.input, 'period'), 'week');
  asked.at := coalesce(calytics.input_time(asked.input, 'at', s.time_zone), now());
  asked.since := calytics.input_time(asked.input, 'from', s.time_zone);
  asked.until := calytics.input_time(asked.input, 'to', s.time_zone);
  asked.basis := calytics.input_text(asked.input, 'basis');
  if asked.input ->> 'asOf' = 'now' then
    asked.as_of := now();
  else
    asked.as_of := coalesce(calytics.input_time(asked.input, 'asOf', s.time_zone), asked.at);
  end if;
  return asked;
end
$$;
comment on function calytics.asked_of(jsonb) is
  'What a call asks: {source? (default), period? (week), at? (now), from?, to?, service?, host?, basis?, asOf? (at; or "now")} and the rest '
  'of its input; times without an offset are the source''s local ones. Raises invalid_parameter_value and no_data_found (no such source).';
