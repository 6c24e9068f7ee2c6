-- The functions written in C++: bytes become rows here, and nowhere else.

create function cal.verify_signature(body bytea, signature text, secret text) returns boolean
  language c immutable parallel safe
  as 'MODULE_PATHNAME', 'calytics_verify_signature';
comment on function cal.verify_signature(bytea, text, text) is
  'True if signature is the hexadecimal HMAC-SHA256 (RFC 2104) of the raw body under secret: either '
  'case, optionally prefixed by "sha256=", compared in constant time. Everything else, NULL, an '
  'empty secret and "no-secret-provided" included, is false; never an error.';

create function calytics.parse_webhook(body bytea, person_key bytea) returns calytics.webhook
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_parse_webhook';
comment on function calytics.parse_webhook(bytea, bytea) is
  'What a webhook''s raw body says, as one typed row. Never raises on a body: column kind is '
  '''unreadable'' and column problem says why where the body can''t be understood.';

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

create function calytics.count_refusal(outcome text) returns void
  language c volatile strict
  as 'MODULE_PATHNAME', 'calytics_count_refusal';
comment on function calytics.count_refusal(text) is
  'Counts a refused delivery (unauthorized, too_large, or forbidden by its address) or a call that came too often '
  '(rate_limited) in shared memory: refusals leave no row. '
  'Does nothing where calytics is not preloaded.';

create function calytics.refusals(out outcome text, out count bigint) returns setof record
  language c volatile strict rows 4
  as 'MODULE_PATHNAME', 'calytics_refusals';
comment on function calytics.refusals() is
  'Deliveries and calls refused since the server started, over all its databases; no rows where calytics is '
  'not preloaded.';

create function calytics.client_address(peer text, forwarded text) returns text
  language c stable parallel safe
  as 'MODULE_PATHNAME', 'calytics_client_address';
comment on function calytics.client_address(text, text) is
  'The address of a request''s client: the peer of its connection or, if that is one of calytics.trusted_proxies, whom '
  'forwarded (X-Forwarded-For) names. NULL if peer is no address.';

create function calytics.is_trusted_proxy(peer text) returns boolean
  language c stable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_is_trusted_proxy';
comment on function calytics.is_trusted_proxy(text) is 'True if an address is one of calytics.trusted_proxies.';

create function calytics.hash_password(password text) returns text
  language c volatile strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_hash_password';
comment on function calytics.hash_password(text) is 'A password''s scrypt digest with a random salt, as it is kept.';

create function calytics.password_matches(password text, hash text) returns boolean
  language c immutable parallel safe
  as 'MODULE_PATHNAME', 'calytics_password_matches';
comment on function calytics.password_matches(text, text) is
  'True if a password is the one of which the hash was made. NULL for a hash matches nothing, and takes as long.';

create function calytics.note_token_use(digest bytea) returns void
  language c volatile strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_note_token_use';
comment on function calytics.note_token_use(bytea) is
  'Notes in shared memory that a token is used now. Does nothing where calytics is not preloaded.';

create function calytics.token_used_at(digest bytea) returns timestamptz
  language c volatile strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_token_used_at';
comment on function calytics.token_used_at(bytea) is
  'When a token was last used since the server started; NULL if it wasn''t, or that isn''t known.';

create function calytics.take_token(class text, client text) returns int
  language c volatile strict parallel unsafe
  as 'MODULE_PATHNAME', 'calytics_take_token';
comment on function calytics.take_token(text, text) is
  'Takes one of the calls that a client (by address) may make of a class (login, tracking, webhook, read; parameter '
  'calytics.limit_<class>): 0, or the seconds until there is one. 0 where calytics is not preloaded, NULL for no client.';

create function calytics.rate_limit(class text, out burst bigint, out seconds int) returns record
  language c stable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_rate_limit';
comment on function calytics.rate_limit(text) is
  'How many calls of a class a client may make at once, and in how many seconds as many more; NULL: any number.';

create function calytics.forget() returns trigger
  language c volatile
  as 'MODULE_PATHNAME', 'calytics_forget';
comment on function calytics.forget() is
  'For each statement that changes a table: makes all sessions forget what they remember of it.';
