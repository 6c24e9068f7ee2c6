-- Who came, from where, and which way they went: sessions of people, as events tell of them. A session ends
-- when its id was silent for 30 minutes; it belongs to the period in which it began, with all that follows.

create function calytics.journeys(src int, lo timestamptz, hi timestamptz, steps int)
  returns table (step int, from_event text, to_event text, sessions bigint)
  language c stable strict set search_path = pg_catalog, pg_temp set jit = off
  as 'MODULE_PATHNAME', 'calytics_journeys';
comment on function calytics.journeys(int, timestamptz, timestamptz, int) is
  'How many sessions of people that began from lo to before hi, followed for a day, went from which event to which next, at each '
  'step; the last goes to (booked) or (left).';

create function cal.traffic(
  period text default 'week', at timestamptz default now(), "from" timestamptz default null,
  "to" timestamptz default null, source text default 'default', every text default null, as_of timestamptz default null
) returns table (
  starts_at timestamptz, ends_at timestamptz, visitors bigint, sessions bigint, events bigint, claimed bigint, booked bigint,
  conversion numeric, bot_events bigint
)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(traffic.source);
  p calytics.period := calytics.period_at(
    period, at, coalesce(as_of, at), "from", "to", 0, s.time_zone, s.week_start);
begin
  perform calytics.check_metrics(null, null, every, null);
  return query
  with bucket as materialized (
    select b.local, b.starts_at, least(b.ends_at, p.cut_at) as ends_at
      from calytics.buckets(p, every, s.time_zone, s.week_start) b where every is not null and b.starts_at < p.cut_at
    union all
    select '-infinity', p.starts_at, p.cut_at where every is null and p.starts_at < p.cut_at
  ), counted as materialized (
    select coalesce(x.at, '-infinity') as at, calytics.sum(x.counts) as counts
      from (
        select c.at, c.counts
          from calytics.collect_tracked(s.source_id, calytics.track_spans(p, 'now', every, 'none', false)) c
         where c.basis in ('tracking', 'session')
        union all
        select v.at, v.counts from calytics.visitor_sums(s.source_id, p.starts_at, p.cut_at, 'now', every) v) x
     group by 1
  )
  select b.starts_at, b.ends_at, calytics.get(c.counts, 90), calytics.get(c.counts, 70), calytics.get(c.counts, 50),
         calytics.get(c.counts, 71), calytics.get(c.counts, 72),
         calytics.get(c.counts, 72)::numeric / nullif(calytics.get(c.counts, 70), 0), calytics.get(c.counts, 58)
    from bucket b
    left join counted x on x.at = b.local
   cross join lateral (select coalesce(x.counts, '{}') as counts) c
   order by b.starts_at;
end
$$;
comment on function cal.traffic(
    text, timestamptz, timestamptz, timestamptz, text, text, timestamptz) is
  'Visitors, sessions and events of people in a period; parameters as in cal.metrics. visitors: distinct pseudonyms, which last '
  'a day, so that whoever comes on two days is two; sessions: by their beginning, 30 silent minutes end one; claimed: '
  'sessions whose page said that it was booked; booked: those with a booking that a verified webhook tells of; '
  'conversion: booked / sessions; bot_events: of machines, which count nowhere else. every: a series by hour to year. Raises '
  'invalid_parameter_value and no_data_found (no such source).';

create function cal.sources(
  period text default 'week', at timestamptz default now(), "from" timestamptz default null,
  "to" timestamptz default null, source text default 'default', by text default 'source', as_of timestamptz default null
) returns table (origin text, sessions bigint, booked bigint, conversion numeric)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(sources.source);
  p calytics.period := calytics.period_at(
    period, at, coalesce(as_of, at), "from", "to", 0, s.time_zone, s.week_start);
begin
  if by not in ('source', 'medium', 'campaign', 'referrer') or by is null then
    raise exception 'sources can''t be told by "%"', by
      using errcode = 'invalid_parameter_value', hint = 'Use source, medium, campaign or referrer.';
  end if;
  return query
  select c.service, calytics.get(c.counts, 70), calytics.get(c.counts, 72),
         calytics.get(c.counts, 72)::numeric / calytics.get(c.counts, 70)
    from calytics.collect_tracked(s.source_id, array[
           row('now', 'origin', 'period', p.starts_at, p.cut_at, null, 'both', false, null, p.as_of)::calytics.span]) c
   where c.host = by
   order by 2 desc, 1;
end
$$;
comment on function cal.sources(
    text, timestamptz, timestamptz, timestamptz, text, text, timestamptz) is
  'Where the sessions of a period came from, by the first touch: by source (utm_source, or else the referrer''s host, or else '
  '(direct)), medium, campaign or referrer ((none) where there is none); how many there were, how many led to a verified '
  'booking, and their share. Of a month, as many names are told apart as calytics.most_origins (1,000) says; sessions of names that '
  'came after them are under (other). Parameters as in cal.metrics. Raises invalid_parameter_value and no_data_found.';

create function cal.journeys(
  period text default 'week', at timestamptz default now(), "from" timestamptz default null,
  "to" timestamptz default null, source text default 'default', steps int default 6, as_of timestamptz default null
) returns table (step int, from_event text, to_event text, sessions bigint)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
  s calytics.source := calytics.source_named(journeys.source);
  p calytics.period := calytics.period_at(
    period, at, coalesce(as_of, at), "from", "to", 0, s.time_zone, s.week_start);
begin
  if steps is null or steps not between 1 and 50 then
    raise exception 'journeys can''t be told by % steps', steps
      using errcode = 'invalid_parameter_value', hint = 'Use 1 to 50.';
  end if;
  return query
  select j.step, j.from_event, j.to_event, j.sessions
    from calytics.journeys(s.source_id, p.starts_at, p.cut_at, steps) j
   order by 1, 4 desc, 2, 3;
end
$$;
comment on function cal.journeys(
    text, timestamptz, timestamptz, timestamptz, text, int, timestamptz) is
  'The ways of a period''s sessions, for a picture of flows: at each step (1 to steps) how many went from which event to which '
  'next; repetitions are one; the last goes to (booked) if a verified webhook tells of a booking of theirs, and else to '
  '(left). Parameters as in cal.metrics. Raises invalid_parameter_value and no_data_found.';
