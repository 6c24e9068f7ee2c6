-- The procedures by which any number of the dashboard''s page is opened that isn't a metric's (those are trpc_bookings.sql's): what is
-- behind it, in pages of limit (1 to 500; 100) from offset on. Each is kept to what a shared link shows as the number itself is.

create function calytics.page_of_lines(lines refcursor, input jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  skipped int := calytics.input_number(input, 'offset', 0, 10000000, 0);
  line record;
  rows jsonb[] := '{}';
  passed bigint := 0;
  left_over bigint;
begin
  if skipped > 0 then
    move forward skipped in lines;
    get diagnostics passed = row_count;
  end if;
  for i in 1 .. calytics.input_number(input, 'limit', 1, 500, 100) loop
    fetch lines into line;
    exit when not found;
    rows := rows || (to_jsonb(line) - 'customer');
  end loop;
  move forward all in lines;
  get diagnostics left_over = row_count;
  close lines;
  return calytics.page_of(to_jsonb(rows), passed + cardinality(rows) + left_over, input);
end
$$;
comment on function calytics.page_of_lines(refcursor, jsonb) is 'The page of a list, read to its end, that an input asks for, without whose bookings they are; see calytics.page_of.';

create function calytics.input_day(input jsonb, key text) returns date
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if calytics.input_text(input, key) ~ '^\d{4}-\d\d-\d\d$' then
    return (input ->> key)::date;
  end if;
  raise exception 'input "%" is not a day', key using errcode = 'invalid_parameter_value', hint = 'For instance: 2026-05-01.';
exception when datetime_field_overflow then
  raise exception 'input "%" is not a day', key using errcode = 'invalid_parameter_value', hint = 'For instance: 2026-05-01.';
end
$$;
comment on function calytics.input_day(jsonb, text) is 'A day of an input that has to be there; raises invalid_parameter_value.';

create function calytics.trpc_explain_retention(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  cohort date := calytics.input_day(a.input, 'cohort');
  since int := calytics.input_number(a.input, 'since', 0, 60, 0);
  lines refcursor;
begin
  open lines no scroll for
    select x.* from cal.explain_retention(
                      cohort, since, coalesce(calytics.input_text(a.input, 'unit'), 'month'), a.source, a.at, a.service, a.host) x;
  return calytics.page_of_lines(lines, a.input);
end
$$;
comment on function calytics.trpc_explain_retention(jsonb) is
  'calAnalytics.explainRetention: a page of cal.explain_retention''s rows of {cohort, since? (0), unit? (month), source?, at?, service?, '
  'host?, limit?, offset?}.';

create function calytics.trpc_explain_lifetime_value(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  cohort date := calytics.input_day(a.input, 'cohort');
  since int := calytics.input_number(a.input, 'since', 0, 60, 0);
  lines refcursor;
begin
  open lines no scroll for
    select x.* from cal.explain_lifetime_value(cohort, since, a.source, calytics.input_text(a.input, 'currency'), a.at) x;
  return calytics.page_of_lines(lines, a.input);
end
$$;
comment on function calytics.trpc_explain_lifetime_value(jsonb) is
  'calAnalytics.explainLifetimeValue: a page of cal.explain_lifetime_value''s rows of {cohort, since? (months; 0), currency?, source?, at?, '
  'limit?, offset?}.';

create function calytics.trpc_explain_pace(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  lines refcursor;
begin
  open lines no scroll for
    select x.* from cal.explain_pace(
                      a.since, a.until, calytics.input_time(a.input, 'knownAt', a.zone), a.source, a.service, a.host) x;
  return calytics.page_of_lines(lines, a.input);
end
$$;
comment on function calytics.trpc_explain_pace(jsonb) is
  'calAnalytics.explainPace: a page of cal.explain_pace''s rows of {from, to, knownAt? (now), source?, service?, host?, limit?, offset?}.';

create function calytics.trpc_explain_funnel(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  lines refcursor;
begin
  open lines no scroll for
    select x.* from cal.explain_funnel(
                      calytics.input_number(a.input, 'step', 1, 5, 1), a.period, a.at, a.since, a.until, a.source, a.service, a.as_of) x;
  return calytics.page_of_lines(lines, a.input);
end
$$;
comment on function calytics.trpc_explain_funnel(jsonb) is
  'calAnalytics.explainFunnel: a page of cal.explain_funnel''s rows of {step? (1), period?, at?, from?, to?, source?, service?, limit?, '
  'offset?}.';

create function calytics.trpc_explain_traffic(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  lines refcursor;
begin
  open lines no scroll for
    select x.* from cal.explain_traffic(
                      a.period, a.at, a.since, a.until, a.source, calytics.input_text(a.input, 'by'), calytics.input_text(a.input, 'origin'),
                      calytics.input_text(a.input, 'outcome'), a.as_of) x;
  return calytics.page_of_lines(lines, a.input);
end
$$;
comment on function calytics.trpc_explain_traffic(jsonb) is
  'calAnalytics.explainTraffic: a page of cal.explain_traffic''s rows of {period?, at?, from?, to?, source?, by? with origin?, outcome?, '
  'limit?, offset?}.';

create function calytics.trpc_explain_journeys(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  lines refcursor;
begin
  open lines no scroll for
    select x.* from cal.explain_journeys(
                      calytics.input_number(a.input, 'step', 1, 50, 1), calytics.input_text(a.input, 'fromEvent'),
                      calytics.input_text(a.input, 'toEvent'), a.period, a.at, a.since, a.until, a.source, a.as_of) x;
  return calytics.page_of_lines(lines, a.input);
end
$$;
comment on function calytics.trpc_explain_journeys(jsonb) is
  'calAnalytics.explainJourneys: a page of cal.explain_journeys''s rows of {step? (1), fromEvent, toEvent, period?, at?, from?, to?, source?, '
  'limit?, offset?}.';

create function calytics.trpc_explain_experiment(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  lines refcursor;
begin
  open lines no scroll for
    select x.* from cal.explain_experiment(
                      calytics.input_text(a.input, 'experiment'), calytics.input_text(a.input, 'variant'),
                      coalesce(a.since, now() - interval '90 days'), coalesce(a.until, now()), a.source,
                      coalesce(calytics.input_text(a.input, 'goal'), 'BOOKED')) x;
  return calytics.page_of_lines(lines, a.input);
end
$$;
comment on function calytics.trpc_explain_experiment(jsonb) is
  'calAnalytics.explainExperiment: a page of cal.explain_experiment''s rows of {experiment, variant, from? (90 days ago), to? (now), goal? '
  '(BOOKED), source?, limit?, offset?}.';

insert into calytics.procedure (name, kind, access, scope, kept_by, handler) values
  ('calAnalytics.explainRetention',     'query', 'reader', 'source', '{service,host}', 'calytics.trpc_explain_retention'),
  ('calAnalytics.explainPace',          'query', 'reader', 'source', '{service,host}', 'calytics.trpc_explain_pace'),
  ('calAnalytics.explainFunnel',        'query', 'reader', 'source', '{service}',      'calytics.trpc_explain_funnel'),
  ('calAnalytics.explainLifetimeValue', 'query', 'reader', 'source', '{}',             'calytics.trpc_explain_lifetime_value'),
  ('calAnalytics.explainTraffic',       'query', 'reader', 'source', '{}',             'calytics.trpc_explain_traffic'),
  ('calAnalytics.explainJourneys',      'query', 'reader', 'source', '{}',             'calytics.trpc_explain_journeys'),
  ('calAnalytics.explainExperiment',    'query', 'reader', 'source', '{}',             'calytics.trpc_explain_experiment');
