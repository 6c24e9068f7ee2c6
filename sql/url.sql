-- What stands in an address: %-escapes, and the parameters behind "?".

create function calytics.url_decoded(encoded text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if strpos(encoded, '%') = 0 then
    return encoded;
  end if;
  return (
    select convert_from(
             string_agg(case when m.part[1] ~ '^%.' then decode(replace(m.part[1], '%', ''), 'hex')
                             else convert_to(m.part[1], 'UTF8') end, '' order by m.i),
             'UTF8')
      from regexp_matches(encoded, '(?:%[0-9A-Fa-f]{2})+|[^%]+|%', 'g') with ordinality as m (part, i));
end
$$;
comment on function calytics.url_decoded(text) is
  'Text without its %-escapes; a "%" that begins none stays. Raises character_not_in_repertoire unless it is UTF-8.';

create function calytics.query_parameter(query text, name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select calytics.url_decoded(replace(substr(p.pair, strpos(p.pair || '=', '=') + 1), '+', ' '))
      from string_to_table(query, '&') with ordinality as p (pair, i)
     where split_part(p.pair, '=', 1) = name
     order by p.i
     limit 1);
end
$$;
comment on function calytics.query_parameter(text, text) is
  'The value of a query''s first parameter of that name, decoded; NULL if there is none.';
