-- The endpoints of this release: each handler and its row.

create function calytics.http_webhook(request calytics.http_request) returns calytics.http_response
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  r record;
begin
  select w.* into r
    from cal.receive_webhook(request.body, request.headers,
                             coalesce(request.params ->> 'source', 'default')) w;
  return calytics.json_response(
    case r.outcome when 'unauthorized' then 401 when 'too_large' then 413 else 200 end,
    jsonb_build_object('outcome', r.outcome, 'delivery', r.delivery_id, 'detail', r.detail));
end
$$;
comment on function calytics.http_webhook(calytics.http_request) is
  'POST /api/cal/webhook and /api/cal/webhook/{source}: where Cal.com sends to. Any authentic body '
  'is answered 200 once it is durable; 401 without a valid signature, 413 if too large.';

create function calytics.http_health(request calytics.http_request) returns calytics.http_response
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return calytics.json_response(
    200,
    case when calytics.caller_role(request.headers) = 'admin' then cal.health()
         else '{"status": "ok"}' end);
end
$$;
comment on function calytics.http_health(calytics.http_request) is
  'GET /api/cal/health: {"status": "ok"} for anyone, cal.health() for an admin''s token.';

create function calytics.http_home(request calytics.http_request) returns calytics.http_response
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    200,
    jsonb_build_object(
      'content-type', 'text/html; charset=utf-8', 'cache-control', 'no-store',
      'x-content-type-options', 'nosniff', 'referrer-policy', 'no-referrer',
      'content-security-policy', 'default-src ''none''; frame-ancestors ''none''; base-uri ''none'''),
    convert_to('<!doctype html><html lang="en"><head><meta charset="utf-8">'
      || '<meta name="viewport" content="width=device-width"><title>Calytics</title></head><body>'
      || '<h1>Calytics is running</h1>'
      || '<p>Cal.com sends its webhooks to <code>/api/cal/webhook</code>; '
      || '<a href="/api/cal/health">/api/cal/health</a> tells how this installation is.</p>'
      || '<p>The numbers are in PostgreSQL: <code>select * from cal.booking</code>.</p>'
      || '</body></html>', 'UTF8'));
end
$$;
comment on function calytics.http_home(calytics.http_request) is
  'GET /: says what this is and where to go on.';

insert into calytics.route (method, path, handler) values
  ('GET',  '/',                         'calytics.http_home'),
  ('GET',  '/api/cal/health',           'calytics.http_health'),
  ('POST', '/api/cal/webhook',          'calytics.http_webhook'),
  ('POST', '/api/cal/webhook/{source}', 'calytics.http_webhook');
