-- The archive's bodies: to whoever reads them a bytea, whatever the way; on disk less.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file

begin;
select cal.rotate_secret('default') is not null as has_secret \gset
-- A webhook as it is sent, noise of many sizes, and what compresses well.
create temp table t as
  select 1 as id, (select s.body from cal.simulate_webhook('BOOKING_CREATED') s) as plain
  union all
  select 10 + n, decode(coalesce((select string_agg(md5(random()::text), '') from generate_series(1, n * n)), ''), 'hex')
    from generate_series(0, 20) n
  union all
  select 100 + n, convert_to(repeat('{"', (10 ^ n)::int), 'UTF8') from generate_series(0, 5) n;
create temp table kept (id int, body calytics.webhook_body);
insert into kept select id, plain from t;

create temp table came_back (id int, body calytics.webhook_body);
\set ECHO queries
-- By a cast, as text, and as an operand.
select count(*) as bodies,
       count(*) filter (where k.body::bytea = t.plain) as by_cast,
       count(*) filter (where k.body::text = t.plain::text) as as_text,
       count(*) filter (where k.body = t.plain and k.body <> t.plain || '\x00') as as_operand,
       count(*) filter (where sha256(k.body) = sha256(t.plain)) as as_argument,
       count(*) filter (where calytics.octet_length(k.body) = octet_length(t.plain)) as of_size,
       count(*) filter (where t.plain::text::calytics.webhook_body = t.plain) as from_text
  from t join kept k using (id);
-- Through a file of PostgreSQL's binary format.
copy kept to program 'cat > webhook_body.copied' (format binary);
copy came_back from program 'cat webhook_body.copied && rm webhook_body.copied' (format binary);
select count(*) as bodies, bool_and(c.body = t.plain) as same from t join came_back c using (id);
-- What is sent in binary is the body and nothing else.
select bool_and(calytics.webhook_body_send(k.body) = byteasend(t.plain)) as same from t join kept k using (id);
-- A webhook takes less than half, what can't be packed hardly more than it is.
select pg_column_size(k.body) * 2 < octet_length(t.plain) as less_than_half from t join kept k using (id) where id = 1;
select max(octet_length(t.plain) - pg_column_size(k.body)) <= 0 and
       max(pg_column_size(k.body) - octet_length(t.plain)) <= 5 as hardly_more
  from t join kept k using (id) where id between 10 and 30 and octet_length(t.plain) < 2000;
-- The archive is of it.
select atttypid::regtype from pg_attribute where attrelid = 'calytics.webhook_delivery'::regclass and attname = 'body';
-- A wrong text is refused as bytea's is.
select '\x0g'::calytics.webhook_body;
rollback;
