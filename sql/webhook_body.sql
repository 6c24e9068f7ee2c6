-- Type calytics.webhook_body: a body as the archive keeps it, packed with what Cal.com's webhooks have in common known
-- beforehand. Whoever reads it gets the bytes that came. Written in C++ (extension/core/booking/body_codec.hpp).

create type calytics.webhook_body;

create function calytics.webhook_body_in(cstring) returns calytics.webhook_body
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_webhook_body_in';
comment on function calytics.webhook_body_in(cstring) is 'A body from its text, which is bytea''s.';

create function calytics.webhook_body_out(calytics.webhook_body) returns cstring
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_webhook_body_out';
comment on function calytics.webhook_body_out(calytics.webhook_body) is 'A body''s text, which is bytea''s.';

create function calytics.webhook_body_recv(internal) returns calytics.webhook_body
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_webhook_body_recv';
comment on function calytics.webhook_body_recv(internal) is 'A body from its bytes.';

create function calytics.webhook_body_send(calytics.webhook_body) returns bytea
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_webhook_body_send';
comment on function calytics.webhook_body_send(calytics.webhook_body) is
  'A body''s bytes. Raises data_corrupted on a value that is none.';

-- It is as short as it gets: to compress it once more would cost time for nothing.
create type calytics.webhook_body (
  input = calytics.webhook_body_in,
  output = calytics.webhook_body_out,
  receive = calytics.webhook_body_recv,
  send = calytics.webhook_body_send,
  internallength = variable,
  alignment = int4,
  storage = external
);
comment on type calytics.webhook_body is
  'The body of a webhook, byte for byte: in SQL, dumps and replicas as bytea, on disk packed.';

create function calytics.pack_body(body bytea) returns calytics.webhook_body
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_pack_body';
comment on function calytics.pack_body(bytea) is 'A body as the archive keeps it.';

create function calytics.octet_length(body calytics.webhook_body) returns int
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_webhook_body_size';
comment on function calytics.octet_length(calytics.webhook_body) is
  'How many bytes a body has, without unpacking it. Raises data_corrupted on a value that is none.';

create cast (calytics.webhook_body as bytea) with function calytics.webhook_body_send(calytics.webhook_body) as implicit;
create cast (bytea as calytics.webhook_body) with function calytics.pack_body(bytea) as assignment;
