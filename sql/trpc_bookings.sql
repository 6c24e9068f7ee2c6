-- The procedures that list bookings, those behind a number among them, and the webhooks that were not understood. Lists come
-- in pages: limit (1 to 500; 100) and offset say which part, and the answer how many there are in all and where the
-- next page begins.

create function calytics.page_of(rows jsonb, total bigint, input jsonb) returns jsonb
  language sql immutable
  return jsonb_build_object(
    'total', coalesce(total, 0), 'rows', coalesce(rows, '[]'),
    'next', case when calytics.input_number(input, 'offset', 0, 10000000, 0) + jsonb_array_length(rows) < total
                 then calytics.input_number(input, 'offset', 0, 10000000, 0) + jsonb_array_length(rows) end);
comment on function calytics.page_of(jsonb, bigint, jsonb) is
  'A page of a list of so many rows as clients get it: {"total", "rows", "next": the next page''s offset, NULL at the end}.';

create function calytics.trpc_bookings(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  page_size int := calytics.input_number(a.input, 'limit', 1, 500, 100);
  skipped int := calytics.input_number(a.input, 'offset', 0, 10000000, 0);
  statuses text[] := calytics.input_texts(a.input, 'statuses');
  latest_first boolean := calytics.input_flag(a.input, 'latestFirst');
  personal boolean := (call #>> '{caller,role}') = 'admin';
  lo timestamptz := coalesce(a.since, now());
  hi timestamptz := coalesce(a.until, lo + interval '31 days');
  total bigint;
  rows jsonb;
begin
  if not lo < hi or hi - lo > interval '367 days' then
    raise exception 'bookings are listed of a range of up to 367 days, "from" before "to"'
      using errcode = 'invalid_parameter_value', hint = 'Leave "from" out for now, and "to" for 31 days later.';
  elsif not statuses <@ '{pending,accepted,cancelled,rejected,awaiting_rebook}'::text[] then
    raise exception 'input "statuses" holds what no booking''s status is'
      using errcode = 'invalid_parameter_value', hint = 'Use pending, accepted, cancelled, rejected and awaiting_rebook.';
  end if;
  with fact as materialized (
    select f.* from calytics.facts_between(
                      a.src, lo, hi, calytics.service_keys(a.src, a.service), calytics.host_keys(a.src, a.host), null) f
     where f.starts_at >= lo and (statuses is null or f.status = any (statuses))
  ), page as (
    select f.*, row_number() over w as i from fact f
    window w as (order by case when latest_first then f.starts_at end desc, f.starts_at, f.root_uid)
     order by i limit page_size offset skipped
  )
  select (select count(*) from fact),
         jsonb_agg(jsonb_build_object(
           'root_uid', p.root_uid, 'uid', p.uid, 'status', p.status, 'starts_at', p.starts_at, 'ends_at', p.ended_at,
           'service', nullif(calytics.service_name(a.src, p.service), ''), 'host', nullif(calytics.host_name(a.src, p.host), ''),
           'created_at', p.created_at, 'cancelled_at', p.cancelled_at, 'cancelled_by', p.cancelled_by, 'hops', p.hops,
           'no_show', p.no_show, 'price', p.price, 'currency', nullif(p.currency, ''))
           || case when personal then jsonb_build_object('customer', p.customer, 'customer_name', n.name) else '{}' end
           order by p.i)
    into total, rows
    from page p
    left join lateral (
      select x.name from calytics.person x
       where personal and x.source_id = a.src and x.customer = p.customer and x.name <> ''
       order by x.first_at desc, x.name desc limit 1) n on true;
  return calytics.page_of(rows, total, a.input);
end
$$;
comment on function calytics.trpc_bookings(jsonb) is
  'calAnalytics.getBookings: bookings, a reschedule''s legs being one, that start in [from, to), the earliest first, a page of '
  'them, of {from? (now), to? (31 days later), source?, service?, host?, statuses?, latestFirst?, limit?, offset?}. rows: '
  'root_uid, uid, status, starts_at, ends_at, service, host, created_at, cancelled_at, cancelled_by, hops, no_show, price (list '
  'price, minor units), currency; for admins also customer (the pseudonym) and customer_name.';

create function calytics.trpc_explain(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  page_size int := calytics.input_number(a.input, 'limit', 1, 500, 100);
  skipped int := calytics.input_number(a.input, 'offset', 0, 10000000, 0);
  weekday int := calytics.input_number(a.input, 'weekday', 0, 6, null);
  hour int := calytics.input_number(a.input, 'hour', 0, 23, null);
  least_of int := calytics.input_number(a.input, 'least', 0, 2147483647, null);
  below_of int := calytics.input_number(a.input, 'below', 0, 2147483647, null);
  answer jsonb;
begin
  if calytics.input_text(a.input, 'metric') is null then
    raise exception 'input "metric" is missing'
      using errcode = 'invalid_parameter_value', hint = 'calAnalytics.getMetrics lists the metrics.';
  end if;
  with line as materialized (
    select x.*, row_number() over () as i
      from cal.explain_metric(
             a.input ->> 'metric', period => a.period, at => a.at, "from" => a.since, "to" => a.until, source => a.source,
             service => a.service, host => a.host, basis => a.basis, as_of => a.as_of) x
     where (weekday is null or extract(isodow from x.starts_at at time zone a.zone) = weekday + 1)
       and (hour is null or extract(hour from x.starts_at at time zone a.zone) = hour)
       and (least_of is null or x.numerator >= least_of) and (below_of is null or x.numerator < below_of)
  )
  select calytics.page_of(
           (select jsonb_agg(to_jsonb(l) - 'i' order by l.i)
              from line l where l.i > skipped and l.i <= skipped::bigint + page_size),
           count(*), a.input)
         || jsonb_build_object('sums', (
              select coalesce(jsonb_agg(to_jsonb(s) order by s.currency), '[]')
                from (select l.currency, sum(l.numerator) as numerator, sum(l.denominator) as denominator
                        from line l group by l.currency) s))
    into answer
    from line;
  return answer;
end
$$;
comment on function calytics.trpc_explain(jsonb) is
  'calAnalytics.explainMetric: a page of cal.explain_metric''s rows, the bookings behind a number, of {metric, period?, at?, from?, '
  'to?, source?, service?, host?, basis?, asOf?, weekday?, hour?, least?, below?, limit?, offset?}; of those alone that start at '
  'the local weekday (0: Monday) and hour, and whose numerator is at least and below so much. sums: [{"currency", "numerator", '
  '"denominator"}] of all of them.';

create function calytics.trpc_quarantine(call jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  page_size int := calytics.input_number(a.input, 'limit', 1, 500, 100);
  skipped int := calytics.input_number(a.input, 'offset', 0, 10000000, 0);
begin
  return calytics.page_of(
    (select jsonb_agg(to_jsonb(p) - 'source' || jsonb_build_object('reason', calytics.delivery_reason(p.detail)) order by p.delivery_id desc)
       from (select d.* from cal.delivery d
              where d.source = a.source and d.outcome = 'quarantined'
              order by d.delivery_id desc limit page_size offset skipped) p),
    (select count(*) from calytics.webhook_delivery d where d.source_id = a.src and d.outcome = 'quarantined'), a.input);
end
$$;
comment on function calytics.trpc_quarantine(jsonb) is
  'calAnalytics.getQuarantine: a page of the rows of cal.delivery that are quarantined, the latest first, of {source?, limit?, '
  'offset?}. reason: detail as calytics.delivery_reason tells it.';

create function calytics.trpc_replay(call jsonb) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  a calytics.asked := calytics.asked_of(call);
  delivery jsonb := a.input -> 'delivery';
begin
  if jsonb_typeof(delivery) is distinct from 'number' or delivery::numeric <> trunc(delivery::numeric)
     or delivery::numeric not between 1 and 9223372036854775807 then
    raise exception 'input "delivery" is not the number of a delivery'
      using errcode = 'invalid_parameter_value', hint = 'calAnalytics.getQuarantine lists those that wait.';
  end if;
  return (select to_jsonb(r) from cal.replay(delivery::bigint, a.source) r);
end
$$;
comment on function calytics.trpc_replay(jsonb) is
  'calAnalytics.replay: cal.replay of {delivery, source?}: {"outcome", "delivery_id", "detail"}.';

insert into calytics.procedure (name, kind, access, scope, kept_by, handler) values
  ('calAnalytics.getBookings',   'query',    'reader', 'source', '{service,host}', 'calytics.trpc_bookings'),
  ('calAnalytics.explainMetric', 'query',    'reader', 'source', '{service,host}', 'calytics.trpc_explain'),
  ('calAnalytics.getQuarantine', 'query',    'admin',  'source', '{}',             'calytics.trpc_quarantine'),
  ('calAnalytics.replay',        'mutation', 'admin',  'source', '{}',             'calytics.trpc_replay');
