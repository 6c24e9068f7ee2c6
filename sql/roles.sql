-- The three group roles. Roles belong to the whole cluster and outlive the extension, so that a
-- second database, or a re-installation, finds them as they are. Grants stand in grants.sql.

do $roles$
declare
  name text;
begin
  foreach name in array array['cal_gateway', 'cal_reader', 'cal_admin'] loop
    begin
      execute pg_catalog.format('create role %I nologin', name);
    exception when duplicate_object or unique_violation then
      null;  -- made by another database of this cluster
    end;
  end loop;
end
$roles$;
