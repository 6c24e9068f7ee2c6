-- tRPC over HTTP, as @trpc/client speaks it through httpLink and httpBatchLink: a procedure is a row, its
-- handler a function from jsonb to jsonb. Answers and their order of checks are those of @trpc/server 11.

create table calytics.procedure (
  name     text primary key,
  kind     text not null check (kind in ('query', 'mutation')),
  access   text not null check (access in ('public', 'tracking', 'reader', 'admin')),
  scope    text not null check (scope in ('source', 'installation', 'caller')),
  kept_by  text[] not null default '{}' check (kept_by <@ '{service,host}'),
  handler  regproc not null
);
comment on table calytics.procedure is
  'Procedures of /api/trpc. access: who may call it, as a route''s; an admin may call all. handler: takes {"input", "caller", '
  '"headers"} of the call and returns what it answers; a query''s is stable, so that it only reads. scope: what it tells '
  'of, which a caller for some sources only must be for: the input''s "source" (default); the installation, all sources; or '
  'the caller, what anyone may know and what the handler finds this one may. kept_by: which inputs the answer can be kept to '
  'one service or host by, so that links which show that one alone may ask. An error invalid_parameter_value, '
  'no_data_found, feature_not_supported or invalid_authorization_specification is told to the caller, with its hint.';

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
    case when statuses = '{401}' then '{"x-calytics-class": "trpc", "www-authenticate": "Bearer"}'
         when statuses = '{429}' then '{"x-calytics-class": "trpc", "retry-after": "1"}'
         else '{"x-calytics-class": "trpc"}' end::jsonb);
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
  if p.access = 'tracking' and who.how = 'share' then
    who := null;  -- whoever looks at numbers may be tracked as anyone
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
  if who.sources is not null and p.scope <> 'caller' then
    perform calytics.check_scope(
      who.sources,
      case when p.scope = 'source' then
        case when jsonb_typeof(input -> 'source') = 'string' then input ->> 'source' else 'default' end end);
  end if;
  if num_nonnulls(who.service, who.host) > 0 and p.scope <> 'caller' then
    input := calytics.narrowed(input, who, p.kept_by);
  end if;

  execute format('select %s($1)', p.handler) into data
    using jsonb_build_object(
      'input', input, 'caller', to_jsonb(who), 'headers', request.headers - array['authorization', 'cookie']);
  return jsonb_build_object('result', jsonb_build_object('data', data));
exception
  -- The gateway makes the whole request once more, the last of these on the primary.
  when serialization_failure or deadlock_detected or lock_not_available or read_only_sql_transaction then
    raise;
  when invalid_parameter_value or no_data_found or feature_not_supported or invalid_authorization_specification then
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
