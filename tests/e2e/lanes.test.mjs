// Why: what the gateway's lanes promise only shows with a real database: reads from a replica are
// those of the primary, a lost connection loses no webhook and doubles none, and writers that
// meet in the same bookings all get through.

import assert from "node:assert/strict";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import { Cluster, Database, Gateway, bookingBody, until } from "./harness.mjs";

const TOKEN = "cal_test_lanes_0123456789abcdef";

/** A proxy before PostgreSQL. Once a client has sent the marker, what the server answers is lost, and
 * the connection with it: by then it has been committed. */
async function cutter(port, marker) {
  const it = { cuts: 0 };
  it.server = net.createServer((client) => {
    const upstream = net.connect(port, "127.0.0.1");
    let marked = false;
    client.on("data", (data) => {
      marked ||= it.cuts === 0 && data.includes(marker);
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (!marked) return client.write(data);
      it.cuts += 1;
      upstream.destroy();
      client.destroy();
    });
    for (const [one, other] of [[client, upstream], [upstream, client]]) {
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  });
  it.server.listen(0, "127.0.0.1");
  await new Promise((resolve) => it.server.once("listening", resolve));
  it.port = it.server.address().port;
  return it;
}

describe("lanes", () => {
  /** @type {Cluster} */
  let cluster;
  /** @type {Cluster} */
  let standby;
  /** @type {Database} */
  let database;
  /** @type {Gateway[]} */
  const gateways = [];
  /** @type {Gateway} with a replica */
  let reader;
  const headers = { Authorization: `Bearer ${TOKEN}` };

  const start = async (flags, url = database.url) => {
    const gateway = await Gateway.start({ url }, flags);
    gateways.push(gateway);
    return gateway;
  };
  const at = (port) => database.url.replace(/:\d+\//, `:${port}/`);
  const caughtUp = async () => {
    const lsn = await database.value("select pg_current_wal_flush_lsn()");
    const replica = await standby.connect(database.name);
    const { rows } = await replica.query("select pg_last_wal_replay_lsn() >= $1 as yes", [lsn]);
    await replica.end();
    return rows[0].yes;
  };

  before(async () => {
    cluster = await Cluster.start();
    database = await Database.create(cluster);
    await database.query("select cal.add_token('lanes', 'admin', $1)", [TOKEN]);
    standby = await cluster.standby();
    reader = await start([`--read-url=${at(standby.port)}`]);
  });
  after(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await database?.close();
  });

  test("every route and query that reads does so on a hot standby, and says the same", async () => {
    const primary = await start([]);
    for (let i = 0; i < 20; i += 1) {
      assert.equal((await reader.post(bookingBody(`replicaUid${i}`))).status, 200);
    }
    await until(caughtUp, "the replica to catch up");
    const replica = await standby.connect();
    const sessions = "select count(*) from pg_stat_activity where usename = $1";
    const { rows } = await replica.query(sessions, [database.login]);
    await replica.end();
    assert.equal(rows[0].count, 4, "the read lanes are there");

    const paths = await database.query(
      "select path from calytics.route where method = 'GET' and path !~ '{' order by path",
    );
    const procedures = await database.query(
      "select name from calytics.procedure where kind = 'query' order by name",
    );
    const targets = [
      ...paths.map(({ path }) => path),
      ...procedures.map(({ name }) => `/api/trpc/${name}?input=%7B%22period%22%3A%22year%22%7D`),
    ];
    for (const target of targets) {
      // HEAD, for some never end.
      const [there, here] = await Promise.all(
        [reader, primary].map((gateway) => gateway.ask(target, { method: "HEAD", headers })),
      );
      assert.equal(there.status, here.status, `${target}: ${standby.log.slice(-1500)}`);
      assert.ok(there.status < 500, `${target}: ${there.status}`);
    }
    // Except where it says that only the primary can know.
    const errors = standby.log.split("\n").filter((line) => / ERROR: (?! *a standby neither folds)/.test(line));
    assert.deepEqual(errors, []);

    const at = "2026-05-15T00:00:00Z";
    const input = encodeURIComponent(JSON.stringify({ period: "month", at, basis: "booked" }));
    const target = `/api/trpc/calAnalytics.getDashboardMetrics?input=${input}`;
    const [there, here] = await Promise.all(
      [reader, primary].map((gateway) => gateway.ask(target, { headers })),
    );
    assert.equal(there.status, 200);
    const timeless = ({ result }) => ({ ...result.data, as_of: null });
    assert.deepEqual(timeless(there.json), timeless(here.json));
  });

  test("whom a replica doesn't know yet the database itself is asked about", async () => {
    const replica = await standby.connect(database.name);
    await replica.query("select pg_wal_replay_pause()");
    const fresh = "cal_test_lanes_fresh_0123456789";
    await database.query("select cal.add_token('fresh', 'reader', $1)", [fresh]);
    const target = "/api/trpc/calAnalytics.getBatchStats";
    const known = await reader.ask(target, { headers: { Authorization: `Bearer ${fresh}` } });
    assert.equal(known.status, 200);
    const unknown = await reader.ask(target, { headers: { Authorization: `Bearer ${fresh}x` } });
    assert.equal(unknown.status, 401);
    await replica.query("select pg_wal_replay_resume()");
    await replica.end();
  });

  test("without its replica the gateway reads from the database itself", async () => {
    standby.stop();
    for (let i = 0; i < 8; i += 1) {
      assert.equal((await reader.ask("/api/admin/dashboard", { headers })).status, 200);
    }
    assert.match(reader.log, /"event":"replica_away"/);
    standby.resume();
  });

  test("a batch whose commit isn't heard of is made again, and nothing is there twice", async () => {
    const proxy = await cutter(cluster.port, "cutUid7");
    const gateway = await start(["--write-lanes=1"], at(proxy.port));
    const holder = await cluster.connect(database.name);
    await holder.query("begin; lock table calytics.booking in exclusive mode");
    const held = gateway.post(bookingBody("cutUidHeld"));
    await until(() => database.blocked(), "the lane to be held up");
    const posts = Array.from({ length: 10 }, (_, i) => gateway.post(bookingBody(`cutUid${i}`)));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await holder.query("rollback");
    await holder.end();
    const answers = await Promise.all([held, ...posts]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 200),
    );
    assert.equal(proxy.cuts, 1);
    const again = answers.filter(({ json }) => json.outcome === "duplicate");
    assert.ok(again.length > 1, "they went together");
    const [kept] = await database.query(
      `select count(*) as deliveries, count(distinct uid) as uids
         from calytics.webhook_delivery where uid like 'cutUid%'`,
    );
    assert.deepEqual(kept, { deliveries: 11, uids: 11 });
    proxy.server.close();
  });

  for (const [what, more, times] of [
    ["an event with an id is there once", { eventId: "cut-1" }, 1],
    ["an event without one may be there twice", {}, 2],
  ]) {
    test(`after such a loss ${what}`, async () => {
      const sessionId = `cut-session-${times}`;
      const proxy = await cutter(cluster.port, sessionId);
      const gateway = await start([], at(proxy.port));
      const body = JSON.stringify({ sessionId, eventType: "PAGE_VIEW", ...more });
      const answer = await gateway.ask("/api/cal/track", {
        method: "POST",
        body,
        headers: { "Content-Length": body.length },
      });
      assert.equal(answer.status, 200);
      assert.equal(proxy.cuts, 1);
      const count = "select count(*) from cal.analytics_event where session_id = $1";
      assert.equal(await database.value(count, [sessionId]), times);
      proxy.server.close();
    });
  }

  for (const [what, widen, rounds] of [
    ["", async () => {}, 40],
    [
      ", with somebody's trigger in between",
      async (test) => {
        test.after(() => database.query("drop function public.dawdle() cascade"));
        await database.query(
          `create function public.dawdle() returns trigger language plpgsql as
             $$ begin perform pg_sleep(0.02); return new; end $$`,
        );
        for (const table of ["service", "host", "person"]) {
          await database.query(
            `create trigger dawdle before insert on calytics.${table}
               for each row execute function public.dawdle()`,
          );
        }
      },
      2,
    ],
  ]) {
    test(`names that many lanes learn at once are learned once${what}`, async (test) => {
      await widen(test);
      const gateway = await start(["--write-lanes=4", "--path-lanes=2"]);
      const mark = `names${rounds}`;
      for (let round = 0; round < rounds; round += 1) {
        const name = `${mark}n${round}`;
        const more = {
          type: name,
          organizer: { id: 100 + round, name, email: `${name}@studio.example`, username: name },
          attendees: [{ email: `${name}@example.com`, name, timeZone: "Europe/Madrid" }],
        };
        const post = (_, i) => gateway.post(bookingBody(`${name}uid${i}`, more));
        const answers = await Promise.all(Array.from({ length: 8 }, post));
        assert.deepEqual(
          answers.map(({ json }) => json.outcome),
          answers.map(() => "applied"),
        );
      }
      const learned = await database.query(
        `select (select count(*) from calytics.service where service like $1) as services,
                (select count(*) from calytics.host where host like $1) as hosts,
                (select count(*) from calytics.person where name like $1) as people`,
        [`${mark}n%`],
      );
      assert.deepEqual(learned, [{ services: rounds, hosts: rounds, people: rounds }]);
      await gateway.stop();
    });
  }

  test("gateways whose batches meet in the same bookings make way, and lose and double nothing", async () => {
    const both = [await start(["--write-lanes=1"]), await start(["--write-lanes=1"])];
    const heldUp = async () => {
      const texts = await Promise.all(both.map((gateway) => gateway.ask("/metrics", { headers })));
      const counts = texts.map(({ body }) => /calls_held_up_total\{lanes="write"\} (\d+)/.exec(body)[1]);
      return counts.some((count) => Number(count) > 0);
    };
    const cancelled = (uid) =>
      Buffer.from(bookingBody(uid).toString().replace("BOOKING_CREATED", "BOOKING_CANCELLED"));
    let sent = 0;
    for (let round = 0; round < 20 && !(await heldUp()); round += 1) {
      const holder = await cluster.connect(database.name);
      await holder.query("begin; lock table calytics.booking in exclusive mode");
      const uids = Array.from({ length: 12 }, (_, i) => `crossedUid${round}x${i}`);
      const held = both.map((gateway, i) => gateway.post(bookingBody(`crossedUidHeld${round}x${i}`)));
      await until(async () => (await database.blocked()) === 2, "both to be held up");
      const posts = [];
      for (let i = 0; i < uids.length; i += 1) {
        posts.push(both[0].post(bookingBody(uids[i])), both[1].post(cancelled(uids.at(-1 - i))));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      await holder.query("rollback");
      await holder.end();
      const answers = await Promise.all([...held, ...posts]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        answers.map(() => 200),
      );
      sent += answers.length;
    }
    assert.ok(await heldUp(), "no two batches met");
    const undone = both.filter(({ log }) => /"event":"(batch_undone|call_retried)"/.test(log));
    assert.equal(undone.length, 0, "and yet one was undone");
    const [kept] = await database.query(
      `select count(*) as deliveries, count(distinct body::bytea) as bodies
         from calytics.webhook_delivery where uid like 'crossedUid%'`,
    );
    assert.deepEqual(kept, { deliveries: sent, bodies: sent });
    const states = await database.query(
      "select distinct status from cal.booking where uid like 'crossedUid%x%' and uid not like '%Held%'",
    );
    assert.deepEqual(states, [{ status: "cancelled" }]);
  });

  test("and goes back to it once it is there again", async () => {
    await until(() => /"event":"replica_back"/.test(reader.log), "the replica to be found");
  });
});
