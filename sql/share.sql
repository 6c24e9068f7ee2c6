-- Links that show a studio's numbers to whoever has them: read-only, of one source, and if so wished of one service or one
-- host alone. A link carries a secret, of which only a digest is kept; opening it starts a session (session.sql) that
-- can do what the link can, and ends with it. What such a session may ask is in calytics.narrowed.

create table calytics.share (
  share_id    int generated always as identity primary key,
  source_id   int not null references calytics.source on delete cascade,
  label       text not null,
  service     text collate "C",
  host        text collate "C",
  digest      bytea not null unique,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  opened_at   timestamptz,
  unique (source_id, label)
);
comment on table calytics.share is
  'Digests (sha256) of the secrets of shared links. service, host: the key of the one that a link is limited to, NULL: none.';

create function calytics.key_shared(what text, wanted text, keys text[], known boolean) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if wanted is null then
    return null;
  elsif cardinality(keys) > 1 then
    raise exception 'there are several %s "%"', what, wanted
      using errcode = 'invalid_parameter_value', hint = format('Name one by its key: %s.', array_to_string(keys, ', '));
  elsif cardinality(keys) = 0 and not known then
    raise exception 'the source has no % "%"', what, wanted
      using errcode = 'no_data_found', hint = format('cal.%s lists what it has.', what);
  end if;
  return coalesce(keys[1], wanted);
end
$$;
comment on function calytics.key_shared(text, text, text[], boolean) is
  'The one key of what is wanted by name or key; raises no_data_found if there is none (known: the name itself is one), '
  'invalid_parameter_value if there are several.';

create function cal.share(
  label text, source text default 'default', service text default null, host text default null,
  expires_at timestamptz default now() + interval '30 days'
) returns text
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  src int := (calytics.source_named(share.source)).source_id;
  secret text := 'cal_share_' || calytics.random_hex(24);
  of_service text;
  of_host text;
begin
  if label is null or length(label) not between 1 and 200 then
    raise exception 'a link''s label has 1 to 200 characters' using errcode = 'invalid_parameter_value';
  elsif expires_at is null or expires_at <= now() then
    raise exception 'a link can''t have ended already'
      using errcode = 'invalid_parameter_value', hint = 'Use a time to come, or infinity.';
  end if;
  of_service := calytics.key_shared(
    'service', share.service, array_remove(calytics.service_keys(src, share.service), share.service),
    exists (select from calytics.service v where v.source_id = src and v.event_type_id::text = share.service)
    or exists (select from calytics.booking b where b.source_id = src and b.event_type_id is null and b.service = share.service));
  of_host := calytics.key_shared(
    'host', share.host, array_remove(calytics.host_keys(src, share.host), share.host),
    exists (select from calytics.host v where v.source_id = src and v.host_id::text = share.host)
    or exists (select from calytics.booking b where b.source_id = src and b.host_id is null and b.host = share.host));
  delete from calytics.share x where x.source_id = src and x.label = share.label;
  insert into calytics.share (source_id, label, service, host, digest, expires_at)
    values (src, share.label, of_service, of_host, sha256(convert_to(secret, 'UTF8')), share.expires_at);
  return secret;
end
$$;
comment on function cal.share(text, text, text, text, timestamptz) is
  'Makes a read-only link to a source''s numbers and returns its secret, the only time that it is shown: whoever opens '
  '/#share=<secret> sees them, until expires_at (30 days; infinity: until it is revoked). service, host: only this one''s, by name '
  'or key. It replaces an earlier link of the same label, and ends that one''s sessions. Raises no_data_found (no such source, '
  'service or host), invalid_parameter_value.';

create function cal.revoke_share(label text, source text default 'default') returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from calytics.share x
   where x.source_id = (calytics.source_named(revoke_share.source)).source_id and x.label = revoke_share.label;
  return found;
end
$$;
comment on function cal.revoke_share(text, text) is
  'Ends a shared link and its sessions at once. True if there was one. Raises no_data_found (no such source).';

create view cal.shared_link as
  select o.name as source, x.label, coalesce(s.service, x.service) as service, coalesce(h.host, x.host) as host, x.created_at,
         x.expires_at, x.opened_at as last_opened_at
    from calytics.share x
    join calytics.source o using (source_id)
    left join cal.service s on s.source = o.name and s.event_type_id::text = x.service
    left join cal.host h on h.source = o.name and h.host_id::text = x.host;
comment on view cal.shared_link is
  'Shared links, ended ones among them. service, host: which alone it shows, NULL: all; last_opened_at: NULL: never.';
