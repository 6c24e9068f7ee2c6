// Why: pages call the API through @trpc/client as it is. What it sends must be understood, and what it
// gets must be results and errors as tRPC's own server would give them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { httpBatchLink, httpLink } from "@trpc/client";
import { ADMIN, READER, failure, withApi, withoutId } from "./trpc_api.mjs";

describe("trpc", () => {
  let database, gateway, connect;
  withApi((api) => ({ database, gateway, connect } = api));

  /** A dashboard but for what the clock says. */
  const timeless = ({ last_webhook_age_s: age, ...dashboard }) => {
    assert.equal(typeof age, "number");
    return dashboard;
  };

  for (const link of [httpLink, httpBatchLink]) {
    describe(link.name, () => {
      test("the dashboard is SQL's, accents and all", async () => {
        const { client, sent } = connect(link, READER);
        const at = "2026-05-20T12:00:00.000Z";
        const wanted = { period: "month", at, basis: "booked", host: "zoe" };
        const got = await client.query("calAnalytics.getDashboardMetrics", wanted);
        const sql = "select cal.dashboard('month', $1, basis => 'booked', host => 'zoe')";
        assert.deepEqual(timeless(got), timeless(await database.value(sql, [at])));
        assert.equal(got.figures.created.value, 20);
        const odd = await client.query("calAnalytics.getDashboardData", {
          period: "custom",
          from: new Date("2026-05-04T00:00:00Z"),
          to: new Date("2026-05-05T00:00:00Z"),
          service: "Tätowierung & 100% +1, ñ ☕ 🖋",
        });
        assert.equal(odd.figures.created.value, 0);
        assert.deepEqual(sent.map(({ method, status }) => [method, status]), [
          ["GET", 200],
          ["GET", 200],
        ]);
        const short = await client.query("calAnalytics.getDashboardData");
        assert.equal(short.period.name, "week");
      });

      test("an error arrives as tRPC's", async () => {
        const anyone = connect(link).client;
        const reader = connect(link, READER).client;
        const dashboard = "calAnalytics.getDashboardMetrics";
        const sync = "calAnalytics.syncData";
        const week = { period: "week" };
        const stranger = connect(link, `${READER}x`).client;
        // One after the other: tRPC refuses a batch that mixes queries and mutations as a whole.
        const cases = [
          [() => anyone.query(dashboard, week), "UNAUTHORIZED", 401, dashboard, -32001],
          [() => stranger.query(dashboard), "UNAUTHORIZED", 401, dashboard, -32001],
          [() => anyone.mutation(sync), "UNAUTHORIZED", 401, sync, -32001],
          [() => reader.mutation(sync), "FORBIDDEN", 403, sync, -32003],
          [() => reader.query(dashboard, { period: "age" }), "BAD_REQUEST", 400, dashboard, -32600],
          [() => reader.query(dashboard, { source: "no" }), "NOT_FOUND", 404, dashboard, -32004],
          [() => reader.query("cal.nothing"), "NOT_FOUND", 404, "cal.nothing", -32004],
          [() => reader.mutation(dashboard), "METHOD_NOT_SUPPORTED", 405, dashboard, -32005],
          [() => reader.query(sync), "METHOD_NOT_SUPPORTED", 405, sync, -32005],
        ];
        for (const [call, code, status, path, number] of cases) {
          await assert.rejects(call, failure(code, status, path, number));
        }
      });

      test("health and the folder", async () => {
        const anyone = connect(link).client;
        const admin = connect(link, ADMIN).client;
        assert.deepEqual(await anyone.query("calAnalytics.getHealthStatus"), { status: "ok" });
        assert.equal((await admin.query("calAnalytics.getHealthStatus")).preloaded, true);
        const answer = await admin.mutation("calAnalytics.syncData");
        assert.deepEqual([answer.folded, answer.pending, answer.unmerged], [true, 0, 0]);
        const stats = await admin.query("calAnalytics.getBatchStats");
        assert.equal(stats.pending, 0);
        assert.equal(stats.deliveries.outcomes.applied, 20);
        assert.equal(stats.folded_at, answer.folded_at);
      });
    });
  }

  test("a batch is one request, and each of its calls fails or succeeds by itself", async () => {
    const { client, sent } = connect(httpBatchLink, READER);
    const answers = await Promise.allSettled([
      client.query("calAnalytics.getDashboardData", { period: "day" }),
      client.query("calAnalytics.getDashboardData", { period: "age" }),
      client.query("calAnalytics.getHealthStatus"),
      client.query("calAnalytics.nothing", { at: 1 }),
      client.query("calAnalytics.getDashboardData", { period: "year" }),
    ]);
    assert.equal(sent.length, 1);
    assert.equal(sent[0].status, 207);
    const told = answers.map(({ value, reason }) => reason?.data.code ?? value.period?.name ?? value);
    assert.deepEqual(told, ["day", "BAD_REQUEST", { status: "ok" }, "NOT_FOUND", "year"]);
  });

  test("a batch whose address is escaped is the same", async () => {
    const { json, status } = await gateway.ask(
      "/api/trpc/calAnalytics%2EgetHealthStatus%2CcalAnalytics.getHealthStatus?batch=1&input=%7B%7D",
    );
    assert.equal(status, 200);
    const ok = { result: { data: { status: "ok" } } };
    assert.deepEqual(json, [ok, ok]);
  });

  test("what fails as a whole fails for every call of the batch", async () => {
    const { client } = connect(httpBatchLink, READER);
    const calls = Array.from({ length: 101 }, () => client.query("calAnalytics.getHealthStatus"));
    for (const { reason } of await Promise.allSettled(calls)) {
      assert.deepEqual(withoutId(reason.data), { code: "BAD_REQUEST", httpStatus: 400 });
    }
  });
});
