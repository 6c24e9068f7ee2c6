// Why: the tracker sends over networks that fail. Law: what happened on the page is in the database, once, in its order and at
// its time, whatever happens on the way.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "./harness.mjs";
import { loaded, withPages } from "./tracker_pages.mjs";

describe("delivery of tracked events", () => {
  let browser, site, road, tag, events, arrived;
  withPages((pages) => ({ browser, site, road, tag, events, arrived } = pages));

  test("events go in batches, and the rest as the visitor leaves", async () => {
    const url = site.put("/batch", tag('data-flush-interval="60000" data-batch-size="5"'));
    const page = await browser.visit(url);
    await loaded(page);
    road.sent = [];
    await page.evaluate(() => {
      for (let i = 0; i < 12; i += 1) calytics.track(`STEP_${i}`);
    });
    await arrived("/batch", 10);
    assert.deepEqual(road.sent.map(({ events: { length } }) => length), [5, 5]);
    await page.goto("about:blank");
    const rows = await arrived("/batch", 13);
    assert.deepEqual(
      rows.map((row) => row.event_type),
      ["PAGE_VIEW", ...Array.from({ length: 12 }, (_, i) => `STEP_${i}`)],
    );
    await sleep(200);
    // A batch whose answer wasn't there yet went once more, and still is there once.
    assert.equal((await events("/batch")).length, 13);
    const ids = road.sent.flatMap(({ events: sent }) => sent.map(({ eventId }) => eventId));
    assert.equal(new Set(ids).size, 13);
  });

  test("while the gateway is away it waits, loses nothing and sends nothing twice", async () => {
    const url = site.put("/away", tag('data-flush-interval="200" data-max-retries="4"'));
    const page = await browser.visit(url);
    await arrived("/away", 1);
    road.sent = [];
    road.state = "shut";
    await page.evaluate(() => {
      for (let i = 0; i < 30; i += 1) calytics.track("WAITING", { properties: { i } });
    });
    await until(() => road.sent.length >= 3, "three tries");
    const pauses = road.sent.slice(1).map(({ at }, i) => at - road.sent[i].at);
    // A tenth of the interval, twice as long each time, and up to half of it less.
    pauses.forEach((pause, i) => assert.ok(pause >= 20 * 2 ** i, `pause ${i}: ${pause} ms`));

    // The events arrive, and the tracker can't know: it must send them again.
    road.state = "oneWay";
    await until(async () => (await events("/away")).length > 1, "events to arrive");
    road.state = "full";
    await sleep(300);
    road.state = "open";
    await page.evaluate(() => calytics.track("BACK"));
    const rows = await arrived("/away", 32);
    const waiting = rows.filter((row) => row.event_type === "WAITING");
    assert.deepEqual(waiting.map((row) => row.properties.i), Array.from({ length: 30 }, (_, i) => i));
    assert.equal(rows.length, 32);

    // After so many failures it gives peace, until something happens.
    road.state = "shut";
    road.sent = [];
    await page.evaluate(() => calytics.track("ALONE"));
    await until(() => road.sent.length === 5, "a first try and four more");
    await sleep(700);
    assert.equal(road.sent.length, 5);

    // The queue is bounded: what doesn't fit is dropped, and what is in it arrives.
    await page.evaluate(() => {
      for (let i = 1; i < 400; i += 1) calytics.track("CROWD", { properties: { i } });
    });
    road.state = "open";
    await page.evaluate(() => calytics.flush());
    const crowd = await arrived("/away", 332);
    await sleep(300);
    assert.equal((await events("/away")).length, 332);
    assert.equal(crowd.at(-1).properties.i, 299);
    assert.deepEqual(page.errors, []);

    // Leaving while all is not well, and coming back: still once each.
    road.state = "oneWay";
    await page.evaluate(() => calytics.track("LAST"));
    await until(async () => (await events("/away")).length === 333, "the last");
    await page.evaluate(() => dispatchEvent(new Event("pagehide")));
    road.state = "open";
    await page.evaluate(() => calytics.flush());
    await sleep(300);
    assert.equal((await events("/away")).length, 333);
  });

  test("a clock that is wrong keeps the order, and the right time", async () => {
    const url = site.put("/clock", tag());
    const page = await browser.visit(url, () => {
      const { now } = Date;
      Date.now = () => now() + 7_200_000;
    });
    await loaded(page);
    await page.evaluate(() => {
      for (const step of ["ONE", "TWO", "THREE"]) calytics.track(step);
    });
    const rows = await arrived("/clock", 4);
    assert.deepEqual(rows.map((row) => row.event_type), ["PAGE_VIEW", "ONE", "TWO", "THREE"]);
    assert.equal(new Set(rows.map((row) => row.occurred_at.getTime())).size, 4);
    assert.ok(Math.abs(rows[3].occurred_at - rows[3].received_at) < 5000);
  });
});
