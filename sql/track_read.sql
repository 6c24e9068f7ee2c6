-- What readers of sums need beside the buckets of what is tracked; extension/glue/sums/collect_tracked.cpp and what it is made of call it.

create function calytics.funnels_ahead(src int, at timestamptz, lo timestamptz, hi timestamptz)
  returns table (last_at timestamptz, service text, reached timestamptz[])
  language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off
as $$
begin
  return query
  select x.last_at, x.service, x.reached
    from calytics.funnel x
   where x.anchor_at >= greatest(lo, funnels_ahead.at - interval '1 hour') and x.anchor_at < hi and x.source_id = src
     and x.last_at > funnels_ahead.at and x.last_at - x.anchor_at <= interval '1 hour'
  union all
  select x.last_at, x.service, x.reached
    from calytics.funnel x
   where x.anchor_at >= lo and x.anchor_at < hi and x.source_id = src
     and x.last_at > funnels_ahead.at and x.last_at - x.anchor_at > interval '1 hour';
end
$$;
comment on function calytics.funnels_ahead(int, timestamptz, timestamptz, timestamptz) is
  'Funnels that began from lo to before hi, at most a day before a moment, and have steps after it.';

create function calytics.tracked_between(src int, low bigint, of_basis text, lo timestamptz, hi timestamptz)
  returns table (basis text, at timestamptz, service text, host text, counts calytics.tally, weight bigint)
  language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  set enable_seqscan = off set enable_bitmapscan = on
as $$
begin
  if of_basis = 'tracking' then
    return query
    select of_basis, e.occurred_at, e.service, '',
           calytics.event_counts(e.event_type, e.bot, e.late, e.removed, e.duration), 1::bigint
      from calytics.happened_in(src, lo, hi) e
     where e.segment + 0 < low;  -- found by time
  elsif of_basis = 'funnel' then
    return query
    select of_basis, f.anchor_at, f.service, '', calytics.funnel_counts(f.reached, 'infinity'), 1::bigint
      from calytics.funnel f where f.anchor_at >= lo and f.anchor_at < hi and f.source_id = src;
  else
    return query
    select k.basis, k.at, case when m.is_full then calytics.origin_label(src, k.at, k.host, k.service) else k.service end, k.host,
           k.counts, 1::bigint
      from calytics.tracked_session s cross join lateral calytics.track_measures(s, null) k
      left join calytics.origin_month m
        on k.basis = 'origin' and m.source_id = src and m.month = date_trunc('month', k.at at time zone 'UTC')::date and m.kind = k.host
     where s.began_at >= lo and s.began_at < hi and s.source_id = src and k.basis = of_basis;
  end if;
end
$$;
comment on function calytics.tracked_between(int, bigint, text, timestamptz, timestamptz) is
  'What buckets, of one basis, hold of a range of time that is a part of an hour; low: the first segment that isn''t folded.';

create function calytics.track_spans(p calytics.period, role text, unit text, split text, cells boolean default true)
  returns calytics.span[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if split not in ('none', 'service') then
    return '{}';
  end if;
  return array_remove(array[
    row(role, 'tracking', 'period', p.starts_at, p.cut_at, unit, split, cells, null, p.as_of)::calytics.span,
    row(role, 'funnel', 'period', p.starts_at, p.cut_at, unit, split, cells, null, p.as_of)::calytics.span,
    row(role, 'funnel', 'open', greatest(p.starts_at, p.as_of - interval '24 hours'), p.cut_at, unit, split, false, null,
        p.as_of)::calytics.span,
    case when split = 'none' then
      row(role, 'session', 'period', p.starts_at, p.cut_at, unit, split, false, null, p.as_of)::calytics.span end], null);
end
$$;
comment on function calytics.track_spans(calytics.period, text, text, text, boolean) is
  'The spans that metrics of what is tracked are made of; no split by host. Window open: funnels whose window is.';

create function calytics.visitor_sums(src int, lo timestamptz, hi timestamptz, role text, unit text)
  returns setof calytics.sums
  language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
as $$
begin
  return query
  select visitor_sums.role, 'visitor', 'period', v.at, null, null, '', ('{90:' || v.visitors || '}')::calytics.tally
    from calytics.visitors(src, lo, hi, unit) v;
end
$$;
comment on function calytics.visitor_sums(int, timestamptz, timestamptz, text, text) is
  'Visitors of a range in the form of sums, by unit.';
