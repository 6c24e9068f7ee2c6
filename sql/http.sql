-- The HTTP face. Routes are rows: a new endpoint is a function from calytics.http_request to
-- calytics.http_response, and a row. The gateway calls cal.http (extension/glue/http/http.cpp), which goes from a request to its
-- handler, and knows nothing of them.

create type calytics.identity as (
  role          text,    -- admin or reader; NULL: nobody
  how           text,    -- token, session, better-auth or share
  label         text,    -- the token's or shared link's label, the account's name, or the user's id
  sources       int[],   -- NULL: all
  why           text,    -- why it is nobody
  foreign_page  boolean,  -- for a page of another origin asks in somebody's name
  service       text,     -- the key of the one that a shared link shows; NULL: all
  host          text      -- likewise
);
comment on type calytics.identity is 'Who is calling; see calytics.caller.';

create type calytics.http_request as (
  method   text,
  path     text,
  params   jsonb,  -- what the path's {names} stand for
  query    text,
  headers  jsonb,
  body     bytea,
  client   text,               -- the client's address
  caller   calytics.identity   -- of routes for readers and admins
);
comment on type calytics.http_request is 'A request as a route''s handler gets it.';

create type calytics.http_response as (
  status   int,
  headers  jsonb,
  body     bytea
);
comment on type calytics.http_response is 'An answer as a route''s handler gives it.';

create table calytics.route (
  method   text not null check (method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')),
  path     text not null check (path ~ '^/'),
  handler  regproc not null,
  access   text not null check (access in ('public', 'signature', 'tracking', 'login', 'viewer', 'reader', 'admin')),
  pattern  text generated always as (
             case when path ~ '\{' then
               '^' || regexp_replace(
                        regexp_replace(path, '\{[a-z_]+\}', '([A-Za-z0-9_-]+)', 'g'),
                        '\{[a-z_]+\*\}', '([^/]+)', 'g') || '$' end) stored,
  primary key (path, method)
);
comment on table calytics.route is
  'Routes. path may hold {names}, each standing for one segment of letters, digits, "_" and "-", and {names*}, '
  'each for one segment of anything, as it was sent: %-escapes are the handler''s to decode. access: who may call: readers '
  'and admins, as calytics.caller knows them before the handler is called; viewers, who are these and whoever came by a link to one '
  'service or host alone; whoever the handler finds to have signed the body; '
  'pages that are tracked; those who want to log in; or anyone.';

create index route_pattern on calytics.route (pattern) where pattern is not null;

create trigger forget after insert or update or delete or truncate on calytics.route
  for each statement execute function calytics.forget();

create function calytics.json_response(status int, answer jsonb, more jsonb default '{}')
  returns calytics.http_response
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return (status,
          '{"content-type": "application/json; charset=utf-8", "cache-control": "no-store"}'::jsonb || more,
          convert_to(answer::text, 'UTF8'))::calytics.http_response;
end
$$;
comment on function calytics.json_response(int, jsonb, jsonb) is 'A JSON answer; more: added headers.';

create function calytics.error_response(status int, code text, message text, more jsonb default '{}')
  returns calytics.http_response
  language sql immutable
  return calytics.json_response(
    status, jsonb_build_object('error', jsonb_build_object('code', code, 'message', message)), more);
comment on function calytics.error_response(int, text, text, jsonb) is
  'An error as the API gives it: {"error": {"code", "message"}}.';

create function calytics.match_route(request_path text)
  returns table (method text, handler regproc, access text, params jsonb)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select r.method, r.handler, r.access, '{}'::jsonb from calytics.route r where r.path = request_path;
  if not found then
    return query
      select r.method, r.handler, r.access,
             (select jsonb_object_agg(n.name[1], v.value)
                from regexp_matches(r.path, '\{([a-z_]+)\*?\}', 'g') with ordinality as n (name, i)
                join unnest(regexp_match(request_path, r.pattern)) with ordinality as v (value, i)
                  using (i))
        from calytics.route r
       where r.pattern is not null and request_path ~ r.pattern;
  end if;
end
$$;
comment on function calytics.match_route(text) is
  'The routes of a path, one a method, with what the {names} in it stand for.';

create function calytics.limit_class(access text) returns text
  language sql immutable
  return case access when 'signature' then 'webhook' when 'tracking' then 'tracking' when 'login' then 'login' else 'read' end;
comment on function calytics.limit_class(text) is 'Which rate limit a route of that access is under.';

create function calytics.too_many(class text, wait int, access text, request calytics.http_request)
  returns calytics.http_response
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  most record;
begin
  perform calytics.count_refusal('rate_limited');
  most := calytics.rate_limit(class);
  return calytics.error_response(
    429, 'too_many_requests', 'you call too often',
    jsonb_build_object(
      'retry-after', wait::text,
      'ratelimit-policy', format('"%s";q=%s;w=%s', class, most.burst, most.seconds),
      'ratelimit', format('"%s";r=0;t=%s', class, wait))
    -- Or the page that is to wait couldn't read it.
    || case when access = 'tracking' then calytics.track_headers(request) else '{}' end);
end
$$;
comment on function calytics.too_many(text, int, text, calytics.http_request) is
  'The answer to a client who calls more often than the limit of that class allows, for so many seconds yet.';

create function calytics.denied(access text, who calytics.identity) returns calytics.http_response
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  refusal record;
begin
  refusal := calytics.refusal(access, who);
  if refusal.status is null then
    if access <> 'viewer' and num_nonnulls(who.service, who.host) > 0 then
      return calytics.error_response(403, 'forbidden', 'your link shows one service or host alone, and this tells of more');
    end if;
    return null;
  elsif refusal.status = 401 then
    return calytics.error_response(401, 'unauthorized', refusal.message, '{"www-authenticate": "Bearer"}');
  end if;
  return calytics.error_response(refusal.status, 'forbidden', refusal.message);
end
$$;
comment on function calytics.denied(text, calytics.identity) is
  'The answer to a caller who may not what needs that access, NULL if they may. Routes for readers and admins don''t '
  'open to links that show one service or host alone; those for viewers do, and procedures, as calytics.narrowed has it.';

create function calytics.unrouted(request calytics.http_request) returns calytics.http_response
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  allow text;
begin
  select string_agg(a.method, ', ' order by a.method) into allow
    from (select m.method from calytics.match_route(request.path) m
          union select 'HEAD' from calytics.match_route(request.path) m where m.method = 'GET'
          union select 'OPTIONS' from calytics.match_route(request.path) m) a;
  if request.method = 'OPTIONS' and (allow is not null or request.path = '*') then
    return (204, jsonb_build_object('allow', coalesce(allow, 'GET, HEAD, OPTIONS, POST')), ''::bytea);
  elsif allow is not null then
    return calytics.error_response(405, 'method_not_allowed',
      'this address takes ' || allow, jsonb_build_object('allow', allow));
  end if;
  return calytics.error_response(404, 'not_found', 'there is nothing at this address');
end
$$;
comment on function calytics.unrouted(calytics.http_request) is
  'Answers a request that no route takes: 204, 404 or 405.';

create function calytics.named_error(answer jsonb, id text) returns jsonb
  language sql immutable
  return case when jsonb_typeof(answer #> '{error,data}') = 'object'
              then jsonb_set(answer, '{error,data,requestId}', to_jsonb(id))
              when jsonb_typeof(answer -> 'error') = 'object'
              then jsonb_set(answer, '{error,request_id}', to_jsonb(id))
              else answer end;
comment on function calytics.named_error(jsonb, text) is
  'An answer in JSON, with the request''s id if it is an error: error.request_id or, as tRPC has it, error.data.requestId.';

create function calytics.with_request_id(response calytics.http_response, id text) returns calytics.http_response
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  answer jsonb;
begin
  if response.headers ->> 'content-type' like 'application/json%' and response.body <> '' then
    answer := convert_from(response.body, 'UTF8');
    answer := case jsonb_typeof(answer)
                when 'array' then (select jsonb_agg(calytics.named_error(a.answer, id) order by a.i)
                                     from jsonb_array_elements(answer) with ordinality a (answer, i))
                else calytics.named_error(answer, id) end;
    response.body := convert_to(answer::text, 'UTF8');
  end if;
  return response;
end
$$;
comment on function calytics.with_request_id(calytics.http_response, text) is
  'The answer to a request that failed, wholly or in part, with the request''s id in its errors.';

create function cal.http(
  method text, path text, query text, headers jsonb, body bytea
) returns calytics.http_response
  -- The search path is pinned in extension/glue/pg/pinned.hpp, where it is needed.
  language c volatile security definer
  as 'MODULE_PATHNAME', 'calytics_http';
comment on function cal.http(text, text, text, jsonb, bytea) is
  'Answers an HTTP request by its route''s handler; with 429 where its client calls too often, before anything is done; with 401 '
  'or 403 where the caller may not; or as calytics.unrouted does. path: without the query; query: what follows "?"; headers: JSON object, '
  'names in lower case, x-calytics-peer the address that the connection comes from, x-request-id what the request is called in '
  'errors and, as the application''s name, in the server''s log, x-calytics-at-once that a webhook is to be answered 503 with x-calytics-again, '
  'and nothing done, rather than wait for another transaction; body: raw bytes. Returns status, headers (JSON object) and '
  'body; of the headers, x-calytics-* are for the gateway: x-calytics-class under which name requests are counted, '
  'x-calytics-listen and x-calytics-lifetime as calytics.http_events has them. HEAD is answered as GET. An error means that '
  'nothing was done and that the call can be repeated.';
