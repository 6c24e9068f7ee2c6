-- Lifetime value: what people are worth by months since their first visit, in cohorts by the local month
-- of that visit. The cells stand in the buckets of basis "cohort" (contribution.sql), at the cohort's month:
-- whoever's first visit moves takes all visits along to the other cohort.

create function cal.lifetime_value(
  source text default 'default', months int default 12, currency text default null,
  at timestamptz default now(), as_of timestamptz default null
) returns table (
  cohort date, people bigint, months_since int, active bigint, active_rate numeric, currency_used text,
  value bigint, collected bigint, cumulative_value bigint, cumulative_collected bigint,
  value_per_person numeric, collected_per_person numeric
)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  s calytics.source := calytics.source_named(lifetime_value.source);
  seen_at timestamptz := coalesce(lifetime_value.as_of, lifetime_value.at);
  last_month timestamp := date_trunc('month', least(lifetime_value.at, seen_at) at time zone s.time_zone);
  paid boolean := calytics.tells(s.source_id, 'payment');
  spans calytics.span[];
begin
  if months is null or months not between 0 and 600 then
    raise exception 'lifetime value can''t be had for % months', months
      using errcode = 'invalid_parameter_value', hint = 'Use 0 to 600.';
  elsif last_month is null or not isfinite(last_month) then
    raise exception 'lifetime value needs a moment to be looked at'
      using errcode = 'invalid_parameter_value', hint = 'Leave "at" and "as_of" out for now.';
  end if;
  spans := array[row(
    'cohort', 'cohort', 'period', calytics.hour_begins('1900-01-01', s.time_zone),
    calytics.hour_begins(last_month + interval '1 month', s.time_zone), 'month', 'none', true, null, seen_at)::calytics.span];
  return query
  with line as materialized (
    select c.at, c.currency, c.counts from calytics.collect(s.source_id, spans) c
  ), born as materialized (
    select l.at, sum(calytics.get(l.counts, 2000))::bigint as people
      from line l group by l.at having sum(calytics.get(l.counts, 2000)) > 0
  ), month as materialized (
    select b.at, b.people, k.n, calytics.hour_begins(b.at + make_interval(months => k.n + 1), s.time_zone) <= seen_at as over
      from born b cross join generate_series(0, months) k (n)
  ), money as materialized (
    select distinct l.currency from line l
     where l.currency <> '' and (lifetime_value.currency is null or l.currency = upper(lifetime_value.currency))
    union
    select coalesce(upper(lifetime_value.currency), s.currency, '')
     where lifetime_value.currency is not null or not exists (select from line l where l.currency <> '')
  ), cell as (
    select m.at, m.n, m.people, m.over, y.currency,
           sum(calytics.get(l.counts, 2000 + m.n)) as active,
           sum(case when l.currency = y.currency then calytics.get(l.counts, 3000 + m.n) end) as value,
           sum(case when l.currency = y.currency then calytics.get(l.counts, 4000 + m.n) end) as collected
      from month m
     cross join money y
      join line l on l.at = m.at
     group by m.at, m.n, m.people, m.over, y.currency
  ), added as (
    select c.at, c.n, c.over, c.active::bigint as active, nullif(c.currency, '') as currency,
           first_value(case when c.over then c.people end) over w as people,
           case when c.currency <> '' then coalesce(c.value, 0) end::bigint as value,
           case when c.currency <> '' and paid then coalesce(c.collected, 0) end::bigint as collected,
           case when c.currency <> '' then coalesce(sum(c.value) over w, 0) end::bigint as all_value,
           case when c.currency <> '' and paid then coalesce(sum(c.collected) over w, 0) end::bigint as all_collected
      from cell c
    window w as (partition by c.at, c.currency order by c.n)
  )
  select a.at::date, a.people, a.n, x.active, x.active::numeric / a.people, a.currency, x.value, x.collected,
         x.all_value, x.all_collected, x.all_value::numeric / a.people, x.all_collected::numeric / a.people
    from added a
   cross join lateral (
     select case when a.over then a.active end as active, case when a.over then a.value end as value,
            case when a.over then a.collected end as collected, case when a.over then a.all_value end as all_value,
            case when a.over then a.all_collected end as all_collected) x
   order by a.at, a.currency, a.n;
end
$$;
comment on function cal.lifetime_value(text, int, text, timestamptz, timestamptz) is
  'Cohorts of people by the local month of their first visit (accepted, no no-show), up to the month that "at" is in: a row '
  'a cohort, month since (0 to months) and currency. people: the cohort''s size; active: those of them with a visit in '
  'that month, over all currencies, and active_rate their share; value, collected: list price of and money collected for '
  'the visits in that month, minor units; cumulative_* since the first month, *_per_person by the cohort''s size. Money '
  'counts in the month of the visit, whenever it was paid; refunds are not taken off. What was not over by as_of (by '
  'default "at") is NULL, and so is collected while nobody told of a payment. currency: only this one. Raises '
  'invalid_parameter_value and no_data_found (no such source).';
