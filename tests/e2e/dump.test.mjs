// Why: a backup that restores into other numbers is no backup. pg_dump takes the database in the
// middle of its work: webhooks that no folder has seen, folded ones that wait to be merged, and
// buckets. Laws: the restored database returns the same metrics to the digit, finds nothing wrong
// with itself, and takes in and folds the next webhooks as the original does.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { after, describe, test } from "node:test";
import { generate } from "../demo/generate.mjs";
import { sign } from "../demo/send.mjs";
import { Cluster, Database, SECRET, seeded, until } from "./harness.mjs";

const UNTIL = "2026-06-15";
const AS_OF = "2026-06-10 15:42:07+02";

/** @type {Database[]} */
const open = [];

async function receive(database, deliveries) {
  for (const { body } of deliveries) {
    const headers = { "x-cal-signature-256": sign(body, SECRET) };
    const [{ outcome }] = await database.query("select * from cal.receive_webhook($1, $2)", [
      body,
      headers,
    ]);
    assert.notEqual(outcome, "quarantined");
    assert.notEqual(outcome, "unauthorized");
  }
}

/** Every row of a year and of its days and services, as text. */
async function metrics(database) {
  const shapes = [
    ["year", null, null, null],
    ["year", "month", null, "event"],
    ["month", "day", null, "booked"],
    ["month", "day", null, "service"],
    ["quarter", null, "service,host", null],
  ];
  const out = [];
  for (const [period, every, split, basis] of shapes) {
    const rows = await database.query(
      `select m::text as row from cal.metrics($1, $2, every => $3, split => $4, basis => $5) m`,
      [period, AS_OF, every, split, basis],
    );
    assert.ok(rows.length > 20, `${period} has ${rows.length} rows`);
    out.push(...rows.map(({ row }) => `${period} ${every} ${split} ${basis} ${row}`));
  }
  return out.sort();
}

async function assertSound(database) {
  const wrong = await database.query("select v::text from cal.verify_metrics() v limit 5");
  assert.deepEqual(wrong, []);
}

/** So many events; those of before are known by their ids. */
async function track(database, count) {
  const events = Array.from({ length: count }, (_, i) => ({
    sessionId: "s",
    eventType: "PAGE_VIEW",
    eventId: `e${i}`,
  }));
  await database.query("select cal.track($1)", [JSON.stringify(events)]);
}

/** The database as pg_dump and pg_restore carry it over. */
async function copyOf(database) {
  const { cluster } = database;
  const bin = await database.value("select setting from pg_config where name = 'BINDIR'");
  const directory = mkdtempSync("/tmp/calytics-dump-");
  const file = path.join(directory, "dump");
  const server = ["--host", cluster.socket, "--port", String(cluster.port), "--username=calytics"];
  const run = (program, ...rest) => execFileSync(path.join(bin, program), [...server, ...rest]);
  const copy = new Database();
  copy.cluster = cluster;
  copy.name = `${database.name}_copy`;
  try {
    run("pg_dump", "--format=custom", "--file", file, database.name);
    await database.query(`create database ${copy.name} encoding 'UTF8' template template0`);
    run("pg_restore", "--exit-on-error", "--dbname", copy.name, file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  await copy.reconnect();
  open.push(copy);
  return copy;
}

describe("dump", () => {
  after(async () => {
    for (const database of open.reverse()) await database.close();
  });

  test("a restored dump returns the same metrics and goes on from there", async () => {
    const random = seeded("dump");
    const database = await Database.create(await Cluster.start());
    open.push(database);
    await database.query("select cal.set_source(time_zone => 'Europe/Madrid', week_start => 7)");

    const seed = random.int(1, 1_000_000);
    console.log(`# demo seed ${seed}`);
    const studio = generate({ seed, until: UNTIL, months: 2, bookingsPerMonth: 90 });
    const history = random.shuffled([...studio]);
    const third = Math.floor(history.length / 3);
    await receive(database, history.slice(0, third));
    await database.query("select cal.fold(true)");
    await receive(database, history.slice(third, third + 40));
    await database.query("select cal.fold(false)");
    await receive(database, history.slice(third + 40, 2 * third));
    await track(database, 5);

    // A disk is always so full.
    await database.query("select cal.set_alert('disk_full', 0.001)");
    await database.query("select cal.sample_health()");
    const raised = "select alert, raised_at::text, cleared_at from cal.alert";
    await until(async () => (await database.query(raised)).length === 1, "an alert");

    const expected = await metrics(database);
    const copy = await copyOf(database);
    assert.deepEqual(await copy.query(raised), await database.query(raised));
    await copy.query("select cal.sample_health()");
    assert.deepEqual(await copy.query(raised), await database.query(raised), "it isn't raised twice");
    assert.deepEqual(await metrics(copy), expected);
    assert.equal(await copy.value("select count(*)::int from cal.analytics_event"), 5);
    // A backup must not keep what is to be destroyed.
    assert.equal(await copy.value("select count(*)::int from calytics.visitor_salt"), 0);
    await track(copy, 5);
    await track(copy, 7);
    assert.equal(await copy.value("select count(*)::int from cal.analytics_event"), 7);
    await assertSound(copy);

    // Unlike their state so far, the two are independent from here on.
    for (const one of [database, copy]) {
      await receive(one, history.slice(2 * third));
      await assertSound(one);
    }
    const later = await metrics(database);
    assert.notDeepEqual(later, expected);
    assert.deepEqual(await metrics(copy), later);
    for (const merge of [false, true]) {
      await copy.query("select cal.fold($1)", [merge]);
      assert.deepEqual(await metrics(copy), later);
    }
    await assertSound(copy);
    assert.equal(await copy.value("select calytics.pending()"), 0);

    // What was taken in before is known after: the dump carries the deliveries' digests.
    const again = await copy.query("select outcome from cal.receive_webhook($1, $2)", [
      history[0].body,
      { "x-cal-signature-256": sign(history[0].body, SECRET) },
    ]);
    assert.deepEqual(again, [{ outcome: "duplicate" }]);
  });

  test("a dump from before anything was folded restores too", async () => {
    const database = await Database.create();
    open.push(database);
    const empty = await copyOf(database);
    await assertSound(empty);
    await receive(empty, [...generate({ seed: 1, until: UNTIL, months: 1, bookingsPerMonth: 5 })]);
    await empty.query("select cal.fold()");
    await assertSound(empty);
    const value = `select sum(value)::int from cal.metrics('year', $1, metrics => '{created}')`;
    const bookings = `
      select count(*)::int from calytics.booking where hops = 0 and created_at < $1`;
    assert.equal(await empty.value(value, [AS_OF]), await empty.value(bookings, [AS_OF]));
  });
});
