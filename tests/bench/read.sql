-- What a dashboard asks for when somebody opens it, at an hour when the studio is busy, whatever time the
-- benchmark is run at: what is going on just then is the part that buckets can't answer.
select cal.dashboard('year', date_trunc('day', now()) - interval '9 hours 23 minutes');
