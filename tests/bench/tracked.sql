-- What a dashboard asks for just now, as events come in that it tells of.
select cal.dashboard('year');
