-- Log-ins of people. Who has shown a password, or a token, gets a cookie with a random value for some
-- hours; only its digest is kept. A session is its account's, its token's or its shared link's: it can do what
-- that can do now, and ends with it.

create table calytics.account (
  name        text primary key check (length(name) between 1 and 200),
  role        text not null check (role in ('admin', 'reader')),
  sources     int[],
  password    text not null,
  changed_at  timestamptz not null default now()
);
comment on table calytics.account is 'Who may log in by password (kept as a scrypt digest). sources: as a token''s.';

create table calytics.session (
  digest      bytea primary key,
  account     text references calytics.account on delete cascade,
  token       text references calytics.api_token on delete cascade,
  share_id    int references calytics.share on delete cascade,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  check (num_nonnulls(account, token, share_id) = 1)
);
comment on table calytics.session is 'Digests (sha256) of the cookies of those who have logged in.';
create index session_account on calytics.session (account);
create index session_token on calytics.session (token);
create index session_share on calytics.session (share_id);
create index session_expires on calytics.session (expires_at);

create function cal.end_sessions(name text) returns int
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  n int;
begin
  delete from calytics.session s where s.account = end_sessions.name or s.token = end_sessions.name;
  get diagnostics n = row_count;
  return n;
end
$$;
comment on function cal.end_sessions(text) is
  'Ends at once all sessions of an account, or of a token by its label. Gives how many.';

create function cal.set_password(name text, role text, password text, sources text[] default null) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform calytics.check_role(role);
  if length(name) not between 1 and 200 or name is null then
    raise exception 'an account''s name has 1 to 200 characters' using errcode = 'invalid_parameter_value';
  elsif length(password) not between 12 and 1000 or password is null then
    raise exception 'a password of % characters is not safe', coalesce(length(password), 0)
      using errcode = 'invalid_parameter_value', hint = 'Use 12 to 1000 characters: a few random words.';
  end if;
  perform cal.end_sessions(set_password.name);
  insert into calytics.account as a (name, role, sources, password)
    values (set_password.name, set_password.role, calytics.source_ids(set_password.sources),
            calytics.hash_password(set_password.password))
    on conflict on constraint account_pkey do update
      set (role, sources, password, changed_at) = (select excluded.role, excluded.sources, excluded.password, now());
end
$$;
comment on function cal.set_password(text, text, text, text[]) is
  'Lets someone log in at POST /api/login by name and password (12 to 1000 characters), or changes what was set, which ends '
  'their sessions. role: admin or reader; sources: what it opens, by name (NULL: all). In psql, \getenv keeps the password '
  'out of the history.';

create function cal.remove_account(name text) returns boolean
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with gone as (delete from calytics.account a where a.name = remove_account.name returning 1)
  select exists (select from gone)
$$;
comment on function cal.remove_account(text) is 'Ends an account and its sessions at once. True if there was one.';

create function calytics.keep_access() returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  delete from calytics.session s where s.expires_at <= now();
  update calytics.api_token t
     set used_at = calytics.token_used_at(t.digest)
   where calytics.token_used_at(t.digest) > coalesce(t.used_at + interval '1 hour', '-infinity');
end
$$;
comment on function calytics.keep_access() is
  'What the folder does for those who log in: sessions that are over go, and the table learns when tokens were used.';

-- Cookies.

create function calytics.is_tls(headers jsonb) returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return lower(coalesce(headers ->> 'x-forwarded-proto', '')) = 'https'
         and coalesce(calytics.is_trusted_proxy(headers ->> 'x-calytics-peer'), false);
end
$$;
comment on function calytics.is_tls(jsonb) is 'True if a trusted proxy says that the client came by TLS.';

create function calytics.cookie(headers jsonb, name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select substr(p.pair, length(name) + 2)
      from regexp_split_to_table(calytics.header(headers, 'cookie'), '; *') with ordinality as p (pair, i)
     where starts_with(p.pair, name || '=')
     order by p.i limit 1);
end
$$;
comment on function calytics.cookie(jsonb, text) is 'The value of a request''s first cookie of that name, as sent; NULL if none.';

create function calytics.session_cookie(headers jsonb) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return case when calytics.is_tls(headers) then '__Host-calytics_session' else 'calytics_session' end;
end
$$;
comment on function calytics.session_cookie(jsonb) is
  'The name of the cookie of a session. That of one by TLS can''t be set without, nor by a sister domain.';

create function calytics.cookie_header(headers jsonb, value text, lifetime interval) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object('set-cookie', format(
    '%s=%s; Path=/; Max-Age=%s; HttpOnly; SameSite=Strict%s', calytics.session_cookie(headers), value,
    extract(epoch from lifetime)::bigint, case when calytics.is_tls(headers) then '; Secure' else '' end));
end
$$;
comment on function calytics.cookie_header(jsonb, text, interval) is 'The header that gives a client its session''s cookie.';

create function calytics.same_origin(method text, headers jsonb) returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  site text := calytics.header(headers, 'sec-fetch-site');
  origin text := calytics.header(headers, 'origin');
  host text := calytics.header(headers, 'host');
begin
  if method in ('GET', 'HEAD') then
    return true;
  elsif site is not null then
    return site = 'same-origin';
  end if;
  if calytics.is_trusted_proxy(headers ->> 'x-calytics-peer') then
    host := coalesce(calytics.header(headers, 'x-forwarded-host'), host);
  end if;
  return coalesce(lower(origin) in ('http://' || lower(host), 'https://' || lower(host)), false);
end
$$;
comment on function calytics.same_origin(text, jsonb) is
  'True unless a page of another origin might have had the browser send this request, which changes something, with the '
  'user''s cookies: by Sec-Fetch-Site or, from older browsers, Origin against Host.';

create function calytics.start_session(request calytics.http_request, account text, token text, share_id int default null)
  returns calytics.http_response
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  value text := calytics.random_hex(32);
  lifetime interval := current_setting('calytics.session_lifetime')::interval;
begin
  insert into calytics.session (digest, account, token, share_id, expires_at)
    values (sha256(convert_to(value, 'UTF8')), start_session.account, start_session.token, start_session.share_id,
            now() + lifetime);
  return calytics.json_response(
    200,
    (select jsonb_build_object('name', x.name, 'role', x.role, 'expires_at', now() + lifetime)
       from (select a.name, a.role from calytics.account a where a.name = start_session.account
             union all
             select t.label, t.role from calytics.api_token t where t.label = start_session.token
             union all
             select x.label, 'reader' from calytics.share x where x.share_id = start_session.share_id) x),
    calytics.cookie_header(request.headers, value, lifetime));
end
$$;
comment on function calytics.start_session(calytics.http_request, text, text, int) is
  'Starts a session of an account, of a token by its label, or of a shared link, and answers with its cookie.';

create function calytics.http_login(request calytics.http_request) returns calytics.http_response
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  sent jsonb;
  wanted calytics.account;
  label text;
  share_id int;
begin
  if calytics.header(request.headers, 'origin', 'sec-fetch-site') is not null
     and not calytics.same_origin(request.method, request.headers) then
    return calytics.error_response(403, 'forbidden', 'a page of another origin can''t log in here');
  elsif coalesce(calytics.header(request.headers, 'content-type'), '') !~* '^application/json' then
    return calytics.error_response(415, 'unsupported_media_type', 'send JSON, as application/json');
  end if;
  begin
    sent := convert_from(request.body, 'UTF8')::jsonb;
  exception when data_exception or program_limit_exceeded then
    null;
  end;
  if jsonb_typeof(sent -> 'token') = 'string' then
    select t.label into label from calytics.api_token t
     where t.digest = sha256(convert_to(sent ->> 'token', 'UTF8')) and t.expires_at > now();
    if found then
      return calytics.start_session(request, null, label);
    end if;
    return calytics.error_response(401, 'unauthorized', 'this token is not valid');
  elsif jsonb_typeof(sent -> 'share') = 'string' then
    update calytics.share x set opened_at = now()
     where x.digest = sha256(convert_to(sent ->> 'share', 'UTF8')) and x.expires_at > now()
     returning x.share_id into share_id;
    if found then
      return calytics.start_session(request, null, null, share_id);
    end if;
    return calytics.error_response(401, 'unauthorized', 'this link has ended, or never was');
  elsif jsonb_typeof(sent -> 'name') = 'string' and jsonb_typeof(sent -> 'password') = 'string' then
    select a.* into wanted from calytics.account a where a.name = sent ->> 'name';
    if calytics.password_matches(sent ->> 'password', wanted.password) then
      return calytics.start_session(request, wanted.name, null);
    end if;
    return calytics.error_response(401, 'unauthorized', 'name and password don''t belong together');
  end if;
  return calytics.error_response(
    400, 'bad_request', 'send {"name": "...", "password": "..."}, {"token": "..."} or {"share": "..."}');
end
$$;
comment on function calytics.http_login(calytics.http_request) is
  'POST /api/login: {"name", "password"}, {"token"} or, of a shared link, {"share"} in JSON starts a session: 200 with its cookie and {name, role, '
  'expires_at}, 401 where they are wrong, which takes the same time whatever it is, 400, 403 for pages of other origins, 415.';

create function calytics.http_logout(request calytics.http_request) returns calytics.http_response
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  value text := calytics.cookie(request.headers, calytics.session_cookie(request.headers));
begin
  if value is not null and not calytics.same_origin(request.method, request.headers) then
    return calytics.error_response(403, 'forbidden', 'a page of another origin can''t do this with your session');
  end if;
  delete from calytics.session s where s.digest = sha256(convert_to(value, 'UTF8'));
  return calytics.json_response(
    200, jsonb_build_object('ended', found), calytics.cookie_header(request.headers, '', '0'));
end
$$;
comment on function calytics.http_logout(calytics.http_request) is
  'POST /api/logout: ends the session of the cookie, and takes the cookie away. {"ended": whether there was one}.';
