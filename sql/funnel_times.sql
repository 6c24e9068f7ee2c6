-- The walk of one session through the steps of a funnel, in C++ (extension/core/tracking/funnel.hpp).

create function calytics.funnel_add(internal, event_type text, at timestamptz, steps text[], "window" interval, strict boolean)
  returns internal
  language c immutable
  as 'MODULE_PATHNAME', 'calytics_funnel_add';
comment on function calytics.funnel_add(internal, text, timestamptz, text[], interval, boolean) is
  'A step of calytics.funnel_times.';

create function calytics.funnel_result(internal) returns timestamptz[]
  language c immutable
  as 'MODULE_PATHNAME', 'calytics_funnel_times';
comment on function calytics.funnel_result(internal) is 'The times at which the steps were reached.';

create aggregate calytics.funnel_times(event_type text, at timestamptz, steps text[], "window" interval, strict boolean) (
  sfunc = calytics.funnel_add,
  stype = internal,
  finalfunc = calytics.funnel_result,
  finalfunc_modify = read_write
);
comment on aggregate calytics.funnel_times(text, timestamptz, text[], interval, boolean) is
  'One session''s events to the times at which it reached the steps: the first event of the first step is the anchor, every '
  'further step the earliest event of its type later than the step before and within the window of the anchor. strict: no '
  'event of another step lies between.';
