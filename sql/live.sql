-- Live updates: whoever may read is told when numbers changed, and reads them again. The folder says so, once a run
-- for each source, whatever has been committed since the last one; those who write never do, since transactions
-- that notify commit one after another.

create function calytics.changes_channel(src int) returns text
  language sql immutable
  return 'calytics_changed_' || src::text;  -- as immutable as it says, so that it is inlined
comment on function calytics.changes_channel(int) is
  'Where changes of a source are notified: LISTEN to it. A notification is {"type": "changed", "source"}.';

create function calytics.limited_channel(src int) returns text
  language sql immutable
  return calytics.changes_channel(src) || '_limited';
comment on function calytics.limited_channel(int) is
  'Where the same is notified for links that show one service or host of the source alone, as {"type": "changed"}: that '
  'something happened there, theirs or not, and no more.';

create function calytics.tell_changed(sources int[]) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_notify(calytics.changes_channel(s.source_id),
                    jsonb_build_object('type', 'changed', 'source', s.name)::text),
          pg_notify(calytics.limited_channel(s.source_id), '{"type": "changed"}')
     from calytics.source s where s.source_id = any (sources);
end
$$;
comment on function calytics.tell_changed(int[]) is
  'Notifies those who listen that bookings, visits or metrics of these sources changed.';

create function calytics.http_events(request calytics.http_request) returns calytics.http_response
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  who calytics.identity := request.caller;
  wanted text;
  channels text;
  lifetime_s constant int := 60;
begin
  begin
    wanted := calytics.query_parameter(request.query, 'source');
    if wanted is not null and not exists (select from calytics.source s where s.name = wanted) then
      return calytics.error_response(404, 'not_found', 'there is no source of that name');
    elsif wanted is not null then
      perform calytics.check_scope(who.sources, wanted);
    end if;
  exception
    when data_exception then
      return calytics.error_response(400, 'bad_request', 'the address is not UTF-8');
    when invalid_authorization_specification then
      return calytics.error_response(403, 'forbidden', sqlerrm);
  end;
  select string_agg(case when num_nonnulls(who.service, who.host) > 0 then calytics.limited_channel(s.source_id)
                         else calytics.changes_channel(s.source_id) end, ', ' order by s.source_id) into channels
    from calytics.source s
   where (who.sources is null or s.source_id = any (who.sources)) and (wanted is null or s.name = wanted);
  if who.role = 'admin' and who.sources is null then
    channels := concat_ws(', ', channels, 'calytics_alert');
  end if;
  perform calytics.expect_reading(lifetime_s * 1000);
  return (
    200,
    jsonb_build_object(
      'content-type', 'text/event-stream', 'cache-control', 'no-store', 'x-accel-buffering', 'no',
      'x-calytics-class', 'events', 'x-calytics-listen',
      -- Without a source yet, as one that there will never be.
      coalesce(channels, calytics.changes_channel(0)), 'x-calytics-lifetime', lifetime_s::text),
    convert_to(E'retry: 1000\n\n', 'UTF8'));
end
$$;
comment on function calytics.http_events(calytics.http_request) is
  'GET /api/cal/events: server-sent events, for viewers: {"type": "changed", "source"} some moments after bookings, visits or '
  'metrics changed, of the sources that the caller may see or, with parameter source, of that one (links to one service or '
  'host alone: {"type": "changed"}, whatever changed); and for admins of all sources, what calytics.tell_alert says. The gateway sends what is '
  'notified and, where it can''t tell what was missed, {"type": "reset"}: read everything again. It ends the stream after a '
  'minute; whoever comes again is looked at anew, and goes on after the Last-Event-ID that they send. 400, 403, 404.';

create function calytics.http_ready(request calytics.http_request) returns calytics.http_response
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return calytics.json_response(200, '{"status": "ready"}');
end
$$;
comment on function calytics.http_ready(calytics.http_request) is
  'GET /ready: that requests get here. Where they don''t, the gateway answers 503.';

insert into calytics.route (method, path, handler, access) values
  ('GET', '/api/cal/events', 'calytics.http_events', 'viewer'),
  ('GET', '/ready',          'calytics.http_ready',  'public');
