// Why: what the dashboard's page reads and does, and what pages tell of their visitors, goes through /api/trpc. Laws: nobody is
// shown, or can do, more than is theirs; events are kept as told, and browsers tell of themselves alone.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { httpBatchLink, httpLink } from "@trpc/client";
import { bookingBody } from "./harness.mjs";
import { ADMIN, READER, failure, withApi } from "./trpc_api.mjs";

describe("what pages do by trpc", () => {
  let database, gateway, connect;
  withApi((api) => ({ database, gateway, connect } = api));

  test("a page reads what it shows: bookings without persons for readers, those behind a number, page by page", async () => {
    const { client } = connect(httpBatchLink, READER);
    const range = { from: "2026-05-11T00:00:00Z", to: "2026-05-12T00:00:00Z" };
    const pages = [];
    for (let offset = 0; offset !== null; ) {
      const page = await client.query("calAnalytics.getBookings", { ...range, limit: 8, offset });
      assert.equal(page.total, 20);
      pages.push(page.rows.map(({ uid }) => uid));
      offset = page.next;
    }
    assert.deepEqual(pages.map(({ length }) => length), [8, 8, 4]);
    assert.equal(new Set(pages.flat()).size, 20);
    const asked = ["calAnalytics.getBookings", range];
    const seen = await client.query(...asked);
    assert.doesNotMatch(JSON.stringify(seen), /Ada|customer/);
    const all = await connect(httpLink, ADMIN).client.query(...asked);
    assert.deepEqual([...new Set(all.rows.map(({ customer_name: name }) => name))], ["Ada Example"]);

    const behind = { metric: "created", period: "year", at: "2026-12-31T00:00:00Z" };
    const [names, metrics, why, ahead] = await Promise.all([
      client.query("calAnalytics.getNames"),
      client.query("calAnalytics.getMetrics"),
      client.query("calAnalytics.explainMetric", behind),
      client.query("calAnalytics.getForecast", { metric: "no_show", horizon: 7 }),
    ]);
    assert.deepEqual(names.services.map(({ key, name }) => [key, name]), [["7301", "consultation"]]);
    assert.ok(metrics.find(({ metric, explained }) => metric === "created" && explained));
    assert.deepEqual(why.sums, [{ currency: null, numerator: 20, denominator: null }]);
    assert.equal(ahead.rows.length, 7);
    assert.match(ahead.reason, /too little history/);
    await assert.rejects(
      client.query("calAnalytics.getQuarantine"),
      failure("FORBIDDEN", 403, "calAnalytics.getQuarantine", -32003),
    );
  });

  test("what was not understood can be replayed", async () => {
    const { client } = connect(httpLink, ADMIN);
    const before = await client.query("calAnalytics.getQuarantine");
    assert.equal((await gateway.post('{"torn": ')).status, 200);
    const { total, rows } = await client.query("calAnalytics.getQuarantine");
    assert.equal(total, before.total + 1);
    const { delivery_id: delivery } = rows[0];
    const again = await client.mutation("calAnalytics.replay", { delivery });
    assert.deepEqual([again.outcome, again.delivery_id], ["quarantined", delivery]);
    const path = "calAnalytics.replay";
    await assert.rejects(client.mutation(path, {}), failure("BAD_REQUEST", 400, path, -32600));
    await assert.rejects(
      client.mutation(path, { delivery: 999999 }),
      failure("NOT_FOUND", 404, path, -32004),
    );
  });

  test("a shared link shows one host alone, writes nothing, and ends when it is revoked", async () => {
    const admin = connect(httpLink, ADMIN).client;
    const other = { id: 42, name: "Mei", email: "mei@example.com", username: "mei" };
    const body = bookingBody("trpcOther", { bookingId: 99, organizer: other });
    assert.equal((await gateway.post(body)).status, 200);
    const link = await admin.mutation("calAnalytics.share", { label: "for Mei", host: "mei" });
    assert.equal(link.host, "mei");
    const open = () =>
      gateway.ask("/api/login", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ share: link.secret }),
      });
    const opened = await open();
    assert.equal(opened.status, 200);
    const cookie = opened.headers["set-cookie"][0].split("; ")[0];
    const { client } = connect(httpBatchLink, null, { cookie, "sec-fetch-site": "same-origin" });
    const who = (await gateway.ask("/api/debug/auth", { headers: { Cookie: cookie } })).json;
    assert.deepEqual([who.role, who.how, who.host, who.service], ["reader", "share", "mei", null]);

    const may = { period: "month", at: "2026-05-20T12:00:00Z", basis: "booked" };
    const board = await client.query("calAnalytics.getDashboardMetrics", may);
    assert.equal(board.figures.created.value, 1);
    assert.deepEqual(board.hosts.map(({ name }) => name), ["mei"]);
    for (const [name, input] of [
      ["getDashboardMetrics", { ...may, host: "zoe" }],
      ["getTraffic", may],
      ["getLifetimeValue", {}],
      ["getBatchStats", {}],
      ["getShares", {}],
    ]) {
      const path = `calAnalytics.${name}`;
      await assert.rejects(client.query(path, input), failure("FORBIDDEN", 403, path, -32003));
    }
    const sync = "calAnalytics.syncData";
    await assert.rejects(client.mutation(sync), failure("FORBIDDEN", 403, sync, -32003));

    const shares = await admin.query("calAnalytics.getShares");
    assert.equal(shares.length, 1);
    assert.ok(shares[0].last_opened_at);
    const answer = await admin.mutation("calAnalytics.revokeShare", { label: "for Mei" });
    assert.deepEqual(answer, { revoked: true });
    const names = "calAnalytics.getNames";
    await assert.rejects(client.query(names), failure("UNAUTHORIZED", 401, names, -32001));
    assert.equal((await open()).status, 401);
  });

  test("events are tracked", async () => {
    const events = () => database.value("select count(*) from cal.analytics_event");
    const event = (sessionId, more) => ({ sessionId, eventType: "SERVICE_VIEW", ...more });
    const { client } = connect(httpLink, null, { "user-agent": "Mozilla/5.0 Firefox/140.0" });
    const one = await client.mutation(
      "calAnalytics.trackEvent",
      event("trpc-1", { serviceId: "tattoo_consultation", properties: { page: "services" } }),
    );
    assert.deepEqual([one.received, one.accepted, one.rejected], [1, 1, []]);
    assert.equal(await events(), 1);
    await assert.rejects(
      client.mutation("calAnalytics.trackEvent", { eventType: "SERVICE_VIEW" }),
      failure("BAD_REQUEST", 400, "calAnalytics.trackEvent", -32600),
    );
    await assert.rejects(
      client.mutation("calAnalytics.trackEvent", [event("trpc-2")]),
      failure("BAD_REQUEST", 400, "calAnalytics.trackEvent", -32600),
    );

    const batch = "calAnalytics.trackEventBatch";
    const several = await client.mutation(batch, [event("trpc-2"), { sessionId: "trpc-3" }]);
    assert.deepEqual([several.received, several.accepted], [2, 1]);
    assert.equal(several.rejected[0].index, 1);
    const context = { url: "https://studio.example/services" };
    const told = await client.mutation(batch, { events: [event("trpc-4")], context });
    assert.equal(told.accepted, 1);
    const [kept] = await database.query(
      "select url, visitor from cal.analytics_event where session_id = 'trpc-4'",
    );
    assert.match(kept.url, /studio\.example\/services/);
    assert.ok(kept.visitor);
    assert.equal(await events(), 3);
    for (const bad of [undefined, {}, "event", { events: event("trpc-5") }]) {
      await assert.rejects(client.mutation(batch, bad), failure("BAD_REQUEST", 400, batch, -32600));
    }

    for (const signal of [{ DNT: "1" }, { "Sec-GPC": "1" }]) {
      const silent = connect(httpBatchLink, null, signal).client;
      const answer = await silent.mutation("calAnalytics.trackEvent", event("trpc-6"));
      assert.deepEqual([answer.accepted, answer.private], [0, 1]);
    }
    assert.equal(await events(), 3);

    // Mutations of a batch are one request, each judged by itself.
    const together = connect(httpBatchLink);
    const answers = await Promise.allSettled([
      together.client.mutation("calAnalytics.trackEvent", event("trpc-7")),
      together.client.mutation("calAnalytics.trackEvent", { sessionId: 7 }),
      together.client.mutation("calAnalytics.syncData"),
      together.client.mutation("calAnalytics.trackEvent", event("trpc-8")),
    ]);
    assert.deepEqual(together.sent.map(({ status }) => status), [207]);
    const codes = answers.map(({ reason }) => reason?.data.code);
    assert.deepEqual(codes, [undefined, "BAD_REQUEST", "UNAUTHORIZED", undefined]);
    assert.equal(await events(), 5);
  });

  test("a browser is who its request says; a server with a token tells whose events it brings", async () => {
    const event = { eventType: "PAGE_VIEW", ipAddress: "203.0.113.77" };
    const addresses = [];
    for (const [sessionId, token] of [
      ["trpc-browser", null],
      ["trpc-server", READER],
    ]) {
      const { client } = connect(httpBatchLink, token);
      await client.mutation("calAnalytics.trackEvent", { ...event, sessionId });
      const sql = "select ip_address from calytics.event where session_id = $1";
      addresses.push(await database.value(sql, [sessionId]));
    }
    assert.match(addresses[0], /^127\.0\.0\./);
    assert.match(addresses[1], /^203\.0\.113\./);
  });
});
