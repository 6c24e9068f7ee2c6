-- Files for browsers come out of the database too, so that CREATE EXTENSION brings the whole product. The build
-- puts those of extension/web into calytics.web_file (see Makefile).

create table calytics.web_file (
  path          text primary key,
  content_type  text not null,
  body          bytea not null,
  gzip          bytea,  -- the same bytes packed; NULL: as they are asked for
  brotli        bytea
);
comment on table calytics.web_file is
  'Files that browsers load, as this version of the extension brings them; gzip and brotli: the same, packed by the build.';

create function calytics.gzip(body bytea) returns bytea
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_gzip';
comment on function calytics.gzip(bytea) is 'Bytes in the gzip format, as small as it makes them.';

create function calytics.takes_coding(headers jsonb, coding text) returns boolean
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from regexp_split_to_table(lower(calytics.header(headers, 'accept-encoding')), '[ \t]*,[ \t]*') e (sent)
     where e.sent ~ ('^(' || coding || ')([ \t]*;[ \t]*q=(1|0\.[0-9]*[1-9]).*)?$'));
end
$$;
comment on function calytics.takes_coding(jsonb, text) is
  'True if the client that sent these headers understands a content coding; coding: its names, with "|" between them.';

create function calytics.file_response(
  headers jsonb, content_type text, body bytea, more jsonb, gzip bytea default null, brotli bytea default null
) returns calytics.http_response
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  -- A weak one, for it stands for the packed bytes as well.
  etag text := 'W/"' || left(encode(sha256(body), 'hex'), 32) || '"';
  known text := calytics.header(headers, 'if-none-match');
  answer jsonb := jsonb_build_object('etag', etag, 'vary', 'accept-encoding') || more;
begin
  if known = '*' or position(substr(etag, 3) in known) > 0 then
    return (304, answer, ''::bytea);
  end if;
  answer := answer || jsonb_build_object('content-type', content_type);
  if brotli is not null and calytics.takes_coding(headers, 'br') then
    return (200, answer || '{"content-encoding": "br"}', brotli);
  elsif calytics.takes_coding(headers, 'gzip|x-gzip|\*') then
    return (200, answer || '{"content-encoding": "gzip"}', coalesce(gzip, calytics.gzip(body)));
  end if;
  return (200, answer, body);
end
$$;
comment on function calytics.file_response(jsonb, text, bytea, jsonb, bytea, bytea) is
  'Answers a request for a file: 304 if the client has it already, packed if it can unpack it. more: added headers; gzip, '
  'brotli: the body as it was packed before.';

create function calytics.tracker_settings(source text) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object(
             'source', s.name,
             'batchSize', coalesce(t.batch_size, 20),
             'flushInterval', coalesce(extract(epoch from t.flush_interval) * 1000, 10000)::int,
             'maxRetries', coalesce(t.max_retries, 5),
             'honourSignals', coalesce(t.honour_signals, true),
             'passSession', not coalesce(t.anonymous, false))
      from calytics.source s left join calytics.tracking t using (source_id)
     where s.name = tracker_settings.source);
end
$$;
comment on function calytics.tracker_settings(text) is
  'What the browser tracker is told of a source, NULL if there is none of that name. flushInterval in ms; honourSignals: it '
  'does nothing where the browser asks not to be tracked; passSession: Cal.com gets the session''s id for the booking''s metadata.';

create function calytics.http_tracker(request calytics.http_request) returns calytics.http_response
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  settings jsonb := calytics.tracker_settings(
    coalesce(substring('&' || request.query from '&source=([A-Za-z0-9_-]+)'), 'default'));
  public jsonb := '{"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}';
begin
  if settings is null then
    return calytics.error_response(404, 'not_found', 'there is no source of that name', public);
  end if;
  return calytics.file_response(
    request.headers, 'text/javascript; charset=utf-8',
    (select f.body from calytics.web_file f where f.path = '/cal.js') || convert_to('(' || settings::text || ')', 'UTF8'),
    public || '{"cache-control": "public, max-age=3600, stale-while-revalidate=86400"}');
end
$$;
comment on function calytics.http_tracker(calytics.http_request) is
  'GET /cal.js: the browser tracker, with the settings of the source that ?source= names (default). The tag''s attributes '
  'data-source, data-batch-size, data-flush-interval and data-max-retries go before them.';

create function calytics.http_dashboard(request calytics.http_request) returns calytics.http_response
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  file calytics.web_file;
begin
  select f.* into file from calytics.web_file f where f.path = request.path;
  if not found then
    return calytics.error_response(404, 'not_found', 'there is no such file in this version');
  end if;
  return calytics.file_response(
    request.headers, file.content_type, file.body,
    case request.path
      when '/' then jsonb_build_object(
        'cache-control', 'no-cache',
        'content-security-policy',
        'default-src ''none''; script-src ''self''; style-src ''self''; img-src ''self'' data: blob:; connect-src ''self''; '
        'base-uri ''none''; form-action ''none''; frame-ancestors ''none''')
      else '{"cache-control": "public, max-age=31536000, immutable"}' end,
    file.gzip, file.brotli);
end
$$;
comment on function calytics.http_dashboard(calytics.http_request) is
  'GET / and /assets/{file}: the dashboard''s page, which browsers ask for anew each time, and what it loads, whose names change '
  'with what is in them, to be kept for good. The page runs and loads what comes from here, and nothing written into it.';
