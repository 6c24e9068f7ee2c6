-- Where sessions came from, by names that anybody who sends events may make up: as many of a month are kept
-- apart as calytics.most_origins says, and what comes after them counts as (other). Which these are is written
-- down by the folder before it counts by them, so that a recount calls every session what it was called.

create type calytics.origin as (
  source    text collate "C",
  medium    text collate "C",
  campaign  text collate "C",
  referrer  text collate "C"
);
comment on type calytics.origin is 'Where a session came from: UTM parameters and the referrer''s host.';

create table calytics.origin_month (
  source_id  int not null,
  month      date not null,                  -- of UTC, so that no time zone moves a session into another
  kind       text collate "C" not null,      -- source, medium, campaign or referrer
  names      int not null,
  is_full    boolean not null,               -- from now on names that are not known count as (other)
  primary key (source_id, month, kind)
);
comment on table calytics.origin_month is 'How many names of origins sessions of a month are counted by.';

create table calytics.known_origin (
  source_id  int not null,
  month      date not null,
  kind       text collate "C" not null,
  name       text collate "C" not null,
  primary key (source_id, month, kind, name)
);
comment on table calytics.known_origin is 'Names of origins that sessions of a month are counted by.';

create function calytics.origins(o calytics.origin) returns table (kind text, name text)
  language sql immutable
begin atomic
  values
    ('source', left(coalesce((o).source, (o).referrer, '(direct)'), 80)),
    ('medium', left(coalesce((o).medium, '(none)'), 80)),
    ('campaign', left(coalesce((o).campaign, '(none)'), 80)),
    ('referrer', left(coalesce((o).referrer, '(none)'), 80));
end;
comment on function calytics.origins(calytics.origin) is
  'What a session''s origin is called by source (or else the referrer''s host), medium, campaign and referrer.';

create function calytics.origin_label(src int, at timestamptz, kind text, name text) returns text
  language sql stable
  return case
    when name in ('(direct)', '(none)') then name
    when not exists (select from calytics.origin_month m
                      where m.source_id = src and m.month = date_trunc('month', at at time zone 'UTC')::date
                        and m.kind = origin_label.kind and m.is_full) then name
    when exists (select from calytics.known_origin k
                  where k.source_id = src and k.month = date_trunc('month', at at time zone 'UTC')::date
                    and k.kind = origin_label.kind and k.name = origin_label.name) then name
    else '(other)' end;
comment on function calytics.origin_label(int, timestamptz, text, text) is
  'What a session that began then counts as by that name of its origin: the name, or (other).';
