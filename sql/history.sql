-- What was known when: facts as they were at a moment, by the history of the legs, and metrics of them.
-- Slow beside the buckets, for it reads all of the history; exact all the same.

create function calytics.facts_known(src int, known_at timestamptz) returns setof calytics.chain
  language sql stable
begin atomic
  select p.*
    from (
      select array_agg(f.c) as chains
        from (
          select calytics.chain_of(
                   array_agg(l.leg order by (l.leg).status = 'superseded', (l.leg).hops desc, (l.leg).uid desc),
                   null, (select s.consultation from calytics.source s where s.source_id = src)) as c
            from (
              select row(
                  h.source_id, h.uid, null, null, h.root_uid, h.hops, null, null, h.status, h.created_at,
                  h.accepted_at, h.rejected_at, h.awaiting_at, h.cancelled_at, h.cancelled_by, h.paid_at, null,
                  h.starts_at, h.ends_at, null, h.event_type_id, h.service, h.price, h.currency, null, h.host_id,
                  h.host, null, h.customer, null, h.seats, h.no_shows, null, false, null, h.host_no_show,
                  null)::calytics.booking as leg
                from (
                  select distinct on (x.uid) x.*
                    from calytics.booking_change x
                   where x.source_id = src and x.known_at <= facts_known.known_at
                   order by x.uid, x.change_id desc) h) l
           group by (l.leg).root_uid offset 0) f
       group by coalesce((f.c).customer::text, (f.c).root_uid)) g
   cross join lateral calytics.placed_among(g.chains) p;
end;
comment on function calytics.facts_known(int, timestamptz) is
  'All facts of a source as they were known at a moment; payments entered by hand are not part of history.';

create function calytics.collect_known(
  s calytics.source, spans calytics.span[], services text[], hosts text[], known_at timestamptz
) returns setof calytics.sums
  language plpgsql stable set search_path = pg_catalog, pg_temp set jit = off
  set enable_seqscan = on set enable_hashjoin = on set enable_mergejoin = on set enable_hashagg = on set enable_bitmapscan = on
as $$
begin
  return query
  with fact as materialized (
    select f as fact from calytics.facts_known(s.source_id, known_at) f
     where (services is null or f.service = any (services)) and (hosts is null or f.host = any (hosts))
  ), told as materialized (
    select f.fact, k.basis, k.at, k.currency, k.counts
      from fact f cross join lateral calytics.contributions(f.fact, s) k
  ), found as (
    select u.role, u.basis, u."window", u.unit, u.split, t.at, t.fact, t.currency, t.counts, 1::bigint as weight
      from unnest(spans) u
      join told t on t.basis = u.basis and t.at >= u.lo and t.at < u.hi
    union all
    select u.role, u.basis, case when u."window" = 'period' then 'unfinished' else u."window" end, u.unit, u.split,
           t.at, t.fact, t.currency, t.counts, -1
      from unnest(spans) u
      join told t on t.basis = u.basis and t.at >= u.lo and t.at < u.hi
     where u.basis = 'service' and (t.fact).ended_at > u.ended_by
    union all
    select u.role, u.basis, u."window", u.unit, u.split, t.at, f.fact, (f.fact).currency, '{5:-1,17:1}', 1
      from unnest(spans) u
     cross join fact f
     cross join lateral (
       select case u.basis when 'service' then (f.fact).starts_at when 'booked' then (f.fact).created_at end as at) t
     where (f.fact).awaiting_at > u.as_of - s.lapse_after and (f.fact).confirmed_at is not null
       and t.at >= u.lo and t.at < u.hi
  )
  select f.role, f.basis, f."window",
         calytics.local_start(f.unit, f.at at time zone s.time_zone, s.week_start),
         case when f.split in ('service', 'both') then (f.fact).service end,
         case when f.split in ('host', 'both') then (f.fact).host end, f.currency,
         calytics.sum(f.counts, f.weight)
    from found f
   group by 1, 2, 3, 4, 5, 6, 7;
end
$$;
comment on function calytics.collect_known(
    calytics.source, calytics.span[], text[], text[], timestamptz) is
  'As calytics.collect, from the facts as they were known at a moment.';
