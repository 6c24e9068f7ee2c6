// Why: the tracker runs in pages that we don't know, on networks that fail, before a script of Cal.com's that isn't ours.
// Laws: what happened on the page is in the database, once, whatever happens on the way; the page feels none of it; who
// asks not to be tracked isn't.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { Browser, CalCom, Road, Site, calSnippet } from "./browser.mjs";
import { Database, Gateway, bookingBody, until } from "./harness.mjs";

const SIZE_LIMIT = 3000;
const FAST = 'data-flush-interval="100"';

describe("tracker", () => {
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;
  /** @type {Browser} */
  let browser;
  /** @type {Site} */
  let site;
  /** @type {CalCom} */
  let calCom;
  /** @type {Road} */
  let road;

  before(async () => {
    [database, browser, site, calCom] = await Promise.all([
      Database.create(),
      Browser.launch(),
      Site.open(),
      CalCom.open(),
    ]);
    gateway = await Gateway.start(database);
    road = await Road.to(gateway);
  });
  after(async () => {
    for (const one of [browser, road, site, calCom]) await one?.close();
    await gateway?.stop();
    await database?.close();
  });

  afterEach(async () => {
    await browser.leave();
    road.state = "open";
  });

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
  const steps = (rows) => rows.map(({ event_type: type, service }) => `${type} ${service}`.trim());
  /** The events, once there are so many. */
  async function arrived(path, count) {
    const enough = async () => (await events(path)).length >= count;
    await until(enough, `${count} events of ${path}`, 10).catch(async (error) => {
      throw new Error(`${error.message}; there are ${(await events(path)).length}`);
    });
    return events(path);
  }
  const loaded = (page) => page.waitForFunction(() => window.calytics?.flush);
  const sessionOf = (page) => page.evaluate(() => sessionStorage.calytics);

  test("it is small, and kept by browsers until it changes", async () => {
    const packed = await gateway.ask("/cal.js", { headers: { "Accept-Encoding": "br, gzip" } });
    const plain = await gateway.ask("/cal.js");
    assert.deepEqual(
      ["content-type", "content-encoding", "x-content-type-options", "access-control-allow-origin"].map(
        (name) => packed.headers[name],
      ),
      ["text/javascript; charset=utf-8", "gzip", "nosniff", "*"],
    );
    assert.match(packed.headers["cache-control"], /public, max-age=\d+/);
    assert.match(packed.headers.vary, /accept-encoding/i);
    assert.equal(plain.headers["content-encoding"], undefined);
    assert.ok(gunzipSync(packed.body).equals(plain.body));
    console.log(`# /cal.js: ${plain.body.length} bytes, ${packed.body.length} in gzip`);
    assert.ok(packed.body.length <= SIZE_LIMIT, `${packed.body.length} bytes`);

    const { etag } = packed.headers;
    assert.equal(plain.headers.etag, etag);
    for (const known of [etag, `"other", ${etag}`, etag.replace("W/", ""), "*"]) {
      const again = await gateway.ask("/cal.js", { headers: { "If-None-Match": known } });
      assert.deepEqual([again.status, again.body.length], [304, 0], known);
      assert.equal(again.headers.etag, etag);
    }
    const head = await gateway.ask("/cal.js", { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.etag], [200, etag]);
    for (const coding of ["gzip;q=0", "gzipped", "identity, gzip; q=0.000"]) {
      const answer = await gateway.ask("/cal.js", { headers: { "Accept-Encoding": coding } });
      assert.equal(answer.headers["content-encoding"], undefined, coding);
    }

    await database.query("select cal.rotate_secret('studio')");
    await database.query(
      "select cal.set_tracking('studio', batch_size => 7, flush_interval => '2.5 s', max_retries => 3)",
    );
    const own = await gateway.ask("/cal.js?source=studio", { headers: { "If-None-Match": etag } });
    assert.equal(own.status, 200);
    assert.deepEqual(JSON.parse(own.body.toString().match(/\((\{[^(]*\})\)$/)[1]), {
      source: "studio",
      batchSize: 7,
      flushInterval: 2500,
      maxRetries: 3,
      honourSignals: true,
      passSession: true,
    });
    assert.equal((await gateway.ask("/cal.js?source=nobody")).status, 404);
  });

  test("pages, services seen, clicks and calls become events", async () => {
    const url = site.put(
      "/shop",
      `<script>
        window.calytics = window.calytics || { q: [], track(...call) { this.q.push(call); } };
        calytics.track("GIFT_CARD_VIEW", { properties: { colour: "red" }, experiment: "hero", variant: "b" });
      </script>
      ${tag()}
      <main data-calytics-service="consultation"><button data-calytics-event="SERVICE_SELECT">Book</button></main>
      <form data-calytics-event="BOOKING_SUBMIT" data-calytics-service="consultation" onsubmit="return false">
        <input><button id="send">Send</button></form>
      <button id="own" data-calytics-event="FAVOURITE">Like</button>
      <div style="height: 3000px"></div><p id="below" data-calytics-service="touch-up">Touch-up</p>`,
    );
    const page = await browser.visit(`${url}?utm_source=mail&utm_campaign=may`);
    await loaded(page);
    await arrived("/shop", 3);
    await page.click("main button");
    await page.click("input");
    await page.click("#send");
    await page.click("#own");
    await page.evaluate(() => history.pushState({}, "", "/shop/prices"));
    await page.evaluate(() => history.replaceState({}, "", "/shop/prices#top"));
    await page.evaluate(() => document.querySelector("#below").scrollIntoView());
    await arrived("/shop", 9);
    await page.evaluate(() => history.back());
    await arrived("/shop", 10);
    await page.evaluate(() => calytics.track("SEEN_ALL", { duration: 1234 }));
    const rows = await arrived("/shop", 11);
    assert.deepEqual(steps(rows), [
      "PAGE_VIEW",
      "GIFT_CARD_VIEW",
      "SERVICE_VIEW consultation",
      "SERVICE_SELECT consultation",
      // The form implies what the page didn't show.
      "BOOKING_START consultation",
      "BOOKING_SUBMIT consultation",
      "FAVOURITE",
      "PAGE_VIEW",
      "SERVICE_VIEW touch-up",
      "PAGE_VIEW",
      "SEEN_ALL",
    ]);
    const session = await sessionOf(page);
    assert.match(session, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.deepEqual([...new Set(rows.map((row) => row.session_id))], [session]);
    assert.equal(new Set(rows.map((row) => row.event_id)).size, rows.length);
    assert.deepEqual([rows[0].utm_source, rows[0].utm_campaign], ["mail", "may"]);
    const [, card] = rows;
    assert.deepEqual([card.properties, card.experiment, card.variant], [{ colour: "red" }, "hero", "b"]);
    assert.equal(rows.at(-1).duration, 1234);
    assert.deepEqual(page.errors, []);

    // The next page of the tab is of the same session, and its own site is no referrer.
    await page.goto(site.put("/shop/next", tag()));
    const next = (await arrived("/shop/next", 1))[0];
    assert.deepEqual([next.session_id, next.referrer], [session, null]);
    assert.deepEqual(await page.context().cookies(), []);
  });

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

  test("Cal.com's embed fills the funnel, to the booking that a webhook tells of", async () => {
    const url = site.put(
      "/embed",
      `${tag()}${calSnippet(site, calCom)}<div id="calendar"></div>
      <script>Cal("inline", { elementOrSelector: "#calendar", calLink: "zoe/consultation" });</script>`,
    );
    let go;
    site.embed = new Promise((resolve) => (go = resolve));
    const page = await browser.visit(url);
    await loaded(page);
    go();
    const frame = await calCom.frame(page, "zoe/consultation");
    await arrived("/embed", 4);
    const session = await sessionOf(page);
    const told = new URL(frame.url()).searchParams.get("metadata[calyticsSession]");
    assert.equal(told, session);

    const uid = "trackedBookingAAAAAAAA";
    const data = { uid, title: "Consultation", eventTypeId: 7301, status: "ACCEPTED" };
    await frame.evaluate((booked) => window.tell("bookingSuccessfulV2", booked), data);
    const rows = await arrived("/embed", 6);
    assert.deepEqual(steps(rows), [
      "PAGE_VIEW",
      "SERVICE_VIEW consultation",
      "SERVICE_SELECT consultation",
      "BOOKING_START consultation",
      "BOOKING_SUBMIT consultation",
      "BOOKING_COMPLETE consultation",
    ]);
    assert.deepEqual([rows[5].booking_uid, rows[5].event_type_id], [uid, 7301]);

    const funnel = () =>
      database.value("select outcome from cal.booking_funnel where session_id = $1 and service <> ''", [
        session,
      ]);
    assert.equal(await funnel(), "claimed");
    await gateway.post(bookingBody(uid, { metadata: { calyticsSession: told } }));
    assert.equal(await funnel(), "booked");
    const brought = await database.value(
      "select metadata ->> 'calyticsSession' from cal.booking_private where uid = $1",
      [uid],
    );
    assert.equal(brought, session);
    const [booked] = await database.query(
      "select sessions from cal.funnel(service => 'consultation', steps => '{SERVICE_VIEW,SERVICE_SELECT,BOOKING_START,BOOKING_SUBMIT,BOOKED}') where name = 'BOOKED'",
    );
    assert.equal(booked.sessions, 1);
    assert.deepEqual(page.errors, []);
  });

  test("where the embed's word is lost, the webhook's metadata alone lead to the booking", async () => {
    const url = site.put(
      "/lost",
      `${tag()}${calSnippet(site, calCom)}<div id="calendar"></div>
      <script>Cal("inline", { elementOrSelector: "#calendar", calLink: "zoe/consultation" });</script>`,
    );
    let go;
    site.embed = new Promise((resolve) => (go = resolve));
    const page = await browser.visit(url);
    await loaded(page);
    go();
    const frame = await calCom.frame(page, "zoe/consultation");
    await arrived("/lost", 4);
    const session = await sessionOf(page);
    const metadata = Object.fromEntries(
      [...new URL(frame.url()).searchParams]
        .map(([name, value]) => [name.match(/^metadata\[(.*)\]$/)?.[1], value])
        .filter(([name]) => name),
    );
    assert.deepEqual(metadata, { calyticsSession: session });
    // The visitor books, and has left before the frame could tell.
    await page.goto("about:blank");
    const body = JSON.parse(bookingBody("lostBookingAAAAAAAAAA", { metadata }));
    await gateway.post(Buffer.from(JSON.stringify({ ...body, createdAt: new Date().toISOString() })));
    assert.deepEqual(steps(await events("/lost")), [
      "PAGE_VIEW",
      "SERVICE_VIEW consultation",
      "SERVICE_SELECT consultation",
      "BOOKING_START consultation",
    ]);
    const [way] = await database.query(
      "select outcome, root_uid, claimed_at from cal.booking_funnel where session_id = $1 and service <> ''",
      [session],
    );
    assert.deepEqual(way, { outcome: "booked", root_uid: "lostBookingAAAAAAAAAA", claimed_at: null });
    const reached = await database.value(
      "select cardinality(f.reached) from calytics.source s, calytics.funnels_now(s.source_id) f where f.session_id = $1 and f.service <> ''",
      [session],
    );
    assert.equal(reached, 5);
  });

  test("a list of services, a dialog and names of one's own are understood too", async () => {
    const url = site.put(
      "/list",
      `${calSnippet(site, calCom)}<div id="list"></div>
      <button data-cal-link="zoe/touch-up" data-cal-namespace="dialog">Book</button>
      <script>
        Cal("inline", { elementOrSelector: "#list", calLink: "zoe" });
        Cal("init", "dialog", { origin: "${calCom.origin}" });
      </script>${tag()}`,
    );
    const page = await browser.visit(url);
    const list = await calCom.frame(page, "zoe");
    await arrived("/list", 1);
    await list.evaluate(() => {
      window.tell("eventTypeSelected", { eventType: { id: 7302, slug: "piece", title: "Piece" } });
      window.tell("navigatedToBooker");
      window.tell("rescheduleBookingSuccessfulV2", { uid: "another" });
    });
    await arrived("/list", 4);
    await page.click("button");
    const dialog = await calCom.frame(page, "zoe/touch-up");
    assert.equal(
      new URL(dialog.url()).searchParams.get("metadata[calyticsSession]"),
      await sessionOf(page),
    );
    await arrived("/list", 7);
    await dialog.evaluate(() => window.tell("__closeIframe"));
    const rows = await arrived("/list", 8);
    assert.deepEqual(steps(rows), [
      "PAGE_VIEW",
      "SERVICE_VIEW piece",
      "SERVICE_SELECT piece",
      "BOOKING_START piece",
      "SERVICE_VIEW touch-up",
      "SERVICE_SELECT touch-up",
      "BOOKING_START touch-up",
      "BOOKING_ABANDON touch-up",
    ]);
    assert.equal(rows[2].event_type_id, 7302);
    // Who isn't Cal.com's frame is not listened to.
    await page.evaluate(() =>
      window.postMessage({ originator: "CAL", type: "bookingSuccessfulV2", data: { uid: "forged" } }, "*"),
    );
    await sleep(300);
    assert.equal((await events("/list")).length, 8);
    assert.deepEqual(page.errors, []);
  });

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
