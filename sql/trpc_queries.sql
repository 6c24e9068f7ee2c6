-- The procedures by which the dashboard's page, or any client, asks what SQL's functions answer: what the metrics mean,
-- which names there are, and the tables behind each tab. Rows come as objects with the columns that SQL gives them.
-- Most are one expression: what is asked (calytics.asked_of), and beside it the function that answers.

create function calytics.trpc_definitions(call jsonb) returns jsonb
  language sql stable
  return (
    select jsonb_agg(to_jsonb(v) || jsonb_build_object('explained', 'host' = any (m.split_by)) order by m.position)
      from cal.metric v join calytics.metric m on m.metric = v.metric);
comment on function calytics.trpc_definitions(jsonb) is
  'calAnalytics.getMetrics: the rows of cal.metric, in its order; explained: whether calAnalytics.explainMetric tells the '
  'bookings behind it.';

create function calytics.trpc_sources(call jsonb) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_agg(v order by v.source), '[]')
      from jsonb_populate_record(null::calytics.identity, call -> 'caller') who,
           cal.source v join calytics.source s on s.name = v.source
     where who.sources is null or s.source_id = any (who.sources));
comment on function calytics.trpc_sources(jsonb) is
  'calAnalytics.getSources: the rows of cal.source that the caller may see: source, time_zone, currency, week_start, created_at.';

create function calytics.trpc_names(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  services text[] := calytics.service_keys(a.src, a.service);
  hosts text[] := calytics.host_keys(a.src, a.host);
begin
  return jsonb_build_object(
    'services', (
      select coalesce(jsonb_agg(jsonb_build_object(
               'key', v.event_type_id::text, 'name', v.service, 'title', v.title) order by v.title, v.event_type_id), '[]')
        from cal.service v
       where v.source = a.source and (a.service is null and a.host is null or v.event_type_id::text = any (services))),
    'hosts', (
      select coalesce(jsonb_agg(jsonb_build_object('key', v.host_id::text, 'name', v.host) order by v.host, v.host_id), '[]')
        from cal.host v
       where v.source = a.source and (a.service is null and a.host is null or v.host_id::text = any (hosts))));
end
$$;
comment on function calytics.trpc_names(jsonb) is
  'calAnalytics.getNames: {"services": [{"key", "name", "title"}], "hosts": [{"key", "name"}]} of {source?, service?, host?}: '
  'what the inputs service and host of other procedures can be, by key or by current name. Given a service or a host, that one.';

create function calytics.trpc_metrics(call jsonb) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_agg(r), '[]')
      from calytics.asked_of(call) a,
           cal.metrics(
             period => a.period, at => a.at, "from" => a.since, "to" => a.until, source => a.source, service => a.service,
             host => a.host, basis => a.basis, every => calytics.input_text(a.input, 'every'), as_of => a.as_of,
             split => calytics.input_text(a.input, 'split'), metrics => calytics.input_texts(a.input, 'metrics'),
             known_at => calytics.input_time(a.input, 'knownAt', a.zone)) r);
comment on function calytics.trpc_metrics(jsonb) is
  'calAnalytics.getMetricValues: the rows of cal.metrics of {period?, at?, from?, to?, source?, service?, host?, basis?, every?, '
  'split?, metrics?, knownAt?}.';

create function calytics.trpc_pace(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  month timestamp := date_trunc('month', now() at time zone a.zone);
  moments timestamptz[];
begin
  moments := array(
    select calytics.input_time(jsonb_build_object('knownAt', k), 'knownAt', a.zone)
      from unnest(calytics.input_texts(a.input, 'knownAt')) k);
  if cardinality(moments) > 12 then
    raise exception 'input "knownAt" has more than 12 moments' using errcode = 'invalid_parameter_value';
  end if;
  return coalesce((
    select jsonb_agg(to_jsonb(r))
      from cal.pace(
             "from" => coalesce(a.since, month at time zone a.zone),
             "to" => coalesce(a.until, (month + interval '4 months') at time zone a.zone),
             known_at => case when moments = '{}' then array[now() - interval '7 days', now()] else moments end,
             source => a.source, service => a.service, host => a.host,
             every => coalesce(calytics.input_text(a.input, 'every'), 'month'),
             forecast => calytics.input_flag(a.input, 'forecast')) r), '[]');
end
$$;
comment on function calytics.trpc_pace(jsonb) is
  'calAnalytics.getPace: the rows of cal.pace of {from?, to? (this month and the next three), knownAt? (up to 12 moments; a week '
  'ago and now), source?, service?, host?, every? (month), forecast? (false)}.';

create function calytics.trpc_forecast(call jsonb) returns jsonb
  language sql stable
  return (
    select (jsonb_agg(f) -> 0) - '{starts_at,ends_at,value,low,high}'::text[]
           || jsonb_build_object('rows', jsonb_agg(jsonb_build_object(
                'starts_at', f.starts_at, 'ends_at', f.ends_at, 'value', f.value, 'low', f.low, 'high', f.high)))
      from calytics.asked_of(call) a,
           cal.forecast(
             coalesce(calytics.input_text(a.input, 'metric'), 'created'), calytics.input_number(a.input, 'horizon', 1, 366, 28),
             source => a.source, service => a.service, host => a.host, currency => calytics.input_text(a.input, 'currency'),
             every => coalesce(calytics.input_text(a.input, 'every'), 'day'),
             confidence => calytics.input_number(a.input, 'confidence', 1, 99, 80) / 100.0, at => a.at) f);
comment on function calytics.trpc_forecast(jsonb) is
  'calAnalytics.getForecast: cal.forecast of {metric? (created), horizon? (days, 1 to 366; 28), every? (day), confidence? (percent, '
  '1 to 99; 80), currency?, at?, source?, service?, host?}: {"rows": [{"starts_at", "ends_at", "value", "low", "high"}], and '
  'what is the same for all: "currency_used", "reason", "reason_code", "method", "history_days", "trial_folds", "trial_days", "error", '
  '"naive_error", "coverage"}.';

create function calytics.trpc_retention(call jsonb) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_agg(r), '[]')
      from calytics.asked_of(call) a,
           cal.retention(
             unit => coalesce(calytics.input_text(a.input, 'unit'), 'month'),
             periods => calytics.input_number(a.input, 'periods', 0, 60, 12),
             source => a.source, at => a.at, service => a.service, host => a.host) r);
comment on function calytics.trpc_retention(jsonb) is
  'calAnalytics.getRetention: the rows of cal.retention of {unit? (month), periods? (0 to 60; 12), source?, at?, service?, host?}.';

create function calytics.trpc_lifetime_value(call jsonb) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_agg(r), '[]')
      from calytics.asked_of(call) a,
           cal.lifetime_value(
             source => a.source, months => calytics.input_number(a.input, 'months', 0, 60, 12),
             currency => calytics.input_text(a.input, 'currency'), at => a.at) r);
comment on function calytics.trpc_lifetime_value(jsonb) is
  'calAnalytics.getLifetimeValue: the rows of cal.lifetime_value of {months? (0 to 60; 12), currency?, source?, at?}.';

create function calytics.trpc_utilisation(call jsonb) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_agg(r), '[]')
      from calytics.asked_of(call) a,
           cal.utilisation(
             period => a.period, at => a.at, "from" => a.since, "to" => a.until, source => a.source, service => a.service,
             host => a.host, split => calytics.input_text(a.input, 'split'), every => calytics.input_text(a.input, 'every'),
             as_of => a.as_of) r);
comment on function calytics.trpc_utilisation(jsonb) is
  'calAnalytics.getUtilisation: the rows of cal.utilisation of {period?, at?, from?, to?, source?, service?, host?, split?, every?}.';

create function calytics.trpc_funnel(call jsonb) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_agg(r), '[]')
      from calytics.asked_of(call) a,
           cal.funnel(
             period => a.period, at => a.at, "from" => a.since, "to" => a.until, source => a.source, service => a.service,
             steps => coalesce(calytics.input_texts(a.input, 'steps'),
                               '{SERVICE_VIEW,SERVICE_SELECT,BOOKING_START,BOOKING_SUBMIT,BOOKED}'),
             "window" => coalesce(calytics.input_interval(a.input, 'window'), '24 hours'),
             strict => calytics.input_flag(a.input, 'strict'), as_of => a.as_of) r);
comment on function calytics.trpc_funnel(jsonb) is
  'calAnalytics.getFunnel: the rows of cal.funnel of {period?, at?, from?, to?, source?, service?, steps?, window? ("24 hours"), '
  'strict?}.';

create function calytics.trpc_traffic(call jsonb) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_agg(r), '[]')
      from calytics.asked_of(call) a,
           cal.traffic(
             period => a.period, at => a.at, "from" => a.since, "to" => a.until, source => a.source,
             every => calytics.input_text(a.input, 'every'), as_of => a.as_of) r);
comment on function calytics.trpc_traffic(jsonb) is
  'calAnalytics.getTraffic: the rows of cal.traffic of {period?, at?, from?, to?, source?, every?}.';

create function calytics.trpc_traffic_sources(call jsonb) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_agg(r), '[]')
      from calytics.asked_of(call) a,
           lateral (
             select s.* from cal.sources(
               period => a.period, at => a.at, "from" => a.since, "to" => a.until, source => a.source,
               by => coalesce(calytics.input_text(a.input, 'by'), 'source'), as_of => a.as_of) s
              limit calytics.input_number(a.input, 'limit', 1, 1000, 100)) r);
comment on function calytics.trpc_traffic_sources(jsonb) is
  'calAnalytics.getTrafficSources: the rows of cal.sources, most sessions first, of {period?, at?, from?, to?, source?, by? (source, '
  'medium, campaign or referrer), limit? (1 to 1000; 100)}.';

create function calytics.trpc_journeys(call jsonb) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_agg(r), '[]')
      from calytics.asked_of(call) a,
           cal.journeys(
             period => a.period, at => a.at, "from" => a.since, "to" => a.until, source => a.source,
             steps => calytics.input_number(a.input, 'steps', 1, 50, 6), as_of => a.as_of) r);
comment on function calytics.trpc_journeys(jsonb) is
  'calAnalytics.getJourneys: the rows of cal.journeys of {period?, at?, from?, to?, source?, steps? (1 to 50; 6)}.';

create function calytics.trpc_experiments(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  since timestamptz := coalesce(a.since, now() - interval '90 days');
  until timestamptz := coalesce(a.until, now());
  wanted text := calytics.input_text(a.input, 'experiment');
  goal text := coalesce(calytics.input_text(a.input, 'goal'), 'BOOKED');
begin
  if not since < until then
    raise exception 'experiments are told of a range of time, "from" before "to"' using errcode = 'invalid_parameter_value';
  end if;
  return coalesce((
    select jsonb_agg(jsonb_build_object('experiment', n.experiment, 'variants', (
             select coalesce(jsonb_agg(to_jsonb(r)), '[]')
               from cal.experiment(n.experiment, since, until, a.source, goal) r)) order by n.last_at desc, n.experiment)
      from (select e.experiment, max(e.occurred_at) as last_at
              from calytics.event e
             where e.source_id = a.src and e.occurred_at >= since and e.occurred_at < until
               and e.experiment is not null and (wanted is null or e.experiment = wanted) and e.variant is not null and not e.bot
             group by e.experiment
             order by 2 desc, 1 limit 20) n), '[]');
end
$$;
comment on function calytics.trpc_experiments(jsonb) is
  'calAnalytics.getExperiments: [{"experiment", "variants": the rows of cal.experiment}] of {from? (90 days ago), to? (now), goal? '
  '(BOOKED), experiment?, source?}: those that events in that time tell of, the twenty that were seen last.';

insert into calytics.procedure (name, kind, access, scope, kept_by, handler) values
  ('calAnalytics.getMetrics',        'query', 'reader', 'caller', '{}',             'calytics.trpc_definitions'),
  ('calAnalytics.getSources',        'query', 'reader', 'caller', '{}',             'calytics.trpc_sources'),
  ('calAnalytics.getNames',          'query', 'reader', 'source', '{service,host}', 'calytics.trpc_names'),
  ('calAnalytics.getMetricValues',   'query', 'reader', 'source', '{service,host}', 'calytics.trpc_metrics'),
  ('calAnalytics.getPace',           'query', 'reader', 'source', '{service,host}', 'calytics.trpc_pace'),
  ('calAnalytics.getForecast',       'query', 'reader', 'source', '{service,host}', 'calytics.trpc_forecast'),
  ('calAnalytics.getRetention',      'query', 'reader', 'source', '{service,host}', 'calytics.trpc_retention'),
  ('calAnalytics.getLifetimeValue',  'query', 'reader', 'source', '{}',             'calytics.trpc_lifetime_value'),
  ('calAnalytics.getUtilisation',    'query', 'reader', 'source', '{host}',         'calytics.trpc_utilisation'),
  ('calAnalytics.getFunnel',         'query', 'reader', 'source', '{service}',      'calytics.trpc_funnel'),
  ('calAnalytics.getTraffic',        'query', 'reader', 'source', '{}',             'calytics.trpc_traffic'),
  ('calAnalytics.getTrafficSources', 'query', 'reader', 'source', '{}',             'calytics.trpc_traffic_sources'),
  ('calAnalytics.getJourneys',       'query', 'reader', 'source', '{}',             'calytics.trpc_journeys'),
  ('calAnalytics.getExperiments',    'query', 'reader', 'source', '{}',             'calytics.trpc_experiments');
