// Why: whoever is to be told that something is wrong isn't looking. Laws: the worker samples health without anyone's
// doing, as often as it is told to; an alert is raised and cleared once each, as a row and as a notification, and all who
// tell of it say the same; counters tell what was committed and only ever grow; a crash makes nothing up.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster, Database, Gateway, SECRET, until } from "./harness.mjs";
import { sign } from "../demo/send.mjs";

const TOKEN = "cal_health_admin_0123456789";

describe("health", () => {
  /** @type {Cluster} */
  let cluster;
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;
  /** A session that listens, and what it heard. */
  let listener;
  const heard = [];

  async function configure(name, value) {
    await database.query(`alter system set calytics.${name} = '${value}'`);
    await database.query("select pg_reload_conf()");
  }

  async function listen() {
    listener = await cluster.connect(database.name);
    listener.on("notification", ({ payload }) => heard.push(JSON.parse(payload)));
    await listener.query("listen calytics_alert");
  }

  before(async () => {
    cluster = await Cluster.start();
    database = await Database.create(cluster);
    await configure("health_interval", "200ms");
    await database.query("select cal.add_token('health', 'admin', $1)", [TOKEN]);
    await listen();
    gateway = await Gateway.start(database);
  });
  after(async () => {
    await gateway?.stop();
    await listener?.end();
    await database?.close();
  });

  const samples = () => database.value("select count(*) from cal.health_history()");
  const alert = (name) =>
    database.query("select * from cal.alert where alert = $1 order by raised_at", [name]).then((rows) => rows.at(-1));
  const told = (name, state) => heard.filter((one) => one.alert === name && one.state === state).length;

  let number = 0;
  async function booking() {
    number += 1;
    const sql = "select convert_from(body, 'UTF8') from cal.simulate_webhook('BOOKING_CREATED', $1)";
    return database.value(sql, [`healthUid${number}`]);
  }

  /** What Prometheus reads, by name and labels. */
  async function metrics() {
    const { status, headers, body } = await gateway.ask("/metrics", { headers: { Authorization: `Bearer ${TOKEN}` } });
    assert.equal(status, 200, body.toString());
    assert.match(String(headers["content-type"]), /^text\/plain; version=0\.0\.4/);
    const lines = body.toString().split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
  }
  const applied = async () => (await metrics()).get('calytics_deliveries_total{source="default",outcome="applied"}') ?? 0;

  test("it is sampled as often as the setting says, and not at all where that is 0", async () => {
    await until(async () => (await samples()) >= 3, "three samples", 10);
    await configure("health_interval", "0");
    await sleep(500);
    const seen = await samples();
    await sleep(700);
    assert.equal(await samples(), seen);
    await configure("health_interval", "200ms");
    await until(async () => (await samples()) > seen, "another sample", 10);
  });

  test("deliveries are counted as they are committed, and samples add up to the counters", async () => {
    const before = await applied();
    for (let i = 0; i < 5; i += 1) assert.equal((await gateway.post(await booking())).json.outcome, "applied");
    const body = await booking();
    await database.query("begin");
    await database.query("select outcome from cal.receive_webhook(convert_to($1, 'UTF8'), $2)", [
      body,
      { "x-cal-signature-256": sign(body, SECRET) },
    ]);
    await database.query("rollback");
    assert.equal((await applied()) - before, 5);
    const sum = "select sum((received #>> '{default,applied}')::int)::int from cal.health_history()";
    await until(async () => (await database.value(sum)) === before + 5, "samples to tell them");
  });

  test("refused signatures raise an alert, once, that all tell alike", async () => {
    for (let i = 0; i < 12; i += 1) assert.equal((await gateway.post("{}", { secret: "another secret" })).status, 401);
    await until(() => alert("rejected_signatures"), "an alert");
    await until(() => told("rejected_signatures", "raised"), "a notification");
    const { severity, source, value, cleared_at } = await alert("rejected_signatures");
    assert.deepEqual([severity, source, cleared_at], ["critical", "default", null]);
    assert.ok(Number(value) >= 10);
    const { json } = await gateway.ask("/api/cal/health", { headers: { Authorization: `Bearer ${TOKEN}` } });
    assert.equal(json.status, "critical");
    assert.deepEqual(json.alerts.map((one) => one.alert), ["rejected_signatures"]);
    assert.ok(json.sample.database_size > 1_000_000);
    const raised = 'calytics_alert_raised{alert="rejected_signatures",severity="critical",source="default"}';
    assert.equal((await metrics()).get(raised), 1);
    const outsider = await gateway.ask("/api/cal/health");
    assert.deepEqual(outsider.json, { status: "ok" });

    await database.query("select cal.set_alert('rejected_signatures', 1000, 999)");
    await until(() => told("rejected_signatures", "cleared"), "it to be cleared");
    assert.notEqual((await alert("rejected_signatures")).cleared_at, null);
    assert.equal((await metrics()).get(raised), 0);
    assert.deepEqual([told("rejected_signatures", "raised"), told("rejected_signatures", "cleared")], [1, 1]);
  });

  test("a folder that fails is told of by the worker whose folding fails", async () => {
    const definition = await database.value("select pg_get_functiondef('calytics.fold(boolean)'::regprocedure)");
    await database.query("select cal.set_alert('fold_lag', 1)");
    await database.query(
      `create or replace function calytics.fold(merge boolean) returns bigint language plpgsql
         as 'begin raise exception ''no folding today''; end'`,
    );
    await gateway.post(await booking());
    await until(() => told("fold_lag", "raised"), "an alert");
    assert.match((await alert("fold_lag")).detail, /^pending changes: [1-9]/);
    await database.query(definition);
    await until(() => told("fold_lag", "cleared"), "it to be cleared", 90);
    assert.deepEqual([told("fold_lag", "raised"), told("fold_lag", "cleared")], [1, 1]);
  });

  test("a folder that waits for a lock, or is stopped, is told of by others", async () => {
    await until(async () => (await database.value("select calytics.pending()")) === 0, "all to be folded");
    for (const how of ["lock", "stop"]) {
      const raised = told("fold_lag", "raised");
      const pid = await database.value("select pid from calytics.folder_state()");
      const holder = await cluster.connect(database.name);
      if (how === "lock") await holder.query("begin; select calytics.lock_fold()");
      else process.kill(pid, "SIGSTOP");
      try {
        await gateway.post(await booking());
        await until(() => told("fold_lag", "raised") > raised, `an alert (${how})`, 60);
        assert.equal((await metrics()).get('calytics_alert_raised{alert="fold_lag",severity="warning",source=""}'), 1);
      } finally {
        if (how === "lock") await holder.query("rollback");
        else process.kill(pid, "SIGCONT");
        await holder.end();
      }
      await until(() => told("fold_lag", "cleared") > raised, "it to be cleared", 60);
      assert.equal(told("fold_lag", "raised"), raised + 1);
      assert.equal(await database.value("select pid from calytics.folder_state()"), pid);
    }
  });

  test("tables that are locked hold up neither samples nor those who ask, and both say what they lack", async () => {
    const unread = () => database.value("select unread from cal.health_history() order by sampled_at desc limit 1");
    const known = async () => (await metrics()).get("calytics_gateway_database_answered") === 1;
    const holder = await cluster.connect(database.name);
    await holder.query("begin; lock table calytics.event, calytics.webhook_delivery in access exclusive mode");
    try {
      await until(async () => (await unread()).length > 0, "a sample that lacks something", 30);
      assert.deepEqual(await unread(), ["lag_s", "pending", "quarantined", "unmerged"]);
      await until(known, "the database's metrics", 30);
      const lacking = await metrics();
      assert.equal(lacking.get("calytics_unread"), 4);
      assert.equal(lacking.has("calytics_pending_changes"), false);
      assert.ok(lacking.get("calytics_database_size_bytes") > 1_000_000);
      assert.equal((await gateway.ask("/ready")).status, 200);
      const { json } = await gateway.ask("/api/cal/health", { headers: { Authorization: `Bearer ${TOKEN}` } });
      assert.deepEqual([json.unread, json.sources], [["metrics", "sources"], null]);
    } finally {
      await holder.query("rollback");
      await holder.end();
    }
    await until(async () => (await unread()).length === 0, "a sample that lacks nothing", 30);
    assert.equal((await metrics()).has("calytics_pending_changes"), true);
  });

  test("while every lane waits for a lock, the gateway says so, and takes up again", async () => {
    await metrics(); // whoever was let in before is told the gateway's own
    const holder = await cluster.connect(database.name);
    await holder.query("begin; lock table calytics.source in access exclusive mode");
    try {
      const headers = { Authorization: `Bearer ${TOKEN}` };
      const asked = Array.from({ length: 12 }, () => gateway.ask("/api/admin/dashboard", { headers }).catch(() => {}));
      await until(async () => (await database.blocked()) >= 3, "lanes to be blocked");
      assert.equal((await gateway.ask("/ready")).status, 503);
      assert.equal((await metrics()).get("calytics_gateway_database_answered"), 0);
      assert.equal((await gateway.ask("/live")).status, 200);
      await holder.query("rollback");
      await Promise.all(asked);
    } finally {
      await holder.end();
    }
    await until(async () => (await gateway.ask("/ready")).status === 200, "the gateway to be ready");
    assert.equal((await metrics()).get("calytics_gateway_database_answered"), 1);
  });

  test("a gateway that reads from a standby tells what the primary knows", async () => {
    await listener.end();
    await database.close();
    await gateway.stop();
    const standby = await cluster.frozenStandby();
    await database.reconnect();
    await listen();
    const readUrl = database.url.replace(`:${cluster.port}/`, `:${standby.port}/`);
    gateway = await Gateway.start(database, [`--read-url=${readUrl}`]);
    await gateway.post(await booking());
    assert.equal(await applied(), 1);
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const bookings = "select count(*)::int as count from cal.booking";
    const frozen = await standby.connect(database.name);
    const [{ count }] = (await frozen.query(bookings)).rows;
    await frozen.end();
    assert.equal(await database.value(bookings), count + 1, "the standby shows what was");
    const { json } = await gateway.ask("/api/cal/health", { headers });
    assert.notEqual(json.metrics.worker.pid, null);
    for (const procedure of ["getHealthStatus", "getBatchStats"]) {
      const answer = await gateway.ask(`/api/trpc/calAnalytics.${procedure}`, { headers });
      assert.equal(answer.status, 200);
      assert.notEqual(JSON.stringify(answer.json).match(/"pid": ?[0-9]/), null, procedure);
    }
    assert.equal((await gateway.ask("/api/cal/health")).status, 200);
    await gateway.stop();
    gateway = await Gateway.start(database);
  });

  test("a crash begins the counters anew, and no sample makes anything up", async () => {
    const sum = async () =>
      database.value("select coalesce(sum((received #>> '{default,applied}')::int), 0)::int from cal.health_history()");
    await until(async () => (await sum()) === 9, "all to be told");
    await database.query("checkpoint"); // what the worker commits may otherwise be lost for a moment
    await listener.end();
    await database.close();
    await cluster.crash();
    await database.reconnect();
    await listen();
    const { status } = await gateway.post(await booking());
    assert.equal(status, 200);
    assert.equal(await applied(), 1);
    const seen = await samples();
    await until(async () => (await samples()) > seen + 2, "samples");
    assert.equal(await sum(), 10);
  });
});
