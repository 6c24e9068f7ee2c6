// Why: Cal.com doesn't send again, so a webhook that was answered 200 must be there whatever breaks
// afterwards, and a short absence of the database must not cost one. Law: what was acknowledged is
// stored exactly once, and there is a row for nothing else that was refused.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sign } from "../demo/send.mjs";
import { Cluster, Database, Gateway, SECRET, bookingBody, until } from "./harness.mjs";

const SENDERS = 8;

describe("restart", () => {
  /** @type {Cluster} */
  let cluster;
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;
  let number = 0;

  before(async () => {
    cluster = await Cluster.start();
    database = await Database.create(cluster);
  });
  after(async () => {
    await gateway?.stop();
    await database?.close();
  });

  const PATIENT = ["--db-wait=20s"];
  /** Each test has a gateway of its own; one left over by a failed test is ended. */
  async function newGateway(flags = PATIENT) {
    await gateway?.stop();
    gateway = await Gateway.start(database, flags);
  }

  const nextUid = () => `restartUid${String((number += 1)).padStart(12, "0")}`;

  /** Several senders, each posting one webhook after the other until told to stop. */
  function flow() {
    /** @type {Map<string, number | string>} uid and what was answered, or what went wrong */
    const answers = new Map();
    let flowing = true;
    const sender = async () => {
      while (flowing) {
        const uid = nextUid();
        try {
          answers.set(uid, (await gateway.post(bookingBody(uid))).status);
        } catch (error) {
          answers.set(uid, error.code ?? error.message);
          await sleep(50);
        }
      }
    };
    const done = Promise.all(Array.from({ length: SENDERS }, sender));
    const stop = () => {
      flowing = false;
      return done.then(() => answers);
    };
    return { answers, stop };
  }

  const acknowledged = (answers) =>
    [...answers].filter(([, status]) => status === 200).map(([uid]) => uid);

  /** How often each uid stands in the archive and among the bookings. */
  async function assertStored(answers) {
    const rows = await database.query(
      `select d.uid, count(*) as times, count(b.uid) as bookings, string_agg(concat_ws(': ', d.outcome, d.detail), '; ') as told
         from calytics.webhook_delivery d left join cal.booking b using (uid) group by d.uid`,
    );
    const stored = new Map(rows.map((row) => [row.uid, row]));
    for (const uid of acknowledged(answers)) {
      assert.ok(stored.has(uid), `${uid} was acknowledged and is lost`);
      assert.equal(stored.get(uid).bookings, 1, `${uid} is no booking: ${stored.get(uid).told}`);
    }
    for (const { uid, times } of rows) assert.equal(times, 1, `${uid} is stored ${times} times`);
  }

  for (const [name, restart] of [
    ["restarted", () => cluster.restart()],
    ["crashed", () => cluster.crash()],
  ]) {
    test(`PostgreSQL ${name} while webhooks flow: none is lost, none fails`, async () => {
      await newGateway();
      const flowing = flow();
      await until(() => acknowledged(flowing.answers).length > 50, "webhooks to flow");
      const before = acknowledged(flowing.answers).length;
      await restart();
      await database.reconnect();
      await until(() => acknowledged(flowing.answers).length > before + 200, "them to flow again");
      const answers = await flowing.stop();
      await assertStored(answers);
      const failed = [...answers].filter(([, status]) => status !== 200);
      assert.deepEqual(failed, [], "each waited for the database to come back");
    });
  }

  test("a database that stays away is a 503 that says when to try again", async () => {
    await newGateway(["--db-wait=300ms"]);
    await database.admit(false);
    await database.cutOff();
    const uid = nextUid();
    const refused = await gateway.post(bookingBody(uid));
    assert.equal(refused.status, 503);
    assert.match(refused.headers["retry-after"], /^[1-9]\d*$/);
    await database.admit(true);
    const back = async () => (await gateway.post(bookingBody(uid))).status === 200;
    await until(back, "the gateway to find its database again");
    await assertStored(new Map([[uid, 200]]));
  });

  test("a gateway killed in mid-flow has kept its word", async () => {
    await newGateway();
    const flowing = flow();
    await until(() => acknowledged(flowing.answers).length > 100, "webhooks to flow");
    const { signal } = await gateway.stop("SIGKILL");
    assert.equal(signal, "SIGKILL");
    await sleep(100);
    const answers = await flowing.stop();
    assert.ok(
      [...answers.values()].some((status) => status !== 200),
      "some met a dead gateway",
    );
    await newGateway();
    await assertStored(answers);
    for (const [uid, status] of answers) {
      const again = await gateway.post(bookingBody(uid));
      assert.equal(again.status, 200);
      if (status === 200) assert.equal(again.json.outcome, "duplicate", uid);
    }
    await assertStored(new Map([...answers.keys()].map((uid) => [uid, 200])));
  });

  test("SIGTERM finishes what was accepted, takes no more, and ends well", async () => {
    await newGateway();
    const holder = await cluster.connect(database.name);
    await holder.query("begin; lock table calytics.booking in exclusive mode");
    const uids = Array.from({ length: 12 }, nextUid);
    const posts = uids.map((uid) => gateway.post(bookingBody(uid)));
    await until(() => database.blocked(), "webhooks to wait for the lock");
    await sleep(200);
    gateway.process.kill("SIGTERM");
    const refused = () => gateway.ask("/api/cal/health").then(() => false, () => true);
    await until(refused, "nothing new to be taken");
    await holder.query("rollback");
    await holder.end();
    const answers = await Promise.all(posts);
    assert.deepEqual(
      answers.map(({ status }) => status),
      uids.map(() => 200),
    );
    assert.deepEqual(await gateway.ended, { code: 0, signal: null });
    await assertStored(new Map(uids.map((uid) => [uid, 200])));
  });

  test("a gateway started before its database is there waits for it", async () => {
    await database.admit(false);
    await newGateway();
    const body = bookingBody(nextUid());
    const headers = { "X-Cal-Signature-256": sign(body, SECRET) };
    const answer = gateway.post(body, { headers });
    await sleep(500);
    await database.admit(true);
    assert.equal((await answer).status, 200);
  });
});
