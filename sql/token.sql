-- Bearer tokens for the HTTP interface. Only a digest is kept: whoever reads the table can't use it.

create table calytics.api_token (
  label       text primary key,
  role        text not null check (role in ('admin', 'reader')),
  sources     int[],
  digest      bytea not null unique,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null default 'infinity',
  used_at     timestamptz
);
comment on table calytics.api_token is
  'Digests (sha256) of the tokens that callers of the API show. sources: which they open, NULL: all; used_at: as the folder '
  'last took it over from shared memory.';

create function calytics.source_ids(names text[]) returns int[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if names = '{}' then
    raise exception 'no source is listed'
      using errcode = 'invalid_parameter_value', hint = 'Leave the sources NULL for all of them.';
  end if;
  return (select array_agg((calytics.source_named(n.name)).source_id) from unnest(names) n (name));
end
$$;
comment on function calytics.source_ids(text[]) is
  'The ids of sources by name, NULL for NULL. Raises no_data_found (no such source), invalid_parameter_value (none).';

create function calytics.check_role(role text) returns void
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if role not in ('admin', 'reader') or role is null then
    raise exception 'nobody can have the role "%"', role
      using errcode = 'invalid_parameter_value', hint = 'Use admin or reader.';
  end if;
end
$$;
comment on function calytics.check_role(text) is 'Raises invalid_parameter_value unless that is a role of callers.';

create function cal.add_token(
  label text, role text, token text default null, expires_at timestamptz default 'infinity', sources text[] default null
) returns text
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  fresh text := coalesce(add_token.token, 'cal_' || calytics.random_hex(24));
begin
  perform calytics.check_role(role);
  if length(fresh) < 20 then
    raise exception 'a token of % characters is not safe', length(fresh)
      using errcode = 'invalid_parameter_value', hint = 'Leave it NULL to have one made.';
  end if;
  delete from calytics.api_token t where t.label = add_token.label;
  insert into calytics.api_token (label, role, sources, digest, expires_at)
    values (add_token.label, add_token.role, calytics.source_ids(add_token.sources), sha256(convert_to(fresh, 'UTF8')),
            add_token.expires_at);
  return fresh;
end
$$;
comment on function cal.add_token(text, text, text, timestamptz, text[]) is
  'Makes token (at least 20 characters; a random one if NULL) valid for the API and returns it: the '
  'only time it is shown. role: admin or reader. sources: what it opens, by name (NULL: all, and what concerns no source '
  'alone). It replaces an earlier token of the same label, and ends that one''s sessions.';

create function cal.revoke_token(label text) returns boolean
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with gone as (delete from calytics.api_token t where t.label = revoke_token.label returning 1)
  select exists (select from gone)
$$;
comment on function cal.revoke_token(text) is 'Ends a token and its sessions at once. True if there was one.';

create view cal.token as
  select t.label, t.role,
         (select array_agg(s.name order by s.name) from calytics.source s where s.source_id = any (t.sources)) as sources,
         t.created_at, t.expires_at, greatest(t.used_at, calytics.token_used_at(t.digest)) as last_used_at
    from calytics.api_token t;
comment on view cal.token is
  'The API''s tokens. sources: which they open, NULL: all; last_used_at: to within an hour before the server last started, '
  'NULL: not used, or not known as calytics is not preloaded.';
