-- The definitions of the metrics, as rows: which measures (contribution.sql) stand above and below the
-- line, over which window, by which date. Every number that is shown comes from here.

create table calytics.metric (
  metric         text collate "C" primary key,
  position       int not null unique,
  title          text not null,
  unit           text not null check (unit in ('count', 'rate', 'minutes', 'seconds', 'milliseconds', 'hops', 'money')),
  kind           text not null check (kind in ('sum', 'ratio', 'quantile')),
  numerator      calytics.tally not null,
  denominator    calytics.tally,
  otherwise      calytics.tally,   -- stands in for a numerator without money collected
  factor         int not null default 1,
  quantile       float8,
  by_calendar    boolean not null default false,  -- measures by day; the next four are by week to year
  known_by       text collate "C" check (known_by in ('payment', 'refund')),
  per_currency   boolean not null default false,
  "window"       text not null check ("window" in ('period', 'ended', 'matured', 'converted', 'upcoming', 'open')),
  default_basis  text not null,
  bases          text[] not null,
  additive       boolean not null,
  formula        text not null,
  check (default_basis = any (bases)),
  check ((kind = 'ratio') = (denominator is not null)),
  check ((kind = 'quantile') = (quantile is not null))
);
comment on table calytics.metric is 'Definitions of metrics; read them through cal.metric.';

insert into calytics.metric
    (metric, position, title, unit, kind, numerator, denominator, "window", default_basis, bases, additive, formula)
  values
  ('created', 1, 'Bookings created', 'count', 'sum', '{1:1}', null, 'period', 'booked', '{booked,service,event}', true,
   'bookings, all legs of a reschedule counting as one, whose first leg was created in the period'),
  ('legs_created', 2, 'Legs created', 'count', 'sum', '{2:1}', null, 'period', 'event', '{event,booked,service}', true,
   'legs created: a booking''s first one and one for each reschedule'),
  ('confirmed', 3, 'Confirmed', 'count', 'sum', '{3:1}', null, 'period', 'event', '{event,booked,service}', true,
   'bookings that were ever accepted, by when they first were'),
  ('completed', 4, 'Completed', 'count', 'sum', '{4:1}', null, 'ended', 'service', '{service}', true,
   'accepted, ended by the as-of time, no no-show'),
  ('upcoming', 5, 'Upcoming', 'count', 'sum', '{4:1}', null, 'upcoming', 'service', '{service}', true,
   'accepted, starting at or after the as-of time, up to the end of the period'),
  ('cancelled', 6, 'Cancelled', 'count', 'sum', '{5:1}', null, 'period', 'service', '{service,booked,event}', true,
   'confirmed bookings that were cancelled, or whose client was asked for a new time and gave none within lapse_after; '
   'rescheduled, rejected and pending ones are none of them'),
  ('cancellation_rate', 7, 'Cancellation rate', 'rate', 'ratio', '{5:1}', '{3:1}', 'period', 'service',
   '{service,booked,event}', false, 'cancelled / confirmed'),
  ('late_cancellation_rate', 8, 'Late cancellations', 'rate', 'ratio', '{8:1}', '{3:1}', 'period', 'service',
   '{service,booked}', false, 'cancelled with no more than late_notice before the start / confirmed'),
  ('late_cancellation_rate_client', 9, 'Late cancellations by clients', 'rate', 'ratio', '{9:1}', '{3:1}', 'period',
   'service', '{service,booked}', false, 'cancelled late by the client / confirmed'),
  ('late_cancellation_rate_host', 10, 'Late cancellations by hosts', 'rate', 'ratio', '{10:1}', '{3:1}', 'period',
   'service', '{service,booked}', false, 'cancelled late by the host / confirmed'),
  ('rescheduled', 11, 'Rescheduled', 'count', 'sum', '{11:1}', null, 'period', 'booked', '{booked,service,event}', true,
   'bookings with at least one reschedule'),
  ('reschedule_rate', 12, 'Reschedule rate', 'rate', 'ratio', '{11:1}', '{1:1}', 'period', 'booked', '{booked,service}',
   false, 'bookings with at least one reschedule / bookings'),
  ('mean_hops', 13, 'Reschedules per booking', 'hops', 'ratio', '{12:1}', '{1:1}', 'period', 'booked',
   '{booked,service}', false, 'reschedules / bookings'),
  ('no_show', 14, 'No-shows', 'count', 'sum', '{13:1}', null, 'ended', 'service', '{service}', true,
   'accepted, ended by the as-of time, all attendees marked as no-show'),
  ('no_show_rate', 15, 'No-show rate', 'rate', 'ratio', '{13:1}', '{4:1,13:1}', 'ended', 'service', '{service}', false,
   'no-shows / (completed + no-shows)'),
  ('host_no_show', 16, 'Host no-shows', 'count', 'sum', '{14:1}', null, 'ended', 'service', '{service}', true,
   'accepted, ended by the as-of time, host marked as no-show'),
  ('rejected', 17, 'Rejected', 'count', 'sum', '{15:1}', null, 'period', 'event', '{event,booked,service}', true,
   'requests that the host rejected'),
  ('rejection_rate', 18, 'Rejection rate', 'rate', 'ratio', '{15:1}', '{3:1,15:1}', 'period', 'event',
   '{event,booked,service}', false, 'rejected / (confirmed + rejected)'),
  ('pending', 19, 'Pending', 'count', 'sum', '{16:1}', null, 'period', 'booked', '{booked,service}', true,
   'requests that wait for the host''s word'),
  ('awaiting', 20, 'Awaiting a new time', 'count', 'sum', '{17:1}', null, 'period', 'booked', '{booked,service}', true,
   'bookings whose client was asked to pick a new time and still may'),
  ('withdrawn', 21, 'Withdrawn', 'count', 'sum', '{18:1}', null, 'period', 'booked', '{booked,service}', true,
   'requests cancelled before they were confirmed'),
  ('mean_lead_time', 26, 'Mean lead time', 'minutes', 'ratio', '{28:1}', '{27:1}', 'period', 'booked',
   '{booked,service}', false, 'minutes from the first leg''s creation to its start / bookings where both are known'),
  ('booked_minutes', 27, 'Booked time', 'minutes', 'sum', '{20:1}', null, 'period', 'service', '{service,booked}', true,
   'minutes from start to end of accepted bookings, no-shows included'),
  ('mean_duration', 28, 'Mean duration', 'minutes', 'ratio', '{20:1}', '{19:1}', 'period', 'service',
   '{service,booked}', false, 'booked minutes / accepted bookings'),
  ('new_customers', 35, 'New customers', 'count', 'sum', '{30:1}', null, 'period', 'service', '{service}', true,
   'visits (accepted, no no-show) that are the first of their person'),
  ('returning_customers', 36, 'Returning customers', 'count', 'sum', '{31:1}', null, 'period', 'service', '{service}',
   true, 'visits of persons who had one before'),
  ('rebooking_rate', 39, 'Rebooking rate', 'rate', 'ratio', '{42:1}', '{29:1}', 'matured', 'service', '{service}', false,
   'visits whose client made another booking after their start and within rebook_within of their end / visits that ended '
   'rebook_within before the day of the as-of time began, or earlier'),
  ('consultation_conversion', 40, 'Consultation conversion', 'rate', 'ratio', '{44:1}', '{43:1}', 'converted', 'service',
   '{service}', false, 'consultations whose client booked a session after their start and within convert_within of their '
   'end / consultations that ended convert_within before the day of the as-of time began, or earlier');

insert into calytics.metric
    (metric, position, title, unit, kind, numerator, quantile, "window", default_basis, bases, additive, formula)
  select 'lead_time_p' || round(q * 100), p, 'Lead time, ' || t, 'minutes', 'quantile', '{1000:1}', q, 'period', 'booked',
         '{booked,service}', false,
         'nearest-rank quantile of the minutes from the first leg''s creation to its start; exact below 64 minutes, within '
         '1.6 % above'
    from (values (22, 0.25, 'lower quartile'), (23, 0.5, 'median'), (24, 0.75, 'upper quartile'),
                 (25, 0.9, '90th percentile')) v (p, q, t);

insert into calytics.metric
    (metric, position, title, unit, kind, numerator, denominator, otherwise, factor, known_by, per_currency, "window",
     default_basis, bases, additive, formula)
  values
  ('booked_value', 29, 'Booked value', 'money', 'sum', '{21:1}', null, null, 1, null, true, 'period', 'service',
   '{service,booked}', true, 'list price of accepted bookings, no-shows included, per currency'),
  ('collected', 30, 'Collected', 'money', 'sum', '{23:1}', null, null, 1, 'payment', true, 'period', 'event', '{event}',
   true, 'list price of bookings that Cal.com says are paid, plus payments entered by hand, by when they were paid'),
  ('refunded', 31, 'Refunded', 'money', 'sum', '{24:1}', null, null, 1, 'refund', true, 'period', 'event', '{event}',
   true, 'refunds entered by hand, by when they were made: Cal.com tells of none'),
  ('net', 32, 'Net', 'money', 'sum', '{23:1,24:-1}', null, null, 1, 'payment', true, 'period', 'event', '{event}', true,
   'collected - refunds that were entered'),
  ('average_ticket', 33, 'Average ticket', 'money', 'ratio', '{25:1,26:-1}', '{4:1}', '{22:1}', 1, null, true, 'ended',
   'service', '{service}', false,
   'what was collected less refunds for completed bookings, or their list price if nothing was collected for any / completed'),
  ('revenue_per_booked_hour', 34, 'Value per booked hour', 'money', 'ratio', '{21:1}', '{20:1}', null, 60, null, true,
   'period', 'service', '{service,booked}', false, 'booked value / booked hours');

insert into calytics.metric
    (metric, position, title, unit, kind, numerator, denominator, by_calendar, "window", default_basis, bases, additive,
     formula)
  values
  ('customers', 37, 'Customers', 'count', 'sum', '{32:1}', null, true, 'period', 'service', '{service}', false,
   'persons with a visit in the period'),
  ('retention', 38, 'Retention', 'rate', 'ratio', '{37:1}', '{32:1}', true, 'period', 'service', '{service}', false,
   'persons with a visit in the period and one in the 365 days before it / persons with a visit in the period');

create view cal.metric as
  select m.metric, m.title, m.unit, m.formula, m.default_basis, m.bases, m.additive, m.per_currency,
         (select string_agg(case when e.count = 1 then x.name else e.count || ' * ' || x.name end, ' + ' order by e.index)
            from calytics.entries(m.numerator) e join calytics.measure x on x.measure = e.index) as numerator,
         (select string_agg(case when e.count = 1 then x.name else e.count || ' * ' || x.name end, ' + ' order by e.index)
            from calytics.entries(m.denominator) e join calytics.measure x on x.measure = e.index) as denominator,
         m."window"
    from calytics.metric m
   order by m.position;
comment on view cal.metric is
  'What each number means. unit: count, rate (0 to 1), minutes, seconds, milliseconds, hops, money (minor units). bases: '
  'dates by which it can be counted: booked (creation), service (start), event (when it happened); what is tracked has one '
  'each: tracking (when the event happened), session (its beginning), funnel (its first step), visitor. additive: the days add up to the '
  'period. numerator, denominator: in measures. window: period; ended (only what ended by the as-of time); matured, '
  'converted (ended so long before it that what was to follow could); upcoming (from the as-of time on); open (begun less '
  'than 24 hours before it).';

create function calytics.evaluate_formulas(
  definitions calytics.metric[], rows calytics.sums[], basis text, calendar_unit text, tells_payments boolean,
  tells_refunds boolean, same_windows boolean
) returns table (
  metric text, basis_used text, role text, at timestamp, service text, host text, currency text,
  value numeric, numerator bigint, denominator bigint
)
  language c immutable
  as 'MODULE_PATHNAME', 'calytics_evaluate_formulas';
comment on function calytics.evaluate_formulas(
    calytics.metric[], calytics.sums[], text, text, boolean, boolean, boolean) is
  'Every metric at every role, time, service, host and, where it is money, currency of the sums, as calytics.evaluate '
  'has it. Glue reads rows of calytics.metric and calytics.sums by position (extension/glue/answers/formulas.cpp).';

create function calytics.evaluate(
  rows calytics.sums[], metrics text[], basis text, calendar_unit text, tells_payments boolean,
  tells_refunds boolean, same_windows boolean
) returns table (
  metric text, basis_used text, role text, at timestamp, service text, host text, currency text,
  value numeric, numerator bigint, denominator bigint
)
  language plpgsql stable set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan set jit = off
as $$
begin
  return query
  select *
    from calytics.evaluate_formulas(
      array(select d from calytics.metric d where metrics is null or d.metric = any (metrics)),
      rows, evaluate.basis, calendar_unit, tells_payments, tells_refunds, same_windows);
end
$$;
comment on function calytics.evaluate(calytics.sums[], text[], text, text, boolean, boolean, boolean) is
  'Metrics by the sums they are made of. basis: instead of each metric''s default, where it can be; calendar_unit: '
  'which people to count; same_windows: window matured stands for converted as well. No row for a metric where nothing '
  'happened, nor for one that is not known.';
