-- Bearer tokens for the HTTP interface. Only a digest is kept: whoever reads the table can't use it.

create table calytics.api_token (
  label       text primary key,
  role        text not null check (role in ('admin', 'reader')),
  digest      bytea not null unique,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null default 'infinity'
);
comment on table calytics.api_token is 'Digests (sha256) of the tokens that callers of the API show.';

create function cal.add_token(
  label text, role text, token text default null, expires_at timestamptz default 'infinity'
) returns text
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  fresh text := coalesce(add_token.token, 'cal_' || calytics.random_hex(24));
begin
  if role not in ('admin', 'reader') or role is null then
    raise exception 'a token can''t have the role "%"', role
      using errcode = 'invalid_parameter_value', hint = 'Use admin or reader.';
  end if;
  if length(fresh) < 20 then
    raise exception 'a token of % characters is not safe', length(fresh)
      using errcode = 'invalid_parameter_value', hint = 'Leave it NULL to have one made.';
  end if;
  insert into calytics.api_token as t (label, role, digest, expires_at)
    values (add_token.label, add_token.role, sha256(convert_to(fresh, 'UTF8')), add_token.expires_at)
    on conflict on constraint api_token_pkey do update
      set (role, digest, created_at, expires_at)
        = (select excluded.role, excluded.digest, now(), excluded.expires_at);
  return fresh;
end
$$;
comment on function cal.add_token(text, text, text, timestamptz) is
  'Makes token (at least 20 characters; a random one if NULL) valid for the API and returns it: the '
  'only time it is shown. role: admin or reader. It replaces an earlier token of the same label.';

create function cal.revoke_token(label text) returns boolean
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with gone as (delete from calytics.api_token t where t.label = revoke_token.label returning 1)
  select exists (select from gone)
$$;
comment on function cal.revoke_token(text) is 'Ends a token at once. True if there was one.';

create function calytics.caller_role(headers jsonb) returns text
  language sql stable
begin atomic
  select t.role
    from calytics.api_token t
   where t.digest = sha256(convert_to(
           substring(calytics.header(headers, 'authorization') from '^[Bb]earer +([^ ]+) *$'), 'UTF8'))
     and t.expires_at > now();
end;
comment on function calytics.caller_role(jsonb) is
  'The role of the bearer token that a request shows: admin, reader, or NULL without a valid one.';
