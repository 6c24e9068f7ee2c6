-- A webhook's way in. What becomes of it is decided in extension/glue/webhook/receive.cpp and apply.cpp, with
-- what each trigger means in extension/core/booking/evidence.cpp.

create function calytics.header(headers jsonb, variadic names text[]) returns text
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_header';
comment on function calytics.header(jsonb, text[]) is
  'The first of the named headers (in lower case) that is there, whatever its case; NULL if none is.';

create function calytics.understand(
  src int, body bytea, person_key bytea, received timestamptz, delivery bigint default null,
  known timestamptz default null, ordinal bigint default null,
  out outcome text, out detail text, out change_id bigint
)
  language c volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off
  as 'MODULE_PATHNAME', 'calytics_understand';
comment on function calytics.understand(
    int, bytea, bytea, timestamptz, bigint, timestamptz, bigint) is
  'Decides what becomes of an authentic webhook and, if it speaks of a booking, applies it. received '
  'stands in for the event''s time where the webhook doesn''t tell it; delivery, known and ordinal are '
  'given when an archived one is applied again. outcome: as cal.receive_webhook tells it; change_id: '
  'its place in the order of application.';

create function cal.receive_webhook(
  body bytea, headers jsonb, source text default 'default',
  out outcome text, out delivery_id bigint, out detail text
)
  -- Every statement on the way in finds its rows by key: a plan made while a table was small would
  -- read all of it for good.
  language c volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
  as 'MODULE_PATHNAME', 'calytics_receive_webhook';
comment on function cal.receive_webhook(bytea, jsonb, text) is
  'Takes a webhook in. body: the raw bytes; headers: JSON object with x-cal-signature-256 (or '
  'cal-webhook-signature); source: who sends. outcome: applied, unchanged (says nothing new), '
  'duplicate (same bytes), ping, stored (not about a booking), quarantined (not understood, see '
  'detail), unauthorized or too_large (nothing kept). delivery_id: its row in the archive. An error '
  'means that nothing was kept and that the call can be repeated.';
