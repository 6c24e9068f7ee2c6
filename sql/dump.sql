-- Tables whose rows belong to the user, so that pg_dump takes them along. Rows that the extension
-- itself brings (routes) come back with CREATE EXTENSION. Salts of visitors (visitor_salt) stay behind: what
-- is to be destroyed must not live on in a backup; and so do log-ins (session): people log in anew, and the folder's log
-- (fold_log): nobody remembers anything of a restored database yet.

do $dump$
declare
  name text;
begin
  foreach name in array array[
    'segment', 'source', 'source_source_id_seq', 'source_key', 'source_secret', 'source_network', 'sync', 'api_token', 'delivery_id',
    'webhook_delivery', 'erased', 'booking', 'attendee', 'booking_change', 'service', 'host', 'person',
    'booking_private', 'booking_session', 'payment', 'chain', 'mark_id', 'chain_mark', 'bucket', 'recent_delta',
    'account', 'share', 'share_share_id_seq', 'better_auth', 'opening', 'blocked', 'blocked_block_id_seq', 'tracking', 'event_key', 'event', 'event_service',
    'origin_month', 'known_origin', 'tracked_session', 'funnel', 'named_booking', 'tracked_until', 'visitor_bucket', 'recent_visitor',
    'health_sample', 'alert', 'alert_limit']
  loop
    perform pg_catalog.pg_extension_config_dump(('calytics.' || name)::regclass, '');
  end loop;
  perform pg_catalog.pg_extension_config_dump('calytics.fold_state', 'where run > 0');
end
$dump$;
