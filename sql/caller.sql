-- Who is calling, found out in one place and told in the same words everywhere.

create function calytics.token_caller(token text) returns calytics.identity
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  t calytics.api_token;
  who calytics.identity;
begin
  if token is null then
    who.why := 'the Authorization header holds no bearer token';
    return who;
  end if;
  select x.* into t from calytics.api_token x where x.digest = sha256(convert_to(token, 'UTF8'));
  if not found then
    who.why := 'the token is not known: it never was, or it was revoked';
  elsif t.expires_at <= now() then
    who.why := 'the token has expired';
  else
    perform calytics.note_token_use(t.digest);
    who.role := t.role;
    who.how := 'token';
    who.label := t.label;
    who.sources := t.sources;
  end if;
  return who;
end
$$;
comment on function calytics.token_caller(text) is 'Who shows a bearer token (NULL: something else).';

create function calytics.session_caller(cookie text) returns calytics.identity
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  who calytics.identity;
begin
  select coalesce(a.role, t.role, 'reader'), case when s.share_id is null then 'session' else 'share' end,
         coalesce(a.name, t.label, x.label), coalesce(a.sources, t.sources, case when s.share_id is not null then array[x.source_id] end),
         null, null, x.service, x.host
    into who
    from calytics.session s
    left join calytics.account a on a.name = s.account
    left join calytics.api_token t on t.label = s.token
    left join calytics.share x on x.share_id = s.share_id
   where s.digest = sha256(convert_to(cookie, 'UTF8')) and s.expires_at > now()
     and (s.token is null or t.expires_at > now()) and (s.share_id is null or x.expires_at > now());
  if not found then
    who.why := 'the session is over';
  end if;
  return who;
end
$$;
comment on function calytics.session_caller(text) is 'Who has the session of a cookie.';

create function calytics.caller(request calytics.http_request) returns calytics.identity
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  sent text := calytics.header(request.headers, 'authorization');
  cookie text;
  who calytics.identity;
  other calytics.identity;
begin
  if sent is not null then
    return calytics.token_caller(substring(sent from '^[Bb]earer +([^ ]+) *$'));
  end if;
  cookie := calytics.cookie(request.headers, calytics.session_cookie(request.headers));
  if cookie is not null then
    who := calytics.session_caller(cookie);
  end if;
  if who.role is null then
    other := calytics.better_auth_caller(request.headers);
    if other.role is not null then
      who := other;
    else
      who.why := coalesce(nullif(concat_ws('; ', who.why, other.why), ''), 'neither a token nor a session''s cookie was sent');
    end if;
  end if;
  if who.role is not null and not calytics.same_origin(request.method, request.headers) then
    who := null;
    who.foreign_page := true;
    who.why := 'a page of another origin can''t do this with your session';
  end if;
  return who;
end
$$;
comment on function calytics.caller(calytics.http_request) is
  'Who is calling: by the bearer token, if there is an Authorization header; else by the session''s cookie, else by Better '
  'Auth''s. role is NULL for nobody, and then why says why not. A request by cookie that may change something has to come '
  'from a page of this origin.';

create function calytics.refusal(access text, who calytics.identity, out status int, out message text)
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if who.foreign_page then
    status := 403;
    message := who.why;
  elsif who.role is null then
    status := 401;
    message := 'this needs a valid token, as "Authorization: Bearer <token>", or to log in';
  elsif access = 'admin' and who.role <> 'admin' then
    status := 403;
    message := 'this needs an admin';
  end if;
end
$$;
comment on function calytics.refusal(text, calytics.identity) is
  'Why a caller may not what needs that access (reader or admin): an HTTP status and a message; NULL if they may.';

create function calytics.narrowed_name(
  what text, key text, name text, keys text[], given text, kept_by text[]
) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if not what = any (kept_by) then
    raise exception 'your link shows one % alone, and this can''t be told of one', what
      using errcode = 'invalid_authorization_specification';
  elsif given not in (key, name) then
    raise exception 'your link shows the % "%" alone', what, name using errcode = 'invalid_authorization_specification';
  end if;
  -- By its name, by which pages call it too, unless that means others as well.
  return case when array_remove(keys, name) = array[key] then name else key end;
end
$$;
comment on function calytics.narrowed_name(text, text, text, text[], text, text[]) is
  'What a limited caller''s input "service" or "host" has to be, instead of what was given. keys: all that the name stands '
  'for. Raises invalid_authorization_specification.';

create function calytics.narrowed(input jsonb, who calytics.identity, kept_by text[]) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  src int := who.sources[1];
  asked jsonb := calytics.input_object(input);
  name text;
begin
  if who.service is not null then
    name := calytics.service_name(src, who.service);
    asked := asked || jsonb_build_object('service', calytics.narrowed_name(
      'service', who.service, name, calytics.service_keys(src, name), calytics.input_text(asked, 'service'), kept_by));
  end if;
  if who.host is not null then
    name := calytics.host_name(src, who.host);
    asked := asked || jsonb_build_object('host', calytics.narrowed_name(
      'host', who.host, name, calytics.host_keys(src, name), calytics.input_text(asked, 'host'), kept_by));
  end if;
  return asked;
end
$$;
comment on function calytics.narrowed(jsonb, calytics.identity, text[]) is
  'The input of a caller whose link shows one service or host alone, kept to that one; kept_by: which of service and host the '
  'answer can be kept to. Raises invalid_authorization_specification where it can''t, or where another one was asked for.';

create function calytics.check_scope(sources int[], source text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if sources is null then
    return;
  elsif source is null then
    raise exception 'this concerns all sources, and your token or account is for some of them'
      using errcode = 'invalid_authorization_specification';
  elsif not exists (select from calytics.source s where s.name = source and s.source_id = any (sources)) then
    raise exception 'your token or account is not for the source "%"', source
      using errcode = 'invalid_authorization_specification';
  end if;
end
$$;
comment on function calytics.check_scope(int[], text) is
  'Raises invalid_authorization_specification unless a caller for these sources (NULL: all) may see that one, or with NULL '
  'what concerns all.';
