-- Twenty events of five visitors who are on the pages just now, as a page sends them.
select cal.track((
  select jsonb_agg(jsonb_build_object(
           'sessionId', md5(v.i || v.salt)::uuid, 'eventId', gen_random_uuid(), 'timestamp', now(), 'serviceId', 'consultation',
           'eventType', (array['PAGE_VIEW', 'SERVICE_VIEW', 'SERVICE_SELECT', 'BOOKING_START'])[s], 'url', 'https://studio.example/?utm_source=google',
           'ipAddress', format('198.51.%s.1', v.i), 'userAgent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0')
         order by s)
    from (select i, random()::text as salt from generate_series(1, 5) i) v cross join generate_series(1, 4) s)::text);
