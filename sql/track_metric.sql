-- The metrics of what is tracked, as rows beside those of bookings.

insert into calytics.measure values
  (50, 'events', 'tracked events of people'),
  (51, 'page_views', 'of these: PAGE_VIEW'),
  (52, 'service_views', 'of these: SERVICE_VIEW'),
  (53, 'service_selections', 'of these: SERVICE_SELECT'),
  (54, 'booking_starts', 'of these: BOOKING_START'),
  (55, 'booking_submits', 'of these: BOOKING_SUBMIT'),
  (56, 'booking_completes', 'of these: BOOKING_COMPLETE'),
  (57, 'booking_abandons', 'of these: BOOKING_ABANDON'),
  (58, 'bot_events', 'tracked events of machines'),
  (59, 'late_events', 'events of people that came more than a day after they happened'),
  (60, 'removed', 'pieces of personal data taken out of events of people'),
  (61, 'durations', 'events of people that tell a duration'),
  (62, 'duration_ms', 'the sum of these durations, milliseconds'),
  (70, 'sessions', 'sessions, by their beginning'),
  (71, 'claimed_sessions', 'sessions whose page said that it was booked'),
  (72, 'booked_sessions', 'sessions with a booking that a verified webhook tells of'),
  (73, 'unverified_sessions', 'claimed sessions that are not booked'),
  (80, 'viewed', 'funnels, by their first step: SERVICE_VIEW'),
  (81, 'selected', 'of these: went on to SERVICE_SELECT'),
  (82, 'began', 'of these: went on to BOOKING_START'),
  (83, 'submitted', 'of these: went on to BOOKING_SUBMIT'),
  (84, 'booked', 'of these: went on to a booking that a verified webhook tells of'),
  (85, 'convert_ms', 'milliseconds from the first step to the last of those booked'),
  (90, 'visitors', 'distinct visitors');
-- Besides, cells: 5000 on durations in milliseconds and 6000 on seconds to convert, in the bins of lead times.

alter table calytics.metric add column split_by text[] not null default '{service,host}';

insert into calytics.metric
    (metric, position, title, unit, kind, numerator, denominator, factor, quantile, "window", default_basis, bases, additive,
     formula, split_by)
  values
  ('visitors', 41, 'Visitors', 'count', 'sum', '{90:1}', null, 1, null, 'period', 'visitor', '{visitor}', false,
   'distinct visitors: pseudonyms, which last a day, so that whoever comes on two days is two; exact up to 512, with a standard '
   'error of 1.6 % beyond', '{}'),
  ('sessions', 42, 'Sessions', 'count', 'sum', '{70:1}', null, 1, null, 'period', 'session', '{session}', true,
   'sessions of people that began in the period; 30 silent minutes end one', '{}'),
  ('events', 43, 'Events', 'count', 'sum', '{50:1}', null, 1, null, 'period', 'tracking', '{tracking}', true,
   'tracked events of people, by when they happened', '{service}'),
  ('page_views', 44, 'Page views', 'count', 'sum', '{51:1}', null, 1, null, 'period', 'tracking', '{tracking}', true,
   'events PAGE_VIEW of people', '{service}'),
  ('bot_events', 45, 'Events of machines', 'count', 'sum', '{58:1}', null, 1, null, 'period', 'tracking', '{tracking}', true,
   'tracked events of machines, which count nowhere else', '{service}'),
  ('duration_count', 47, 'Events with a duration', 'count', 'sum', '{61:1}', null, 1, null, 'period', 'tracking', '{tracking}',
   true, 'events of people that tell a duration', '{service}'),
  ('mean_event_duration', 48, 'Mean duration of events', 'milliseconds', 'ratio', '{62:1}', '{61:1}', 1, null, 'period',
   'tracking', '{tracking}', false, 'milliseconds / events that tell a duration', '{service}'),
  ('event_duration_p50', 49, 'Duration of events, median', 'milliseconds', 'quantile', '{5000:1}', null, 1, 0.5, 'period',
   'tracking', '{tracking}', false, 'nearest-rank quantile of the durations; exact below 64 ms, within 1.6 % above, and 4.6 hours '
   'at most', '{service}'),
  ('event_duration_p95', 50, 'Duration of events, 95th percentile', 'milliseconds', 'quantile', '{5000:1}', null, 1, 0.95,
   'period', 'tracking', '{tracking}', false, 'nearest-rank quantile of the durations; exact below 64 ms, within 1.6 % above, '
   'and 4.6 hours at most', '{service}'),
  ('funnel_viewed', 51, 'Funnel: viewed', 'count', 'sum', '{80:1}', null, 1, null, 'period', 'funnel', '{funnel}', true,
   'sessions, for each service, whose first SERVICE_VIEW is in the period', '{service}'),
  ('funnel_selected', 52, 'Funnel: selected', 'count', 'sum', '{81:1}', null, 1, null, 'period', 'funnel', '{funnel}', true,
   'of those that viewed: SERVICE_SELECT later, within 24 hours of the view', '{service}'),
  ('funnel_began', 53, 'Funnel: began', 'count', 'sum', '{82:1}', null, 1, null, 'period', 'funnel', '{funnel}', true,
   'of those that selected: BOOKING_START later, within 24 hours of the view', '{service}'),
  ('funnel_submitted', 54, 'Funnel: submitted', 'count', 'sum', '{83:1}', null, 1, null, 'period', 'funnel', '{funnel}', true,
   'of those that began: BOOKING_SUBMIT later, within 24 hours of the view', '{service}'),
  ('funnel_booked', 55, 'Funnel: booked', 'count', 'sum', '{84:1}', null, 1, null, 'period', 'funnel', '{funnel}', true,
   'of those that submitted: booked later, within 24 hours of the view, as a verified webhook tells', '{service}'),
  ('funnel_pending', 56, 'Funnel: pending', 'count', 'sum', '{80:1,84:-1}', null, 1, null, 'open', 'funnel', '{funnel}', false,
   'of those that viewed: not booked yet, less than 24 hours before the as-of time', '{service}'),
  ('selection_rate', 57, 'Viewed to selected', 'rate', 'ratio', '{81:1}', '{80:1}', 1, null, 'period', 'funnel', '{funnel}',
   false, 'funnel_selected / funnel_viewed', '{service}'),
  ('start_rate', 58, 'Selected to began', 'rate', 'ratio', '{82:1}', '{81:1}', 1, null, 'period', 'funnel', '{funnel}', false,
   'funnel_began / funnel_selected', '{service}'),
  ('submission_rate', 59, 'Began to submitted', 'rate', 'ratio', '{83:1}', '{82:1}', 1, null, 'period', 'funnel', '{funnel}',
   false, 'funnel_submitted / funnel_began', '{service}'),
  ('verification_rate', 60, 'Submitted to booked', 'rate', 'ratio', '{84:1}', '{83:1}', 1, null, 'period', 'funnel',
   '{funnel}', false, 'funnel_booked / funnel_submitted', '{service}'),
  ('conversion_rate', 61, 'Conversion', 'rate', 'ratio', '{84:1}', '{80:1}', 1, null, 'period', 'funnel', '{funnel}', false,
   'funnel_booked / funnel_viewed', '{service}'),
  ('mean_time_to_convert', 62, 'Mean time to convert', 'milliseconds', 'ratio', '{85:1}', '{84:1}', 1, null, 'period', 'funnel',
   '{funnel}', false, 'milliseconds from the view to the booking / funnel_booked', '{service}'),
  ('time_to_convert_p50', 63, 'Time to convert, median', 'seconds', 'quantile', '{6000:1}', null, 1, 0.5, 'period', 'funnel',
   '{funnel}', false, 'nearest-rank quantile of the seconds from the view to the booking; exact below 64 s, within 1.6 % above',
   '{service}'),
  ('claimed', 64, 'Claimed', 'count', 'sum', '{71:1}', null, 1, null, 'period', 'session', '{session}', true,
   'sessions whose page said that it was booked (BOOKING_COMPLETE)', '{}'),
  ('verified', 65, 'Verified', 'count', 'sum', '{72:1}', null, 1, null, 'period', 'session', '{session}', true,
   'sessions with a booking that a verified webhook tells of', '{}'),
  ('claim_gap', 66, 'Claimed, not verified', 'rate', 'ratio', '{73:1}', '{71:1}', 1, null, 'period', 'session', '{session}',
   false, 'claimed sessions that are not verified / claimed sessions', '{}'),
  ('session_conversion', 67, 'Conversion of sessions', 'rate', 'ratio', '{72:1}', '{70:1}', 1, null, 'period', 'session',
   '{session}', false, 'verified / sessions', '{}');

create function calytics.can_tell(m calytics.metric, services text[], hosts text[], split text, known_at timestamptz) returns boolean
  language sql immutable
  return (services is null or 'service' = any (m.split_by)) and (hosts is null or 'host' = any (m.split_by))
         and (split is null or string_to_array(split, ',') <@ m.split_by)
         and (known_at is null or 'host' = any (m.split_by));
comment on function calytics.can_tell(calytics.metric, text[], text[], text, timestamptz) is
  'True if a metric can be told of these services or hosts, by this split: visitors have none of both, events no host. What is '
  'tracked has no history.';
