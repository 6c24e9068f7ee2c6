// Why: the dashboard must be legible for everyone, in whatever state it is. Held to here: with a year, with nothing, and with the
// database gone half-way, every tab is whole and accessible at each width and in each colour; what happens is on screen at
// once; what goes wrong is said.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Browser } from "./browser.mjs";
import { enter, leave, openEmpty, openYear, TABS } from "./dashboard_studio.mjs";
import { bookingBody } from "./harness.mjs";

/** @type {Browser} */
let browser;
before(async () => void (browser = await Browser.launch()));
after(() => browser?.close());

/** Holds what is on the page to being whole and accessible, in all its renderings. */
async function look(visitor, name) {
  for (const [width, colorScheme] of [[1440, "light"], [1440, "dark"], [390, "dark"], [390, "light"]]) {
    await visitor.render(width, colorScheme);
    const rendering = `${name}-${width}-${colorScheme}`;
    await visitor.shoot(rendering);
    assert.ok((await visitor.overflow()) <= 0, `${rendering} moves sideways`);
    assert.deepEqual(await visitor.faults(), [], rendering);
  }
  await visitor.render(1440, "light");
}

describe("dashboard of a year", () => {
  let database, gateway, visitor;

  before(async () => void ({ database, gateway, visitor } = await enter(browser, openYear)));
  after(() => leave({ database, gateway, visitor }));

  test("every tab is whole and accessible, at each width and in each colour", async () => {
    for (const tab of TABS) {
      await visitor.open(`/?tab=${tab}&period=year`);
      await look(visitor, `year-${tab}`);
    }
    assert.deepEqual(visitor.errors, []);
  });

  test("nothing in a range and nothing left by a filter are told apart", async () => {
    const { page } = visitor;
    await visitor.open("/?period=month&at=2001-05-05");
    await page.locator('[data-state="no-range"]').waitFor();
    await look(visitor, "no-range");
    await visitor.open("/?period=month&host=nobody");
    await page.locator('[data-state="filtered"]').waitFor();
    await look(visitor, "filtered");
    await page.getByRole("button", { name: "Remove the filters" }).click();
    assert.ok(!page.url().includes("host="));
    assert.deepEqual(visitor.errors, []);
  });

  test("when the database is gone the last numbers stay, with their age, and come alive again", async () => {
    const { page } = visitor;
    const walk = async (tab) => {
      await page.getByRole("navigation").getByRole("link").nth(TABS.indexOf(tab)).click();
      await visitor.shown();
    };
    const live = page.getByRole("button", { name: /^(Live|Out of reach|Stale)/ });
    await visitor.open("/?period=year");
    const before = new Map();
    for (const tab of TABS) {
      await walk(tab);
      before.set(tab, await visitor.figures());
    }
    assert.deepEqual(visitor.errors, []);
    database.cluster.stop();
    await live.click();
    for (const tab of TABS) {
      await walk(tab);
      await page.locator('[data-state="stale"], [data-state="error"]').first().waitFor();
      assert.deepEqual(await visitor.figures(), before.get(tab), tab);
      await look(visitor, `stopped-${tab}`);
    }
    database.cluster.resume();
    await database.reconnect();
    await live.click();
    await page.locator('[data-state="stale"]').waitFor({ state: "detached" });
    await walk("overview");
    assert.deepEqual((await visitor.figures()).map(({ metric }) => metric), before.get("overview").map(({ metric }) => metric));
    // That answers didn't come, the browser itself tells.
    assert.deepEqual(visitor.errors.filter((error) => !error.startsWith("Failed to load resource: ")), []);
  });
});

describe("dashboard of nothing", () => {
  let database, gateway, visitor;

  before(async () => void ({ database, gateway, visitor } = await enter(browser, openEmpty)));
  after(() => leave({ database, gateway, visitor }));

  test("it says how to begin, in every tab, and shows the first webhook within two seconds", async () => {
    const { page } = visitor;
    for (const tab of [...TABS].reverse()) {
      await visitor.open(`/?tab=${tab}`);
      await page.locator('[data-state="no-data"]').getByText(`${gateway.origin}/api/cal/webhook`).waitFor();
      await look(visitor, `nothing-${tab}`);
    }
    await page.getByRole("button", { name: "Month", exact: true }).focus();
    const created = new Date().toISOString();
    const began = Date.now();
    await gateway.post(bookingBody("firstOfAll", { startTime: new Date(Date.now() + 86_400_000).toISOString(), endTime: new Date(Date.now() + 90_000_000).toISOString(), createdAt: created }));
    await page.locator('.tile[data-metric="upcoming"], .tile[data-metric="created"]').first().waitFor({ timeout: 10_000 });
    const took = Date.now() - began;
    assert.ok(took <= 2_000, `${took} ms`);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Month");
    assert.deepEqual(visitor.errors, []);
  });
});
