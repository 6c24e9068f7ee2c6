-- Why a webhook was not understood, or only kept, as pages in other languages need it: the detail that the reader of bodies
-- (extension/core/booking/webhook_parser.cpp, extension/glue/webhook/apply.cpp) writes, as a code and what stands in it. Each detail it writes has a code.

create function calytics.delivery_reason(detail text) returns jsonb
  language sql immutable
begin atomic
  select jsonb_build_object('code', r.code, 'facts', case when r.fact is null then '{}' else jsonb_build_object(r.fact, m.found[1]) end)
    from (values
      ('empty',           null,       '^the body is empty:'),
      ('template',        null,       '^the body is a custom template,'),
      ('trigger_name',    null,       '^triggerEvent is not a name in capitals:'),
      ('payload',         'trigger',  '^([A-Z0-9_]+) with a payload that is not an object:'),
      ('long_uid',        'trigger',  '^([A-Z0-9_]+) with a uid of more than 255 bytes$'),
      ('no_uid',          'trigger',  '^([A-Z0-9_]+) without uid:'),
      ('cut_off',         null,       '^invalid JSON: a string is not closed;'),
      ('control',         null,       '^invalid JSON: a string holds an unescaped control character$'),
      ('json',            null,       '^invalid JSON$'),
      ('json_at',         'byte',     '^invalid JSON at byte (\d+)$'),
      ('too_long',        null,       '^the body is too long to be read$'),
      ('memory',          null,       '^out of memory$'),
      ('not_applied',     'sqlstate', '^it could not be applied \(SQLSTATE (\w+)\)'),
      ('works',           null,       '^the set-up works$'),
      ('no_state',        null,       '^kept; it says nothing about a booking''s state$'),
      ('unknown_trigger', null,       '^kept; this trigger is not known yet$')
      ) r (code, fact, pattern)
   cross join lateral (select regexp_match(detail, r.pattern) as found) m
   where m.found is not null;
end;
comment on function calytics.delivery_reason(text) is
  'What the detail of a delivery says: {"code", "facts": {trigger, byte or sqlstate}}; NULL where it says nothing, or something else.';
