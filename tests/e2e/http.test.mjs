// Why: the gateway is what the world sees, so it has to speak HTTP as the RFCs say, keep its
// limits, and leave everything else to the database.

import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { sign } from "../demo/send.mjs";
import { Database, Gateway, SECRET, bookingBody, raw, until } from "./harness.mjs";

const MEBI = 1024 * 1024;
const TOKEN = "cal_test_0123456789abcdef0123456789";

describe("http", () => {
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;

  before(async () => {
    database = await Database.create();
    gateway = await Gateway.start(database);
  });
  after(async () => {
    await gateway?.stop();
    await database?.close();
  });

  const statusOf = (text) => Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]);
  const statuses = (text) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => +code);
  const isError = (answer, status, code) => {
    assert.equal(answer.status, status);
    assert.match(answer.headers["content-type"], /^application\/json\b/);
    assert.equal(answer.json.error.code, code);
    assert.equal(typeof answer.json.error.message, "string");
  };

  test("an address that isn't there is 404, in JSON", async () => {
    const strange = ["/nothing", "/api/cal/webhook/", "/api/cal/webhook/a/b", "/API/cal/health"];
    for (const path of [...strange, "/%00", "/%zz", "/..%2f..%2fetc/passwd", "/'; drop table x"]) {
      isError(await gateway.ask(encodeURI(path).replaceAll("%25", "%")), 404, "not_found");
    }
  });

  test("a method that isn't taken is 405 and says which are", async () => {
    const answer = await gateway.ask("/api/cal/webhook");
    isError(answer, 405, "method_not_allowed");
    assert.match(answer.headers.allow, /\bPOST\b/);
    const other = await gateway.ask("/api/cal/health", { method: "DELETE" });
    isError(other, 405, "method_not_allowed");
    assert.match(other.headers.allow, /\bGET\b.*\bHEAD\b/);
  });

  test("HEAD is GET without the body", async () => {
    for (const path of ["/", "/api/cal/health"]) {
      const get = await gateway.ask(path);
      const head = await gateway.ask(path, { method: "HEAD" });
      assert.equal(get.status, 200);
      assert.equal(head.status, 200);
      assert.equal(head.body.length, 0);
      assert.equal(head.headers["content-length"], String(get.body.length));
      assert.equal(head.headers["content-type"], get.headers["content-type"]);
    }
    const missing = await gateway.ask("/nothing", { method: "HEAD" });
    assert.deepEqual([missing.status, missing.body.length], [404, 0]);
  });

  test("OPTIONS says what is taken", async () => {
    const answer = await gateway.ask("/api/cal/webhook", { method: "OPTIONS" });
    assert.ok([200, 204].includes(answer.status));
    assert.match(answer.headers.allow, /\bPOST\b/);
    assert.equal((await gateway.ask("/nothing", { method: "OPTIONS" })).status, 404);
    const server = await raw(gateway.port, [
      "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ]);
    assert.ok([200, 204].includes(statusOf(server)), server);
  });

  test("a body may have a mebibyte and no byte more", async () => {
    const filled = (size) => {
      const empty = bookingBody("big");
      const filler = "x".repeat(size - empty.length - '"description":"",'.length);
      const text = empty.toString("utf8").replace('"uid"', `"description":"${filler}","uid"`);
      return Buffer.from(text);
    };
    const largest = filled(MEBI);
    assert.equal(largest.length, MEBI);
    const taken = await gateway.post(largest);
    assert.equal(taken.status, 200, taken.body.toString("utf8").slice(0, 200));
    const kept = await database.value(
      "select octet_length(body::bytea) from calytics.webhook_delivery where delivery_id = $1",
      [taken.json.delivery],
    );
    assert.equal(kept, MEBI);

    const head = "POST /api/cal/webhook HTTP/1.1\r\nHost: x\r\n";
    const announced = await raw(gateway.port, [`${head}Content-Length: ${MEBI + 1}\r\n\r\n{`]);
    assert.equal(statusOf(announced), 413, announced);
    const huge = await raw(gateway.port, [`${head}Content-Length: 99999999999999999999\r\n\r\n`]);
    assert.ok([400, 413].includes(statusOf(huge)), huge);
    const chunk = Buffer.concat([Buffer.from("80000\r\n"), Buffer.alloc(0x80000, 97)]);
    const end = Buffer.from("\r\n");
    const chunked = await raw(gateway.port, [
      `${head}Transfer-Encoding: chunked\r\n\r\n`,
      ...[chunk, end, chunk, end, "1\r\na\r\n0\r\n\r\n"],
    ]);
    assert.equal(statusOf(chunked), 413, chunked.slice(0, 200));
    assert.equal(await database.value("select count(*) from calytics.webhook_delivery"), 1);
  });

  test("long addresses are 414, long headers 431, nonsense is 400", async () => {
    const path = (length) => `/${"a".repeat(length - 1)}`;
    assert.equal((await gateway.ask(path(8000))).status, 404);
    assert.equal((await gateway.ask(path(9000))).status, 414);
    const get = (lines) =>
      raw(gateway.port, [
        `GET /api/cal/health HTTP/1.1\r\nHost: x\r\n${lines}Connection: close\r\n\r\n`,
      ]);
    assert.equal(statusOf(await get(`X-Long: ${"b".repeat(30_000)}\r\n`)), 200);
    assert.equal(statusOf(await get(`X-Long: ${"b".repeat(40_000)}\r\n`)), 431);
    assert.equal(statusOf(await get("X-Many: 1\r\n".repeat(5000))), 431);
    const nonsense = [
      "nonsense\r\n\r\n",
      "GET\r\n\r\n",
      "GET / HTTP/1.1\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ];
    for (const text of nonsense) {
      const answer = await raw(gateway.port, [text], 3000);
      assert.equal(statusOf(answer), 400, `${JSON.stringify(text)} → ${answer.slice(0, 100)}`);
    }
  });

  test("a chunked body is the same body", async () => {
    const body = bookingBody("chunkedUidAAAAAAAAAAAA");
    const answer = await gateway.ask("/api/cal/webhook", {
      method: "POST",
      headers: { "Transfer-Encoding": "chunked", "X-Cal-Signature-256": sign(body, SECRET) },
      body,
    });
    assert.deepEqual([answer.status, answer.json.outcome], [200, "applied"]);
    const pieces = Array.from({ length: Math.ceil(body.length / 7) }, (_, i) =>
      body.subarray(7 * i, 7 * i + 7),
    );
    const parts = pieces.map((piece) =>
      Buffer.concat([
        Buffer.from(`${piece.length.toString(16)};note=x\r\n`),
        piece,
        Buffer.from("\r\n"),
      ]),
    );
    const head =
      "POST /api/cal/webhook HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
      `X-Cal-Signature-256: ${sign(body, SECRET)}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const again = await raw(gateway.port, [head, ...parts, "0\r\nX-Trailer: 1\r\n\r\n"]);
    assert.equal(statusOf(again), 200, again);
    assert.match(again, /"duplicate"/);
  });

  test("one connection serves many requests, also when they come in one go", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set();
    for (let i = 0; i < 20; i += 1) {
      const body = bookingBody(`keepAliveUid${String(i).padStart(10, "0")}`);
      const answer = await gateway.post(body, { agent });
      assert.equal(answer.status, 200);
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of sockets) ports.add(socket.localPort);
      }
    }
    assert.equal(ports.size, 1);
    agent.destroy();
    const get = "GET /api/cal/health HTTP/1.1\r\nHost: x\r\n";
    const head = "HEAD /nothing HTTP/1.1\r\nHost: x\r\n\r\n";
    const piped = await raw(gateway.port, [
      `${get}\r\n${get}\r\n${head}${get}Connection: close\r\n\r\n`,
    ]);
    assert.deepEqual(statuses(piped), [200, 200, 404, 200]);
  });

  test("an unknown length and an old protocol are served as well", async () => {
    const old = await raw(gateway.port, ["GET /api/cal/health HTTP/1.0\r\n\r\n"]);
    assert.equal(statusOf(old), 200);
    assert.match(old, /\{"status": ?"ok"\}$/);
    const asked = await raw(gateway.port, [
      "POST /api/cal/webhook HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" +
        "Connection: close\r\n\r\n",
      "{}",
    ]);
    assert.equal(statuses(asked).at(-1), 401, asked);
  });

  test("each source has a secret of its own", async () => {
    const other = "another secret of the north";
    await database.query("select cal.rotate_secret('north', $1)", [other]);
    const body = bookingBody("sourceUidBBBBBBBBBBBBB");
    assert.equal((await gateway.post(body, { source: "north" })).status, 401);
    assert.equal((await gateway.post(body, { secret: other })).status, 401);
    assert.equal((await gateway.post(body, { source: "south", secret: other })).status, 401);
    const north = await gateway.post(body, { source: "north", secret: other });
    assert.deepEqual([north.status, north.json.outcome], [200, "applied"]);
    const home = await gateway.post(body);
    assert.deepEqual([home.status, home.json.outcome], [200, "applied"]);
    const rows = await database.query(
      "select source, customer from cal.booking where uid = 'sourceUidBBBBBBBBBBBBB' order by 1",
    );
    assert.deepEqual(
      rows.map((row) => row.source),
      ["default", "north"],
    );
    assert.notEqual(rows[0].customer, rows[1].customer, "pseudonyms don't tie sources together");
  });

  test("a rotated secret stays good for as long as was said", async () => {
    const [first, second] = ["the first secret of the east", "the second secret of the east"];
    await database.query("select cal.rotate_secret('east', $1)", [first]);
    const ping = (secret, i) =>
      gateway.post(bookingBody(`rotationUid${i}`), { source: "east", secret });
    assert.equal((await ping(first, 1)).status, 200);
    await database.query("select cal.rotate_secret('east', $1, keep => '1 hour')", [second]);
    assert.equal((await ping(first, 2)).status, 200);
    assert.equal((await ping(second, 3)).status, 200);
    // An hour later.
    const ends = "update calytics.source_secret set valid_until = valid_until - interval '1 hour' where secret = $1 returning valid_until";
    assert.ok((await database.value(ends, [first])) <= new Date());
    assert.equal((await ping(first, 4)).status, 401);
    assert.equal((await ping(second, 5)).status, 200);
    await database.query("select cal.rotate_secret('east', $1, keep => '0')", [first]);
    assert.equal((await ping(second, 6)).status, 401, "no keep, no grace");
    assert.equal((await ping(first, 7)).status, 200, "an old secret may come back");
  });

  test("what Prometheus reads is as its format says, the gateway's part and the database's", async () => {
    await database.query("select cal.add_token('prometheus', 'reader', $1)", [`${TOKEN}m`]);
    const headers = { Authorization: `Bearer ${TOKEN}m` };
    assert.equal((await gateway.ask("/metrics")).status, 401);
    assert.equal((await gateway.ask("/live")).status, 200);
    await until(async () => (await gateway.ask("/ready")).status === 200, "the gateway to be ready");
    await gateway.post(bookingBody("metricsUid"));
    const answer = await gateway.ask("/metrics", { headers });
    assert.equal(answer.status, 200);
    assert.match(answer.headers["content-type"], /^text\/plain; version=0\.0\.4/);
    const families = new Map();
    const seen = new Set();
    let family;
    const lines = answer.body.toString("utf8").split("\n");
    assert.equal(lines.pop(), "");
    for (const line of lines) {
      const [, comment, name, rest] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line) ?? [];
      if (comment === "HELP") {
        assert.ok(!families.has(name), `${name} in two places`);
        families.set((family = name), { samples: [] });
      } else if (comment === "TYPE") {
        assert.equal(name, family);
        families.get(name).type = rest;
      } else {
        const label = String.raw`[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"`;
        const sample = new RegExp(`^([a-z_]+)(\\{${label}(?:,${label})*\\})? (-?[0-9.e+-]+)$`).exec(line);
        assert.ok(sample, line);
        assert.ok(!seen.has(sample[1] + sample[2]), `${line} twice`);
        seen.add(sample[1] + sample[2]);
        const { type, samples } = families.get(family);
        assert.equal(sample[1].replace(type === "histogram" ? /_(bucket|sum|count)$/ : "", ""), family);
        if (type !== "gauge") assert.ok(Number(sample[3]) >= 0, line);
        samples.push(Number(sample[3]));
      }
    }
    for (const [name, { type, samples }] of families) {
      assert.equal(/_total$/.test(name), type === "counter", name);
      assert.ok(samples.every(Number.isFinite), name);
    }
    for (const name of ["calytics_gateway_requests_total", "calytics_deliveries_total"]) {
      assert.ok(families.get(name)?.samples.length > 0, name);
    }
    assert.ok(lines.some((line) => /requests_total\{class="webhook",status="200"\} [1-9]/.test(line)));
  });

  test("health is brief for the world and long for an admin", async () => {
    await database.query("select cal.add_token('tests', 'admin', $1)", [TOKEN]);
    await database.query("select cal.add_token('analyst', 'reader', $1)", [`${TOKEN}r`]);
    const brief = [
      {},
      { Authorization: `Bearer ${TOKEN}x` },
      { Authorization: `Bearer ${TOKEN}r` },
    ];
    for (const headers of [...brief, { Authorization: TOKEN }, { Authorization: "Bearer" }]) {
      const answer = await gateway.ask("/api/cal/health", { headers });
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.json, { status: "ok" });
    }
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const { status, json } = await gateway.ask("/api/cal/health", { headers });
    assert.equal(status, 200);
    assert.equal(json.status, "ok");
    assert.ok(json.sources.some((source) => source.source === "default" && source.last_webhook_at));
    assert.ok(!JSON.stringify(json).includes(SECRET));
    await database.query("select cal.revoke_token('tests')");
    const revoked = await gateway.ask("/api/cal/health", { headers });
    assert.deepEqual(revoked.json, { status: "ok" });
  });
});
