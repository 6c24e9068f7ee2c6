// Why: a page has to show a webhook within two seconds without asking all the time, and must never
// believe that nothing happened when something did. Real clients (Node's fetch, npm's eventsource)
// listen through the real gateway, with the real worker behind it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { EventSource } from "eventsource";
import { Database, Gateway, bookingBody, until } from "./harness.mjs";

const TOKEN = "cal_events_test_reader_0123456789abcdef";
const OTHER = "cal_events_test_other_0123456789abcdef";

describe("live updates", () => {
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;
  /** @type {{close: () => void}[]} */
  const listening = [];

  before(async () => {
    database = await Database.create();
    await database.query("select cal.set_source('other')");
    await database.query("select cal.add_token('all', 'reader', $1)", [TOKEN]);
    await database.query("select cal.add_token('other', 'reader', $1, sources => '{other}')", [OTHER]);
    gateway = await Gateway.start(database);
  });
  after(async () => {
    for (const each of listening) each.close();
    await gateway?.stop();
    await database?.close();
  });

  /** Listens as a browser does; `heard` holds each event's data and when it came. */
  function listen(by = { Authorization: `Bearer ${TOKEN}` }, target = "/api/cal/events") {
    const source = new EventSource(gateway.origin + target, {
      fetch: (url, init) =>
        fetch(url, { ...init, headers: { ...init.headers, ...by } }),
    });
    const it = { heard: [], errors: [], source, close: () => source.close() };
    source.onmessage = ({ data, lastEventId }) =>
      it.heard.push({ ...JSON.parse(data), id: lastEventId, at: performance.now() });
    source.onerror = (error) => it.errors.push(error);
    it.wait = (count) =>
      until(() => {
        // One that was refused doesn't come again.
        assert.notEqual(source.readyState, EventSource.CLOSED, it.errors.at(-1)?.message);
        return it.heard.length >= count;
      }, `${count} events`, 15);
    listening.push(it);
    return it;
  }

  test("whoever may read hears of a webhook at once, and once for many", async () => {
    const all = listen();
    const other = listen({ Authorization: `Bearer ${OTHER}` });
    await all.wait(1);
    await other.wait(1);
    assert.equal(all.heard[0].type, "reset");
    assert.equal(other.heard[0].type, "reset");
    const waits = [];
    for (let i = 0; i < 5; i++) {
      const known = all.heard.length;
      assert.equal((await gateway.post(bookingBody(`liveUid${i}`))).status, 200);
      const committed = performance.now();
      await all.wait(known + 1);
      waits.push(all.heard[known].at - committed);
      const { type, source } = all.heard[known];
      assert.deepEqual({ type, source }, { type: "changed", source: "default" });
      await sleep(300);
    }
    assert.ok(Math.max(...waits) < 2000, `told after ${waits.map(Math.round)} ms`);

    const known = all.heard.length;
    const began = performance.now();
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => gateway.post(bookingBody(`liveManyUid${i}`))),
    );
    await all.wait(known + 1);
    await sleep(1000);
    const told = all.heard.length - known;
    const most = 2 + (performance.now() - began) / 250;
    assert.ok(told <= most, `told ${told} times of 200 webhooks`);
    assert.equal(other.heard.length, 1, "of its own source only");
    all.close();
    other.close();
  });

  test("a visit is a change as well", async () => {
    const { wait, heard, close } = listen();
    await wait(1);
    const event = { sessionId: "live-session-1", eventType: "PAGE_VIEW" };
    const answer = await gateway.ask("/api/cal/track", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ events: [event] }),
    });
    assert.equal(answer.status, 200, answer.body.toString());
    await wait(2);
    assert.equal(heard[1].type, "changed");
    close();
  });

  test("a link to one service alone hears that something changed, and no more", async () => {
    await gateway.post(bookingBody("liveLinkUid1", { type: "tattoo-session", eventTypeId: 7302 }));
    const secret = await database.value("select cal.share('one service', service => 'tattoo-session')");
    const login = await gateway.ask("/api/login", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin" },
      body: JSON.stringify({ share: secret }),
    });
    assert.equal(login.status, 200, login.body.toString());
    const cookie = String(login.headers["set-cookie"]).split(";")[0];
    const { wait, heard, close } = listen({ Cookie: cookie });
    await wait(1);
    await gateway.post(bookingBody("liveLinkUid2"));
    await wait(2);
    assert.deepEqual(Object.keys(heard[1]).filter((key) => key !== "id" && key !== "at"), ["type"]);
    assert.equal(heard[1].type, "changed");
    close();
  });

  test("a client that comes again by itself hears what it missed, and once", async () => {
    const first = listen();
    await first.wait(1);
    await gateway.post(bookingBody("liveAgainUid1"));
    await first.wait(2);
    first.close();
    const id = first.heard.at(-1).id;
    const other = listen(undefined, "/api/cal/events?source=default");
    await other.wait(1);
    await gateway.post(bookingBody("liveAgainUid2"));
    await other.wait(2);
    const answer = await fetch(`${gateway.origin}/api/cal/events`, {
      headers: { Authorization: `Bearer ${TOKEN}`, "Last-Event-ID": id },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "text/event-stream");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("data: ")) text += (await reader.read()).value;
    assert.match(text, /^retry: 1000\n\nid: [0-9a-f]{16}-\d+\ndata: \{"type": "changed", "source": "default"\}\n\n$/);
    await reader.cancel();
    other.close();
  });

  test("when the gateway or the database was away, everything is read again", async () => {
    const { wait, heard, errors, close } = listen();
    await wait(1);
    const { port } = gateway;
    await gateway.stop();
    gateway = await Gateway.start(database, [`--port=${port}`]);
    await wait(2);
    assert.equal(heard[1].type, "reset");
    assert.ok(errors.length > 0);
    await database.admit(false);
    await database.cutOff();
    await database.admit(true);
    await wait(3);
    assert.equal(heard[2].type, "reset");
    await gateway.post(bookingBody("liveAwayUid"));
    await wait(4);
    assert.equal(heard[3].type, "changed");
    close();
  });

  test("nobody else hears anything", async () => {
    const ask = (token, query = "") =>
      gateway.ask(`/api/cal/events${query}`, {
        headers: token ? { Authorization: `Bearer ${token}` } : {},
      });
    assert.equal((await ask()).status, 401);
    assert.equal((await ask(OTHER, "?source=default")).status, 403);
    assert.equal((await ask(TOKEN, "?source=nowhere")).status, 404);
    await database.query("select cal.revoke_token('other')");
    assert.equal((await ask(OTHER)).status, 401);
  });
});
