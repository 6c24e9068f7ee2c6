-- Who is logged in at a site that uses Better Auth needn't log in here: its cookie's signature and the
-- session's row in its own tables, in this database, are checked, and the user's role decides. Whatever is
-- wrong with those tables means that nobody is logged in by them, and GET /api/debug/auth says why.

create table calytics.better_auth (
  only_row       boolean primary key default true check (only_row),
  secret         text not null,
  schema         text not null default 'public',
  session_table  text not null default 'session',
  user_table     text not null default 'user',
  roles          jsonb not null default '{"admin": "admin"}',
  cookie         text not null default 'better-auth.session_token'
);
comment on table calytics.better_auth is
  'How Better Auth is set up, if it is. roles: what its users'' roles are here.';

create function cal.set_better_auth(
  secret text default null, schema text default null, session_table text default null, user_table text default null,
  roles jsonb default null, cookie text default null
) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if length(secret) < 16 then
    raise exception 'a secret of % characters is not safe', length(secret)
      using errcode = 'invalid_parameter_value', hint = 'Use the one of BETTER_AUTH_SECRET.';
  elsif jsonb_typeof(roles) <> 'object'
        or exists (select from jsonb_each(roles) r where r.value not in ('"admin"', '"reader"')) then
    raise exception 'roles has to say which of Better Auth''s roles is admin or reader here'
      using errcode = 'invalid_parameter_value', hint = 'For instance {"admin": "admin", "user": "reader"}.';
  elsif cookie !~ '^[A-Za-z0-9!#$%&''*+.^_`|~-]+$' then
    raise exception 'a cookie can''t be named "%"', cookie using errcode = 'invalid_parameter_value';
  end if;
  if secret is not null then
    insert into calytics.better_auth (secret) values (set_better_auth.secret) on conflict do nothing;
  end if;
  update calytics.better_auth b
     set secret = coalesce(set_better_auth.secret, b.secret),
         schema = coalesce(set_better_auth.schema, b.schema),
         session_table = coalesce(set_better_auth.session_table, b.session_table),
         user_table = coalesce(set_better_auth.user_table, b.user_table),
         roles = coalesce(set_better_auth.roles, b.roles),
         cookie = coalesce(set_better_auth.cookie, b.cookie);
  if not found then
    raise exception 'Better Auth is not set up yet'
      using errcode = 'invalid_parameter_value', hint = 'Give its secret as well: that of BETTER_AUTH_SECRET.';
  end if;
end
$$;
comment on function cal.set_better_auth(text, text, text, text, jsonb, text) is
  'Lets users of Better Auth in by their sessions there; what is NULL stays. secret: as BETTER_AUTH_SECRET. schema (public), '
  'session_table (session), user_table (user): where its tables are in this database. roles ({"admin": "admin"}): what its '
  'users'' roles (column role, of its admin plugin; "user" without one) are here, admin or reader; others stay out. cookie '
  '(better-auth.session_token): its name, without "__Secure-". Raises invalid_parameter_value.';

create function cal.remove_better_auth() returns boolean
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with gone as (delete from calytics.better_auth returning 1)
  select exists (select from gone)
$$;
comment on function cal.remove_better_auth() is 'Lets Better Auth''s users in no more. True if they were let in.';

create function calytics.better_auth_session(token text) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  setup calytics.better_auth;
  found_row jsonb;
begin
  select b.* into setup from calytics.better_auth b;
  execute format(
    'select jsonb_build_object(''session'', to_jsonb(s), ''user'', to_jsonb(u), ''live'', s."expiresAt" > now())
       from %1$I.%2$I s left join %1$I.%3$I u on u.id = s."userId"
      where s.token = $1', setup.schema, setup.session_table, setup.user_table)
    into found_row using token;
  return found_row;
end
$$;
comment on function calytics.better_auth_session(text) is
  'A session of Better Auth''s by its token: {"session", "user", "live"}, NULL if there is none. Raises what its tables raise.';

create function calytics.better_auth_caller(headers jsonb) returns calytics.identity
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  setup calytics.better_auth;
  cookie text;
  token text;
  session jsonb;
  member jsonb;
  who calytics.identity;
begin
  select b.* into setup from calytics.better_auth b;
  if not found then
    return null;
  end if;
  cookie := coalesce(calytics.cookie(headers, '__Secure-' || setup.cookie), calytics.cookie(headers, setup.cookie));
  if cookie is null then
    return null;
  end if;
  begin
    cookie := calytics.url_decoded(cookie);
    token := substring(cookie from '^(.*)\.[^.]*$');
    if not coalesce(cal.verify_signature(
                      convert_to(token, 'UTF8'),
                      encode(decode(substring(cookie from '\.([^.]*)$'), 'base64'), 'hex'), setup.secret), false) then
      who.why := 'the signature of Better Auth''s cookie does not match';
      return who;
    end if;
    session := calytics.better_auth_session(token);
  exception
    when data_exception then
      who.why := 'Better Auth''s cookie can''t be read';
      return who;
    when others then
      raise log 'calytics: Better Auth''s tables can''t be read: % (%)', sqlerrm, sqlstate;
      who.why := 'Better Auth''s tables can''t be read: ' || sqlerrm;
      return who;
  end;

  member := session -> 'user';
  if session is null then
    who.why := 'Better Auth has no such session: it was ended, or is kept elsewhere';
  elsif jsonb_typeof(member) is distinct from 'object' then
    who.why := 'Better Auth''s session is nobody''s';
  elsif (session -> 'live') is distinct from 'true' then
    who.why := 'Better Auth''s session has expired';
  elsif (member -> 'banned') = 'true'
        and not coalesce((member ->> 'banExpires')::timestamptz <= now(), false) then
    who.why := 'Better Auth''s user is banned';
  else
    select r.role into who.role
      from unnest(array['admin', 'reader']) with ordinality as r (role, rank)
     where exists (
       select from regexp_split_to_table(coalesce(nullif(member ->> 'role', ''), 'user'), ' *, *') x (role)
        where setup.roles ->> x.role = r.role)
     order by r.rank limit 1;
    if who.role is null then
      who.why := format('Better Auth''s role "%s" opens nothing here', coalesce(member ->> 'role', 'user'));
    else
      who.how := 'better-auth';
      who.label := member ->> 'id';
    end if;
  end if;
  return who;
end
$$;
comment on function calytics.better_auth_caller(jsonb) is
  'Who a request''s Better Auth cookie says is calling; role NULL, and why, where it opens nothing; NULL where there is none.';
