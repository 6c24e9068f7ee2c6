-- The functions written in C++: bytes become rows here, and nowhere else.

create function cal.verify_signature(body bytea, signature text, secret text) returns boolean
  language c immutable parallel safe
  as 'MODULE_PATHNAME', 'calytics_verify_signature';
comment on function cal.verify_signature(bytea, text, text) is
  'True if signature is the hexadecimal HMAC-SHA256 (RFC 2104) of the raw body under secret: either '
  'case, optionally prefixed by "sha256=", compared in constant time. Everything else, NULL, an '
  'empty secret and "no-secret-provided" included, is false; never an error.';

create function calytics.sign_webhook(body bytea, secret text) returns text
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_sign_webhook';
comment on function calytics.sign_webhook(bytea, text) is
  'The signature Cal.com would send: HMAC-SHA256 of the raw body in lower-case hexadecimal.';

create function calytics.random_hex(bytes int) returns text
  language c volatile strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_random_hex';
comment on function calytics.random_hex(int) is
  'So many bytes (1 to 64) from the server''s strong random source, in hexadecimal.';

create function calytics.preloaded() returns boolean
  language c stable parallel safe
  as 'MODULE_PATHNAME', 'calytics_preloaded';
comment on function calytics.preloaded() is
  'True if the server loaded calytics through shared_preload_libraries, which shared memory needs.';

create function calytics.refusals(out outcome text, out count bigint) returns setof record
  language c volatile strict rows 2
  as 'MODULE_PATHNAME', 'calytics_refusals';
comment on function calytics.refusals() is
  'Deliveries refused since the server started, over all its databases; no rows where calytics is '
  'not preloaded.';

create function calytics.forget() returns trigger
  language c volatile
  as 'MODULE_PATHNAME', 'calytics_forget';
comment on function calytics.forget() is
  'For each statement that changes a table: makes all sessions forget what they remember of it.';
