-- What this project promises of its own SQL: pinned search paths, comments, no privileges of public.
select p.oid::regprocedure as search_path_not_pinned
  from pg_proc p join pg_language l on l.oid = p.prolang
 where p.pronamespace in ('cal'::regnamespace, 'calytics'::regnamespace)
   and not (l.lanname = 'c' or p.prokind = 'a' or (l.lanname = 'sql' and p.prosqlbody is not null)
            or exists (select from unnest(p.proconfig) c where c = 'search_path=pg_catalog, pg_temp'))
 order by 1;
select p.oid::regprocedure as function_without_comment
  from pg_proc p
 where p.pronamespace in ('cal'::regnamespace, 'calytics'::regnamespace) and obj_description(p.oid, 'pg_proc') is null
 order by 1;
select c.oid::regclass as relation_without_comment
  from pg_class c
 where c.relnamespace in ('cal'::regnamespace, 'calytics'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
   and obj_description(c.oid, 'pg_class') is null
 order by 1;
-- A definer's rights are for entrances only, and every entrance is in cal, or is what a view in cal reads.
select p.oid::regprocedure as definer_outside_cal
  from pg_proc p
 where p.prosecdef and p.pronamespace = 'calytics'::regnamespace
   and not exists (select from pg_depend d join pg_rewrite r on r.oid = d.objid join pg_class v on v.oid = r.ev_class
                    where d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid and d.classid = 'pg_rewrite'::regclass
                      and v.relnamespace = 'cal'::regnamespace)
 order by 1;
select p.oid::regprocedure as open_to_public
  from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
 where p.pronamespace in ('cal'::regnamespace, 'calytics'::regnamespace) and a.grantee = 0 order by 1;
-- Tables that belong to the user are dumped; those of the extension's own rows are not.
select c.relname as not_dumped
  from pg_class c
 where c.relnamespace = 'calytics'::regnamespace and c.relkind in ('r', 'S')
   and not c.relispartition
   and c.oid <> all (select unnest(extconfig) from pg_extension where extname = 'calytics')
 order by 1;
