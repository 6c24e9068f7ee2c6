// Why: what Cal.com really sends, byte for byte, through the real gateway into the real extension.
// Law: authentic bytes are answered 200 and kept as they are; one wrong bit is answered 401 and
// leaves no trace; bytes or news that came before change nothing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { sign } from "../demo/send.mjs";
import { Database, Gateway, SECRET, seeded } from "./harness.mjs";

const FLIPS = 5;
const folder = new URL("../payloads/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8"));
const files = Object.entries(manifest.files).map(([name, { headers, bytes }]) => {
  const body = readFileSync(new URL(name, folder));
  assert.equal(body.length, bytes, `${name} is as long as the manifest says`);
  return { name, body, headers };
});

/** What becomes of each; all others are applied. */
const OUTCOMES = {
  "custom_template_form.form.txt": "quarantined",
  "form_submitted_rootdata.json": "stored",
  "ping.json": "ping",
};

/** What the bookings must be once all files are in. */
const BOOKINGS = {
  hV3kQ9sZrT2mX8uWnB4cYd: {
    booking_id: 900101,
    status: "accepted",
    starts_at: "2026-10-25T08:30:00.000Z",
    ends_at: "2026-10-25T09:15:00.000Z",
    created_at: "2026-10-02T14:03:11.482Z",
    service: "consulta-inicial",
    event_type_id: 7301,
    host: "zoe",
    price: 0,
    currency: "USD",
    seats: 2,
  },
  opt1OldUidAAAAAAAAAAAA: {
    booking_id: 900202,
    status: "superseded",
    starts_at: "2026-11-02T10:00:00.000Z",
    superseded_by: "opt2NewUidBBBBBBBBBBBB",
    no_show: null,
  },
  opt2NewUidBBBBBBBBBBBB: {
    booking_id: 900203,
    root_uid: "opt1OldUidAAAAAAAAAAAA",
    hops: 1,
    status: "accepted",
    starts_at: "2026-11-03T10:00:00.000Z",
    created_at: "2026-10-30T09:12:44.007Z",
    accepted_at: "2026-10-30T11:40:02.913Z",
    host: "ravi",
    seats: 1,
  },
  rrOldUidCCCCCCCCCCCCCC: {
    booking_id: 900310,
    status: "superseded",
    starts_at: "2026-11-30T15:00:00.000Z",
    ends_at: "2026-11-30T15:20:00.000Z",
  },
  rrNewUidDDDDDDDDDDDDDD: {
    booking_id: 900311,
    root_uid: "rrOldUidCCCCCCCCCCCCCC",
    hops: 1,
    status: "accepted",
    host: "mbali",
    service: "sales-intro",
  },
  cnclUidEEEEEEEEEEEEEEE: {
    booking_id: 900420,
    status: "awaiting_rebook",
    starts_at: "2026-11-10T09:00:00.000Z",
    price: null,
    no_show: null,
  },
  recUid1FFFFFFFFFFFFFFF: {
    booking_id: 900502,
    status: "accepted",
    created_at: "2026-10-28T16:45:10.233Z",
    starts_at: "2026-11-09T18:00:00.000Z",
    host: "zoe",
    recurring: true,
    no_show: true,
    host_no_show: false,
    paid: false,
  },
  payUidHHHHHHHHHHHHHHHH: {
    booking_id: 900602,
    status: "accepted",
    price: 12000,
    currency: "EUR",
    paid: true,
    paid_at: "2026-11-14T10:02:41.870Z",
  },
  seatUidIIIIIIIIIIIIIII: {
    booking_id: 900701,
    status: "accepted",
    seats: 1,
    seats_per_slot: 10,
  },
};

describe("payloads", () => {
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;
  const random = seeded("payloads");

  before(async () => {
    database = await Database.create();
    gateway = await Gateway.start(database);
  });
  after(async () => {
    await gateway?.stop();
    await database?.close();
  });

  const deliveries = () => database.value("select count(*) from calytics.webhook_delivery");
  const state = () =>
    database.value(
      `select md5(string_agg(row_text, e'\\n' order by row_text)) from (
         select b::text as row_text from calytics.booking b
         union all select a::text from calytics.attendee a
         union all select c::text from calytics.booking_change c
         union all select p::text from calytics.booking_private p) rows`,
    );

  for (const { name, body, headers } of files) {
    test(`one wrong byte: ${name}`, async () => {
      const kept = await deliveries();
      const before = await state();
      for (let i = 0; i < FLIPS; i += 1) {
        const position = random.int(0, body.length - 1);
        const mask = random.int(1, 255);
        const wrong = Buffer.from(body);
        wrong[position] ^= mask;
        const answer = await gateway.post(wrong, { headers });
        const where = `byte ${position} xor ${mask}`;
        assert.equal(answer.status, 401, where);
        assert.equal(answer.json.outcome, "unauthorized", where);
        assert.ok(!answer.body.includes(SECRET), where);
      }
      assert.equal(await deliveries(), kept);
      assert.equal(await state(), before);
    });

    test(`as sent: ${name}`, async () => {
      const answer = await gateway.post(body, { headers });
      assert.equal(answer.status, 200);
      assert.equal(answer.json.outcome, OUTCOMES[name] ?? "applied", answer.json.detail);
      const [row] = await database.query(
        `select body::bytea, outcome, content_type, version from calytics.webhook_delivery
          where delivery_id = $1`,
        [answer.json.delivery],
      );
      assert.ok(body.equals(row.body), "kept byte for byte");
      assert.equal(row.outcome, answer.json.outcome);
      assert.equal(row.content_type, headers["Content-Type"]);
      assert.equal(row.version, headers["X-Cal-Webhook-Version"]);
    });
  }

  test("the bookings are what was said", async () => {
    const rows = await database.query("select * from cal.booking");
    assert.deepEqual(rows.map((row) => row.uid).sort(), Object.keys(BOOKINGS).sort());
    for (const row of rows) {
      const expected = { root_uid: row.uid, hops: 0, source: "default", ...BOOKINGS[row.uid] };
      const actual = Object.fromEntries(
        Object.keys(expected).map((key) => [
          key,
          row[key] instanceof Date ? row[key].toISOString() : row[key],
        ]),
      );
      assert.deepEqual(actual, expected, row.uid);
    }
  });

  test("people stand apart, as they were written", async () => {
    const people = await database.query("select name, email from cal.person order by email");
    const names = new Map(people.map(({ name, email }) => [email, name]));
    assert.equal(names.get("taro.yamada@example.com"), "山田 太郎");
    assert.equal(names.get("lukasz@example.com"), "Łukasz Żak");
    assert.ok(names.has("o'brien+guest@example.com"));
    assert.ok(!names.has("jdoe@example.com"), "nobody is in a ping");
    const [{ notes, answers }] = await database.query(
      "select notes, answers from cal.booking_private where uid = 'hV3kQ9sZrT2mX8uWnB4cYd'",
    );
    assert.equal(notes, '初めまして 🙏 "quote" \\ back\nline2');
    assert.match(JSON.stringify(answers), /otoño-2026 – «vuelta»/);
  });

  test("the same bytes again are a duplicate, and counted", async () => {
    const before = await state();
    const kept = await deliveries();
    for (const { name, body, headers } of files) {
      const answer = await gateway.post(body, { headers });
      assert.deepEqual([answer.status, answer.json.outcome], [200, "duplicate"], name);
      const repeats = await database.value(
        "select repeats from calytics.webhook_delivery where delivery_id = $1",
        [answer.json.delivery],
      );
      assert.equal(repeats, 1, name);
    }
    assert.equal(await deliveries(), kept);
    assert.equal(await state(), before);
  });

  test("the same news from a second subscription changes nothing", async () => {
    const before = await state();
    for (const { name, body } of files) {
      if (OUTCOMES[name] || name === "meeting_ended_flat.json") continue;
      const text = body.toString("utf8");
      const later = text.replace(
        /"createdAt":"([^"]+)"/,
        (_, at) => `"createdAt":"${new Date(Date.parse(at) + 37).toISOString()}"`,
      );
      assert.notEqual(later, text);
      const answer = await gateway.post(later);
      assert.deepEqual([answer.status, answer.json.outcome], [200, "unchanged"], name);
    }
    const rows = (table) => database.value(`select count(*) from calytics.${table}`);
    assert.equal(await rows("booking"), Object.keys(BOOKINGS).length);
    for (const row of await database.query("select * from cal.booking")) {
      for (const [key, value] of Object.entries(BOOKINGS[row.uid])) {
        const actual = row[key] instanceof Date ? row[key].toISOString() : row[key];
        assert.deepEqual(actual, value, `${row.uid}.${key}`);
      }
    }
    assert.notEqual(before, null);
  });

  test("a signature is taken in every form that Cal.com or its proxies use", async () => {
    const { body } = files.find(({ name }) => name === "ping.json");
    const good = sign(body, SECRET);
    const accepted = [
      { "cal-webhook-signature": good },
      { "CAL-WEBHOOK-SIGNATURE": good },
      { "x-cal-signature-256": good.toUpperCase() },
      { "X-Cal-Signature-256": `sha256=${good}` },
    ];
    for (const headers of accepted) {
      assert.equal((await gateway.post(body, { headers })).status, 200, JSON.stringify(headers));
    }
    const refused = [
      {},
      { "X-Cal-Signature-256": "" },
      { "X-Cal-Signature-256": "no-secret-provided" },
      { "X-Cal-Signature-256": good.slice(0, 63) },
      { "X-Cal-Signature-256": `${good}0` },
      { "X-Cal-Signature-256": `sha512=${good}` },
      { "X-Cal-Signature-256": sign(body, "") },
      { "X-Cal-Signature-256": sign(body, "another secret") },
      { "X-Cal-Signature-256": "é".repeat(32) },
      { "X-Other-Signature": good },
    ];
    for (const headers of refused) {
      assert.equal((await gateway.post(body, { headers })).status, 401, JSON.stringify(headers));
    }
  });
});
