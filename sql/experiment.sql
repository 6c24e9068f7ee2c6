-- A/B tests that may be looked at every day. The p-value is that of a mixture sequential probability ratio test
-- (Johari, Pekelis, Walsh: Always Valid Inference, 2015/2022): it stays valid however often and whenever one looks
-- and stops, which that of a test with a fixed size of sample doesn't.

create function calytics.chi_square_tail(x float8, degrees int) returns float8
  language c immutable strict
  as 'MODULE_PATHNAME', 'calytics_chi_square_tail';
comment on function calytics.chi_square_tail(float8, int) is
  'The probability that chi-squared of so many degrees of freedom is x or more.';

create function calytics.always_valid(
  control bigint, control_hits bigint, variant bigint, variant_hits bigint, tau float8, alpha float8,
  out difference float8, out low float8, out high float8, out p_value float8
)
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  p0 float8 := control_hits::float8 / nullif(control, 0);
  p1 float8 := variant_hits::float8 / nullif(variant, 0);
  v float8;
  t float8 := tau * tau;
  half float8;
begin
  difference := p1 - p0;
  v := p0 * (1 - p0) / control + p1 * (1 - p1) / variant;
  -- Without a success, or without a failure, on either side there is nothing yet to estimate a spread by.
  if difference is null or control_hits + variant_hits < 10
     or control + variant - control_hits - variant_hits < 10 or v = 0 then
    p_value := case when difference is not null then 1 end;
    return;
  end if;
  p_value := least(1, sqrt((v + t) / v) * exp(-least(t * difference * difference / (2 * v * (v + t)), 700)));
  half := sqrt(2 * v * (v + t) / t * (ln(1 / alpha) + 0.5 * ln((v + t) / v)));
  low := difference - half;
  high := difference + half;
end
$$;
comment on function calytics.always_valid(bigint, bigint, bigint, bigint, float8, float8) is
  'The difference of two shares, with a p-value and an interval (of confidence 1 - alpha) that hold at every look: the '
  'mixture SPRT''s, in its normal approximation, the difference mixed by a normal of standard deviation tau. NULL and 1 while '
  'there are fewer than ten hits or ten misses.';

create function calytics.experiment_sessions(
  src int, experiment text, lo timestamptz, hi timestamptz, goal text
) returns table (session_id text, variant text, since timestamptz, hit boolean, uid text)
  language sql stable
begin atomic
  with assigned as materialized (
    select e.session_id, (array_agg(e.variant order by e.occurred_at, e.event_id))[1] as variant, min(e.occurred_at) as since
      from calytics.event e
     where e.source_id = src and e.experiment = experiment_sessions.experiment and e.variant is not null
       and not e.bot and e.occurred_at >= lo and e.occurred_at < hi
     group by e.session_id
  ), reached as materialized (
    select x.session_id, max(x.at) as last_at,
           (array_agg(x.uid order by x.at desc, x.uid) filter (where goal = 'BOOKED'))[1] as uid
      from (
        select e.session_id, e.occurred_at as at, e.booking_uid as uid
          from calytics.event e
         where e.source_id = src and e.occurred_at >= lo and e.occurred_at < hi
           and case when goal = 'BOOKED' then e.booking_uid is not null and exists (
                           select from calytics.booking b where b.source_id = src and b.uid = e.booking_uid)
                    else e.event_type = goal end
        union all
        select m.session_id, m.booked_at, m.uid from calytics.session_bookings(src, null, lo, hi) m where goal = 'BOOKED') x
     group by x.session_id
  )
  select a.session_id, a.variant, a.since, coalesce(r.last_at >= a.since, false), r.uid
    from assigned a left join reached r on r.session_id = a.session_id;
end;
comment on function calytics.experiment_sessions(int, text, timestamptz, timestamptz, text) is
  'The sessions of an experiment from lo to before hi: the variant that each saw first, since when, whether the goal followed, and the '
  'booking that is it.';

create function cal.experiment(
  experiment text, "from" timestamptz default '-infinity', "to" timestamptz default now(),
  source text default 'default', goal text default 'BOOKED', control text default null, weights jsonb default null,
  tau float8 default 0.05, alpha float8 default 0.05
) returns table (
  variant text, sessions bigint, conversions bigint, rate numeric, low float8, high float8, difference float8,
  difference_low float8, difference_high float8, lift float8, p_value float8, mismatch_p float8, warning text
)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(experiment.source);
begin
  if experiment is null or goal is null or "to" is null or "from" is null or "from" >= "to" then
    raise exception 'an experiment needs its name, a goal, and "from" before "to"'
      using errcode = 'invalid_parameter_value', hint = 'For instance: cal.experiment(''hero'', goal => ''BOOKED'').';
  elsif tau is null or tau <= 0 or alpha is null or alpha <= 0 or alpha >= 1 then
    raise exception 'tau must be positive, and alpha between 0 and 1'
      using errcode = 'invalid_parameter_value', hint = 'Leave them out for 0.05 each.';
  elsif weights is not null and (jsonb_typeof(weights) <> 'object' or exists (
          select from jsonb_each(weights) w where jsonb_typeof(w.value) <> 'number' or w.value::numeric <= 0)) then
    raise exception 'weights are positive numbers by variant'
      using errcode = 'invalid_parameter_value', hint = 'For instance: weights => ''{"a": 9, "b": 1}''.';
  end if;
  return query
  with outcome as materialized (
    select o.variant, o.hit from calytics.experiment_sessions(s.source_id, experiment, "from", "to", goal) o
  ), counted as materialized (
    select o.variant, count(*) as n, count(*) filter (where o.hit) as hits,
           coalesce((weights ->> o.variant)::float8, 1) as weight
      from outcome o group by o.variant
  ), whole as materialized (
    select sum(c.n)::float8 as n, sum(c.weight) as weight, count(*)::int as variants,
           coalesce(control, min(c.variant) filter (where c.variant in ('control', 'A', 'a')), min(c.variant)) as control
      from counted c
  ), split as materialized (
    select w.*, case when w.variants > 1 then calytics.chi_square_tail(
             (select sum((c.n - w.n * c.weight / w.weight) ^ 2 / (w.n * c.weight / w.weight)) from counted c),
             w.variants - 1) end as mismatch
      from whole w
  )
  select c.variant, c.n, c.hits, c.hits::numeric / c.n,
         -- Wilson's interval of the share (1927).
         (r.p + r.z * r.z / (2 * c.n) - r.half) / (1 + r.z * r.z / c.n),
         (r.p + r.z * r.z / (2 * c.n) + r.half) / (1 + r.z * r.z / c.n),
         v.difference, v.low, v.high, v.difference / nullif(b.hits::float8 / b.n, 0), v.p_value, w.mismatch,
         case when w.mismatch < 0.001
              then 'the variants'' sizes are not what was meant: look for what loses sessions before trusting the rest' end
    from counted c
   cross join split w
    left join counted b on b.variant = w.control and c.variant <> w.control
   cross join lateral (select c.hits::float8 / c.n as p, 1.959963984540054::float8 as z) q
   cross join lateral (
     select q.p, q.z, q.z * sqrt(q.p * (1 - q.p) / c.n + q.z * q.z / (4.0 * c.n * c.n)) as half) r
   cross join lateral calytics.always_valid(b.n, b.hits, c.n, c.hits, tau, alpha) v
   order by c.variant <> w.control, c.variant;
end
$$;
comment on function cal.experiment(
    text, timestamptz, timestamptz, text, text, text, jsonb, float8, float8) is
  'What an A/B test says so far: a row a variant, the control first (control, or else "control", "A", or the first by name). '
  'A session belongs to the first variant that its events tell of; it converts if an event of type goal follows, or, for '
  'BOOKED, a booking that a verified webhook tells of. rate with low and high: its share and Wilson''s 95 % interval. Against the '
  'control: difference of the rates with difference_low and difference_high, lift (difference / control''s rate) and p_value, '
  'which stay valid however often one looks (mixture SPRT: Johari, Pekelis, Walsh, Always Valid Inference; tau: the '
  'differences one expects, as a standard deviation; alpha: of the interval). mismatch_p, warning: whether the variants'' '
  'sizes are those meant (chi-squared; weights: the shares meant, equal by default). Raises invalid_parameter_value and '
  'no_data_found (no such source).';
