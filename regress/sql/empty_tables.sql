-- Plans of ours outlive the emptiness of tables: what is looked for by key is found by that key, also where the table was
-- vacuumed before the first row came.

create temp table empty_kept (source_id int, name text, at timestamptz, primary key (source_id, name, at));
create index empty_kept_at on empty_kept (at, source_id);
vacuum analyze empty_kept;

-- By which index, under a search path such as our functions have.
create function pg_temp.empty_index(path text, query text) returns text language plpgsql as $$
declare
  plan json;
begin
  perform set_config('search_path', path, true), set_config('enable_seqscan', 'off', true),
          set_config('enable_bitmapscan', 'off', true);
  execute 'explain (format json) ' || query into plan;
  return plan -> 0 -> 'Plan' ->> 'Index Name';
end
$$;
select pg_temp.empty_index('pg_catalog, pg_temp', q)
  from unnest(array[
    $$select * from pg_temp.empty_kept where source_id = 1 and name = 'a'$$,
    $$select * from pg_temp.empty_kept where at >= '2030-01-01' and at < '2030-01-02' and source_id = 1$$]) q;
