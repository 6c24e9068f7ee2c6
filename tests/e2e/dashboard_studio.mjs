// Why: tests of the dashboard look at the same studios: one with the demo's year, and one that nobody has heard of yet.
// Guarantees: a database, its server and its gateway for the asking file alone; the year is sent through the front door.

import assert from "node:assert/strict";
import { generate, today } from "../demo/generate.mjs";
import { send } from "../demo/send.mjs";
import { track } from "../demo/track.mjs";
import { Visitor } from "./dashboard_page.mjs";
import { Cluster, Database, Gateway, SECRET, seeded } from "./harness.mjs";

export const ADMIN = "cal_test_dashboard_admin_0123456789ab";
export const READER = "cal_test_dashboard_reader_0123456789a";
export const TABS = ["overview", "bookings", "services", "customers", "funnel", "health"];

const NAME = "studio";

/** An empty database, with tokens for both roles. */
async function create(cluster) {
  const database = await Database.create(cluster, NAME);
  await database.query("select cal.add_token('admin', 'admin', $1)", [ADMIN]);
  await database.query("select cal.add_token('reader', 'reader', $1)", [READER]);
  // One client alone asks for a whole day's pages here.
  await database.query("alter system set calytics.limit_read = 'off'");
  await database.query("select pg_reload_conf()");
  return database;
}

const gatewayOf = (database) => Gateway.start(database, ["--log-level=warning", "--db-wait=1s"]);

/** What `make demo` fills, until today. */
async function fill(cluster) {
  const database = await create(cluster);
  const random = seeded("dashboard's year");
  const zone = random.pick(["Europe/Madrid", "America/New_York", "UTC"]);
  await database.query("select cal.set_source(time_zone => $1, currency => 'EUR')", [zone]);
  const history = generate({ seed: random.int(1, 1e6), until: today() });
  const gateway = await gatewayOf(database);
  const { failures } = await send(history, { url: `${gateway.origin}/api/cal/webhook`, secret: SECRET });
  assert.deepEqual(failures, []);
  const seen = await track(history.visits(), { origin: gateway.origin, token: ADMIN });
  assert.deepEqual(seen.failures, []);
  await gateway.stop();
  await database.query("select cal.fold()");
  await database.query("vacuum analyze");
  await database.close();
}

/** A studio with the demo's year. */
export async function openYear() {
  const database = await Database.at(await Cluster.filled("year", fill), NAME);
  return { database, gateway: await gatewayOf(database) };
}

/** A studio of which nothing is known. */
export async function openEmpty() {
  const database = await create(await Cluster.start());
  return { database, gateway: await gatewayOf(database) };
}

/** An admin who looks at a studio. @param {() => Promise<object>} open makes it */
export async function enter(browser, open) {
  const { database, gateway } = await open();
  const visitor = await Visitor.come(browser, gateway);
  await visitor.logIn(ADMIN);
  return { database, gateway, visitor };
}

/** Ends what was entered, as far as it came. */
export async function leave({ database, gateway, visitor }) {
  await visitor?.leave();
  await gateway?.stop();
  await database?.close();
}
