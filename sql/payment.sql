-- Money that Cal.com doesn't tell of: what was really paid, and refunds, entered by hand or by another
-- system. Entries are facts like all others: metrics follow in the same transaction.

create function cal.record_payment(
  uid text, amount bigint, currency text default null, kind text default 'payment',
  paid_at timestamptz default now(), entry text default null, source text default 'default'
) returns text
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  s calytics.source := calytics.source_named(source);
  root text;
  code text := upper(coalesce(currency, s.currency));
  key text := coalesce(entry, calytics.random_hex(8));
begin
  select b.root_uid into root
    from calytics.booking b where b.source_id = s.source_id and b.uid = record_payment.uid for share;
  if not found then
    raise exception 'there is no booking "%"', uid
      using errcode = 'no_data_found', hint = 'cal.booking lists the bookings by uid.';
  elsif amount is null or amount < 0 then
    raise exception 'an amount of % can''t be recorded', coalesce(amount::text, 'nothing')
      using errcode = 'invalid_parameter_value', hint = 'Give minor units; a refund has kind ''refund''.';
  elsif code is null or code !~ '^[A-Z]{3}$' then
    raise exception 'an amount needs a currency of ISO 4217'
      using errcode = 'invalid_parameter_value', hint = 'Give one such as EUR, or set the source''s with cal.set_source.';
  elsif kind not in ('payment', 'refund') or kind is null then
    raise exception 'money of kind "%" is not known', kind
      using errcode = 'invalid_parameter_value', hint = 'Use payment or refund.';
  elsif paid_at is null or not isfinite(paid_at) then
    raise exception 'a payment needs the time at which it was made' using errcode = 'invalid_parameter_value';
  end if;
  insert into calytics.payment as p (source_id, uid, entry, kind, amount, currency, paid_at)
    values (s.source_id, record_payment.uid, key, record_payment.kind, record_payment.amount, code,
            record_payment.paid_at)
    on conflict on constraint payment_pkey do update
      set kind = excluded.kind, amount = excluded.amount, currency = excluded.currency, paid_at = excluded.paid_at;
  perform calytics.mark(s.source_id, array[root]);
  return key;
end
$$;
comment on function cal.record_payment(text, bigint, text, text, timestamptz, text, text) is
  'Records money paid or refunded for a booking, by the uid of any of its legs. amount: minor units of currency (ISO 4217; '
  'the source''s by default); kind: payment or refund; entry: a key of the caller''s: the same key again replaces the '
  'entry. Returns the key. Raises no_data_found (no such booking) and invalid_parameter_value.';

create function cal.remove_payment(uid text, entry text, source text default 'default') returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  s calytics.source := calytics.source_named(source);
begin
  delete from calytics.payment p
   where p.source_id = s.source_id and p.uid = remove_payment.uid and p.entry = remove_payment.entry;
  if found then
    perform calytics.mark(s.source_id, array(
      select b.root_uid from calytics.booking b where b.source_id = s.source_id and b.uid = remove_payment.uid));
    return true;
  end if;
  return false;
end
$$;
comment on function cal.remove_payment(text, text, text) is 'Removes an entry of cal.record_payment; false if there is none.';

create view cal.payment as
  select o.name as source, p.uid, p.entry, p.kind, p.amount, p.currency, p.paid_at
    from calytics.payment p join calytics.source o using (source_id);
comment on view cal.payment is 'Payments and refunds entered by hand; amounts in minor units.';
