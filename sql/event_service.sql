-- Services by names that anybody who sends events may make up: beside those that Cal.com's webhooks tell of, so many
-- are told apart that come up in a month as calytics.most_services says, and events of others are of "(other)". That is
-- decided as an event comes in, so that all that is counted of it, now and in any recount, goes by one name.

create table calytics.event_service (
  source_id  int not null,
  month      date not null,                 -- of UTC, of receipt
  service    text collate "C" not null,
  primary key (source_id, month, service)
);
comment on table calytics.event_service is
  'Services that events of this month and the one before told of, and that Cal.com''s webhooks didn''t.';

create function calytics.admit_services(src int, names text[], at timestamptz) returns text[]
  language plpgsql volatile set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off
as $$
declare
  this_month constant date := date_trunc('month', at at time zone 'UTC')::date;
  most constant int := current_setting('calytics.most_services');
  admitted text[] collate "C" := array(
    select n.name collate "C" from unnest(names) n (name)
     where exists (select from calytics.event_service e where e.source_id = src and e.month = this_month and e.service = n.name)
        or exists (select from calytics.service s
                    where s.source_id = src and (s.service = n.name or s.event_type_id::text = n.name)));
  room int;
begin
  if cardinality(admitted) < cardinality(names) then
    room := most - (select count(*) from calytics.event_service e where e.source_id = src and e.month = this_month);
    with new as (
      -- In one order, so that nobody waits for each other.
      select distinct n.name collate "C" as name from unnest(names) n (name)
       where n.name <> all (admitted) order by 1 limit greatest(room, 0)
    ), learnt as (
      insert into calytics.event_service (source_id, month, service) select src, this_month, n.name from new n
        on conflict do nothing
    )
    select admitted || array_agg(n.name) into admitted from new n;
  end if;
  return admitted;
end
$$;
comment on function calytics.admit_services(int, text[], timestamptz) is
  'Which of these services events received then may be of: those that webhooks tell of, those that came up this month, and new '
  'ones while there is room for them.';
