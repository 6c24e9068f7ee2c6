// Why: what the gateway and the extension are held against: a server as a careful programmer would
// write it by hand, with Node's own http and pg. Guarantees: a webhook is answered once its raw body and
// its booking are committed, an event once it is; every statement is prepared and each request is one
// round trip. It keeps no history, knows no chains, scrubs nothing and counts nothing beforehand.
//
//   PORT=... WEBHOOK_SECRET=... PGHOST=... PGDATABASE=... node node_pg.mjs

import http from "node:http";
import pg from "pg";
import { bookingOf, isSigned } from "./signed.mjs";

const { PORT, WEBHOOK_SECRET } = process.env;
const pool = new pg.Pool({ max: 10 });

const ARCHIVE = {
  name: "archive",
  text: "insert into delivery (signature, body) values ($1, $2) on conflict (signature) do nothing",
};
const APPLY = {
  name: "apply",
  text: `with archived as (
           insert into delivery (signature, body) values ($1, $2) on conflict (signature) do nothing returning id)
         insert into booking (uid, status, starts_at, ends_at, service, host, customer, price, currency, rescheduled_from)
           select $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 from archived
         on conflict (uid) do update
           set status = excluded.status, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
               service = excluded.service, host = excluded.host, customer = excluded.customer,
               price = excluded.price, currency = excluded.currency,
               rescheduled_from = excluded.rescheduled_from, updated_at = now()`,
};
const TRACK = {
  name: "track",
  text: `insert into event (session_id, event_type, service, ip_address, user_agent, properties)
         values ($1, $2, $3, $4, $5, $6)`,
};
const BOOKINGS = {
  name: "bookings",
  text: `select date_trunc('month', starts_at) as month, service, status, count(*)::int, sum(price)::bigint as value,
                count(distinct customer)::int as customers
           from booking where starts_at >= $1 and starts_at < $2 group by grouping sets ((1), (2), (3), ())`,
};
const EVENTS = {
  name: "events",
  text: `select date_trunc('month', occurred_at) as month, event_type, count(*)::int,
                count(distinct session_id)::int as sessions
           from event where occurred_at >= $1 and occurred_at < $2 group by grouping sets ((1), (2), ())`,
};

async function webhook(request, body) {
  const signature = request.headers["x-cal-signature-256"];
  if (!isSigned(body, signature, WEBHOOK_SECRET)) return [401, { error: "wrong signature" }];
  const booking = bookingOf(JSON.parse(body));
  if (booking) {
    await pool.query(APPLY, [signature, body, ...Object.values(booking)]);
  } else {
    await pool.query(ARCHIVE, [signature, body]);
  }
  return [200, { ok: true }];
}

async function track(request, body) {
  const event = JSON.parse(body);
  if (typeof event.sessionId !== "string" || typeof event.eventType !== "string") {
    return [400, { error: "an event has a sessionId and an eventType" }];
  }
  await pool.query(TRACK, [
    event.sessionId,
    event.eventType,
    event.serviceId ?? null,
    request.headers["x-forwarded-for"] ?? request.socket.remoteAddress,
    request.headers["user-agent"] ?? null,
    event.properties ?? null,
  ]);
  return [200, { accepted: 1 }];
}

async function dashboard() {
  const now = new Date();
  const year = [new Date(Date.UTC(now.getUTCFullYear(), 0, 1)), now];
  const [bookings, events] = await Promise.all([pool.query(BOOKINGS, year), pool.query(EVENTS, year)]);
  return [200, { bookings: bookings.rows, events: events.rows }];
}

const ROUTES = {
  "POST /api/cal/webhook": webhook,
  "POST /api/cal/track": track,
  "GET /api/dashboard": dashboard,
};

const server = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", async () => {
    const [path] = request.url.split("?");
    let answer;
    try {
      const handler = ROUTES[`${request.method} ${path}`];
      answer = handler ? await handler(request, Buffer.concat(parts)) : [404, { error: "not found" }];
    } catch (error) {
      console.error(error);
      answer = [500, { error: "internal error" }];
    }
    const text = JSON.stringify(answer[1]);
    response.writeHead(answer[0], {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
    });
    response.end(text);
  });
});
server.listen(Number(PORT), "127.0.0.1");
