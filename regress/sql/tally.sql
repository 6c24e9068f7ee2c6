-- Tallies: every operation against plain SQL over the entries, the text form, and what is refused.
\set ECHO none
\getenv regress PG_ABS_SRCDIR
\set seed_file :regress /seed.psql
\i :seed_file

-- Tallies with their entries beside them: few and many, from one index, a neighbourhood or everywhere.
create temp table entry as
  select t.id, case t.id % 3 when 0 then floor(random() * 6) when 1 then 2000 + floor(random() * 300)
               else floor(random() * 65536) end::int as index,
         case when random() < 0.1 then 0 when random() < 0.5 then floor(random() * 20 - 10)
              else floor((random() - 0.5) * 1e12) end::bigint as count
    from generate_series(1, 600) as t (id),
         generate_series(1, (case t.id % 4 when 0 then 0 when 1 then 4 when 2 then 60 else 400 end)) as n;
create index on entry (id);
create temp table t as
  select t.id, t.id % 7 as part, floor(random() * 9 - 4)::bigint as weight,
         ('{' || coalesce(string_agg(e.index || ':' || e.count, ',' order by random()), '') || '}')::calytics.tally as tally
    from generate_series(1, 600) as t (id) left join entry e using (id)
   group by t.id;
analyze entry, t;
-- The text of what plain SQL says.
create function pg_temp.text_of(query text) returns text language plpgsql as $$
declare
  result text;
begin
  execute format('select ''{'' || coalesce(string_agg(index || '':'' || count, '','' order by index), '''') || ''}''
                    from (select index, sum(count) as count from (%s) as e (index, count) group by index
                          having sum(count) <> 0) as s', query) into result;
  return result;
end $$;
-- The SQLSTATE that a statement ends with, and a statement that receives bytes.
create function pg_temp.refusal(statement text) returns text language plpgsql as $$
begin
  execute statement;
  return null;
exception when others then
  return sqlstate;
end $$;
create temp table received (tally calytics.tally);
create function pg_temp.receive(bytes text) returns text language sql as $$
  select format('copy received from program %L (format binary)', format('perl -e ''print pack "H*", "%s"''',
           '5047434f50590aff0d0a00' || '0000000000000000' || '0001' || lpad(to_hex(length(bytes) / 2), 8, '0') || bytes || 'ffff')) $$;
\set ECHO all
\set VERBOSITY default

-- Texts, and the canonical form.
select x::calytics.tally from unnest(array['{}', ' { } ', '{3:5,1004:-2}', E'\t{ 1004 : -2 ,\n3:5 }', '{7:1,7:2,0:1,7:-3}',
  '{65535:9223372036854775807,0:-9223372036854775808}', '{007:01}']) as x;
select '{1:2,}'::calytics.tally;
select '{65536:1}'::calytics.tally;
select '{99999999999999999999:1}'::calytics.tally;
select '{1:9223372036854775808}'::calytics.tally;
select '{1:9223372036854775807,1:1}'::calytics.tally;

-- In and out, also as bytes and through a file of them.
select count(*) as other_text from t where tally::text <> pg_temp.text_of(format('select index, count from entry where id = %s', id));
select count(*) as other_again from t where tally::text::calytics.tally operator(calytics.<>) tally;
select encode(calytics.tally_send('{3:5,1004:-2}'), 'hex') as bytes;
create temp table copied (like t);
copy t to program 'cat > tally.copied' (format binary);
copy copied from program 'cat tally.copied && rm tally.copied' (format binary);
select count(*) as as_copied from t join copied c using (id, part, weight) where t.tally operator(calytics.=) c.tally;
-- Texts and bytes that are no tally's: cut off, of another form, not in order, beyond the last index.
select x as not_refused from unnest(array['', '{', '}', '{}}', '{,}', '{1}', '{1:}', '{:1}', '{1:2,}', '{1:2 3:4}', '{1:2}x',
  '{+1:2}', '{1:2.5}', '{a:b}', '{1:1e3}', '[1:2]', '{-1:2}', '{65536:1}', '{1:-9223372036854775809}']) as x
 where pg_temp.refusal(format('select %L::calytics.tally', x)) is distinct from '22P02';
select x as not_refused from unnest(array['00', '80', '0000', '0001', '800002', '000280', '00028002', '02', '0280', 'ffff0302',
  '80800402', 'feff030203', '00ffffffffffffffffff02', '00ffffffffffffffffffff01', 'ffffffffffffffffff0102', '0002ffff0302']) as x
 where pg_temp.refusal(pg_temp.receive(x)) is distinct from case when x in ('0001', 'ffff0302') then null else '22P03' end;
select * from received;

-- Arithmetic.
select a.id, b.id from t a join t b on b.id between a.id + 1 and a.id + 20 and a.id <= 100
 where calytics.plus(a.tally, b.tally)::text <> pg_temp.text_of(format(
         'select index, count from entry where id in (%s, %s)', a.id, b.id))
    or calytics.minus(a.tally, b.tally)::text <> pg_temp.text_of(format(
         'select index, case id when %s then count else -count end from entry where id in (%1$s, %s)', a.id, b.id));
select id from t
 where calytics.minus(tally, tally) operator(calytics.<>) '{}'
    or calytics.minus('{}', tally)::text <> pg_temp.text_of(format('select index, -count from entry where id = %s', id))
    or calytics.plus('{}', tally) operator(calytics.<>) tally
    or calytics.plus(tally, tally) operator(calytics.<>) (select calytics.sum(x.tally, 2) from t x where x.id = t.id);
select calytics.plus('{1:9223372036854775807}', '{1:1}');
select calytics.minus('{}', '{1:-9223372036854775808}');

-- Sums, plain and weighted, in one group and in many.
select part, calytics.sum(tally)::text = pg_temp.text_of(format('select index, count from entry where id %% 7 = %s', part)) as plain,
       calytics.sum(tally, weight)::text
         = pg_temp.text_of(format('select index, count * weight from entry join t using (id) where part = %s', part)) as weighted
  from t group by part order by part;
select count(*) as other_single from t join (select id, calytics.sum(tally) as tally from t group by id) s using (id)
 where t.tally operator(calytics.<>) s.tally;
select bool_and(running operator(calytics.=) (select calytics.sum(x.tally) from t x where x.id <= s.id)) as running
  from (select id, calytics.sum(tally) over (order by id) as running from t where id <= 60) s;
select calytics.sum(x), calytics.sum(x, 3), calytics.sum(x, null) from (values (null::calytics.tally)) v (x);
select calytics.sum(x), calytics.sum(x, 0) from (values (null::calytics.tally), ('{}'), ('{1:2}'), ('{1:-2}')) v (x);
select calytics.sum(x) from (values ('{1:9223372036854775807}'::calytics.tally), ('{1:1}')) v (x);
select calytics.sum(x, 2) from (values ('{1:1}'::calytics.tally), ('{2:9223372036854775807}')) v (x);
-- The same by parallel workers.
create table tally_parallel as select * from t;
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
alter table tally_parallel set (parallel_workers = 2);
explain (costs off) select calytics.sum(tally) from tally_parallel;
select (select calytics.sum(tally) from tally_parallel) operator(calytics.=) (select calytics.sum(tally) from t) as plain,
       (select calytics.sum(tally, weight) from tally_parallel) operator(calytics.=) (select calytics.sum(tally, weight) from t) as weighted,
       (select calytics.sum(tally) from tally_parallel where id < 0) is null as none;
drop table tally_parallel;

-- Reads.
select calytics.get('{3:5,1004:-2}', i) from unnest(array[-1, 0, 3, 4, 1004, 65535, 70000]) as i;
select count(*) as other_get
  from (select id, index, sum(count) as count from entry group by id, index
        union all
        select id, index + 1, 0 from entry e where not exists (select from entry x where x.id = e.id and x.index = e.index + 1)) e
  join t using (id) where calytics.get(tally, e.index) <> e.count;
select count(*) as other_entries
  from (select id, index, sum(count) as count from entry group by id, index having sum(count) <> 0) e
  full join (select id, e.index, e.count from t, calytics.entries(t.tally) e) x using (id, index) where e.count is distinct from x.count;
select count(*) as other_dot from t a join t b on b.id between a.id and a.id + 12 and a.id % 3 = 0
 where calytics.dot(a.tally, (select ('{' || coalesce(string_agg(index || ':' || count % 1000, ','), '') || '}')::calytics.tally from calytics.entries(b.tally)))
    <> (select coalesce(sum(x.count * (y.count % 1000)), 0) from calytics.entries(a.tally) x join calytics.entries(b.tally) y using (index));
select calytics.dot('{1:2,3:4}', '{1:5,2:9,3:-1}'), calytics.dot('{}', '{1:5}');
select calytics.dot('{1:4611686018427387904}', '{1:2}');

-- Distinct, and set operations.
select count(*) from (select distinct tally from (select tally from t union all select calytics.sum(tally) from t group by id) as twice) as d
 having count(*) <> (select count(distinct tally::text) from t);
select * from (values ('{1:2}'::calytics.tally), ('{}')) v (x) except select '{1:1,1:1}';
