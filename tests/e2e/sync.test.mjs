// Why: Cal.com sends a webhook once, so what gets lost, or was there before, is asked for at its API. The real gateway
// fetches from a server of the test's own that answers as the API does, bookings that go on changing meanwhile included,
// and fails as networks do. Guarantees: in the end all is there, and nothing twice.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Database, Gateway, atExit, seeded, until } from "./harness.mjs";

const KEY = "cal_live_0123456789abcdef";
const random = seeded("sync");

/** Cal.com's API, as much of it as is asked for. */
class Api {
  bookings = new Map();
  asked = [];
  /** Answers for the next requests instead of what is right. @type {((answer: http.ServerResponse) => void)[]} */
  trouble = [];
  clock = Date.parse("2026-01-01T00:00:00Z");

  static async start(tls) {
    const it = new Api();
    const answer = (request, response) => it.answer(request, response);
    it.server = tls ? https.createServer(tls, answer) : http.createServer(answer);
    await new Promise((resolve) => it.server.listen(0, "127.0.0.1", resolve));
    it.origin = `${tls ? "https" : "http"}://127.0.0.1:${it.server.address().port}`;
    return it;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Changes a booking, or makes one. */
  put(uid, more = {}) {
    this.clock += random.int(0, 2) * 20_000;
    const at = new Date(this.clock).toISOString();
    const known = this.bookings.get(uid) ?? {
      id: 1000 + this.bookings.size, uid, title: "Session", status: "accepted", absentHost: false,
      start: "2026-12-01T10:00:00.000Z", end: "2026-12-01T11:00:00.000Z", createdAt: at,
      hosts: [{ id: 7, name: "Ada", email: "ada@studio.example", username: "ada", timeZone: "Europe/Madrid" }],
      eventType: { id: 31, slug: "small-tattoo" },
      attendees: [{ name: uid, email: `${uid}@example.com`, timeZone: "Europe/Madrid", language: "es", absent: false }],
      bookingFieldsResponses: { email: `${uid}@example.com`, note: 'ends in " and \\ \u0000 \ud800' },
    };
    this.bookings.delete(uid);
    this.bookings.set(uid, { ...known, updatedAt: at, ...more });
  }

  answer(request, response) {
    const url = new URL(request.url, "http://api");
    this.asked.push({ url, headers: request.headers });
    const trouble = this.trouble.shift();
    if (trouble) return trouble(response);
    const send = (status, body, headers = {}) =>
      response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
    if (request.headers.authorization !== `Bearer ${KEY}`) return send(401, { status: "error" });
    if (url.pathname === "/v2/event-types")
      return send(200, { status: "success", data: [{ id: 31, slug: "small-tattoo", title: "Small tattoo", price: 12000, currency: "eur" }] });
    const since = url.searchParams.get("afterUpdatedAt") ?? "";
    const skip = Number(url.searchParams.get("skip"));
    const take = Number(url.searchParams.get("take"));
    const all = [...this.bookings.values()].filter((each) => each.updatedAt > since);
    const data = all.slice(skip, skip + take);
    send(200, { status: "success", data, pagination: { totalItems: all.length, hasNextPage: skip + data.length < all.length } });
    // Somebody changes one that was just read, and what follows it moves up.
    if (data.length > 0 && this.restless) this.put(random.pick(data).uid, { location: `room ${this.asked.length}` });
  }
}

describe("asking Cal.com's API", () => {
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;
  /** @type {Api} */
  let api;

  before(async () => {
    database = await Database.create();
    api = await Api.start();
    gateway = await Gateway.start(database);
  });
  after(async () => {
    await gateway?.stop();
    api?.stop();
    await database?.close();
  });

  const sync = async () => (await database.query("select * from cal.sync"))[0];
  /** Has it asked anew, and waits until it is through. */
  async function synced() {
    const before = (await sync()).finished_at?.getTime() ?? 0;
    await database.query("select cal.sync_now()");
    return until(async () => {
      const now = await sync();
      return now.finished_at?.getTime() > before && now.state === "idle" && now;
    }, "the API to be read to its end", 60);
  }
  const statuses = () =>
    database.query("select uid, status, price::int as price, currency from cal.booking order by uid collate \"C\"");

  test("all bookings of before come in, while they change", async () => {
    for (let i = 0; i < 250; i++)
      api.put(`before${String(i).padStart(3, "0")}`, i > 9 && random.int(0, 4) === 0 ? { status: "cancelled" } : {});
    api.restless = true;
    await database.query("select cal.set_sync($1, $2, 'ada')", [KEY, api.origin]);
    const done = await synced();
    assert.ok(done.bookings >= 250, `${done.bookings} bookings read`);
    assert.equal(done.problem, null);
    const wanted = [...api.bookings.values()].map(({ uid, status }) => ({ uid, status, price: 12000, currency: "EUR" }));
    assert.deepEqual(await statuses(), wanted.sort((a, b) => (a.uid < b.uid ? -1 : 1)));
    assert.equal(api.asked[0].url.search, "?username=ada");
    assert.equal(api.asked[0].headers["cal-api-version"], "2024-06-14");
    assert.equal(api.asked[1].headers["cal-api-version"], "2024-08-13");
    api.restless = false;
  });

  test("the next time only what changed is asked for, and nothing counts twice", async () => {
    const { n } = (await database.query("select count(*)::int as n from cal.delivery"))[0];
    await synced();
    const settled = (await database.query("select count(*)::int as n from cal.delivery"))[0].n;
    // What changed after it was read the last time, and no more.
    assert.ok(settled - n <= 3, `${settled - n} deliveries more`);
    api.clock += 3_600_000;
    api.put("before007", { status: "cancelled", cancelledByEmail: "ada@studio.example" });
    api.put("moved", { rescheduledFromUid: "before008" });
    api.put("before008", { status: "cancelled", rescheduledToUid: "moved" });
    const from = api.asked.length;
    await synced();
    assert.equal((await database.query("select count(*)::int as n from cal.delivery"))[0].n, settled + 3);
    assert.equal(await database.value("select cancelled_by from cal.booking where uid = 'before007'"), "host");
    assert.deepEqual(
      await database.query("select uid, root_uid, status from cal.booking where uid in ('moved', 'before008') order by uid"),
      [
        { uid: "before008", root_uid: "before008", status: "superseded" },
        { uid: "moved", root_uid: "before008", status: "accepted" },
      ],
    );
    const asked = api.asked.slice(from).filter(({ url }) => url.pathname === "/v2/bookings");
    assert.equal(asked.length, 1);
    assert.ok(asked[0].url.searchParams.get("afterUpdatedAt") > "2026-01-01T01");
  });

  test("an admin's syncData has it asked within seconds", async () => {
    const token = "cal_sync_test_admin_0123456789abcdef";
    await database.query("select cal.add_token('sync', 'admin', $1)", [token]);
    api.clock += 60_000;
    api.put("wanted-now");
    const answer = await gateway.ask("/api/trpc/calAnalytics.syncData", {
      method: "POST", body: "{}",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", "Content-Length": 2 },
    });
    assert.equal(answer.json.result.data.synced, 1);
    await until(() => database.value("select true from cal.booking where uid = 'wanted-now'"), "the booking", 20);
    const { json } = await gateway.ask("/api/cal/health", { headers: { Authorization: `Bearer ${token}` } });
    assert.equal(json.sources[0].last_webhook_at, null);
    assert.ok(json.sources[0].sync.bookings > 250);
    assert.ok(!JSON.stringify(json).includes(KEY));
  });

  test("what fails is told, and tried again until it works", async () => {
    const soon = () => database.query("update calytics.sync set next_at = now()");
    const failing = async (pattern) => {
      await soon();
      await until(async () => pattern.test((await sync()).problem), `${pattern}`, 30);
    };
    api.trouble = [(answer) => answer.destroy()];
    await failing(/can't be reached/);
    api.trouble = [(answer) => answer.writeHead(503).end("busy")];
    await failing(/answers 503/);
    api.trouble = [(answer) => answer.writeHead(429, { "Retry-After": "7" }).end()];
    await failing(/patience/);
    api.trouble = [(answer) => answer.writeHead(302, { Location: "http://127.0.0.1:1/" }).end()];
    await failing(/answers 302/);
    api.trouble = [(answer) => {
      answer.writeHead(200, { "Content-Length": 1000 }).write('{"data": [');
      setTimeout(() => answer.destroy(), 50);
    }];
    await failing(/can't be reached|can't be taken/);
    api.trouble = [(answer) => answer.writeHead(200).end("<html>")];
    await failing(/can't be taken/);
    await database.query("select cal.set_sync('cal_wrong_key')");
    await failing(/refuses the key/);
    api.clock += 60_000;
    api.put("after-all");
    await database.query("select cal.set_sync($1)", [KEY]);
    const done = await synced();
    assert.equal(done.problem, null);
    assert.equal(await database.value("select count(*) from cal.booking where uid = 'after-all'"), 1);
    assert.ok(!gateway.log.includes(KEY));
  });

  test("the key goes to nobody whose certificate isn't trusted", async () => {
    const directory = mkdtempSync("/tmp/calytics-e2e-");
    atExit(() => rmSync(directory, { recursive: true, force: true }));
    const file = (name) => path.join(directory, name);
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
      "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", file("key"), "-out", file("certificate")], { stdio: "ignore" });
    const secure = await Api.start({ key: readFileSync(file("key")), cert: readFileSync(file("certificate")) });
    try {
      await database.query("select cal.set_sync(api_url => $1)", [secure.origin]);
      await until(async () => /certificate/i.test((await sync()).problem), "the certificate to be refused", 30);
      assert.equal(secure.asked.length, 0);
    } finally {
      secure.stop();
    }
  });

  test("it ends at once, in the middle of a fetch as well", async () => {
    api.trouble = [() => {}];
    const from = api.asked.length;
    await database.query("select cal.set_sync(api_url => $1)", [api.origin]);
    await until(() => api.asked.length > from, "a fetch", 20);
    const began = performance.now();
    assert.deepEqual(await gateway.stop(), { code: 0, signal: null });
    assert.ok(performance.now() - began < 5000);
  });
});
