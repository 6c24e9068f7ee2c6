-- The HTTP face. Routes are rows: a new endpoint is a function from calytics.http_request to
-- calytics.http_response, and a row. The gateway calls cal.http and knows nothing of them.

create type calytics.http_request as (
  method   text,
  path     text,
  params   jsonb,  -- what the path's {names} stand for
  query    text,
  headers  jsonb,
  body     bytea
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
  pattern  text generated always as (
             case when path ~ '\{' then
               '^' || regexp_replace(
                        regexp_replace(path, '\{[a-z_]+\}', '([A-Za-z0-9_-]+)', 'g'),
                        '\{[a-z_]+\*\}', '([^/]+)', 'g') || '$' end) stored,
  primary key (path, method)
);
comment on table calytics.route is
  'Routes. path may hold {names}, each standing for one segment of letters, digits, "_" and "-", and {names*}, '
  'each for one segment of anything, as it was sent: %-escapes are the handler''s to decode.';

create index route_pattern on calytics.route (pattern) where pattern is not null;

create function calytics.json_response(status int, answer jsonb, more jsonb default '{}')
  returns calytics.http_response
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return (status,
          '{"content-type": "application/json; charset=utf-8", "cache-control": "no-store",
            "x-content-type-options": "nosniff"}'::jsonb || more,
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
  returns table (method text, handler regproc, params jsonb)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select r.method, r.handler, '{}'::jsonb from calytics.route r where r.path = request_path;
  if not found then
    return query
      select r.method, r.handler,
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

create function calytics.dispatch(request calytics.http_request) returns calytics.http_response
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  wanted text := case request.method when 'HEAD' then 'GET' else request.method end;
  handler regproc;
  allow text;
  response calytics.http_response;
begin
  select m.handler, m.params into handler, request.params
    from calytics.match_route(request.path) m
   where m.method = wanted;
  if found then
    execute format('select r.* from %s($1) r', handler) into response using request;
    return response;
  end if;

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
comment on function calytics.dispatch(calytics.http_request) is
  'Answers a request by its route''s handler, or with 204, 404 or 405 where there is none.';

create function cal.http(
  method text, path text, query text, headers jsonb, body bytea
) returns calytics.http_response
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return calytics.dispatch((upper(method), path, null, query, headers, body)::calytics.http_request);
end
$$;
comment on function cal.http(text, text, text, jsonb, bytea) is
  'Answers an HTTP request. path: without the query; query: what follows "?"; headers: JSON object, '
  'names in lower case; body: raw bytes. Returns status, headers (JSON object) and body; HEAD is '
  'answered as GET. An error means that nothing was done and that the call can be repeated.';
