-- Who may do what, in one place. Nothing is open to public; cal_gateway may call cal.http and
-- nothing else; cal_reader reads all but personal data and secrets; cal_admin also configures,
-- replays and sees persons.

revoke all on all functions in schema cal, calytics from public;
revoke all on all tables in schema cal, calytics from public;

grant usage on schema cal to cal_gateway, cal_reader, cal_admin;

grant execute on function cal.http(text, text, text, jsonb, bytea) to cal_gateway;

grant select on cal.source, cal.service, cal.host, cal.booking, cal.booking_change, cal.attendee,
                cal.delivery
  to cal_reader, cal_admin;
grant execute on function cal.verify_signature(bytea, text, text), cal.health()
  to cal_reader, cal_admin;

grant select on cal.person, cal.booking_private to cal_admin;
grant execute on function
    cal.set_source(text, text, text, int),
    cal.rotate_secret(text, text, interval),
    cal.receive_webhook(bytea, jsonb, text),
    cal.replay(bigint, text),
    cal.rebuild(text),
    cal.simulate_webhook(text, text, jsonb, timestamptz, text),
    cal.add_token(text, text, text, timestamptz),
    cal.revoke_token(text)
  to cal_admin;
