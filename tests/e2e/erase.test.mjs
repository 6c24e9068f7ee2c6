// Why: forgetting a person rewrites the archive that everything is built from. Laws, on a history as messy as a real one:
// nothing of the person is left in any table, as text or as bytes; no number changes; rebuilding from the archive gives the
// same state, row for row; and sending all webhooks again brings nobody back.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { generate } from "../demo/generate.mjs";
import { send } from "../demo/send.mjs";
import { Database, Gateway, SECRET, seeded } from "./harness.mjs";

const UNTIL = "2026-11-15";

describe("erase", () => {
  const random = seeded("erase");
  const seed = random.int(1, 1_000_000);
  const history = generate({ seed, until: UNTIL, months: 2, bookingsPerMonth: 60 });
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;

  before(async () => {
    console.log(`# demo seed ${seed}`);
    database = await Database.create();
    gateway = await Gateway.start(database, ["--log-level=warning"]);
    await post(history);
  });
  after(async () => {
    await gateway?.stop();
    await database?.close();
  });

  async function post(deliveries) {
    const { failures, outcomes } = await send(deliveries, { url: `${gateway.origin}/api/cal/webhook`, secret: SECRET });
    assert.deepEqual(failures, []);
    return outcomes;
  }

  /** Every table's rows as text; bytes too, as if they were text. */
  async function tables() {
    const names = await database.query(
      `select c.oid::regclass::text as name from pg_class c
        where c.relnamespace in ('cal'::regnamespace, 'calytics'::regnamespace) and c.relkind = 'r' order by 1`,
    );
    const all = new Map();
    for (const { name } of names) {
      const rows = await database.query(`select t::text as row from ${name} t`);
      const text = rows.map(({ row }) => row).sort();
      all.set(name, text);
      const bytes = text.flatMap((row) => row.match(/(?<=\\x)[0-9a-f]{8,}/g) ?? []);
      all.set(`${name}'s bytes`, bytes.map((hex) => Buffer.from(hex, "hex").toString("utf8")));
    }
    return all;
  }
  /** State that is built from the archive, and the archive itself. */
  async function state() {
    const found = await tables();
    const built = ["booking", "attendee", "booking_change", "booking_private", "person", "host", "service"];
    return [...built, "webhook_delivery"].map((name) => [name, found.get(`calytics.${name}`)]);
  }
  const numbers = () =>
    database.query(
      `select to_jsonb(m) as row from cal.metrics('year', $1::date - 1, every => 'month', split => 'service') m
        union all
       select to_jsonb(m) from cal.metrics('year', $1::date - 1) m
        union all
       select to_jsonb(m) from cal.metrics('year', $1::date - 1, split => 'host') m`,
      [UNTIL],
    );

  test("people go, numbers stay, and nothing brings anybody back", async () => {
    const people = await database.query(
      `select p.customer, p.email, array_agg(distinct p.name) as names, array_agg(distinct p.phone) filter (where p.phone <> '') as phones,
              count(distinct a.uid) as legs,
              bool_or(exists (select from cal.attendee x where x.uid = a.uid and x.customer <> a.customer)) as among_others
         from calytics.person p join cal.attendee a using (customer) group by 1, 2 order by 2`,
    );
    const busy = [...people].sort((a, b) => b.legs - a.legs);
    const chosen = [busy[0], random.pick(people.filter((one) => one.among_others)), random.pick(people), random.pick(people)];
    const gone = [...new Set(chosen)];
    const before = await numbers();
    const alone = (text) => people.filter(({ names }) => names.some((name) => name.includes(text))).length === 1;

    for (const { email, legs } of gone) {
      const { sources } = await database.value("select cal.erase_person($1)", [email.toUpperCase()]);
      assert.deepEqual([sources.length, sources[0].bookings], [1, legs], email);
      assert.ok(!JSON.stringify(sources).includes(email));
    }
    const needles = gone.flatMap(({ email, names, phones }) => [email, ...names.filter(alone), ...(phones ?? [])]);
    async function assertGone() {
      for (const [name, rows] of await tables()) {
        const text = rows.join("\n").toLowerCase();
        for (const needle of needles) {
          assert.ok(!text.includes(needle.toLowerCase()), `${name} holds ${needle}`);
        }
      }
    }
    await assertGone();
    assert.deepEqual(await numbers(), before);
    assert.deepEqual(await database.query("select * from cal.verify_metrics() limit 5"), []);

    const stood = await state();
    await database.query("select * from cal.rebuild()");
    assert.deepEqual(await state(), stood);

    // Also in other words: another subscription tells the same a little later.
    const outcomes = await post(history);
    assert.deepEqual([...outcomes], [["duplicate", history.length]]);
    const reworded = [...history]
      .filter(({ body }) => body.includes('"payload"') && body.includes("BOOKING_"))
      .map((delivery) => {
        const told = JSON.parse(delivery.body);
        const createdAt = new Date(Date.parse(told.createdAt) + 1).toISOString();
        return { ...delivery, body: Buffer.from(JSON.stringify({ ...told, createdAt })) };
      });
    await post(reworded);
    await assertGone();
    assert.deepEqual(await database.query("select * from cal.verify_metrics() limit 5"), []);
    const seats = "select sum(seats)::int as seats, count(distinct customer) as customers from cal.booking";
    const [after] = await database.query(seats);
    await database.query("select * from cal.rebuild()");
    assert.deepEqual(await database.query(seats), [after]);
    assert.equal((await numbers()).length, before.length);
  });
});
