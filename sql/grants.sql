-- Who may do what, in one place. Nothing is open to public; cal_gateway may call cal.http and
-- cal.sync_step and nothing else; cal_reader reads all but personal data and secrets; cal_admin also configures,
-- replays and sees persons.

revoke all on all functions in schema cal, calytics from public;
revoke all on all tables in schema cal, calytics from public;

grant usage on schema cal to cal_gateway, cal_reader, cal_admin;

grant execute on function cal.http(text, text, text, jsonb, bytea), cal.sync_step(text, text, text, jsonb, bytea) to cal_gateway;

grant select on cal.source, cal.service, cal.host, cal.booking, cal.booking_change, cal.attendee,
                cal.delivery, cal.metric, cal.chain, cal.payment, cal.service_analytics, cal.realtime_metrics,
                cal.opening_hours, cal.analytics_event, cal.booking_funnel, cal.alert, cal.alert_rule, cal.sync
  to cal_reader, cal_admin;
grant execute on function
    cal.verify_signature(bytea, text, text), cal.health(), cal.health_history(timestamptz, timestamptz, interval),
    cal.metrics(text, timestamptz, timestamptz, timestamptz, text, text, text, text, text, text, text[], timestamptz,
                timestamptz),
    cal.dashboard(text, timestamptz, text, text, text, text, timestamptz, timestamptz, timestamptz, timestamptz),
    cal.explain_metric(text, text, timestamptz, timestamptz, timestamptz, text, text, text, text, timestamptz),
    cal.forecast(text, int, text, text, text, text, text, float8, timestamptz),
    cal.pace(timestamptz, timestamptz, timestamptz[], text, text, text, text, boolean),
    cal.lifetime_value(text, int, text, timestamptz, timestamptz),
    cal.utilisation(text, timestamptz, timestamptz, timestamptz, text, text, text, timestamptz, text, text),
    cal.funnel(text, timestamptz, timestamptz, timestamptz, text, text, text[], interval, boolean, timestamptz),
    cal.traffic(text, timestamptz, timestamptz, timestamptz, text, text, timestamptz),
    cal.sources(text, timestamptz, timestamptz, timestamptz, text, text, timestamptz),
    cal.journeys(text, timestamptz, timestamptz, timestamptz, text, int, timestamptz),
    cal.experiment(text, timestamptz, timestamptz, text, text, text, jsonb, float8, float8),
    cal.retention(text, int, text, timestamptz, text, text),
    cal.customer_journey(uuid, text),
    cal.explain_retention(date, int, text, text, timestamptz, text, text),
    cal.explain_lifetime_value(date, int, text, text, timestamptz),
    cal.explain_pace(timestamptz, timestamptz, timestamptz, text, text, text),
    cal.explain_traffic(text, timestamptz, timestamptz, timestamptz, text, text, text, text, timestamptz),
    cal.explain_journeys(int, text, text, text, timestamptz, timestamptz, timestamptz, text, timestamptz),
    cal.explain_funnel(int, text, timestamptz, timestamptz, timestamptz, text, text, timestamptz),
    cal.explain_experiment(text, text, timestamptz, timestamptz, text, text),
    cal.verify_metrics(text),
    -- Behind views; without usage of the schema nobody calls them by name.
    calytics.facts_now(int), calytics.funnels_now(int, timestamptz, timestamptz), calytics.service_days(), calytics.realtime(), calytics.entries(calytics.tally),
    calytics.octet_length(calytics.webhook_body)
  to cal_reader, cal_admin;

grant select on cal.person, cal.booking_private, cal.blocked_time, cal.token, cal.shared_link to cal_admin;
grant execute on function
    cal.set_source(text, text, text, int, interval, interval, interval, interval, text),
    cal.set_networks(cidr[], text),
    cal.set_sync(text, text, text, interval, text),
    cal.remove_sync(text),
    cal.sync_now(text),
    cal.set_opening_hours(jsonb, text, text),
    cal.block_time(tstzrange, text, text, text),
    cal.unblock_time(bigint),
    cal.track(jsonb, jsonb, text),
    cal.track(text, jsonb, text),
    cal.set_tracking(text, boolean, boolean, boolean, interval, text[], int, interval, int),
    cal.fold(boolean),
    cal.sample_health(),
    cal.set_alert(text, numeric, numeric, text),
    cal.repair_metrics(text),
    cal.record_payment(text, bigint, text, text, timestamptz, text, text),
    cal.remove_payment(text, text, text),
    cal.rotate_secret(text, text, interval),
    cal.receive_webhook(bytea, jsonb, text),
    cal.replay(bigint, text),
    cal.rebuild(text),
    cal.erase_person(text, text),
    cal.export_person(text, text),
    cal.simulate_webhook(text, text, jsonb, timestamptz, text),
    cal.add_token(text, text, text, timestamptz, text[]),
    cal.revoke_token(text),
    cal.share(text, text, text, text, timestamptz),
    cal.revoke_share(text, text),
    cal.set_password(text, text, text, text[]),
    cal.remove_account(text),
    cal.end_sessions(text),
    cal.set_better_auth(text, text, text, text, jsonb, text),
    cal.remove_better_auth(),
    calytics.token_used_at(bytea)  -- behind cal.token
  to cal_admin;
