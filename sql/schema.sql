-- The two schemas: what people read and call, and the machinery behind it.

do $encoding$
begin
  if pg_catalog.getdatabaseencoding() <> 'UTF8' then
    raise exception 'calytics needs a database in UTF8, this one is in %',
        pg_catalog.getdatabaseencoding()
      using errcode = 'feature_not_supported',
            hint = 'Create it with: create database ... encoding ''UTF8'' template template0.';
  end if;
end
$encoding$;

create schema cal;
comment on schema cal is
  'Calytics: booking analytics. Everything here is meant to be read and called; see each object''s comment.';

create schema calytics;
comment on schema calytics is
  'Calytics'' machinery: tables, rules and helpers behind the schema cal. Not an interface.';
