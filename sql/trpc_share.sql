-- The procedures by which admins share links: who may be shown what is cal.share's business.

create function calytics.trpc_shares(call jsonb) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_agg(v order by v.created_at desc, v.label), '[]')
      from calytics.asked_of(call) a join cal.shared_link v on v.source = a.source);
comment on function calytics.trpc_shares(jsonb) is 'calAnalytics.getShares: the rows of cal.shared_link of {source?}, the newest first.';

create function calytics.trpc_share(call jsonb) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  ends timestamptz := coalesce(calytics.input_time(a.input, 'expiresAt', a.zone), now() + interval '30 days');
  secret text := cal.share(calytics.input_text(a.input, 'label'), a.source, a.service, a.host, ends);
begin
  return jsonb_build_object('secret', secret) || (
    select to_jsonb(v) from cal.shared_link v where v.source = a.source and v.label = a.input ->> 'label');
end
$$;
comment on function calytics.trpc_share(jsonb) is
  'calAnalytics.share: cal.share of {label, source?, service?, host?, expiresAt? (30 days from now)}: the row of cal.shared_link, and '
  'its secret.';

create function calytics.trpc_revoke_share(call jsonb) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
begin
  if calytics.input_text(a.input, 'label') is null then
    raise exception 'input "label" is missing'
      using errcode = 'invalid_parameter_value', hint = 'calAnalytics.getShares lists the links.';
  end if;
  return jsonb_build_object('revoked', cal.revoke_share(a.input ->> 'label', a.source));
end
$$;
comment on function calytics.trpc_revoke_share(jsonb) is
  'calAnalytics.revokeShare: cal.revoke_share of {label, source?}: {"revoked": whether there was one}.';

insert into calytics.procedure (name, kind, access, scope, handler) values
  ('calAnalytics.getShares',   'query',    'admin', 'source', 'calytics.trpc_shares'),
  ('calAnalytics.share',       'mutation', 'admin', 'source', 'calytics.trpc_share'),
  ('calAnalytics.revokeShare', 'mutation', 'admin', 'source', 'calytics.trpc_revoke_share');
