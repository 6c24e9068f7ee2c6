// Why: tests of the tracker need the same ground: pages of a site, Cal.com's frames in them, and a road to the gateway that a
// test may close. Guarantees: what arrived is read from the database; no visitor is taken for a machine.

import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import { Browser, CalCom, Road, Site } from "./browser.mjs";
import { Database, Gateway, until } from "./harness.mjs";

/** Sends at once what happens. */
export const FAST = 'data-flush-interval="100"';

export const steps = (rows) => rows.map(({ event_type: type, service }) => `${type} ${service}`.trim());
export const loaded = (page) => page.waitForFunction(() => window.calytics?.flush);
export const sessionOf = (page) => page.evaluate(() => sessionStorage.calytics);

/** Opens pages for the tests of a suite, and closes them; `take` is given them. */
export function withPages(take) {
  let pages;
  before(async () => take((pages = await openPages())));
  after(() => pages?.close());
  afterEach(() => pages.leave());
}

/** All that a tracker's page needs; `leave` ends what pages still do, `close` all of it. */
async function openPages() {
  const [database, browser, site, calCom] = await Promise.all([
    Database.create(),
    Browser.launch(),
    Site.open(),
    CalCom.open(),
  ]);
  const gateway = await Gateway.start(database);
  const road = await Road.to(gateway);

  const tag = (more = FAST) => `<script async src="${road.origin}/cal.js" ${more}></script>`;

  /** Events of pages below a path, in the order in which they happened. */
  async function events(path) {
    const rows = await database.query(
      "select * from cal.analytics_event where url like $1 order by occurred_at",
      [`${site.origin}${path}%`],
    );
    for (const { bot, browser: name, late } of rows) {
      assert.deepEqual([bot, name, late], [false, "chrome", false]);
    }
    return rows;
  }

  /** The events, once there are so many. */
  async function arrived(path, count) {
    const enough = async () => (await events(path)).length >= count;
    await until(enough, `${count} events of ${path}`).catch(async (error) => {
      throw new Error(`${error.message}; there are ${(await events(path)).length}`);
    });
    return events(path);
  }

  async function leave() {
    await browser.leave();
    road.state = "open";
  }

  async function close() {
    for (const one of [browser, road, site, calCom]) await one.close();
    await gateway.stop();
    await database.close();
  }

  return { database, gateway, browser, site, calCom, road, tag, events, arrived, leave, close };
}
