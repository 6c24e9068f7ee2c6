-- Bookings that no webhook told of: those from before it was set up, and those whose webhook got lost, for Cal.com sends
-- none twice. Its API is asked for what changed since the last time. What it says of a booking goes the way of a webhook,
-- signed with the source's own secret, as trigger BOOKING_SYNCED: archived, joined with what is known, and rebuilt from there.
-- This file says of whom it is asked; sync_step.sql asks.

create table calytics.sync (
  source_id    int primary key references calytics.source on delete cascade,
  api_key      text not null,
  api_url      text not null,
  username     text,
  every        interval not null,
  -- where it stands
  step         text not null default 'services',   -- or bookings: what is fetched next
  services     jsonb not null default '[]',        -- event types: what they cost now
  since        timestamptz,                        -- bookings changed since then are asked for; NULL: all
  skip         int not null default 0,             -- of these
  reached      timestamptz,                        -- the last change seen
  next_at      timestamptz not null default now(), -- when the next thing is to be fetched
  fetches      int not null default 0,             -- number of the one under way
  failures     int not null default 0,             -- in a row
  trouble      text,                               -- the problem's kind
  problem      text,
  started_at   timestamptz,
  finished_at  timestamptz,
  bookings     bigint not null default 0,          -- read
  applied      bigint not null default 0           -- of these told something new
);
comment on table calytics.sync is 'Of which sources Cal.com''s API is asked, with what key, and how far that has come. The key is a secret.';

create view cal.sync as
  select s.name as source, y.api_url, y.username, y.every,
         case when y.problem is not null then 'failing' when y.finished_at is null or y.finished_at < y.started_at then 'running' else 'idle' end as state,
         y.trouble, y.problem, y.failures, y.started_at, y.finished_at, y.reached as synced_to, y.bookings, y.applied, y.next_at
    from calytics.sync y join calytics.source s using (source_id);
comment on view cal.sync is
  'Sources whose bookings are asked for at Cal.com''s API (cal.set_sync). state: idle, running (the first one takes all bookings there '
  'are) or failing: trouble is unreachable, key (it was refused), patience (asked too often), answer (a status) or content, and problem '
  'says more; synced_to: the last change that has been seen; bookings: how many were read in all, and applied: how many of these told '
  'something that no webhook had.';

create function cal.set_sync(
  api_key text default null, api_url text default null, username text default null, every interval default null,
  source text default 'default'
) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  src int := (calytics.source_named(set_sync.source)).source_id;
begin
  if api_key !~ '^[!-~]{8,}$' or length(api_key) > 500 then
    raise exception 'that is no API key' using errcode = 'invalid_parameter_value',
      hint = 'Make one at Cal.com: Settings, Developer, API keys. It begins with cal_.';
  elsif api_url !~ '^https://[^/?#@ ]+(/[^?# ]*)?$'
        and api_url !~ '^http://(localhost|127(\.\d+){3}|\[::1\]|10(\.\d+){3}|192\.168(\.\d+){2}|172\.(1[6-9]|2\d|3[01])(\.\d+){2}|[a-z0-9-]+)(:\d+)?(/[^?# ]*)?$' then
    raise exception '"%" is no address of Cal.com''s API', api_url using errcode = 'invalid_parameter_value',
      hint = 'For instance https://api.cal.com. Without TLS it has to be in a private network, for the key is sent along.';
  elsif username !~ '^[A-Za-z0-9._-]{1,100}$' then
    raise exception '"%" is no user name of Cal.com', username using errcode = 'invalid_parameter_value',
      hint = 'It is what follows cal.com/ in the address of the booking page.';
  elsif every not between interval '1 minute' and interval '31 days' then
    raise exception 'Cal.com can''t be asked every %', every using errcode = 'invalid_parameter_value',
      hint = 'From a minute to 31 days.';
  end if;
  update calytics.sync y
     set api_key = coalesce(set_sync.api_key, y.api_key), api_url = coalesce(rtrim(set_sync.api_url, '/'), y.api_url),
         username = coalesce(set_sync.username, y.username), every = coalesce(set_sync.every, y.every),
         step = 'services', failures = 0, trouble = null, problem = null, next_at = now(),
         -- Another account's bookings may be older than the last change seen.
         reached = case when coalesce(set_sync.api_key, y.api_key) = y.api_key
                         and coalesce(rtrim(set_sync.api_url, '/'), y.api_url) = y.api_url then y.reached end
   where y.source_id = src;
  if found then
    return;
  elsif api_key is null then
    raise exception 'source "%" isn''t synced yet', set_sync.source using errcode = 'invalid_parameter_value',
      hint = 'Give the API key as well.';
  end if;
  insert into calytics.sync (source_id, api_key, api_url, username, every)
    values (src, set_sync.api_key, coalesce(rtrim(set_sync.api_url, '/'), 'https://api.cal.com'), set_sync.username,
            coalesce(set_sync.every, '15 minutes'));
end
$$;
comment on function cal.set_sync(text, text, text, interval, text) is
  'Has Cal.com''s API asked for a source''s bookings, now and then again and again: for all at first and with another key, then for what '
  'changed; what is NULL stays. api_key: of Cal.com; '
  'api_url (https://api.cal.com); username: whose event types tell what services cost (the key''s owner); every: how often (15 minutes). '
  'Raises no_data_found (no such source), invalid_parameter_value.';

create function cal.remove_sync(source text default 'default') returns boolean
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with gone as (
    delete from calytics.sync y where y.source_id = (calytics.source_named(remove_sync.source)).source_id returning 1)
  select exists (select from gone)
$$;
comment on function cal.remove_sync(text) is
  'Asks Cal.com''s API no more and forgets the key; bookings stay. True if it was asked. Raises no_data_found (no such source).';

create function cal.sync_now(source text default null) returns int
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  src int := case when source is not null then (calytics.source_named(sync_now.source)).source_id end;
  asked int;
begin
  update calytics.sync y
     set next_at = least(y.next_at, now())
   where src is null or y.source_id = src;
  get diagnostics asked = row_count;
  return asked;
end
$$;
comment on function cal.sync_now(text) is
  'Has Cal.com''s API asked within seconds, for a source or (NULL) for all that are synced; gives how many these are. Raises '
  'no_data_found (no such source).';
