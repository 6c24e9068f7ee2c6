-- The dashboard's parts about what is tracked: the funnel's steps and where sessions came from.

create function calytics.funnel_json(figures jsonb) returns jsonb
  language sql immutable
begin atomic
  select jsonb_build_object(
           'steps', jsonb_agg(jsonb_build_object(
             'name', k.name, 'sessions', figures -> k.metric -> 'value', 'previous', figures -> k.metric -> 'previous',
             'conversion', figures -> k.rate -> 'value',
             'overall_conversion', (figures -> k.metric ->> 'value')::numeric
               / nullif((figures -> 'funnel_viewed' ->> 'value')::numeric, 0)) order by k.step),
           'pending', figures -> 'funnel_pending' -> 'value',
           'median_s', figures -> 'time_to_convert_p50' -> 'value',
           'mean_s', (figures -> 'mean_time_to_convert' ->> 'value')::numeric / 1000)
    from (values
      (1, 'SERVICE_VIEW', 'funnel_viewed', ''), (2, 'SERVICE_SELECT', 'funnel_selected', 'selection_rate'),
      (3, 'BOOKING_START', 'funnel_began', 'start_rate'), (4, 'BOOKING_SUBMIT', 'funnel_submitted', 'submission_rate'),
      (5, 'BOOKED', 'funnel_booked', 'verification_rate')) k (step, name, metric, rate)
   where figures ? 'funnel_viewed';
end;
comment on function calytics.funnel_json(jsonb) is 'The funnel of a dashboard, by its figures; no steps where there are no figures of it.';

create function calytics.sources_json(sums calytics.sums[]) returns jsonb
  language sql immutable
begin atomic
  select coalesce(jsonb_agg(jsonb_build_object(
                    'name', o.name, 'sessions', o.sessions, 'booked', o.booked, 'conversion', o.booked::numeric / o.sessions)
                    order by o.sessions desc, o.name), '[]')
    from (select u.service as name, calytics.get(u.counts, 70) as sessions, calytics.get(u.counts, 72) as booked
            from unnest(sums) u
           where u.role = 'origin' and u.host = 'source' and calytics.get(u.counts, 70) > 0
           order by 2 desc, 1
           limit 20) o;
end;
comment on function calytics.sources_json(calytics.sums[]) is 'The twenty sources of most sessions, by sums of basis origin.';
