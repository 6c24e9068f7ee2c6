// Why: what `make run` is told of tracking must reach the tracker, and what nobody tells it must stay as it is.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { Database, ROOT, until } from "./harness.mjs";

describe("provision", () => {
  /** @type {Database} */
  let database;
  before(async () => (database = await Database.create()));
  after(() => database?.close());

  function provision(analytics) {
    const { cluster, name } = database;
    const psql = '. gateway/ops/lib.sh; . gateway/ops/postgres.sh; exec "$(psql_path)" -XqAt';
    const environment = {
      ...process.env,
      ...analytics,
      ...{ PGHOST: cluster.socket, PGPORT: String(cluster.port), PGUSER: "calytics", PGDATABASE: name },
      ...{ GATEWAY_ROLE: "nobody", GATEWAY_PASSWORD: "", SET_SECRET: "first" },
      ...{ WEBHOOK_SECRET: "whsec_of_provision", ADMIN_TOKEN: "cal_0123456789abcdef0123456789" },
    };
    execFileSync("bash", ["-c", `${psql} <gateway/ops/provision.sql`], { cwd: ROOT, env: environment });
    return database.query(
      `select t.batch_size, t.max_retries, t.anonymize_ips, t.honour_signals, t.keep_events = '90 days' as ninety,
              extract(epoch from t.flush_interval)::float8 as flush_s from calytics.tracking t`,
    );
  }

  test("what ANALYTICS_... says is so until it says otherwise", async () => {
    assert.deepEqual(await provision({}), []);
    const all = {
      ANALYTICS_BATCH_SIZE: "7",
      ANALYTICS_FLUSH_INTERVAL: "2500",
      ANALYTICS_MAX_RETRIES: "0",
      ANALYTICS_ANONYMIZE_IPS: "false",
      ANALYTICS_GDPR_COMPLIANCE: "true",
      ANALYTICS_RETENTION_DAYS: "90",
    };
    const told = {
      ...{ batch_size: 7, max_retries: 0, anonymize_ips: false, honour_signals: true },
      ...{ ninety: true, flush_s: 2.5 },
    };
    assert.deepEqual(await provision(all), [told]);
    assert.deepEqual(await provision({ ANALYTICS_BATCH_SIZE: "" }), [told]);
    assert.deepEqual(await provision({ ANALYTICS_BATCH_SIZE: "9" }), [{ ...told, batch_size: 9 }]);
  });

  test("how often health is sampled is a setting of the server, and stays what it was said to be", async () => {
    const setting = "select setting from pg_settings where name = 'calytics.health_interval'";
    const often = "ANALYTICS_HEALTH_CHECK_INTERVAL";
    const ever = "ANALYTICS_ENABLE_HEALTH_CHECKS";
    for (const [analytics, expected] of [
      [{ [often]: "5000" }, "5000"],
      [{}, "5000"],
      [{ [ever]: "false", [often]: "5000" }, "0"],
      [{}, "0"],
      [{ [ever]: "true" }, "30000"],
      [{ [ever]: "true", [often]: "120000" }, "120000"],
    ]) {
      await provision(analytics);
      await until(async () => (await database.value(setting)) === expected, `${expected} ms`);
    }
  });

  test("Cal.com's API is asked with the key that is given, until another one is", async () => {
    const sync = () => database.query("select y.api_url, y.username, x.api_key from cal.sync y cross join calytics.sync x");
    await provision({ NEXT_PUBLIC_CAL_USERNAME: "zoe" });
    assert.deepEqual(await sync(), []);
    await provision({ CAL_API_KEY: "cal_of_provision", NEXT_PUBLIC_CAL_USERNAME: "zoe" });
    assert.deepEqual(await sync(), [{ api_url: "https://api.cal.com", username: "zoe", api_key: "cal_of_provision" }]);
    await provision({ CAL_API_URL: "http://127.0.0.1:1" });
    await provision({});
    assert.deepEqual(await sync(), [{ api_url: "http://127.0.0.1:1", username: "zoe", api_key: "cal_of_provision" }]);
  });

  test("make run refuses what makes no sense, before it starts anything", () => {
    for (const [name, wrong] of [
      ["ANALYTICS_BATCH_SIZE", "0"],
      ["ANALYTICS_BATCH_SIZE", "many"],
      ["ANALYTICS_FLUSH_INTERVAL", "10s"],
      ["ANALYTICS_MAX_RETRIES", "21"],
      ["ANALYTICS_ENABLE_BATCHING", "yes"],
      ["ANALYTICS_RETENTION_DAYS", "1"],
      ["ANALYTICS_HEALTH_CHECK_INTERVAL", "30"],
      ["ANALYTICS_ENABLE_HEALTH_CHECKS", "on"],
      ["CAL_API_KEY", "none"],
      ["CAL_API_URL", "api.cal.com"],
      ["NEXT_PUBLIC_CAL_USERNAME", "zoe ink"],
    ]) {
      const env = { ...process.env, [name]: wrong, CALYTICS_DIR: "/nonexistent/calytics" };
      const run = spawnSync("gateway/ops/run.sh", { cwd: ROOT, env, encoding: "utf8" });
      assert.equal(run.status, 1);
      assert.match(run.stderr, new RegExp(`^calytics: ${name} is `), wrong);
    }
  });
});
