-- What a database needs before the gateway can serve it, run by the owner of the extension. Run
-- again, it changes nothing. Takes from the environment, where no list of processes shows them:
-- GATEWAY_ROLE and GATEWAY_PASSWORD (empty: leave the role alone), WEBHOOK_SECRET, ADMIN_TOKEN,
-- SET_SECRET: "always", or "first" to leave a secret alone that was set since by other means,
-- BETTER_AUTH_SECRET (unset or empty: leave Better Auth alone), and how visitors are tracked, where
-- ANALYTICS_... says so, and how often health is sampled (ANALYTICS_HEALTH_CHECK_INTERVAL, _ENABLE_HEALTH_CHECKS; a setting
-- of the whole server), and the API of Cal.com (CAL_API_KEY, CAL_API_URL, NEXT_PUBLIC_CAL_USERNAME); what it doesn't name stays as it is.
-- Prints one line: whether WEBHOOK_SECRET is what Cal.com's webhooks are to be signed with.
\set ON_ERROR_STOP on
\set QUIET on
\getenv gateway_role GATEWAY_ROLE
\getenv gateway_password GATEWAY_PASSWORD
\getenv webhook_secret WEBHOOK_SECRET
\getenv admin_token ADMIN_TOKEN
\getenv set_secret SET_SECRET
\set better_auth_secret ''
\getenv better_auth_secret BETTER_AUTH_SECRET
\set batch_size ''
\set flush_interval ''
\set max_retries ''
\set anonymize_ips ''
\set honour_signals ''
\set keep_days ''
\set check_interval ''
\set check_health ''
\getenv check_interval ANALYTICS_HEALTH_CHECK_INTERVAL
\getenv check_health ANALYTICS_ENABLE_HEALTH_CHECKS
\getenv batch_size ANALYTICS_BATCH_SIZE
\getenv flush_interval ANALYTICS_FLUSH_INTERVAL
\getenv max_retries ANALYTICS_MAX_RETRIES
\getenv anonymize_ips ANALYTICS_ANONYMIZE_IPS
\getenv honour_signals ANALYTICS_GDPR_COMPLIANCE
\getenv keep_days ANALYTICS_RETENTION_DAYS
\set api_key ''
\set api_url ''
\set username ''
\getenv api_key CAL_API_KEY
\getenv api_url CAL_API_URL
\getenv username NEXT_PUBLIC_CAL_USERNAME

begin;
-- The newest version that the server has files of.
select format('alter extension calytics update to %L', a.default_version)
  from pg_available_extensions a
 where a.name = 'calytics' and a.installed_version <> a.default_version \gexec

select format('create role %I', :'gateway_role')
 where :'gateway_password' <> '' and to_regrole(quote_ident(:'gateway_role')) is null \gexec
select format('alter role %I login password %L connection limit -1', :'gateway_role', :'gateway_password')
 where :'gateway_password' <> '' \gexec
select format('grant cal_gateway to %I', :'gateway_role')
 where :'gateway_password' <> '' \gexec

-- Whoever may configure but not read the secrets sets them anew, which changes nothing either.
select has_table_privilege('calytics.source_secret', 'select')
       and has_table_privilege('calytics.api_token', 'select') as may_look \gset
\if :may_look
  select not exists (select from calytics.source_secret x join calytics.source s using (source_id)
                      where s.name = 'default') as no_secret,
         exists (select from calytics.source_secret x join calytics.source s using (source_id)
                  where s.name = 'default' and x.secret = :'webhook_secret'
                    and x.valid_until = 'infinity') as same_secret,
         exists (select from calytics.api_token t
                  where t.digest = sha256(convert_to(:'admin_token', 'UTF8'))
                    and t.expires_at > now()) as same_token \gset
\else
  \set no_secret true
  \set same_secret false
  \set same_token false
\endif

select cal.rotate_secret('default', :'webhook_secret') is not null as done
 where not :'same_secret'::bool and (:'no_secret'::bool or :'set_secret' = 'always') \g /dev/null
select cal.add_token('make run', 'admin', :'admin_token') is not null as done
 where not :'same_token'::bool \g /dev/null
select cal.set_better_auth(:'better_auth_secret') is not null as done
 where :'better_auth_secret' <> '' \g /dev/null
select cal.set_tracking(
         'default', batch_size => nullif(:'batch_size', '')::int, max_retries => nullif(:'max_retries', '')::int,
         flush_interval => nullif(:'flush_interval', '')::float8 * interval '1 ms',
         anonymize_ips => nullif(:'anonymize_ips', '')::boolean, honour_signals => nullif(:'honour_signals', '')::boolean,
         keep_events => nullif(:'keep_days', '')::int * interval '1 day') is null as done
 where concat(:'batch_size', :'flush_interval', :'max_retries', :'anonymize_ips', :'honour_signals', :'keep_days') <> '' \g /dev/null
select cal.set_sync(nullif(:'api_key', ''), nullif(:'api_url', ''), nullif(:'username', '')) is null as done
 where :'api_key' <> ''
    or (concat(:'api_url', :'username') <> '' and exists (select from cal.sync y where y.source = 'default')) \g /dev/null
commit;

-- The setting is known once the library is loaded, which this does.
select cal.health() is not null as done \g /dev/null
select w.wanted, coalesce(w.wanted <> s.setting, false) as differs,
       has_parameter_privilege('calytics.health_interval', 'alter system')
         and has_function_privilege('pg_reload_conf()', 'execute') as may_set
  from pg_settings s
 cross join lateral (select case when :'check_health' = 'false' then '0'
                                 when :'check_interval' <> '' then :'check_interval'
                                 when :'check_health' = 'true' and s.setting = '0' then s.boot_val end as wanted) w
 where s.name = 'calytics.health_interval' \gset health_
\if :health_differs
  \if :health_may_set
    alter system set calytics.health_interval = :'health_wanted';
    select pg_reload_conf() as done \g /dev/null
  \else
    \warn 'How often health is sampled is a superuser''s to set: alter system set calytics.health_interval = ' :health_wanted
  \endif
\endif

select :'same_secret'::bool or :'no_secret'::bool or :'set_secret' = 'always';
