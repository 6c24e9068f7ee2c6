-- cal.verify_signature against pgcrypto's hmac, an implementation of other people's.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file
create extension if not exists pgcrypto;
\set ECHO all

-- Random bodies and secrets of all lengths: the right signature holds, in every accepted spelling.
with sample as materialized (
  select decode(string_agg(lpad(to_hex((random() * 255)::int), 2, '0'), ''), 'hex') as body,
         substr(repeat(md5(random()::text), 8), 1, 1 + (random() * 200)::int) as secret
    from generate_series(1, 400) as n, generate_series(1, 1 + (n % 97)) group by n
), signed as (
  select body, secret, encode(hmac(body, convert_to(secret, 'UTF8'), 'sha256'), 'hex') as signature
    from sample
)
select bool_and(cal.verify_signature(body, signature, secret)) as as_sent,
       bool_and(cal.verify_signature(body, upper(signature), secret)) as upper_case,
       bool_and(cal.verify_signature(body, 'sha256=' || signature, secret)) as prefixed,
       bool_and(calytics.sign_webhook(body, secret) = signature) as signing,
       bool_or(cal.verify_signature(body || '\x00', signature, secret)) as longer_body,
       bool_or(cal.verify_signature(set_byte(body, 0, 255 - get_byte(body, 0)), signature, secret)) as other_body,
       bool_or(cal.verify_signature(body, signature, secret || 'x')) as other_secret,
       bool_or(cal.verify_signature(body, overlay(signature placing
                 case substr(signature, p, 1) when '0' then '1' else '0' end from p for 1), secret)) as other_digit
  from signed, generate_series(1, 64, 7) as p;

-- Everything else is false, never an error and never NULL.
with h as (select encode(hmac('body', 'secret', 'sha256'), 'hex') as ok)
select s.what, cal.verify_signature('body', s.signature, 'secret') as verified
  from h, lateral (values
    (1, 'right', ok), (2, 'NULL', null), (3, 'empty', ''), (4, 'Cal.com without a secret', 'no-secret-provided'),
    (5, 'short', left(ok, 63)), (6, 'long', ok || '0'), (7, 'not hex', 'g' || substr(ok, 2)),
    (8, 'blank before', ' ' || ok), (9, 'blank after', ok || ' '), (10, 'prefix twice', 'sha256=sha256=' || ok),
    (11, 'other prefix', 'sha512=' || ok), (12, 'prefix alone', 'sha256='), (13, 'base64',
     encode(hmac('body', 'secret', 'sha256'), 'base64')), (14, 'very long', repeat('a', 100000))
  ) as s (n, what, signature) order by s.n;
select cal.verify_signature(null, 'x', 'y') as no_body, cal.verify_signature('body', 'x', null) as no_secret,
       cal.verify_signature('body', encode(hmac('body', '', 'sha256'), 'hex'), '') as empty_secret;

-- Pseudonyms, likewise: the first 16 bytes of HMAC-SHA256 of the trimmed e-mail in lower case.
begin;
create function pg_temp.pseudonym(person_key bytea, email text) returns uuid language sql as $$
  select from calytics.understand(-1, convert_to(json_build_object('triggerEvent', 'BOOKING_CREATED',
           'createdAt', '2026-01-01T00:00:00Z', 'payload', json_build_object('uid', md5(email), 'startTime', '2026-01-02T00:00:00Z',
             'endTime', '2026-01-02T01:00:00Z', 'attendees', json_build_array(json_build_object('email', email))))::text, 'UTF8'),
           person_key, now());
  select a.customer from calytics.attendee a where a.source_id = -1 and a.uid = md5(email) $$;
select bool_and(pg_temp.pseudonym(k, e) = encode(substr(hmac(convert_to(lower(btrim(e, E' \t\r\n')), 'UTF8'), k, 'sha256'), 1, 16), 'hex')::uuid)
  from (select decode(md5(n::text) || md5(n::text), 'hex') as k,
               repeat(' ', n % 3) || 'Some.One' || n || '@Example.COM' || repeat(E'\t', n % 2) as e
          from generate_series(1, 100) n) s;
select pg_temp.pseudonym('\x00', 'a@example.com') = pg_temp.pseudonym('\x00', 'b@example.com') as same;
rollback;
