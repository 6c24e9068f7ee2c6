// Why: names, addresses, secrets and bodies must be where they belong and nowhere else: not in what
// analysts read, not within reach of the gateway's login, not in any log.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { generate } from "../demo/generate.mjs";
import { send, sign } from "../demo/send.mjs";
import { Cluster, Database, Gateway, SECRET, bookingBody, until } from "./harness.mjs";

const DENIED = "42501";
const TOKEN = "cal_test_abcdef0123456789abcdef0123456789";
const CUSTOMER = {
  email: "very.secret.person@example.com",
  name: "Verónica Secretísima",
  timeZone: "Europe/Madrid",
  phoneNumber: "+34555987654",
};

describe("privacy", () => {
  /** @type {Cluster} */
  let cluster;
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;
  const history = generate({ seed: 5, until: "2026-11-15", months: 1, bookingsPerMonth: 120 });

  before(async () => {
    cluster = await Cluster.start();
    database = await Database.create(cluster);
    await database.query("select cal.add_token('tests', 'admin', $1)", [TOKEN]);
    gateway = await Gateway.start(database, ["--log-level=debug", "--db-timeout=2s"]);
    const url = `${gateway.origin}/api/cal/webhook`;
    const { failures } = await send(history, { url, secret: SECRET });
    assert.deepEqual(failures, []);
    const own = await gateway.post(
      bookingBody("privacyUidAAAAAAAAAAAA", { attendees: [CUSTOMER] }),
    );
    assert.equal(own.status, 200);
    await database.query("analyze");
  });
  after(async () => {
    await gateway?.stop();
    await database?.close();
  });

  /** All that was sent about people: names, addresses, numbers, and what they wrote. */
  function personal() {
    const found = new Set([CUSTOMER.email, CUSTOMER.name, CUSTOMER.phoneNumber]);
    for (const { body } of history) {
      const { triggerEvent, payload } = JSON.parse(body);
      if (!payload?.organizer || triggerEvent === "PING") continue;
      for (const person of [payload.organizer, ...payload.attendees]) {
        for (const text of [person.name, person.email, person.phoneNumber]) {
          if (text) found.add(text);
        }
      }
      for (const text of [payload.additionalNotes, payload.cancellationReason]) {
        if (text) found.add(text);
      }
    }
    return [...found];
  }

  const secrets = [SECRET, TOKEN];
  const hex = (text) => Buffer.from(text).toString("hex");

  function assertFree(text, needles, where) {
    const lower = text.toLowerCase();
    for (const needle of needles) {
      assert.ok(!lower.includes(needle.toLowerCase()), `${where} shows ${JSON.stringify(needle)}`);
      assert.ok(!lower.includes(hex(needle)), `${where} shows ${JSON.stringify(needle)} in hex`);
    }
  }

  async function readableBy(role) {
    const rows = await database.query(
      `select c.oid::regclass::text as name from pg_class c
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace <> 'pg_toast'::regnamespace
          and has_schema_privilege($1, c.relnamespace, 'usage')
          and (has_table_privilege($1, c.oid, 'select')
               or has_any_column_privilege($1, c.oid, 'select'))`,
      [role],
    );
    return rows.map(({ name }) => name);
  }

  test("an analyst can read the numbers and nobody's name", async () => {
    const needles = [...personal(), ...secrets];
    assert.ok(needles.length > 200);
    const client = await cluster.connect(database.name);
    await client.query("set role cal_reader");
    const relations = await readableBy("cal_reader");
    for (const view of ["cal.booking", "cal.booking_change", "cal.attendee", "cal.delivery"]) {
      assert.ok(relations.includes(view), `${view} is readable`);
    }
    let scanned = 0;
    for (const relation of relations) {
      let rows;
      try {
        ({ rows } = await client.query(`select r::text as row from ${relation} r`));
      } catch (error) {
        assert.ok(!/^(cal|calytics)\./.test(relation), `${relation}: ${error.message}`);
        continue; // a view of PostgreSQL's own that needs more than SELECT
      }
      scanned += rows.length;
      assertFree(rows.map(({ row }) => row).join("\n"), needles, relation);
    }
    assert.ok(scanned > 1000);
    for (const relation of ["cal.person", "cal.booking_private", "calytics.source_secret"]) {
      await assert.rejects(client.query(`select * from ${relation}`), { code: DENIED }, relation);
    }
    await client.end();
  });

  test("what an analyst may call tells no secret and changes nothing", async () => {
    const callable = await database.query(
      `select p.oid::regprocedure::text as name from pg_proc p
        where p.pronamespace in ('cal'::regnamespace, 'calytics'::regnamespace)
          and has_schema_privilege('cal_reader', p.pronamespace, 'usage')
          and has_function_privilege('cal_reader', p.oid, 'execute') order by 1`,
    );
    for (const { name } of callable) {
      assert.doesNotMatch(name, /secret|token|rotate|rebuild|replay|receive|simulate|set_/, name);
    }
  });

  test("the gateway's login may call what answers it, and nothing else", async () => {
    const callable = await database.query(
      `select p.oid::regprocedure::text as name from pg_proc p
        where p.pronamespace in ('cal'::regnamespace, 'calytics'::regnamespace)
          and has_schema_privilege($1, p.pronamespace, 'usage')
          and has_function_privilege($1, p.oid, 'execute')`,
      [database.login],
    );
    assert.deepEqual(
      callable.map(({ name }) => name).sort(),
      ["cal.http(text,text,text,jsonb,bytea)", "cal.sync_step(text,text,text,jsonb,bytea)"],
    );
    const ours = (await readableBy(database.login)).filter((name) =>
      /^(cal|calytics)\./.test(name),
    );
    assert.deepEqual(ours, []);

    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const tries = [
      "select * from cal.booking",
      "select * from cal.person",
      "select * from calytics.webhook_delivery",
      "select * from calytics.source_secret",
      "insert into calytics.route (method, path, handler) values ('GET', '/x', 'now')",
      "select cal.rotate_secret()",
      "select cal.receive_webhook('', '{}')",
      "select cal.simulate_webhook()",
      "select cal.rebuild()",
      "select cal.replay(1)",
      "select cal.add_token('me', 'admin')",
      "select calytics.understand(1, '', '', now())",
      "set role cal_admin",
      "create table cal.mine ()",
      "create table calytics.mine ()",
    ];
    for (const text of tries) await assert.rejects(client.query(text), { code: DENIED }, text);
    const { rows } = await client.query(
      "select status from cal.http('GET', '/api/cal/health', '', '{}', '')",
    );
    assert.equal(rows[0].status, 200);
    await client.end();
  });

  test("no log shows a secret, a body or a person, not even when things go wrong", async () => {
    const mine = { attendees: [CUSTOMER] };
    const good = (uid, more) => bookingBody(uid, { ...mine, ...more });
    const expect = async (status, body, headers) => {
      const answer = await gateway.post(body, headers && { headers });
      assert.ok([status].flat().includes(answer.status), `${answer.status}: ${answer.body}`);
      assertFree(
        answer.body.toString("utf8"),
        [...Object.values(CUSTOMER).slice(0, 2), SECRET],
        "it",
      );
    };

    // Refused, broken and odd bodies.
    await expect(401, good("a"), { "X-Cal-Signature-256": "no-secret-provided" });
    await expect(401, good("b"), { "X-Cal-Signature-256": SECRET });
    const { email, name } = CUSTOMER;
    for (const text of [
      `{"triggerEvent":"BOOKING_CREATED","payload":{"attendees":[{"email":"${email}"`,
      `{"triggerEvent":"BOOKING_CREATED","payload":{"uid":"${email}"}}`,
      `{"triggerEvent":"${email}","payload":{"uid":"x"}}`,
      `{"triggerEvent":"BOOKING_CREATED","createdAt":"${email}","payload":{"startTime":"${name}"}}`,
      `name=${name}&email=${email}`,
      `"\\u0000 ${email} \\ud800"`,
      `\xff\xfe ${email}`,
      email,
    ]) {
      await expect(200, Buffer.from(text));
    }
    await expect(413, Buffer.concat([good("c"), Buffer.alloc(1024 * 1024, 32)]));
    await gateway.ask(`/api/cal/webhook?email=${encodeURIComponent(email)}&token=${TOKEN}`, {
      headers: { Authorization: `Bearer ${TOKEN}`, Cookie: `session=${TOKEN}` },
    });
    await gateway.ask("/api/cal/health", { headers: { Authorization: `Bearer ${TOKEN}` } });

    // Data that a constraint refuses.
    await database.query(
      `alter table calytics.person
         add constraint strict check (name <> 'Refused Person') not valid`,
    );
    await expect(
      [200, 500, 503],
      good("d", { attendees: [{ ...CUSTOMER, name: "Refused Person" }] }),
    );
    await database.query("alter table calytics.person drop constraint strict");
    await database.query(
      `alter table calytics.webhook_delivery
         add constraint strict check (uid <> 'refusedUid') not valid`,
    );
    await expect([200, 500, 503], good("refusedUid"));
    await database.query("alter table calytics.webhook_delivery drop constraint strict");

    // A database that is too slow, and one that goes away in the middle.
    const holder = await cluster.connect(database.name);
    await holder.query("begin; lock table calytics.webhook_delivery in access exclusive mode");
    await expect([500, 503, 504], good("e"));
    const waiting = expect([200, 500, 503, 504], good("f"));
    await until(() => database.blocked(), "the webhook to wait");
    await database.cutOff();
    await sleep(100);
    await holder.query("rollback");
    await holder.end();
    await waiting;
    await expect(200, good("g"));

    const needles = [
      ...[...Object.values(CUSTOMER), "Refused Person"].filter((text) => text !== "Europe/Madrid"),
      ...[SECRET, TOKEN, "only for tests", encodeURIComponent("only for tests")],
      ...[sign(good("g"), SECRET), "triggerEvent", "zoe@example.com"],
    ];
    await sleep(200);
    assertFree(gateway.log, needles, "the gateway's log");
    // The test's own superuser statements are no part of the product.
    const server = cluster.log
      .split("\n")
      .filter((line) => !line.includes("rotate_secret") && !line.includes("create role"))
      .join("\n");
    assert.match(server, /canceling statement|terminating connection/, "it did go wrong");
    assertFree(server, needles, "PostgreSQL's log");
    assert.match(gateway.log, /\b401\b/, "the gateway does log requests");
  });
});
