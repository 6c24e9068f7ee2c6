-- Alerts: what is not as it should be, since when, and what to do. Each sample of health (health_sample.sql) gives a
-- reading for every kind; an alert is raised where the reading reaches one limit and cleared where it is below another, so
-- that it doesn't flutter. Nothing is an alert that an admin can do nothing about.

create table calytics.alert_kind (
  alert     text collate "C" primary key,
  whole     boolean not null,            -- of the whole installation, not of each source
  severity  text not null check (severity in ('warning', 'critical')),
  title     text not null,
  unit      text not null,
  raise_at  numeric not null,
  clear_at  numeric not null check (clear_at <= raise_at),
  advice    text not null
);
comment on table calytics.alert_kind is 'What alerts there are, and their limits where nobody sets others.';

insert into calytics.alert_kind (alert, whole, severity, title, unit, raise_at, clear_at, advice) values
  ('no_webhooks', false, 'warning', 'no webhook for unusually long', 'times the longest silence that is usual', 2, 1,
   'See whether the webhook is still enabled at Cal.com, its ping test arrives, and the proxy lets it through. If so many '
   'days without bookings are nothing unusual: cal.set_alert(''no_webhooks'', 5, source => ...)'),
  ('rejected_signatures', false, 'critical', 'webhooks with a wrong signature are refused', 'in the last hour', 10, 3,
   'Enter the source''s secret at Cal.com, or the one from there with cal.rotate_secret; Cal.com doesn''t send again what '
   'was refused'),
  ('quarantine', false, 'warning', 'webhooks are not understood', 'in the last day', 5, 1,
   'Read detail in cal.delivery where outcome = ''quarantined''; a payload template at Cal.com is the usual cause. Once it is '
   'mended: cal.replay(delivery_id)'),
  ('fold_lag', true, 'warning', 'folding falls behind: metrics are right, but slow to read', 'seconds', 120, 10,
   'cal.health() -> ''metrics'' shows the folder''s last error; see what holds a lock or an old snapshot in pg_stat_activity'),
  ('disk_full', true, 'critical', 'the disk of the data directory is nearly full', 'per cent', 90, 85,
   'Make room: PostgreSQL stops when it can''t write. cal.set_tracking(keep_events => ...) keeps events for a shorter time');

create table calytics.alert_limit (
  alert      text collate "C" not null,
  source_id  int not null,               -- 0: all that have none of their own
  raise_at   numeric not null,           -- infinity: never
  clear_at   numeric not null check (clear_at <= raise_at),
  primary key (alert, source_id)
);
comment on table calytics.alert_limit is 'Limits of alerts that an admin has set.';

create table calytics.alert (
  alert       text collate "C" not null,
  source_id   int not null,              -- 0: of the whole installation
  raised_at   timestamptz not null,
  cleared_at  timestamptz,
  value       numeric not null,          -- the last reading
  worst       numeric not null,
  detail      text,
  facts       jsonb,                     -- what detail tells, by name
  primary key (alert, source_id, raised_at)
);
comment on table calytics.alert is 'Alerts that were raised; those without cleared_at still are.';
create index alert_active on calytics.alert (alert, source_id) where cleared_at is null;

create type calytics.alert_reading as (
  alert      text,
  source_id  int,
  value      numeric,   -- NULL: there is nothing to be said
  detail     text,
  facts      jsonb
);
comment on type calytics.alert_reading is 'What a sample of health tells about one kind of alert.';

create view calytics.alert_rule as
  select k.alert, x.source_id, coalesce(own.raise_at, common.raise_at, k.raise_at) as raise_at,
         coalesce(own.clear_at, common.clear_at, k.clear_at) as clear_at
    from calytics.alert_kind k
   cross join lateral (select 0 as source_id where k.whole union all
                       select s.source_id from calytics.source s where not k.whole) x
    left join calytics.alert_limit own on own.alert = k.alert and own.source_id = x.source_id
    left join calytics.alert_limit common on common.alert = k.alert and common.source_id = 0;
comment on view calytics.alert_rule is 'The limits that hold for each alert, by source or for the whole installation (0).';

create function calytics.tell_alert(a calytics.alert) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_notify('calytics_alert', jsonb_build_object(
    'type', 'alert',
    'alert', a.alert,
    'source', (select s.name from calytics.source s where s.source_id = a.source_id),
    'severity', (select k.severity from calytics.alert_kind k where k.alert = a.alert),
    'state', case when a.cleared_at is null then 'raised' else 'cleared' end,
    'since', a.raised_at, 'cleared_at', a.cleared_at, 'detail', a.detail)::text);
end
$$;
comment on function calytics.tell_alert(calytics.alert) is 'Notifies those who listen on calytics_alert that an alert was raised or cleared.';

create function calytics.settle_alerts(readings calytics.alert_reading[], at timestamptz) returns bigint
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  r record;
  told calytics.alert;
begin
  for r in
    select coalesce(x.alert, a.alert) as alert, coalesce(x.source_id, a.source_id) as source_id, x.value, x.detail, x.facts,
           a.raised_at, x.value >= l.raise_at as high, coalesce(x.value < l.clear_at or l.raise_at = 'infinity', true) as low
      from unnest(readings) x
      full join (select a.* from calytics.alert a where a.cleared_at is null) a
        on a.alert = x.alert and a.source_id = x.source_id
      left join calytics.alert_rule l on l.alert = coalesce(x.alert, a.alert) and l.source_id = coalesce(x.source_id, a.source_id)
     where x.alert is not null or l.alert is null
     order by 1, 2
  loop
    if r.raised_at is null and r.high and not r.low then
      insert into calytics.alert (alert, source_id, raised_at, value, worst, detail, facts)
        values (r.alert, r.source_id, at, r.value, r.value, r.detail, r.facts)
        returning * into told;
      perform calytics.tell_alert(told);
    elsif r.raised_at is not null and r.low then
      update calytics.alert a set cleared_at = at, value = coalesce(r.value, a.value)
       where a.alert = r.alert and a.source_id = r.source_id and a.raised_at = r.raised_at
      returning * into told;
      perform calytics.tell_alert(told);
    elsif r.raised_at is not null then
      update calytics.alert a set value = r.value, worst = greatest(a.worst, r.value), detail = r.detail, facts = r.facts
       where a.alert = r.alert and a.source_id = r.source_id and a.raised_at = r.raised_at
         and (a.value, a.detail) is distinct from (r.value, r.detail);
    end if;
  end loop;
  return (select count(*) from calytics.alert a where a.cleared_at is null);
end
$$;
comment on function calytics.settle_alerts(calytics.alert_reading[], timestamptz) is
  'Raises and clears alerts by what was read at a moment. One whose reading is NULL, or whose source is gone, is cleared; one without '
  'a reading stays as it is. Returns how many are raised.';

create view cal.alert as
  select a.alert, s.name as source, k.severity, k.title, a.detail, a.raised_at, a.cleared_at, round(a.value, 1) as value,
         round(a.worst, 1) as worst, k.unit, k.advice, a.facts
    from calytics.alert a
    join calytics.alert_kind k using (alert)
    left join calytics.source s using (source_id);
comment on view cal.alert is
  'Alerts: what is wrong (title, detail), of which source (NULL: the whole installation), since when (raised_at), until when '
  '(cleared_at; NULL: it still is), the last and the worst reading in its unit, what to do (advice), and what detail tells, by name '
  '(facts: pending; free and total, in bytes; hours and usual_hours), for pages in other languages.';

create view cal.alert_rule as
  select r.alert, s.name as source, k.severity, k.title, k.unit, r.raise_at, r.clear_at, k.advice
    from calytics.alert_rule r
    join calytics.alert_kind k using (alert)
    left join calytics.source s using (source_id);
comment on view cal.alert_rule is
  'When alerts are raised and cleared, by source or for the whole installation: at a reading, in its unit, of raise_at or more '
  '(infinity: never), and below clear_at. cal.set_alert changes these.';

create function cal.set_alert(
  alert text, raise_at numeric default null, clear_at numeric default null, source text default null
) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  id int := case when source is null then 0 else (calytics.source_named(set_alert.source)).source_id end;
  kind calytics.alert_kind;
begin
  select k.* into kind from calytics.alert_kind k where k.alert = set_alert.alert;
  if not found then
    raise exception 'there is no alert "%"', alert
      using errcode = 'no_data_found',
            hint = (select 'There are ' || string_agg(k.alert, ', ' order by k.alert) || '.' from calytics.alert_kind k);
  elsif raise_at is null then
    delete from calytics.alert_limit l where l.alert = set_alert.alert and l.source_id = id;
    return;
  end if;
  clear_at := coalesce(clear_at, trim_scale(round(raise_at * kind.clear_at / kind.raise_at, 3)));
  if raise_at <= 0 or raise_at = 'nan' or clear_at > raise_at then
    raise exception 'an alert can''t be raised at % and cleared below %', raise_at, clear_at
      using errcode = 'invalid_parameter_value',
            hint = 'raise_at is more than 0 (infinity: never raise it), and clear_at at most as much.';
  end if;
  insert into calytics.alert_limit as l (alert, source_id, raise_at, clear_at)
    values (set_alert.alert, id, set_alert.raise_at, set_alert.clear_at)
    on conflict on constraint alert_limit_pkey do update set raise_at = excluded.raise_at, clear_at = excluded.clear_at;
end
$$;
comment on function cal.set_alert(text, numeric, numeric, text) is
  'Says when an alert (see cal.alert_rule) is raised: at a reading, in its unit, of raise_at or more (''infinity'': never), and '
  'cleared below clear_at (in proportion, if NULL), for a source, or for all that have no limits of their own. raise_at NULL: as '
  'it was at first. Holds from the next sample on. Raises no_data_found (no such alert or source), invalid_parameter_value.';
