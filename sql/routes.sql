-- The endpoints of this release: each handler and its row. Files for browsers are in web.sql.

create function calytics.is_welcome(source text, client text) returns boolean
  language sql stable
  return coalesce((
    select bool_or(coalesce(client::inet <<= n.network, false))
      from calytics.source s join calytics.source_network n using (source_id)
     where s.name = source), true);
comment on function calytics.is_welcome(text, text) is
  'Whether a source takes webhooks from a client''s address: from any, or from its networks if it has some.';

create function calytics.http_webhook(request calytics.http_request) returns calytics.http_response
  language c volatile strict
  as 'MODULE_PATHNAME', 'calytics_http_webhook';
comment on function calytics.http_webhook(calytics.http_request) is
  'POST /api/cal/webhook and /api/cal/webhook/{source}: where Cal.com sends to. Any authentic body '
  'is answered 200 once it is durable; 401 without a valid signature, 403 from an address that the source takes none from, '
  '413 if too large.';

create function calytics.track_context(headers jsonb) returns jsonb
  language sql stable
  return jsonb_build_object(
    -- A browser names itself; who doesn't is no browser.
    'userAgent', coalesce(calytics.header(headers, 'user-agent'), ''),
    'ipAddress', calytics.client_address(headers ->> 'x-calytics-peer', headers ->> 'x-forwarded-for'), 'url', calytics.header(headers, 'referer'),
    'doNotTrack', coalesce(calytics.header(headers, 'sec-gpc') = '1' or calytics.header(headers, 'dnt') = '1', false));
comment on function calytics.track_context(jsonb) is
  'What a request''s headers tell of the client whose events it brings. The page it comes from is where the events happen.';

create function calytics.track_origin(src int, origin text) returns jsonb
  language c stable set search_path = pg_catalog, pg_temp
  as 'MODULE_PATHNAME', 'calytics_track_origin';
comment on function calytics.track_origin(int, text) is
  'The headers that tell a browser whether pages of that origin may send a source''s events.';

create function calytics.track_headers(request calytics.http_request) returns jsonb
  language sql stable
  return calytics.track_origin(
    (select s.source_id from calytics.source s where s.name = coalesce(request.params ->> 'source', 'default')),
    calytics.header(request.headers, 'origin'));
comment on function calytics.track_headers(calytics.http_request) is
  'calytics.track_origin for whoever sends events, or asks whether they may.';

create function calytics.http_track(request calytics.http_request) returns calytics.http_response
  language c volatile strict set search_path = pg_catalog, pg_temp
  as 'MODULE_PATHNAME', 'calytics_http_track';
comment on function calytics.http_track(calytics.http_request) is
  'POST /api/cal/track and /api/cal/track/{source}: events from browsers, of any content type; who sends them is known by the '
  'request. 200 with cal.track''s answer once they are durable, 400 where the body can''t be read, 403 for pages of an origin '
  'that the source doesn''t list.';

create function calytics.http_track_preflight(request calytics.http_request) returns calytics.http_response
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    204,
    calytics.track_headers(request)
    || '{"allow": "OPTIONS, POST", "access-control-allow-methods": "POST", "access-control-allow-headers": "content-type",
         "access-control-max-age": "86400"}',
    ''::bytea);
end
$$;
comment on function calytics.http_track_preflight(calytics.http_request) is
  'OPTIONS of /api/cal/track: what a browser asks before a page of another origin may send anything but plain text.';

create function calytics.http_health(request calytics.http_request) returns calytics.http_response
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return calytics.json_response(200, calytics.health_for(calytics.caller(request)));
end
$$;
comment on function calytics.http_health(calytics.http_request) is
  'GET /api/cal/health: {"status": "ok"} for anyone, cal.health() for an admin of all sources.';

create function calytics.http_debug_auth(request calytics.http_request) returns calytics.http_response
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  who calytics.identity := calytics.caller(request);
begin
  return calytics.json_response(200, jsonb_build_object(
    'authenticated', who.role is not null,
    'role', who.role,
    'how', who.how,
    'label', who.label,
    'sources', (select jsonb_agg(s.name order by s.name) from calytics.source s where s.source_id = any (who.sources)),
    'service', calytics.service_name(who.sources[1], who.service),
    'host', calytics.host_name(who.sources[1], who.host),
    'why_not', who.why,
    'client', request.client,
    'tls', calytics.is_tls(request.headers)));
end
$$;
comment on function calytics.http_debug_auth(calytics.http_request) is
  'GET /api/debug/auth: how the caller was authenticated, or why not: role (admin, reader, NULL: nobody), how (token, '
  'session, better-auth, share), label, sources (NULL: all), service and host (which alone a shared link shows), why_not; and as what it is seen: client (address) and tls.';

create function calytics.http_admin_dashboard(request calytics.http_request) returns calytics.http_response
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  who calytics.identity := request.caller;
  input jsonb;
  message text;
  hint text;
begin
  select jsonb_object_agg(n.name, calytics.query_parameter(request.query, n.name)) into input
    from unnest(array['period', 'at', 'source', 'service', 'host', 'basis', 'from', 'to']) n (name);
  perform calytics.check_scope(who.sources, coalesce(input ->> 'source', 'default'));
  return calytics.json_response(200, jsonb_build_object(
    'dashboard', calytics.trpc_dashboard(jsonb_build_object('input', input)),
    'health', calytics.health_for(who)));
exception
  when invalid_parameter_value or no_data_found or invalid_authorization_specification or character_not_in_repertoire then
    get stacked diagnostics message = message_text, hint = pg_exception_hint;
    message := concat_ws('. ', message, nullif(hint, ''));
    return case sqlstate
             when 'P0002' then calytics.error_response(404, 'not_found', message)
             when '28000' then calytics.error_response(403, 'forbidden', message)
             else calytics.error_response(400, 'bad_request', message) end;
end
$$;
comment on function calytics.http_admin_dashboard(calytics.http_request) is
  'GET /api/admin/dashboard: {"dashboard": cal.dashboard, "health": cal.health()}. Its query takes period, at, source, '
  'service, host, basis, from and to as calAnalytics.getDashboardMetrics does.';

insert into calytics.route (method, path, handler, access) values
  ('GET',  '/',                         'calytics.http_dashboard',       'public'),
  ('GET',  '/api/cal/health',           'calytics.http_health',          'public'),
  ('POST', '/api/cal/webhook',          'calytics.http_webhook',         'signature'),
  ('POST', '/api/cal/webhook/{source}', 'calytics.http_webhook',         'signature'),
  ('POST', '/api/cal/track',            'calytics.http_track',           'tracking'),
  ('POST', '/api/cal/track/{source}',   'calytics.http_track',           'tracking'),
  ('OPTIONS', '/api/cal/track',          'calytics.http_track_preflight', 'tracking'),
  ('OPTIONS', '/api/cal/track/{source}', 'calytics.http_track_preflight', 'tracking'),
  ('GET',  '/assets/{file*}',           'calytics.http_dashboard',       'public'),
  ('GET',  '/cal.js',                   'calytics.http_tracker',         'public'),
  ('POST', '/api/login',                'calytics.http_login',           'login'),
  ('POST', '/api/logout',               'calytics.http_logout',          'public'),
  ('GET',  '/api/debug/auth',           'calytics.http_debug_auth',      'public'),
  ('GET',  '/api/admin/dashboard',      'calytics.http_admin_dashboard', 'admin');
