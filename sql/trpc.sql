-- tRPC over HTTP, as @trpc/client speaks it through httpLink and httpBatchLink: a procedure is a row, its
-- handler a function from jsonb to jsonb. Answers and their order of checks are those of @trpc/server 11.

create table calytics.procedure (
  name     text primary key,
  kind     text not null check (kind in ('query', 'mutation')),
  access   text not null check (access in ('public', 'tracking', 'reader', 'admin')),
  handler  regproc not null
);
comment on table calytics.procedure is
  'Procedures of /api/trpc. access: who may call it, as a route''s; an admin may call all. handler: takes {"input", "caller", '
  '"headers"} of the call and returns what it answers; a query''s is stable, so that it only reads. Where the caller is for '
  'some sources only, the input''s "source" (default) has been found to be one of them. An error invalid_parameter_value, '
  'no_data_found or invalid_authorization_specification is told to the caller, with its hint.';

create function calytics.url_decoded(encoded text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if strpos(encoded, '%') = 0 then
    return encoded;
  end if;
  return (
    select convert_from(
             string_agg(case when m.part[1] ~ '^%.' then decode(replace(m.part[1], '%', ''), 'hex')
                             else convert_to(m.part[1], 'UTF8') end, '' order by m.i),
             'UTF8')
      from regexp_matches(encoded, '(?:%[0-9A-Fa-f]{2})+|[^%]+|%', 'g') with ordinality as m (part, i));
end
$$;
comment on function calytics.url_decoded(text) is
  'Text without its %-escapes; a "%" that begins none stays. Raises character_not_in_repertoire unless it is UTF-8.';

create function calytics.query_parameter(query text, name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select calytics.url_decoded(replace(substr(p.pair, strpos(p.pair || '=', '=') + 1), '+', ' '))
      from string_to_table(query, '&') with ordinality as p (pair, i)
     where split_part(p.pair, '=', 1) = name
     order by p.i
     limit 1);
end
$$;
comment on function calytics.query_parameter(text, text) is
  'The value of a query''s first parameter of that name, decoded; NULL if there is none.';

create function calytics.trpc_error(code text, message text, path text default null) returns jsonb
  language sql immutable
  return (
    select jsonb_build_object('error', jsonb_build_object(
             'message', message,
             'code', c.number,
             'data', jsonb_strip_nulls(jsonb_build_object('code', c.code, 'httpStatus', c.status, 'path', path))))
      from (values
        ('BAD_REQUEST', -32600, 400), ('UNAUTHORIZED', -32001, 401), ('FORBIDDEN', -32003, 403),
        ('NOT_FOUND', -32004, 404), ('TOO_MANY_REQUESTS', -32029, 429), ('METHOD_NOT_SUPPORTED', -32005, 405), ('UNSUPPORTED_MEDIA_TYPE', -32015, 415),
        ('INTERNAL_SERVER_ERROR', -32603, 500)) c (code, number, status)
     where c.code = trpc_error.code);
comment on function calytics.trpc_error(text, text, text) is 'An error as tRPC tells it, with its number and HTTP status.';

create function calytics.trpc_response(answer jsonb) returns calytics.http_response
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  statuses int[] := array(
    select distinct coalesce((a.answer #>> '{error,data,httpStatus}')::int, 200)
      from jsonb_array_elements(
             case jsonb_typeof(answer) when 'array' then answer else jsonb_build_array(answer) end) a (answer));
begin
  return calytics.json_response(
    case cardinality(statuses) when 1 then statuses[1] else 207 end, answer,
    case when statuses = '{401}' then '{"www-authenticate": "Bearer"}'
         when statuses = '{429}' then '{"retry-after": "1"}' else '{}' end::jsonb);
end
$$;
comment on function calytics.trpc_response(jsonb) is
  'Answers a call, or with an array a batch of them: with their status if they agree on one, else with 207.';

create function calytics.trpc_call(
  path text, method text, input jsonb, problem text, who calytics.identity, request calytics.http_request
) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  p calytics.procedure;
  refusal record;
  data jsonb;
  message text;
  hint text;
begin
  select x.* into p from calytics.procedure x where x.name = path;
  if not found then
    return calytics.trpc_error('NOT_FOUND', format('No procedure found on path "%s"', path), path);
  elsif (p.kind = 'mutation') <> (method = 'POST') then
    return calytics.trpc_error(
      'METHOD_NOT_SUPPORTED',
      format('Unsupported %s-request to %s procedure at path "%s"', method, p.kind, path), path);
  end if;
  if p.access = 'tracking' and who.role is null and calytics.take_token('tracking', request.client) > 0 then
    perform calytics.count_refusal('rate_limited');
    return calytics.trpc_error('TOO_MANY_REQUESTS', 'you call too often', path);
  elsif p.access in ('reader', 'admin') then
    refusal := calytics.refusal(p.access, who);
    if refusal.status is not null then
      return calytics.trpc_error(
        case refusal.status when 401 then 'UNAUTHORIZED' else 'FORBIDDEN' end, refusal.message, path);
    end if;
  end if;
  if problem is not null then
    return calytics.trpc_error('BAD_REQUEST', problem, path);
  end if;
  if who.sources is not null then
    perform calytics.check_scope(
      who.sources, case when jsonb_typeof(input -> 'source') = 'string' then input ->> 'source' else 'default' end);
  end if;

  execute format('select %s($1)', p.handler) into data
    using jsonb_build_object(
      'input', input, 'caller', to_jsonb(who), 'headers', request.headers - array['authorization', 'cookie']);
  return jsonb_build_object('result', jsonb_build_object('data', data));
exception
  -- The gateway makes the whole request once more.
  when serialization_failure or deadlock_detected or lock_not_available then
    raise;
  when invalid_parameter_value or no_data_found or invalid_authorization_specification then
    get stacked diagnostics message = message_text, hint = pg_exception_hint;
    return calytics.trpc_error(
      case sqlstate when 'P0002' then 'NOT_FOUND' when '28000' then 'FORBIDDEN' else 'BAD_REQUEST' end,
      concat_ws('. ', message, nullif(hint, '')), path);
  when others then
    raise log 'calytics: procedure % failed: % (%)', path, sqlerrm, sqlstate;
    return calytics.trpc_error('INTERNAL_SERVER_ERROR', 'internal error', path);
end
$$;
comment on function calytics.trpc_call(text, text, jsonb, text, calytics.identity, calytics.http_request) is
  'Answers one call; one that fails has done nothing. problem: why its input can''t be read; who: the caller. '
  'What the caller can''t mend goes to the server''s log.';

create function calytics.http_trpc(request calytics.http_request) returns calytics.http_response
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  posted boolean := request.method = 'POST';
  media text := calytics.header(request.headers, 'content-type');
  who calytics.identity := calytics.caller(request);
  batch boolean;
  paths text[];
  kinds text[];
  input text;
  inputs jsonb;
  problem text;
  answers jsonb[] := '{}';
begin
  if posted and (media is null or lower(media) not like 'application/json%') then
    return calytics.trpc_response(calytics.trpc_error(
      'UNSUPPORTED_MEDIA_TYPE',
      coalesce('Unsupported content-type "' || media || '"', 'Missing content-type header')));
  end if;

  begin
    batch := coalesce(calytics.query_parameter(request.query, 'batch') = '1', false);
    paths := array[calytics.url_decoded(request.params ->> 'procedures')];
  exception when data_exception then
    return calytics.trpc_response(calytics.trpc_error('BAD_REQUEST', 'the address is not UTF-8'));
  end;
  if batch then
    paths := string_to_array(paths[1], ',');
    if cardinality(paths) > 100 then
      return calytics.trpc_response(calytics.trpc_error(
        'BAD_REQUEST', 'Batch call exceeds maximum size. Send at most 100 calls at once (maxItems).'));
    end if;
    kinds := array(select distinct p.kind from calytics.procedure p where p.name = any (paths) order by 1);
    if cardinality(kinds) > 1 then
      return calytics.trpc_response(calytics.trpc_error(
        'BAD_REQUEST', 'Cannot mix procedure types in call: ' || array_to_string(kinds, ', ')));
    end if;
  end if;

  begin
    input := nullif(case when posted then convert_from(request.body, 'UTF8')
                         else calytics.query_parameter(request.query, 'input') end, '');
    inputs := input::jsonb;
    if batch and jsonb_typeof(inputs) <> 'object' then
      problem := '"input" needs to be an object when doing a batch call';
    end if;
  exception when data_exception or program_limit_exceeded then
    problem := 'the input can''t be read as JSON';
  end;

  for i in 1 .. cardinality(paths) loop
    answers := answers || calytics.trpc_call(
      paths[i], request.method, case when batch then inputs -> (i - 1)::text else inputs end, problem, who,
      request);
  end loop;
  return calytics.trpc_response(case when batch then to_jsonb(answers) else answers[1] end);
end
$$;
comment on function calytics.http_trpc(calytics.http_request) is
  'GET and POST /api/trpc/{procedures*}: calls a procedure or, with batch=1, each of several between commas. Queries '
  'come by GET, their JSON in parameter input; mutations by POST, theirs in the body; a batch''s is an object by '
  'position: {"0": ...}.';

-- What procedures take.

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

-- The procedures.

create function calytics.trpc_dashboard(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  input jsonb := calytics.input_object(call -> 'input');
  source text := coalesce(calytics.input_text(input, 'source'), 'default');
  zone text := (calytics.source_named(source)).time_zone;
begin
  return cal.dashboard(
    period => coalesce(calytics.input_text(input, 'period'), 'week'),
    at => coalesce(calytics.input_time(input, 'at', zone), now()),
    source => source,
    service => calytics.input_text(input, 'service'),
    host => calytics.input_text(input, 'host'),
    basis => calytics.input_text(input, 'basis'),
    "from" => calytics.input_time(input, 'from', zone),
    "to" => calytics.input_time(input, 'to', zone));
end
$$;
comment on function calytics.trpc_dashboard(jsonb) is
  'calAnalytics.getDashboardMetrics: cal.dashboard of {period?, at?, source?, service?, host?, basis?, from?, to?}; '
  'times without an offset are the source''s local ones.';

create function calytics.trpc_health(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return calytics.health_for(jsonb_populate_record(null::calytics.identity, call -> 'caller'));
end
$$;
comment on function calytics.trpc_health(jsonb) is
  'calAnalytics.getHealthStatus: {"status": "ok"} for anyone, cal.health() for an admin of all sources.';

create function calytics.check_whole(call jsonb) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  perform calytics.check_scope((jsonb_populate_record(null::calytics.identity, call -> 'caller')).sources, null);
end
$$;
comment on function calytics.check_whole(jsonb) is
  'Raises invalid_authorization_specification where a call''s caller is for some sources only.';

create function calytics.trpc_batch_stats(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  health jsonb := cal.health();
  since timestamptz := now() - interval '24 hours';
begin
  perform calytics.check_whole(call);
  return (health -> 'metrics') || jsonb_build_object(
    'as_of', health -> 'as_of',
    'refused', health -> 'refused',
    'quarantined', (select coalesce(sum((s.source ->> 'quarantined')::bigint), 0)
                      from jsonb_array_elements(health -> 'sources') s (source)),
    'deliveries', jsonb_build_object(
      'since', since,
      'outcomes', (select coalesce(jsonb_object_agg(d.outcome, d.count), '{}')
                     from (select x.outcome, count(*) as count
                             from calytics.webhook_delivery x where x.received_at >= since
                            group by x.outcome) d)));
end
$$;
comment on function calytics.trpc_batch_stats(jsonb) is
  'calAnalytics.getBatchStats: pending, unmerged, folded_at, lag_s, worker and refused as in cal.health(); quarantined '
  'deliveries of all time; deliveries: since when and how many by outcome, in the last 24 hours.';

create function calytics.trpc_sync(call jsonb) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  unmerged bigint;
begin
  perform calytics.check_whole(call);
  unmerged := cal.fold();
  return jsonb_build_object(
    'folded', true,
    'pending', calytics.pending() - unmerged,
    'unmerged', unmerged,
    'folded_at', (select f.folded_at from calytics.fold_state f order by f.run desc limit 1));
end
$$;
comment on function calytics.trpc_sync(jsonb) is
  'calAnalytics.syncData: folds what is pending (cal.fold), and says what still is since then.';

create function calytics.trpc_events(call jsonb, events jsonb) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  src int := (calytics.source_named('default')).source_id;
  from_browser boolean := call #>> '{caller,role}' is null;
  origin text := calytics.header(call -> 'headers', 'origin');
begin
  if from_browser and origin is not null and not calytics.track_origin(src, origin) ? 'access-control-allow-origin' then
    raise exception 'this source takes no events from pages of that origin'
      using errcode = 'invalid_authorization_specification';
  end if;
  return calytics.track_body(
    src, convert_to(events::text, 'UTF8'), calytics.track_context(call -> 'headers'), from_browser);
end
$$;
comment on function calytics.trpc_events(jsonb, jsonb) is
  'Takes the events of a call as cal.track does, in the request''s context. Nobody in particular is a browser, and '
  'its request says who it is, and it has to be of an origin that the source lists; a caller with a role is a server, whose events may say '
  'whose they are.';

create function calytics.trpc_track(call jsonb) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  input jsonb := call -> 'input';
  answer jsonb;
begin
  if jsonb_typeof(input) is distinct from 'object' then
    raise exception 'the input is not an event'
      using errcode = 'invalid_parameter_value',
            hint = 'For instance: {"sessionId": "s1", "eventType": "PAGE_VIEW"}.';
  end if;
  answer := calytics.trpc_events(call, jsonb_build_array(input));
  if jsonb_array_length(answer -> 'rejected') > 0 then
    raise exception '%', answer #>> '{rejected,0,reason}' using errcode = 'invalid_parameter_value';
  end if;
  return answer;
end
$$;
comment on function calytics.trpc_track(jsonb) is
  'calAnalytics.trackEvent: cal.track of one event, in the request''s context. An event that is rejected is an error.';

create function calytics.trpc_track_batch(call jsonb) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  input jsonb := call -> 'input';
  answer jsonb;
begin
  if jsonb_typeof(case jsonb_typeof(input) when 'object' then input -> 'events' else input end)
       is distinct from 'array' then
    raise exception 'the input holds no array of events'
      using errcode = 'invalid_parameter_value',
            hint = 'For instance: {"events": [{"sessionId": "s1", "eventType": "PAGE_VIEW"}]}.';
  end if;
  answer := calytics.trpc_events(call, input);
  if answer @> '{"rejected": [{"index": null}]}' then
    raise exception '%', answer #>> '{rejected,0,reason}' using errcode = 'invalid_parameter_value';
  end if;
  return answer;
end
$$;
comment on function calytics.trpc_track_batch(jsonb) is
  'calAnalytics.trackEventBatch: cal.track of [event, ...] or {"events": [...], "context": {...}}, in the request''s '
  'context, which the input''s goes before. Rejected events are told by index; only input that is rejected as a whole '
  'is an error.';

insert into calytics.procedure (name, kind, access, handler) values
  ('calAnalytics.getDashboardMetrics', 'query',    'reader', 'calytics.trpc_dashboard'),
  ('calAnalytics.getDashboardData',    'query',    'reader', 'calytics.trpc_dashboard'),
  ('calAnalytics.getHealthStatus',     'query',    'public', 'calytics.trpc_health'),
  ('calAnalytics.getBatchStats',       'query',    'reader', 'calytics.trpc_batch_stats'),
  ('calAnalytics.syncData',            'mutation', 'admin',  'calytics.trpc_sync'),
  ('calAnalytics.trackEvent',          'mutation', 'tracking', 'calytics.trpc_track'),
  ('calAnalytics.trackEventBatch',     'mutation', 'tracking', 'calytics.trpc_track_batch');

insert into calytics.route (method, path, handler, access) values
  ('GET',  '/api/trpc/{procedures*}', 'calytics.http_trpc', 'public'),
  ('POST', '/api/trpc/{procedures*}', 'calytics.http_trpc', 'public');
