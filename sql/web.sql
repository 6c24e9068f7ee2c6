-- Files for browsers come out of the database too, so that CREATE EXTENSION brings the whole product. The build
-- puts those of extension/web into calytics.web_file (see Makefile).

create table calytics.web_file (
  path          text primary key,
  content_type  text not null,
  body          bytea not null
);
comment on table calytics.web_file is 'Files that browsers load, as this version of the extension brings them.';

create function calytics.gzip(body bytea) returns bytea
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_gzip';
comment on function calytics.gzip(bytea) is 'Bytes in the gzip format, as small as it makes them.';

create function calytics.takes_gzip(headers jsonb) returns boolean
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from regexp_split_to_table(lower(calytics.header(headers, 'accept-encoding')), '[ \t]*,[ \t]*') e (coding)
     where e.coding ~ '^(gzip|x-gzip|\*)([ \t]*;[ \t]*q=(1|0\.[0-9]*[1-9]).*)?$');
end
$$;
comment on function calytics.takes_gzip(jsonb) is 'True if the client that sent these headers understands gzip.';

create function calytics.file_response(headers jsonb, content_type text, body bytea, more jsonb) returns calytics.http_response
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
  if calytics.takes_gzip(headers) then
    return (200, answer || '{"content-encoding": "gzip"}', calytics.gzip(body));
  end if;
  return (200, answer, body);
end
$$;
comment on function calytics.file_response(jsonb, text, bytea, jsonb) is
  'Answers a request for a file: 304 if the client has it already, packed if it can unpack it. more: added headers.';

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
