-- Who may do what: every relation and function is tried for every role, against the lists that
-- design gives them.
create temp view function_right as
  select r.rolname::text as role, p.oid::regprocedure::text as object
    from pg_roles r, pg_proc p
   where r.rolname in ('cal_gateway', 'cal_reader', 'cal_admin')
     and p.pronamespace in ('cal'::regnamespace, 'calytics'::regnamespace)
     and has_function_privilege(r.oid, p.oid, 'execute') and has_schema_privilege(r.oid, p.pronamespace, 'usage');
create temp view table_right as
  select r.rolname::text as role, c.oid::regclass::text as object, priv as right
    from pg_roles r, pg_class c, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) priv
   where r.rolname in ('cal_gateway', 'cal_reader', 'cal_admin')
     and c.relnamespace in ('cal'::regnamespace, 'calytics'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
     and has_table_privilege(r.oid, c.oid, priv);
select * from function_right order by 1, 2;
select * from table_right order by 1, 3, 2;
select r.rolname, r.rolsuper, r.rolcanlogin, r.rolcreaterole, r.rolcreatedb
  from pg_roles r where r.rolname in ('cal_gateway', 'cal_reader', 'cal_admin') order by 1;
-- The gateway's role can't reach the machinery even where a table were granted.
select has_schema_privilege('cal_gateway', 'calytics', 'usage') as gateway,
       has_schema_privilege('cal_reader', 'calytics', 'usage') as reader,
       has_schema_privilege('cal_admin', 'calytics', 'usage') as admin;

-- And tried for real.
set role cal_gateway;
select status from cal.http('GET', '/api/cal/health', '', '{}', '');
select * from cal.booking;
select cal.health();
select * from cal.receive_webhook('', '{}');
select * from calytics.source_secret;
reset role;
set role cal_reader;
select count(*) >= 0 as reads from cal.booking;
-- Every column of every view, and what is behind it.
select format('select count(v) >= 0 as reads_%s from cal.%1$I v', relname) from pg_class
 where relnamespace = 'cal'::regnamespace and relkind = 'v' and has_table_privilege(oid, 'select') order by relname \gexec
select calytics.facts_now(null);
select cal.fold();
select * from cal.person;
select * from cal.booking_private;
select body from calytics.webhook_delivery;
select cal.rotate_secret('default', 'whsec_of_the_reader');
select * from cal.rebuild('default');
select * from cal.http('GET', '/', '', '{}', '');
reset role;
set role cal_admin;
select count(*) >= 0 as reads from cal.person;
select secret from calytics.source_secret;
select person_key from calytics.source_key;
update calytics.booking set status = 'accepted';
reset role;
