-- Cubes: tallies by service, host and currency, packed into one value of type bytea, in C++. A bucket is
-- one row, whatever the number of services and hosts.

create function calytics.cube_add(internal, service text, host text, currency text, counts calytics.tally, weight bigint)
  returns internal
  language c immutable
  as 'MODULE_PATHNAME', 'calytics_cube_add_counts';
comment on function calytics.cube_add(internal, text, text, text, calytics.tally, bigint) is 'A step of calytics.cube.';

create function calytics.cube_add(internal, cells bytea, weight bigint) returns internal
  language c immutable
  as 'MODULE_PATHNAME', 'calytics_cube_add_cells';
comment on function calytics.cube_add(internal, bytea, bigint) is 'A step of calytics.cube.';

create function calytics.cube_result(internal) returns bytea
  language c immutable
  as 'MODULE_PATHNAME', 'calytics_cube_result';
comment on function calytics.cube_result(internal) is 'What calytics.cube has summed so far.';

create aggregate calytics.cube(service text, host text, currency text, counts calytics.tally, weight bigint) (
  sfunc = calytics.cube_add,
  stype = internal,
  sspace = 1024,
  finalfunc = calytics.cube_result,
  finalfunc_modify = read_write
);
comment on aggregate calytics.cube(text, text, text, calytics.tally, bigint) is
  'A cube of tallies, each times its weight; empty bytes if nothing is left. No argument may be NULL.';

create aggregate calytics.cube(cells bytea, weight bigint) (
  sfunc = calytics.cube_add,
  stype = internal,
  sspace = 1024,
  finalfunc = calytics.cube_result,
  finalfunc_modify = read_write
);
comment on aggregate calytics.cube(bytea, bigint) is
  'The sum of cubes, each times its weight. No argument may be NULL.';

create function calytics.cube_plus(a bytea, b bytea) returns bytea
  language c immutable strict
  as 'MODULE_PATHNAME', 'calytics_cube_plus';
comment on function calytics.cube_plus(bytea, bytea) is 'The sum of two cubes.';

create function calytics.cube_split(a bytea, split text) returns bytea
  language c immutable strict
  as 'MODULE_PATHNAME', 'calytics_cube_split';
comment on function calytics.cube_split(bytea, text) is
  'The cube''s sums kept apart by none, service, host or both; what they are not kept apart by is told as ''*''.';

create function calytics.cells(cube bytea)
  returns table (service text, host text, currency text, counts calytics.tally)
  language c immutable strict rows 20
  as 'MODULE_PATHNAME', 'calytics_cube_cells';
comment on function calytics.cells(bytea) is 'A cube''s cells as rows; raises data_corrupted where it is none.';

create function calytics.cube_splits(basis text, grain text, a bytea) returns table (split text, cells bytea)
  language sql immutable
begin atomic
  select k.split, case k.split when 'both' then a else calytics.cube_split(a, k.split) end
    from (values ('none'), ('service'), ('host'), ('both')) k (split)
   where k.split = 'both' or (grain <> 'hour' and basis not in ('tracking', 'session', 'origin', 'funnel'));
end;
comment on function calytics.cube_splits(text, text, bytea) is
  'A cube in all the ways in which buckets of a basis and grain hold it. What is tracked knows no hosts, and few services; and '
  'few hours are ever read at once: these cubes are summed up as they are read, which makes a fourth of the rows to write.';
