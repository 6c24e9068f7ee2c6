-- A cal.http for the gateway's tests, which knows no business either. What it does is in the path, whose last segment
-- may be a digit that means nothing:
--   /echo     the request, as it arrived, as JSON       /store    keeps the body, once; see below
--   /nothing  an empty 200                              /bytes    `query` bytes of body
--   /sleep    sleeps `query` seconds                    /raise    raises an error of SQLSTATE `query`
--   /touch    counts a call for the row `query`, which it then holds a while
--   /yield    the same, but doesn't wait for the row where it is to answer at once
--   /gate     waits while somebody else holds the advisory lock 7
--   /where    "replica" or "primary"                    /known    401 on a replica, else 200
--   /events   a stream of the events of channels `query`, to whoever shows a token of cal.token, for so
--             many seconds as the header lifetime says
--   /metrics  a line of its own, to who sends "authorization: good"     /ready    200
--   /answer   answers what the body's JSON says: status, headers, body
create schema cal;

create table cal.stored (body bytea primary key, copies int not null default 1);
create table cal.touched (name text primary key, calls int not null default 0);
insert into cal.touched (name) values ('a'), ('b');
create sequence cal.calls;
create table cal.token (token text primary key);
insert into cal.token values ('good');

create function cal.http(text, text, text, jsonb, bytea,
                         out status int, out headers jsonb, out body bytea)
language plpgsql as $$
declare
  wanted jsonb;
begin
  status := 200;
  case regexp_replace($2, '/[0-9]$', '')
    when '/nothing', '/api/cal/health' then
      headers := '{"Content-Type": "text/plain"}';
      body := 'ok';
    when '/echo' then
      headers := '{"Content-Type": "application/json"}';
      body := convert_to(jsonb_build_object('method', $1, 'path', $2, 'query', $3, 'headers', $4,
        'size', length($5), 'md5', md5($5))::text, 'UTF8');
    when '/store' then
      -- Queries: hash keeps a digest instead; once ends the connection, the first time; anything else is the SQLSTATE
      -- of an error raised after the body was kept.
      if $3 = 'hash' then
        $5 := sha256($5);
      end if;
      insert into cal.stored as kept (body) values ($5)
        on conflict on constraint stored_pkey do update set copies = kept.copies + 1;
      if $3 = 'once' and nextval('cal.calls') = 1 then
        perform pg_terminate_backend(pg_backend_pid());
      elsif $3 not in ('', 'hash', 'once') then
        raise exception 'a secret must not reach the client' using errcode = $3;
      end if;
      headers := '{}';
      body := 'stored';
    when '/bytes' then
      headers := '{"Content-Type": "application/octet-stream"}';
      body := convert_to(repeat('x', $3::int), 'UTF8');
    when '/touch' then
      update cal.touched t set calls = t.calls + 1 where t.name = $3;
      perform pg_sleep(0.02);
      headers := '{}';
      body := 'touched';
    when '/yield' then
      perform from cal.touched t where t.name = $3 for update skip locked;
      if not found and $4 ? 'x-calytics-at-once' then
        status := 503;
        headers := '{"x-calytics-again": "1"}';
        body := 'held up';
        return;
      end if;
      update cal.touched t set calls = t.calls + 1 where t.name = $3;
      headers := '{}';
      body := 'touched';
    when '/gate' then
      perform pg_advisory_xact_lock_shared(7);
      headers := '{}';
      body := 'passed';
    when '/where' then
      headers := '{}';
      body := convert_to(case when pg_is_in_recovery() then 'replica' else 'primary' end, 'UTF8');
    when '/known' then
      status := case when pg_is_in_recovery() then 401 else 200 end;
      headers := '{}';
      body := 'known';
    when '/sleep' then
      perform pg_sleep($3::float8);
      headers := '{}';
      body := 'slept';
    when '/raise' then
      raise exception 'a secret must not reach the client' using errcode = $3;
    when '/flaky' then
      -- Every third call succeeds: sequences don't roll back.
      if nextval('cal.calls') % 3 <> 0 then
        raise exception 'try again' using errcode = $3;
      end if;
      headers := '{}';
      body := 'at last';
    when '/ready' then
      headers := '{"x-calytics-class": "probe"}';
      body := 'ready';
    when '/metrics' then
      status := case $4 ->> 'authorization' when 'good' then 200 else 401 end;
      headers := '{"content-type": "text/plain; version=0.0.4"}';
      body := E'of_the_database 1\n';
    when '/events' then
      if not exists (select from cal.token t where t.token = coalesce($4 ->> 'token', 'good')) then
        status := 401;
        headers := '{}';
        body := 'who are you?';
        return;
      end if;
      headers := jsonb_build_object('Content-Type', 'text/event-stream', 'X-Calytics-Listen', $3,
        'X-Calytics-Lifetime', coalesce($4 ->> 'lifetime', '60'), 'x-calytics-other', 'secret');
      body := E'retry: 1000\n\n';
    when '/answer' then
      wanted := convert_from($5, 'UTF8')::jsonb;
      status := (wanted ->> 'status')::int;
      headers := nullif(wanted -> 'headers', 'null');
      body := convert_to(wanted ->> 'body', 'UTF8');
    else
      status := 404;
      headers := '{"Content-Type": "application/json"}';
      body := '{"error":"no such route"}';
  end case;
end
$$;
