// Why: the tracker runs in pages that we don't know, for visitors who may not want it. Laws: the page feels none of it; who asks
// not to be tracked isn't; pages of foreign origins may not send.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "./harness.mjs";
import { FAST, loaded, withPages } from "./tracker_pages.mjs";

describe("manners of the tracker", () => {
  let database, gateway, browser, site, road, tag, events, arrived;
  withPages((pages) => ({ database, gateway, browser, site, road, tag, events, arrived } = pages));

  test("a page that is hostile, or shut in, feels nothing of it", async () => {
    const url = site.put("/hostile", `<p data-calytics-service="piece">Piece</p>${tag()}`);
    const page = await browser.visit(url, () => {
      const refuse = () => {
        throw new Error("not here");
      };
      Object.defineProperty(window, "sessionStorage", { get: refuse });
      Object.freeze(Object.prototype);
      Object.freeze(Array.prototype);
      Object.freeze(history);
      window.IntersectionObserver = refuse;
      window.Cal = { q: Object.freeze([["inline", null]]), ns: null };
    });
    await loaded(page);
    await page.evaluate(() => {
      const circle = {};
      circle.circle = circle;
      for (const wrong of [circle, null, 7, { properties: 1n }]) calytics.track("PAGE_VIEW", { properties: wrong });
      calytics.track();
      calytics.track("wrong name");
      window.postMessage(null, "*");
      window.postMessage({ originator: "CAL" }, "*");
      history.pushState({}, "", "/hostile/on");
      document.documentElement.click();
    });
    const rows = await arrived("/hostile", 2);
    assert.ok(rows.every((row) => row.event_type === "PAGE_VIEW"));
    assert.deepEqual(page.errors, []);

    // A policy that lets nothing out: the page goes on, and so does its own fetch.
    const shut = site.put("/shut", tag(), {
      "Content-Security-Policy": `default-src 'self'; script-src ${road.origin}`,
    });
    const inside = await browser.visit(shut);
    await loaded(inside);
    await inside.evaluate(() => calytics.track("UNHEARD"));
    await sleep(200);
    assert.deepEqual(inside.errors, []);
    assert.deepEqual(await events("/shut"), []);

    // A sandbox has neither an origin nor storage.
    site.put("/boxed", `${tag()}`);
    const outside = await browser.visit(site.put("/box", '<iframe sandbox="allow-scripts" src="/boxed"></iframe>'));
    assert.equal((await arrived("/boxed", 1)).length, 1);
    assert.deepEqual(outside.errors, []);
  });

  test("who asks not to be tracked isn't, and nothing is stored", async () => {
    for (const [name, value] of [
      ["globalPrivacyControl", true],
      ["doNotTrack", "1"],
    ]) {
      road.sent = [];
      const page = await browser.visit(
        site.put(`/private/${name}`, tag()),
        `Object.defineProperty(navigator, "${name}", { value: ${JSON.stringify(value)} })`,
      );
      await loaded(page);
      await page.evaluate(() => {
        calytics.track("PAGE_VIEW");
        calytics.flush();
      });
      await sleep(250);
      assert.equal(await page.evaluate(() => sessionStorage.length + localStorage.length), 0);
      assert.deepEqual([road.sent.length, page.errors.length], [0, 0], name);
    }
  });

  test("only pages of the origins that a source lists may send", async () => {
    const json = (origin) =>
      gateway.ask("/api/cal/track/studio", {
        method: "OPTIONS",
        headers: { Origin: origin, "Access-Control-Request-Method": "POST" },
      });
    const visit = async (path) => {
      const page = await browser.visit(site.put(path, tag(`${FAST} data-source="studio"`)));
      await loaded(page);
      const status = await page.evaluate(async (address) => {
        const event = { sessionId: "page", eventType: "PAGE_VIEW" };
        const headers = { "Content-Type": "application/json" };
        const sent = fetch(address, { method: "POST", headers, body: JSON.stringify({ events: [event] }) });
        return sent.then((answer) => answer.status, () => "refused");
      }, `${road.origin}/api/cal/track/studio`);
      return status;
    };
    await database.query("select cal.rotate_secret('studio')");
    assert.equal(await visit("/any"), 200);
    assert.equal((await arrived("/any", 1))[0].source, "studio");

    await database.query("select cal.set_tracking('studio', origins => $1)", [["https://studio.example"]]);
    road.sent = [];
    assert.equal(await visit("/foreign"), "refused");
    await until(() => road.sent.length > 0, "a try");
    await sleep(200);
    assert.deepEqual(await events("/foreign"), []);
    const [own, foreign] = [await json("https://studio.example"), await json(site.origin)];
    assert.deepEqual(
      [own.status, own.headers["access-control-allow-origin"], own.headers["access-control-allow-headers"]],
      [204, "https://studio.example", "content-type"],
    );
    assert.equal(foreign.headers["access-control-allow-origin"], undefined);

    await database.query("select cal.set_tracking('studio', origins => $1)", [[site.origin]]);
    assert.equal(await visit("/listed"), 200);
    await arrived("/listed", 1);
    await assert.rejects(
      database.query("select cal.set_tracking('studio', origins => '{https://studio.example/page}')"),
      /not the origin of a web site/,
    );
  });
});
