// Why: the laws that make the numbers trustworthy, on a history as long and messy as a real one.
// Laws: any order and any repetition of the same webhooks ends in the same state; that state is
// what the studio, which knows nothing of webhooks' meaning, says it is; rebuilding from the
// archive gives it again, row for row.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { generate } from "../demo/generate.mjs";
import { send } from "../demo/send.mjs";
import { Database, Gateway, SECRET, seeded } from "./harness.mjs";

const UNTIL = "2026-11-15";
const PERSON_KEY = Buffer.alloc(32, 7);

/** @type {(Database | Gateway)[]} */
const open = [];
/** A database in a random time zone, which must not matter; its pseudonyms can be compared. */
async function newStudio(random) {
  const database = await Database.create();
  open.push(database);
  const zones = await database.query("select name from pg_timezone_names order by name");
  const { name } = random.pick(zones);
  console.log(`# sessions' time zone: ${name}`);
  await database.query(`alter database ${database.name} set timezone to '${name}'`);
  await database.query("update calytics.source_key set person_key = $1", [PERSON_KEY]);
  const gateway = await Gateway.start(database, ["--log-level=warning"]);
  open.push(gateway);
  return { database, gateway };
}

async function sendAll(gateway, deliveries, concurrency = 16) {
  const url = `${gateway.origin}/api/cal/webhook`;
  const result = await send(deliveries, { url, secret: SECRET, concurrency });
  assert.deepEqual(result.failures, []);
  return result.outcomes;
}

const iso = (instant) => (instant === null ? null : new Date(instant).toISOString());

/** cal.booking in the studio's words. */
async function bookings(database) {
  const rows = await database.query("select * from cal.booking order by uid");
  return rows.map((row) => ({
    uid: row.uid,
    rootUid: row.root_uid,
    bookingId: row.booking_id,
    status: row.status,
    startsAt: row.starts_at.toISOString(),
    endsAt: row.ends_at.toISOString(),
    createdAt: row.created_at.toISOString(),
    service: row.service,
    host: row.host,
    price: row.price,
    currency: row.currency,
    paid: row.paid,
    noShow: row.no_show,
    cancelledBy: row.cancelled_by,
    cancelledAt: row.cancelled_at && row.cancelled_at.toISOString(),
    hops: row.hops,
    seats: row.seats,
    capacity: row.seats_per_slot,
    recurring: row.recurring,
  }));
}

/** What the studio says, as cal.booking shows it: a leg that never took place has no no-show, and
 * only a cancelled one was cancelled by anybody. */
function expectedBookings(history) {
  return history.expectedState
    .map((leg) => ({
      ...leg,
      startsAt: iso(leg.startsAt),
      endsAt: iso(leg.endsAt),
      createdAt: iso(leg.createdAt),
      noShow: ["accepted", "pending"].includes(leg.status) ? leg.noShow : null,
      cancelledBy: leg.status === "cancelled" ? leg.cancelledBy : null,
      cancelledAt: leg.status === "cancelled" ? iso(leg.cancelledAt) : null,
    }))
    .sort((a, b) => (a.uid < b.uid ? -1 : 1));
}

function assertSame(actual, expected) {
  const wanted = new Map(expected.map((leg) => [leg.uid, leg]));
  for (const leg of actual) assert.deepEqual(leg, wanted.get(leg.uid), leg.uid);
  assert.equal(actual.length, expected.length);
}

/** Every row of the relations named, whatever the order they stand in: as text if it is short, so
 * that a difference can be read, else as that text's digest. */
async function rowsOf(database, relations) {
  const out = {};
  await database.query("set timezone to 'UTC'");
  for (const relation of relations) {
    const rows = await database.query(
      `select case when length(t) < 1000 then t else left(t, 100) || md5(t) end as row
         from ${relation} r cross join lateral (select r::text) as x (t)`,
    );
    out[relation] = rows.map(({ row }) => row).sort();
  }
  return out;
}

/** Says which rows differ; comparing all at once would take its time to print them. */
function assertSameRows(actual, expected) {
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [relation, rows] of Object.entries(expected)) {
    const [ours, theirs] = [new Set(actual[relation]), new Set(rows)];
    const only = (a, b) => [...a].filter((row) => !b.has(row)).slice(0, 5);
    assert.deepEqual([only(ours, theirs), only(theirs, ours)], [[], []], relation);
    assert.equal(actual[relation].length, rows.length, relation);
  }
}

/** All but those that tell how far the folder is and how the server fared, which nothing depends on. */
async function allTables(database) {
  const tables = await database.query(
    `select format('%I.%I', n.nspname, c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('cal', 'calytics') and c.relkind in ('r', 'p')
        and c.relname not in ('chain_mark', 'fold_state', 'fold_log', 'recent_delta', 'bucket', 'health_sample', 'usual_silence',
                              'alert')
      order by 1`,
  );
  return tables.map(({ name }) => name);
}

/** Every metric of the history's last year, month by month and in all, by service. */
async function metrics(database) {
  await database.query("set timezone to 'UTC'");
  return database.query(
    `select to_jsonb(m) as row from cal.metrics('year', $1::date - 1, every => 'month', split => 'service') m
      union all
     select to_jsonb(m) from cal.metrics('year', $1::date - 1) m`,
    [UNTIL],
  );
}

async function assertVerified(database) {
  assert.deepEqual(await database.query("select * from cal.verify_metrics() limit 5"), []);
}

async function assertRebuilds(database, deliveries) {
  const tables = await allTables(database);
  for (const table of ["booking", "attendee", "booking_change", "webhook_delivery"]) {
    assert.ok(tables.includes(`calytics.${table}`), table);
  }
  await database.query("select cal.fold()");
  const before = await rowsOf(database, tables);
  const counted = await metrics(database);
  const [rebuilt] = await database.query("select * from cal.rebuild()");
  assert.equal(rebuilt.deliveries, deliveries);
  assertSameRows(await rowsOf(database, tables), before);
  assert.deepEqual(await metrics(database), counted);
  await assertVerified(database);
}

describe("demo", () => {
  after(async () => {
    for (const one of open.reverse()) await (one.stop?.() ?? one.close());
  });

  const random = seeded("demo");

  test("two months, in order and in any order with repeats, end in the same state", async () => {
    const seed = random.int(1, 1_000_000);
    console.log(`# demo seed ${seed}`);
    const history = generate({ seed, until: UNTIL, months: 2, bookingsPerMonth: 250 });
    const inOrder = await newStudio(random.fork("in order"));
    const outcomes = await sendAll(inOrder.gateway, history);
    assertSame(await bookings(inOrder.database), expectedBookings(history));
    assert.equal(outcomes.get("ping"), [...history].filter(({ expected }) => expected === "ping").length);
    assert.equal(outcomes.get("quarantined"), undefined);

    const shuffled = await newStudio(random.fork("shuffled"));
    const all = [...history];
    const repeats = all.filter(() => random.chance(0.25));
    // A chain each, so that nothing keeps them in order.
    const anyhow = random.shuffled([...all, ...repeats]).map((d, i) => ({ ...d, chain: `${i}` }));
    await sendAll(shuffled.gateway, anyhow);
    assertSame(await bookings(shuffled.database), expectedBookings(history));

    const state = ["booking", "attendee", "person", "host", "service", "booking_private"].map(
      (table) => `calytics.${table}`,
    );
    const one = await rowsOf(inOrder.database, ["cal.booking", ...state]);
    const other = await rowsOf(shuffled.database, ["cal.booking", ...state]);
    assertSameRows(other, one);
    const bodies = new Set(all.map(({ body }) => body.toString("latin1")));
    await assertVerified(inOrder.database);
    assert.deepEqual(await metrics(shuffled.database), await metrics(inOrder.database));
    await assertRebuilds(shuffled.database, bodies.size);
    await assertRebuilds(inOrder.database, bodies.size);
  });

  test("a year through the front door is sane, and a second time changes nothing", async () => {
    const history = generate({ seed: 1, until: UNTIL });
    const { database, gateway } = await newStudio(random.fork("year"));
    const outcomes = await sendAll(gateway, history, 32);
    const told = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
    assert.equal(told, history.length);
    const expected = new Map();
    for (const delivery of history) {
      expected.set(delivery.expected, (expected.get(delivery.expected) ?? 0) + 1);
    }
    for (const exact of ["ping", "stored", "duplicate"]) {
      assert.equal(outcomes.get(exact), expected.get(exact), exact);
    }
    // What says nothing new is unchanged, whoever sends it: the second subscription's at least.
    assert.ok(outcomes.get("unchanged") >= expected.get("unchanged"));
    assert.equal(outcomes.size, 5, "applied, unchanged, duplicate, ping, stored, and no other");
    assertSame(await bookings(database), expectedBookings(history));

    const counts = new Map(
      (await database.query("select status, count(*) as n from cal.booking group by 1")).map(
        ({ status, n }) => [status, n],
      ),
    );
    const sane = {
      accepted: [3500, 5000],
      cancelled: [350, 700],
      superseded: [450, 900],
      pending: [20, 200],
      rejected: [20, 150],
      awaiting_rebook: [5, 100],
    };
    assert.deepEqual([...counts.keys()].sort(), Object.keys(sane).sort());
    for (const [status, [low, high]] of Object.entries(sane)) {
      const count = counts.get(status);
      assert.ok(count >= low && count <= high, `${count} ${status}`);
    }
    await assertRebuilds(database, history.length - expected.get("duplicate"));

    await database.query("select cal.fold()");
    const state = (await allTables(database)).filter((name) => !name.endsWith("delivery"));
    const before = await rowsOf(database, state);
    const again = await sendAll(gateway, history, 32);
    assert.deepEqual([...again], [["duplicate", history.length]]);
    assertSameRows(await rowsOf(database, state), before);
  });
});
