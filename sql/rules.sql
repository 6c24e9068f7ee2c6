-- A source's settings: its time zone, currency and week, and the rules of its metrics. The buckets follow
-- in the same transaction, whatever is being ingested meanwhile.

create function calytics.hours(value interval, setting text) returns interval
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if extract(year from value) <> 0 or extract(month from value) <> 0 or value <= '0' or value > '10000 days' then
    raise exception '% can''t be %', setting, value
      using errcode = 'invalid_parameter_value', hint = 'Use days or hours, such as ''30 days'' or ''48 hours''.';
  end if;
  -- A day is 24 hours here, in any time zone.
  return make_interval(secs => extract(epoch from value)::float8);
end
$$;
comment on function calytics.hours(interval, text) is
  'A span of time in hours, free of days that a clock change could lengthen; raises invalid_parameter_value.';

create function cal.set_source(
  source text default 'default', time_zone text default null, currency text default null,
  week_start int default null, late_notice interval default null, lapse_after interval default null,
  rebook_within interval default null, convert_within interval default null, consultation text default null
) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  o calytics.source;
  n calytics.source;
begin
  if time_zone is not null
     and not exists (select from pg_timezone_names z where z.name = set_source.time_zone) then
    raise exception 'time zone "%" is not known', time_zone
      using errcode = 'invalid_parameter_value', hint = 'Use an IANA name such as Europe/Madrid.';
  end if;
  if currency is not null and currency !~ '^[A-Za-z]{3}$' then
    raise exception 'currency "%" is not a code of ISO 4217', currency
      using errcode = 'invalid_parameter_value', hint = 'Use three letters such as EUR.';
  end if;
  if week_start not between 1 and 7 then
    raise exception 'a week can''t start on day %', week_start
      using errcode = 'invalid_parameter_value', hint = 'Use 1 for Monday to 7 for Sunday.';
  end if;
  if consultation is not null then
    begin
      perform '' ~* consultation;
    exception when invalid_regular_expression then
      raise exception 'consultation is no regular expression: %', sqlerrm
        using errcode = 'invalid_parameter_value', hint = 'Use a part of the services'' names such as consult.';
    end;
  end if;
  perform calytics.lock_fold();
  perform calytics.ensure_source(set_source.source);
  select s.* into o from calytics.source s where s.name = set_source.source for update;
  update calytics.source s
     set time_zone = coalesce(set_source.time_zone, s.time_zone),
         currency = coalesce(upper(set_source.currency), s.currency),
         week_start = coalesce(set_source.week_start, s.week_start),
         late_notice = coalesce(calytics.hours(set_source.late_notice, 'late_notice'), s.late_notice),
         lapse_after = coalesce(calytics.hours(set_source.lapse_after, 'lapse_after'), s.lapse_after),
         rebook_within = coalesce(calytics.hours(set_source.rebook_within, 'rebook_within'), s.rebook_within),
         convert_within = coalesce(calytics.hours(set_source.convert_within, 'convert_within'), s.convert_within),
         consultation = coalesce(set_source.consultation, s.consultation)
   where s.source_id = o.source_id
   returning s.* into n;
  if n.consultation <> o.consultation then
    perform calytics.mark(o.source_id, array(select c.root_uid from calytics.chain c where c.source_id = o.source_id));
    perform calytics.fold(false);
  end if;
  if (n.time_zone, n.week_start, n.late_notice, n.lapse_after, n.rebook_within, n.convert_within)
     is distinct from
     (o.time_zone, o.week_start, o.late_notice, o.lapse_after, o.rebook_within, o.convert_within) then
    perform calytics.rebucket(o.source_id);
    if n.time_zone <> o.time_zone then
      perform calytics.rebuild_visitors(o.source_id);
    end if;
  end if;
end
$$;
comment on function cal.set_source(
    text, text, text, int, interval, interval, interval, interval, text) is
  'Makes a source or changes it; what is NULL stays as it is. time_zone: IANA name; currency: ISO 4217; week_start: 1 '
  '(Monday) to 7. Rules: late_notice: a cancellation with no more notice is late (48 hours); lapse_after: a booking that '
  'awaits a new time so long counts as cancelled (30 days); rebook_within, convert_within: how long after a visit or '
  'consultation the next booking counts (30 days); consultation: regular expression of such services'' names (consult). '
  'Metrics follow in the same transaction, for all of the past; ingest goes on meanwhile. Raises '
  'invalid_parameter_value; feature_not_supported unless the transaction is read committed.';
