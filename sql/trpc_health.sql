-- The procedure by which an admin sees how the installation was.

create function calytics.trpc_health_history(call jsonb) returns jsonb
  language sql stable
  return (
    select coalesce(jsonb_agg(h order by h.sampled_at), '[]')
      from calytics.asked_of(call) a,
           cal.health_history(
             "from" => coalesce(a.since, now() - interval '1 day'), "to" => coalesce(a.until, 'infinity'),
             every => coalesce(calytics.input_interval(a.input, 'every'), '15 minutes')) h);
comment on function calytics.trpc_health_history(jsonb) is
  'calAnalytics.getHealthHistory: the rows of cal.health_history of {from? (a day ago), to? (infinity), every? ("15 minutes")}.';

insert into calytics.procedure (name, kind, access, scope, handler) values
  ('calAnalytics.getHealthHistory', 'query', 'admin', 'installation', 'calytics.trpc_health_history');
