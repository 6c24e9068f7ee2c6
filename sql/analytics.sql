-- For BI tools, which read relations: the same sums as everywhere, exact in the reader's snapshot.

create view cal.chain as
  select o.name as source, c.root_uid, c.uid, c.status, c.customer, c.created_at, c.confirmed_at, c.cancelled_at,
         c.cancelled_by, c.rejected_at, c.paid_at, c.starts_at, c.ended_at as ends_at, c.minutes, c.lead as lead_minutes,
         coalesce(s.service, c.service) as service, coalesce(h.host, c.host) as host,
         c.hops, c.price, nullif(c.currency, '') as currency, c.no_show, c.host_no_show, c.previous_at
    from calytics.facts_now(null) c
    join calytics.source o using (source_id)
    left join cal.service s on s.source = o.name and s.event_type_id::text = c.service
    left join cal.host h on h.source = o.name and h.host_id::text = c.host;
comment on view cal.chain is
  'Bookings, one row for all legs of one: what metrics count. uid: the current leg; created_at: the first leg''s; '
  'minutes: of accepted ones; lead_minutes: from creation to the first start; previous_at: the client''s visit before. '
  'price: list price in minor units. Reads all of it: for much data ask cal.metrics or cal.explain_metric.';

create function calytics.service_days() returns table (
  source text, day date, service text, host text, currency text, created bigint, confirmed bigint, completed bigint,
  upcoming bigint, cancelled bigint, late_cancelled bigint, no_show bigint, booked_minutes bigint, booked_value bigint,
  collected bigint, refunded bigint
)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source;
  moment timestamptz := now();
begin
  for s in select x.* from calytics.source x order by x.source_id loop
    return query
    with line as materialized (
      select u.*
        from unnest(calytics.named(s.source_id, array(
          select c from calytics.collect(s.source_id, array[
            row('day', 'booked', 'period', 'epoch', 'epoch'::timestamptz + interval '876000 hours', 'day', 'both', false, null, moment),
            row('day', 'event', 'period', 'epoch', moment, 'day', 'both', false, null, moment),
            row('day', 'service', 'period', 'epoch', moment, 'day', 'both', false, moment, moment),
            row('day', 'service', 'upcoming', moment, 'epoch'::timestamptz + interval '876000 hours', 'day', 'both', false, null,
                moment)]::calytics.span[]) c), 'service,host')) u
    ), summed as (
      select l.at::date as day, l.service, l.host, l.currency,
             coalesce(calytics.sum(l.counts) filter (where l.basis = 'booked'), '{}') as booked,
             coalesce(calytics.sum(l.counts) filter (where l.basis = 'event'), '{}') as event,
             coalesce(calytics.sum(l.counts) filter (where l.basis = 'service' and l."window" <> 'unfinished'), '{}')
               as starts,
             coalesce(calytics.sum(l.counts)
                        filter (where l.basis = 'service' and l."window" in ('period', 'unfinished')), '{}') as ended,
             coalesce(calytics.sum(l.counts) filter (where l."window" = 'upcoming'), '{}') as ahead
        from line l group by 1, 2, 3, 4
    )
    select s.name::text, x.day, x.service, x.host, nullif(x.currency, ''), calytics.get(x.booked, 1),
           calytics.get(x.event, 3), calytics.get(x.ended, 4), calytics.get(x.ahead, 4), calytics.get(x.starts, 5),
           calytics.get(x.starts, 8), calytics.get(x.ended, 13), calytics.get(x.starts, 20), calytics.get(x.starts, 21),
           calytics.get(x.event, 23), calytics.get(x.event, 24)
      from summed x;
  end loop;
end
$$;
comment on function calytics.service_days() is 'Rows of cal.service_analytics.';

create view cal.service_analytics as select * from calytics.service_days();
comment on view cal.service_analytics is
  'A row a source, local day, service, host and currency, as of now: created by the day of booking; confirmed, collected and '
  'refunded by the day on which it happened; completed, upcoming, cancelled, late_cancelled, no_show, booked_minutes and '
  'booked_value by the day of the start. Money in minor units. Sums over days and services equal cal.metrics.';

create function calytics.realtime() returns table (
  source text, span text, since timestamptz, as_of timestamptz, webhooks bigint, created bigint, confirmed bigint,
  cancelled bigint, rejected bigint, rescheduled bigint, started bigint
)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source;
  moment timestamptz := now();
begin
  for s in select x.* from calytics.source x order by x.source_id loop
    return query
    with span as materialized (
      select * from (values ('5 minutes', moment - interval '5 minutes'), ('30 minutes', moment - interval '30 minutes'),
        ('today', (calytics.period_at('day', moment, moment, null, null, 0, s.time_zone, s.week_start)).starts_at)) v (name, since)
    ), line as materialized (
      select c.* from calytics.collect(s.source_id, array(
        select row(x.name, b.basis, 'period', x.since, moment + interval '1 microsecond', null, 'none', false, null, moment)::calytics.span
          from span x cross join (values ('event'), ('service')) b (basis))) c
    ), summed as (
      select l.role, coalesce(calytics.sum(l.counts) filter (where l.basis = 'event'), '{}') as event,
             coalesce(calytics.sum(l.counts) filter (where l.basis = 'service'), '{}') as starts
        from line l group by 1
    )
    select s.name::text, x.name, x.since, moment,
           (select count(*) from calytics.webhook_delivery d where d.source_id = s.source_id and d.received_at >= x.since),
           coalesce(calytics.get(y.event, 1), 0), coalesce(calytics.get(y.event, 3), 0),
           coalesce(calytics.get(y.event, 5), 0), coalesce(calytics.get(y.event, 15), 0),
           coalesce(calytics.get(y.event, 11), 0), coalesce(calytics.get(y.starts, 19), 0)
      from span x left join summed y on y.role = x.name;
  end loop;
end
$$;
comment on function calytics.realtime() is 'Rows of cal.realtime_metrics.';

create view cal.realtime_metrics as select * from calytics.realtime();
comment on view cal.realtime_metrics is
  'What happened in the last 5 and 30 minutes and today so far (local day), a row each and source: webhooks received; '
  'bookings created, confirmed, cancelled, rejected, rescheduled for the first time by when it happened; started: accepted '
  'bookings whose start came.';
