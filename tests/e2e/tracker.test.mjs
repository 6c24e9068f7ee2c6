// Why: the tracker runs in pages that we don't know, before a script of Cal.com's that isn't ours. Law: what visitors see and do
// is told, to the booking that it ends in.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { calSnippet } from "./browser.mjs";
import { bookingBody } from "./harness.mjs";
import { loaded, sessionOf, steps, withPages } from "./tracker_pages.mjs";

const SIZE_LIMIT = 3000;

describe("tracker", () => {
  let database, gateway, browser, site, calCom, tag, events, arrived;
  withPages((pages) => ({ database, gateway, browser, site, calCom, tag, events, arrived } = pages));

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
});
