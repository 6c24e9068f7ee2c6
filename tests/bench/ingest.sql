-- One webhook, as a transaction of its own. Each client takes every :clients-th, from :first on.
\set n :first + :k * :clients + :client_id
\set k :k + 1
select (cal.receive_webhook(w.body, w.headers)).outcome from bench.webhook w where w.n = :n;
