-- A/B tests: numbers worked out elsewhere, p-values that hold at every look, and a session counted once.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file
set extra_float_digits = 0;
\set ECHO queries

-- Critical values from tables of the distribution.
select degrees, round(calytics.chi_square_tail(x, degrees)::numeric, 9) as p
  from (values (3.841458820694124, 1), (5.991464547107979, 2), (7.814727903251179, 3), (9.487729036781154, 4), (18.307038053275146, 10),
               (6.6348966010212145, 1), (10.827566170662733, 1)) v (x, degrees);
select calytics.chi_square_tail(0, 1), calytics.chi_square_tail(-1, 3);
select calytics.chi_square_tail(1, 0);

-- No difference: of many experiments that are looked at every day and stopped at the first p below 0.05, no more than 5 % (and chance)
-- claim one. A test of fixed size claims several times as many.
create temp table look as
  select e, day, sum(a) over w as a, sum(ah) over w as ah, sum(b) over w as b, sum(bh) over w as bh
    from (select e, day, 60 as a, (select count(*) from generate_series(1, 60) where random() < 0.1 + 0 * e * day) as ah,
                 60 as b, (select count(*) from generate_series(1, 60) where random() < 0.1 + 0 * e * day) as bh
            from generate_series(1, 400) e, generate_series(1, 20) day) d
  window w as (partition by e order by day);
select count(*) filter (where always < 0.05) <= 0.08 * count(*) as holds,
       count(*) filter (where fixed > 1.96) > 2 * count(*) filter (where always < 0.05) as fixed_does_not
  from (select e, min(v.p_value) as always,
               max(abs(v.difference) / nullif(sqrt(l.ah / l.a * (1 - l.ah / l.a) / l.a + l.bh / l.b * (1 - l.bh / l.b) / l.b), 0)) as fixed
          from (select e, day, a::float8 as a, ah::float8 as ah, b::float8 as b, bh::float8 as bh from look) l,
               calytics.always_valid(l.a::bigint, l.ah::bigint, l.b::bigint, l.bh::bigint, 0.05, 0.05) v group by e) x;
-- The interval says what the p-value says.
select count(*) as contradictions
  from look l, calytics.always_valid(l.a::bigint, l.ah::bigint, l.b::bigint, l.bh::bigint, 0.05, 0.05) v
 where (v.p_value < 0.05) <> (v.low > 0 or v.high < 0);

-- In the database.
select length(cal.rotate_secret('test', 'whsec_test')) as secret;
select sum((cal.track((
    select jsonb_agg(jsonb_build_object('sessionId', variant || i, 'eventType', type, 'experiment', 'hero', 'variant', variant, 'timestamp', at))
      from (select i, variant, 'PAGE_VIEW' as type, '2026-03-02T10:00:00Z' as at from generate_series(1, n) i
            union all select i, variant, 'SIGN_UP', '2026-03-02T10:01:00Z' from generate_series(1, hits) i) t),
    source => 'test') -> 'accepted')::int) as accepted
  from (values ('a', 400, 40), ('b', 410, 90)) v (variant, n, hits);
select (cal.track('{"sessionId": "a1", "eventType": "PAGE_VIEW", "experiment": "hero", "variant": "b", "timestamp": "2026-03-02T11:00:00Z"}',
                  source => 'test') -> 'accepted') as seen_in_both;
select variant, sessions, conversions, round(rate, 4) as rate, round(low::numeric, 4) as low, round(high::numeric, 4) as high,
       round(difference::numeric, 4) as difference, round(difference_low::numeric, 4) as difference_low,
       round(difference_high::numeric, 4) as difference_high, round(lift::numeric, 3) as lift, p_value < 0.001 as sure,
       round(mismatch_p::numeric, 3) as mismatch_p, warning
  from cal.experiment('hero', source => 'test', goal => 'SIGN_UP');
select variant, mismatch_p < 0.001 as mismatch, warning from cal.experiment('hero', source => 'test', goal => 'SIGN_UP', weights => '{"a": 9, "b": 1}');
select variant, conversions, p_value from cal.experiment('hero', source => 'test');
select count(*) from cal.experiment('none', source => 'test');
select cal.experiment('hero', source => 'test', tau => 0);
select cal.experiment('hero', source => 'test', weights => '{"a": "x"}');
