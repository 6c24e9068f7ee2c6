-- A webhook's way in, in one transaction: verify, archive, deduplicate, apply. An authentic body is
-- never lost and never answered with an error because it isn't understood.

create function calytics.header(headers jsonb, variadic names text[]) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  name text;
  value text;
begin
  foreach name in array names loop
    value := headers ->> name;
    if value is not null then
      return value;
    end if;
  end loop;
  -- The gateway sends names in lower case; other callers write them as they please.
  if headers ? 'x-calytics-peer' or jsonb_typeof(headers) is distinct from 'object' then
    return null;
  end if;
  return (select h.value
            from jsonb_each_text(headers) as h (key, value)
            join unnest(names) with ordinality as n (name, rank) on lower(h.key) = n.name
           order by n.rank limit 1);
end
$$;
comment on function calytics.header(jsonb, text[]) is
  'The first of the named headers (in lower case) that is there, whatever its case; NULL if none is.';

create function calytics.understand(
  src int, w calytics.webhook, received timestamptz, delivery bigint default null,
  known timestamptz default null, ordinal bigint default null,
  out outcome text, out detail text, out change_id bigint
)
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  applied record;
begin
  if w.kind = 'booking' and calytics.trigger_applies(w.trigger) then
    begin
      applied := calytics.apply_webhook(src, w, received, delivery, known, ordinal);
      outcome := applied.outcome;
      change_id := applied.change_id;
      return;
    exception
      -- What the data of one webhook breaks must not cost the webhook; all else is the server's
      -- trouble (locks, memory, disk, a cancelled query) and is the caller's to try again.
      when data_exception or integrity_constraint_violation or program_limit_exceeded
           or internal_error or case_not_found or no_data_found or too_many_rows then
        outcome := 'quarantined';
        detail := 'it could not be applied (SQLSTATE ' || sqlstate
                  || '): kept; replay it once the cause is gone';
    end;
  elsif w.kind = 'ping' then
    outcome := 'ping';
    detail := 'the set-up works';
  elsif w.kind = 'unreadable' then
    outcome := 'quarantined';
    detail := w.problem;
  else
    outcome := 'stored';
    detail := case when calytics.trigger_known(w.trigger)
                   then 'kept; it says nothing about a booking''s state'
                   else 'kept; this trigger is not known yet' end;
  end if;
  change_id := coalesce(ordinal, nextval('calytics.delivery_id'));
end
$$;
comment on function calytics.understand(
    int, calytics.webhook, timestamptz, bigint, timestamptz, bigint) is
  'Decides what becomes of an authentic webhook and, if it speaks of a booking, applies it.';

create function cal.receive_webhook(
  body bytea, headers jsonb, source text default 'default',
  out outcome text, out delivery_id bigint, out detail text
)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
  -- Every statement on the way in finds its rows by key. A plan made while a table was small, or made
  -- anew for each array's length, would cost more than the work itself.
  set plan_cache_mode = force_generic_plan set enable_seqscan = off
as $$
declare
  src int;
  person_key bytea;
  signature text := calytics.header(headers, 'x-cal-signature-256', 'cal-webhook-signature');
  received timestamptz := clock_timestamp();
  w calytics.webhook;
  sent_digest bytea;
  forgets boolean;
  understood record;
begin
  if octet_length(body) > calytics.max_body_size() then
    perform calytics.count_refusal('too_large');
    outcome := 'too_large';
    detail := 'the body has ' || octet_length(body) || ' bytes, calytics.max_body_size allows '
              || calytics.max_body_size();
    return;
  end if;

  select s.source_id, k.person_key, exists (select from calytics.erased e where e.source_id = s.source_id)
    into src, person_key, forgets
    from calytics.source s
    join calytics.source_key k using (source_id)
    join calytics.source_secret x using (source_id)
   where s.name = source and now() >= x.valid_from and now() < x.valid_until
     and cal.verify_signature(body, signature, x.secret)
   limit 1;
  if not found then
    if not exists (select from calytics.source s join calytics.source_secret x using (source_id)
                    where s.name = source and now() >= x.valid_from and now() < x.valid_until) then
      -- Time, too, must not tell which sources there are.
      perform cal.verify_signature(body, signature, 'the secret of no source');
    end if;
    perform calytics.count_refusal('unauthorized');
    outcome := 'unauthorized';
    detail := 'the signature does not match: enter this source''s secret at Cal.com';
    return;
  end if;

  w := calytics.parse_webhook(body, person_key);
  sent_digest := w.digest;
  select d.delivery_id into delivery_id
    from calytics.webhook_delivery d
   where d.source_id = src and d.digest = sent_digest;
  if not found then
    if forgets and exists (select from calytics.erased e where e.source_id = src and e.uid in (w.uid, w.reschedule_uid)) then
      body := calytics.erase_again(src, w, body);
      w := calytics.parse_webhook(body, person_key);
    end if;
    understood := calytics.understand(src, w, received);
    insert into calytics.webhook_delivery
        (source_id, delivery_id, digest, received_at, trigger, uid, outcome, detail, version,
         content_type, change_id, body)
      values (src, understood.change_id, sent_digest, received, w.trigger, w.uid, understood.outcome,
              understood.detail, left(calytics.header(headers, 'x-cal-webhook-version'), 40),
              left(calytics.header(headers, 'content-type'), 100), understood.change_id, body)
      on conflict on constraint webhook_delivery_source_id_digest_key do nothing;
    if found then
      outcome := understood.outcome;
      delivery_id := understood.change_id;
      detail := understood.detail;
      return;
    end if;
    -- Otherwise the same bytes came in through another session and were committed meanwhile.
  end if;
  update calytics.webhook_delivery d
     set repeats = d.repeats + 1, repeated_at = received
   where d.source_id = src and d.digest = sent_digest
   returning d.delivery_id into receive_webhook.delivery_id;
  outcome := 'duplicate';
  detail := 'the same bytes were received before';
end
$$;
comment on function cal.receive_webhook(bytea, jsonb, text) is
  'Takes a webhook in. body: the raw bytes; headers: JSON object with x-cal-signature-256 (or '
  'cal-webhook-signature); source: who sends. outcome: applied, unchanged (says nothing new), '
  'duplicate (same bytes), ping, stored (not about a booking), quarantined (not understood, see '
  'detail), unauthorized or too_large (nothing kept). delivery_id: its row in the archive. An error '
  'means that nothing was kept and that the call can be repeated.';
