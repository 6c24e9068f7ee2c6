-- Type calytics.tally, a sparse vector of counts: what a bucket of metrics holds, and what is added up
-- when metrics are read. Written in C++.

create type calytics.tally;

create function calytics.tally_in(cstring) returns calytics.tally
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_in';
comment on function calytics.tally_in(cstring) is
  'A tally from its text: {index:count,...}; what is told of one index twice adds up.';

create function calytics.tally_out(calytics.tally) returns cstring
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_out';
comment on function calytics.tally_out(calytics.tally) is
  'A tally''s text: {index:count,...} by ascending index.';

create function calytics.tally_recv(internal) returns calytics.tally
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_recv';
comment on function calytics.tally_recv(internal) is
  'A tally from its canonical bytes; refuses all others.';

create function calytics.tally_send(calytics.tally) returns bytea
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_send';
comment on function calytics.tally_send(calytics.tally) is
  'A tally''s canonical bytes: by ascending index, each entry''s distance from the index before, less '
  'one, and its zigzagged count, both as varints.';

create type calytics.tally (
  input = calytics.tally_in,
  output = calytics.tally_out,
  receive = calytics.tally_recv,
  send = calytics.tally_send,
  internallength = variable,
  alignment = int4,
  storage = main
);
comment on type calytics.tally is
  'A sparse vector of counts: from an index (0 to 65535) to a bigint other than zero. Text form: '
  '{3:5,1004:-2}, {} for none. Equal tallies are equal bytes.';

create function calytics.plus(a calytics.tally, b calytics.tally) returns calytics.tally
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_plus';
comment on function calytics.plus(calytics.tally, calytics.tally) is 'Count by count, a + b.';

create function calytics.minus(a calytics.tally, b calytics.tally) returns calytics.tally
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_minus';
comment on function calytics.minus(calytics.tally, calytics.tally) is 'Count by count, a - b.';

create function calytics.equal(a calytics.tally, b calytics.tally) returns boolean
  language c immutable strict parallel safe leakproof
  as 'MODULE_PATHNAME', 'calytics_tally_equal';
comment on function calytics.equal(calytics.tally, calytics.tally) is 'True if all counts are equal.';

create function calytics.not_equal(a calytics.tally, b calytics.tally) returns boolean
  language c immutable strict parallel safe leakproof
  as 'MODULE_PATHNAME', 'calytics_tally_not_equal';
comment on function calytics.not_equal(calytics.tally, calytics.tally) is 'True if any count differs.';

create operator calytics.= (
  function = calytics.equal, leftarg = calytics.tally, rightarg = calytics.tally,
  commutator = operator(calytics.=), negator = operator(calytics.<>),
  restrict = eqsel, join = eqjoinsel, hashes);
comment on operator calytics.= (calytics.tally, calytics.tally) is 'calytics.equal';

create operator calytics.<> (
  function = calytics.not_equal, leftarg = calytics.tally, rightarg = calytics.tally,
  commutator = operator(calytics.<>), negator = operator(calytics.=),
  restrict = neqsel, join = neqjoinsel);
comment on operator calytics.<> (calytics.tally, calytics.tally) is 'calytics.not_equal';

create function calytics.hash(a calytics.tally) returns int
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_hash';
comment on function calytics.hash(calytics.tally) is 'A hash of a tally''s bytes, for distinct and except.';

create function calytics.hash(a calytics.tally, salt bigint) returns bigint
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_hash_extended';
comment on function calytics.hash(calytics.tally, bigint) is 'A salted hash of a tally''s bytes, of 64 bits.';

create operator class calytics.tally_ops default for type calytics.tally using hash as
  operator 1 calytics.=,
  function 1 calytics.hash(calytics.tally),
  function 2 calytics.hash(calytics.tally, bigint);
comment on operator class calytics.tally_ops using hash is 'Makes distinct, group by and except work on tallies.';

create function calytics.sum_add(internal, calytics.tally) returns internal
  language c immutable parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_sum_add';
comment on function calytics.sum_add(internal, calytics.tally) is 'A step of calytics.sum.';

create function calytics.sum_add(internal, calytics.tally, bigint) returns internal
  language c immutable parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_sum_add';
comment on function calytics.sum_add(internal, calytics.tally, bigint) is 'A weighted step of calytics.sum.';

create function calytics.sum_combine(internal, internal) returns internal
  language c immutable parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_sum_combine';
comment on function calytics.sum_combine(internal, internal) is 'Adds up what parallel workers summed.';

create function calytics.sum_serialize(internal) returns bytea
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_sum_serialize';
comment on function calytics.sum_serialize(internal) is 'A parallel worker''s sum as bytes.';

create function calytics.sum_deserialize(bytea, internal) returns internal
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_sum_deserialize';
comment on function calytics.sum_deserialize(bytea, internal) is 'A parallel worker''s sum from its bytes.';

create function calytics.sum_result(internal) returns calytics.tally
  language c immutable parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_sum_result';
comment on function calytics.sum_result(internal) is 'What calytics.sum has summed so far.';

create aggregate calytics.sum(calytics.tally) (
  sfunc = calytics.sum_add,
  stype = internal,
  sspace = 256,
  finalfunc = calytics.sum_result,
  finalfunc_modify = read_only,
  combinefunc = calytics.sum_combine,
  serialfunc = calytics.sum_serialize,
  deserialfunc = calytics.sum_deserialize,
  parallel = safe
);
comment on aggregate calytics.sum(calytics.tally) is 'The sum of tallies, count by count; NULL of none.';

create aggregate calytics.sum(calytics.tally, bigint) (
  sfunc = calytics.sum_add,
  stype = internal,
  sspace = 256,
  finalfunc = calytics.sum_result,
  finalfunc_modify = read_only,
  combinefunc = calytics.sum_combine,
  serialfunc = calytics.sum_serialize,
  deserialfunc = calytics.sum_deserialize,
  parallel = safe
);
comment on aggregate calytics.sum(calytics.tally, bigint) is
  'The sum of tallies, each times its weight, count by count; NULL of none.';

create function calytics.get(a calytics.tally, index int) returns bigint
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_get';
comment on function calytics.get(calytics.tally, int) is 'The count at an index, 0 if absent.';

create function calytics.dot(weights calytics.tally, counts calytics.tally) returns bigint
  language c immutable strict parallel safe
  as 'MODULE_PATHNAME', 'calytics_tally_dot';
comment on function calytics.dot(calytics.tally, calytics.tally) is
  'The sum over all indexes of weight * count.';

create function calytics.entries(a calytics.tally, out index int, out count bigint) returns setof record
  language c immutable strict parallel safe rows 20
  as 'MODULE_PATHNAME', 'calytics_tally_entries';
comment on function calytics.entries(calytics.tally) is 'The counts other than zero, by ascending index.';
