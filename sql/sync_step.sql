-- Asking Cal.com's API, a step at a time: the gateway fetches, and knows nothing of it; cal.sync_step takes what was fetched and says
-- what to fetch next. It goes by the time of bookings' last change, upwards and a little overlapping, so that no page is missed
-- because bookings change meanwhile, and whatever is lost on the way is asked for again.

create function calytics.readable_json(content bytea) returns json
  language plpgsql immutable strict set search_path = pg_catalog, pg_temp
as $$
declare
  told text := convert_from(content, 'UTF8');
  -- Behind an even number of backslashes, or it is no escape.
  escape constant text := '(?<!\\)((?:\\\\)*)\\u';
  high constant text := '[dD][89abAB][0-9a-fA-F]{2}';
  low constant text := '[dD][c-fC-F][0-9a-fA-F]{2}';
begin
  if told ~* '\\u(0000|d[89a-f])' then
    told := regexp_replace(told, escape || '0000', '\1\ufffd', 'g');
    told := regexp_replace(told, escape || high || '(?!\\u' || low || ')', '\1\ufffd', 'g');
    told := regexp_replace(told, '(?<!\\u' || high || ')' || escape || low, '\1\ufffd', 'g');
  end if;
  return told::json;
end
$$;
comment on function calytics.readable_json(bytea) is
  'JSON as PostgreSQL reads it: of what is escaped, NUL and halves of surrogate pairs become U+FFFD. Raises data_exception.';

create function calytics.synced_body(item json, services jsonb) returns bytea
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  own text := rtrim(item::text, E' \t\r\n');
  service jsonb := (
    select s from jsonb_array_elements(services) s where s ->> 'id' = item #>> '{eventType,id}' limit 1);
begin
  return convert_to(
    '{"triggerEvent":"BOOKING_SYNCED","createdAt":' || coalesce((item -> 'updatedAt')::text, (item -> 'createdAt')::text, 'null')
      || ',"payload":' || left(own, -1)
      || coalesce(',"price":' || (service -> 'price')::text || ',"currency":' || (service -> 'currency')::text, '')
      || coalesce(',"eventTitle":' || (service -> 'title')::text, '') || '}}', 'UTF8');
end
$$;
comment on function calytics.synced_body(json, jsonb) is
  'What the API says of a booking in the form of a webhook''s body, with the list price and title of its event type.';

create function calytics.instant_or_null(told text) returns timestamptz
  language plpgsql immutable strict set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
begin
  return told::timestamptz;
exception when data_exception then
  return null;
end
$$;
comment on function calytics.instant_or_null(text) is 'An instant as a server tells it; NULL if that is none.';

create function calytics.sync_bookings(src int, bookings json, services jsonb, out read int, out applied int, out reached timestamptz)
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  of_source text := (select s.name from calytics.source s where s.source_id = src);
  secret text := (
    select x.secret from calytics.source_secret x
     where x.source_id = src and now() >= x.valid_from and now() < x.valid_until
     order by x.valid_until desc, x.valid_from desc limit 1);
  item json;
  told bytea;
begin
  if secret is null then
    raise exception 'source "%" has no webhook secret', of_source
      using errcode = 'no_data_found', hint = 'Make one: select cal.rotate_secret(...).';
  elsif json_typeof(bookings) is distinct from 'array' then
    raise exception 'it holds no list of bookings' using errcode = 'data_exception';
  end if;
  read := 0;
  applied := 0;
  for item in select x.value from json_array_elements(bookings) x loop
    read := read + 1;
    continue when json_typeof(item) <> 'object' or item ->> 'uid' is null;
    told := calytics.synced_body(item, services);
    if not exists (select from calytics.webhook_delivery d where d.source_id = src and d.digest = sha256(told))
       and (cal.receive_webhook(
              told, jsonb_build_object('content-type', 'application/json', 'x-cal-signature-256', calytics.sign_webhook(told, secret)),
              of_source)).outcome = 'applied' then
      applied := applied + 1;
    end if;
    reached := greatest(reached, calytics.instant_or_null(item ->> 'updatedAt'));
  end loop;
end
$$;
comment on function calytics.sync_bookings(int, json, jsonb) is
  'Takes a page of bookings; what is archived already isn''t taken twice. Gives how many there were, how many of these told something '
  'new, and when the last of them was changed.';

create function calytics.sync_failed(src int, trouble text, why text, wait interval default null) returns void
  language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update calytics.sync y
     set trouble = sync_failed.trouble, problem = why, failures = y.failures + 1,
         next_at = clock_timestamp() + coalesce(wait, least(interval '30 minutes', interval '15 seconds' * 2 ^ least(y.failures, 10)))
   where y.source_id = src;
$$;
comment on function calytics.sync_failed(int, text, text, interval) is
  'Remembers what kind of trouble and why Cal.com''s API couldn''t be asked, and when to try again: ever later unless that is said.';

create function calytics.sync_services(src int, services json) returns void
  language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update calytics.sync y
     set services = case when json_typeof(sync_services.services) = 'array' then (
           select coalesce(jsonb_agg(jsonb_build_object('id', t.value -> 'id', 'price', t.value -> 'price',
                                                        'currency', t.value -> 'currency', 'title', t.value -> 'title')), '[]')
             from json_array_elements(sync_services.services) t where json_typeof(t.value) = 'object')
           else y.services end,
         step = 'bookings', skip = 0, since = y.reached - interval '5 minutes', trouble = null, problem = null, failures = 0, next_at = clock_timestamp()
   where y.source_id = src;
$$;
comment on function calytics.sync_services(int, json) is
  'Takes the list of event types, or does without one, and goes on to the bookings: to those that changed since the last one seen, '
  'and some before, for a change may be told later than another one that came after it.';

create function calytics.sync_page(src int, page json) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  got record;
  onward timestamptz;
begin
  select b.* into got
    from calytics.sync y cross join lateral calytics.sync_bookings(src, page -> 'data', y.services) b where y.source_id = src;
  -- What changes while pages are read moves to their end, so the next one begins where this one ended in time, not in number.
  onward := got.reached - interval '1 ms';
  update calytics.sync y
     set bookings = y.bookings + got.read, applied = y.applied + got.applied, reached = greatest(y.reached, got.reached),
         trouble = null, problem = null, failures = 0,
         since = greatest(y.since, onward),
         skip = case when onward > y.since or (y.since is null and onward is not null) then 0 else y.skip + got.read end,
         next_at = clock_timestamp() + interval '600 ms'  -- 120 a minute are allowed
   where y.source_id = src;
  if got.read = 0 or page #>> '{pagination,hasNextPage}' is distinct from 'true' then
    update calytics.sync y
       set step = 'services', finished_at = clock_timestamp(), next_at = clock_timestamp() + y.every
     where y.source_id = src;
  end if;
end
$$;
comment on function calytics.sync_page(int, json) is 'Takes a page of bookings, and says what comes after it.';

create function calytics.sync_answered(src int, answer jsonb, content bytea, problem text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  status text := answer ->> 'status';
  patience text := coalesce(answer ->> 'retry-after', answer ->> 'x-ratelimit-reset');
  lists_services boolean := (select y.step = 'services' from calytics.sync y where y.source_id = src);
begin
  if problem <> '' then
    perform calytics.sync_failed(src, 'unreachable', 'Cal.com''s API can''t be reached: ' || left(problem, 300));
  elsif status in ('401', '403') then
    perform calytics.sync_failed(
      src, 'key', format('Cal.com''s API refuses the key (%s): make a new one there, and give it to cal.set_sync', status), '1 hour');
  elsif status = '429' then
    perform calytics.sync_failed(
      src, 'patience', 'Cal.com''s API asks for patience (429)',
      make_interval(secs => case when patience ~ '^[1-9][0-9]{0,3}$' then patience::int else 60 end));
  elsif lists_services and status ~ '^4' then
    perform calytics.sync_services(src, null);
  elsif status <> '200' then
    perform calytics.sync_failed(src, 'answer', format('Cal.com''s API answers %s', status));
  else
    begin
      if lists_services then
        perform calytics.sync_services(src, calytics.readable_json(content) -> 'data');
      else
        perform calytics.sync_page(src, calytics.readable_json(content));
      end if;
    exception when data_exception or no_data_found then
      perform calytics.sync_failed(src, 'content', 'what Cal.com''s API answers can''t be taken: ' || left(sqlerrm, 300));
    end;
  end if;
end
$$;
comment on function calytics.sync_answered(int, jsonb, bytea, text) is
  'Takes what came of a fetch: an answer, or the problem why there is none. Only the server''s own trouble is raised.';

create function calytics.sync_request(y calytics.sync) returns jsonb
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
           'fetch', y.source_id || '.' || y.fetches,
           'accept', 'application/json', 'user-agent', 'calytics', 'authorization', 'Bearer ' || y.api_key)
      || case y.step
           when 'services' then jsonb_build_object(
             'cal-api-version', '2024-06-14', 'url', y.api_url || '/v2/event-types' || coalesce('?username=' || y.username, ''))
           else jsonb_build_object(
             'cal-api-version', '2024-08-13',
             'url', y.api_url || '/v2/bookings?sortUpdatedAt=asc&take=100&skip=' || y.skip
                    || coalesce('&afterUpdatedAt=' || calytics.iso(y.since), '')) end
$$;
comment on function calytics.sync_request(calytics.sync) is 'What is to be fetched for a source: fetch, its name; url; and the headers to send.';

create function cal.sync_step(
  fetched text, url text, problem text, answer jsonb, content bytea, out status int, out headers jsonb, out body bytea
)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  y calytics.sync;
begin
  if fetched ~ '^[0-9]{1,9}[.][0-9]{1,9}$' then
    select x.* into y from calytics.sync x where x.source_id = split_part(sync_step.fetched, '.', 1)::int for update;
    -- One that was given up meanwhile is of no use.
    if y.fetches = split_part(sync_step.fetched, '.', 2)::int then
      perform calytics.sync_answered(y.source_id, answer, content, problem);
    end if;
  end if;
  body := '';
  select x.* into y from calytics.sync x where x.next_at <= clock_timestamp() order by x.next_at limit 1 for update skip locked;
  if not found then
    status := 204;
    headers := jsonb_build_object('wait', (
      select greatest(0, extract(epoch from coalesce(min(x.next_at) - clock_timestamp(), '1 minute')) * 1000)::bigint::text
        from calytics.sync x));
    return;
  end if;
  -- Whoever fetches may be gone for good: after a while somebody else does.
  update calytics.sync x
     set fetches = x.fetches % 999999999 + 1, next_at = clock_timestamp() + interval '2 minutes',
         started_at = case when x.started_at is null or x.finished_at >= x.started_at then clock_timestamp() else x.started_at end
   where x.source_id = y.source_id
  returning x.* into y;
  status := 200;
  headers := calytics.sync_request(y);
end
$$;
comment on function cal.sync_step(text, text, text, jsonb, bytea) is
  'For the gateway alone: takes what was fetched, and says what to fetch next. fetched: the name of what was, empty if nothing was; '
  'problem: why there is no answer; answer: its headers, status among them; content: its body; url is not looked at. Gives status 200 '
  'and in headers what to GET: fetch (its name), url, and the headers to send, the API key among them; or status 204 and wait, in '
  'milliseconds: nothing is to be fetched until then. What is wrong with an answer shows in cal.sync.';
