-- One batch of events, tracked in a transaction of its own. Each client takes every :clients-th.
\set n 1 + :k * :clients + :client_id
\set k :k + 1
select cal.track(b.events, '{"ipAddress": "203.0.113.77", "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}')
  from bench.batch b where b.n = :n;
