// Why: the demo's visitors must show up in every figure on the way to a booking, as many as there were: the figures are
// counted here once more, from the events as they were made, by a walk over each visit.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { generate } from "../demo/generate.mjs";
import { send } from "../demo/send.mjs";
import { track } from "../demo/track.mjs";
import { Database, Gateway, ROOT, SECRET, seeded } from "./harness.mjs";

const UNTIL = "2026-11-15";
const TOKEN = "cal_visits_0123456789abcdef0123456789";
const STEPS = ["SERVICE_VIEW", "SERVICE_SELECT", "BOOKING_START", "BOOKING_SUBMIT", "BOOKED"];
const RANGE = `'custom', "from" => '2026-09-01', "to" => '2026-11-15', as_of => '2026-11-16'`;

describe("visits", () => {
  const random = seeded("visits");
  const seed = random.int(1, 1_000_000);
  const history = generate({ seed, until: UNTIL, months: 2, bookingsPerMonth: 250 });
  const events = history.visits();
  const booked = new Set(history.expectedState.map(({ uid }) => uid));
  /** Sessions that made a booking, as its metadata have it. */
  const making = new Map(
    [...history]
      .map(({ body }) => JSON.parse(body))
      .filter(({ payload }) => payload?.metadata?.calyticsSession && !payload.rescheduleUid)
      .map(({ payload: { metadata, type } }) => [metadata.calyticsSession, type]),
  );
  const leads = (list) =>
    count(list.filter((event) => booked.has(event.bookingUid) || making.has(event.sessionId)).map((event) => event.sessionId));
  const people = events.filter(({ userAgent }) => !userAgent.includes("Googlebot"));
  const count = (list) => new Set(list).size;
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;

  before(async () => {
    console.log(`# demo seed ${seed}: ${events.length} events`);
    database = await Database.create();
    await database.query("select cal.add_token('visits', 'admin', $1)", [TOKEN]);
    await database.query("select cal.set_source(time_zone => 'Europe/Madrid')");
    gateway = await Gateway.start(database, ["--log-level=warning"]);
  });
  after(async () => {
    await gateway?.stop();
    await database?.close();
  });

  /** Which steps each visit reached, one after the other, for each service. */
  function reached() {
    const ways = new Map();
    for (const { sessionId, serviceId, eventType, bookingUid } of people) {
      if (!serviceId) continue;
      const key = `${sessionId} ${serviceId}`;
      const step = booked.has(bookingUid) ? "BOOKED" : eventType;
      const done = ways.get(key) ?? 0;
      ways.set(key, STEPS[done] === step ? done + 1 : done);
    }
    // The metadata of a booking tell what the page had no time to.
    for (const [session, service] of making) {
      const key = `${session} ${service}`;
      if (ways.get(key) > 0) ways.set(key, STEPS.length);
    }
    return STEPS.map((_, i) => [...ways.values()].filter((done) => done > i).length);
  }

  test("all are taken, and known when they come again", async () => {
    const { failures } = await send(history, { url: `${gateway.origin}/api/cal/webhook`, secret: SECRET });
    assert.deepEqual(failures, []);
    const to = { origin: gateway.origin, token: TOKEN };
    const first = await track(events, to);
    assert.deepEqual([first.failures, first.accepted, first.duplicates], [[], events.length, 0]);
    const again = await track(events, to);
    assert.deepEqual([again.failures, again.accepted, again.duplicates], [[], 0, events.length]);
    const rest = await track(events.slice(0, 1), { ...to, token: "wrong" });
    assert.equal(rest.accepted + rest.duplicates + rest.failures.length, 1);
    const [kept] = await database.query(
      "select count(*) as n, count(distinct session_id) as sessions, bool_and(late) as late from cal.analytics_event",
    );
    assert.deepEqual(kept, {
      n: events.length,
      sessions: count(events.map(({ sessionId }) => sessionId)),
      late: true,
    });
  });

  test("the funnel leads from as many views to as many bookings", async () => {
    const rows = await database.query(`select name, sessions from cal.funnel(${RANGE})`);
    assert.deepEqual(
      rows.map(({ name, sessions }) => [name, sessions]),
      reached().map((sessions, i) => [STEPS[i], sessions]),
    );
    const steps = reached();
    assert.ok(steps.at(-1) > 100, `${steps}`);
    const toldByMetadataAlone = making.size - people.filter(({ bookingUid }) => booked.has(bookingUid)).length;
    assert.ok(toldByMetadataAlone > 10, `${toldByMetadataAlone} bookings`);
    assert.ok(steps.every((sessions, i) => i === 0 || sessions <= steps[i - 1]));
    const outcomes = await database.query("select outcome, count(*) as n from cal.booking_funnel where service <> '' group by 1");
    const found = Object.fromEntries(outcomes.map(({ outcome, n }) => [outcome, n]));
    assert.equal(found.booked, steps.at(-1));
    const left = people.filter(({ eventType }) => eventType === "BOOKING_ABANDON");
    assert.equal(found.abandoned, left.length);
    assert.equal(found.claimed, undefined);
  });

  test("sessions, sources and bots are counted apart", async () => {
    const [traffic] = await database.query(
      `select sessions, visitors, events, booked, bot_events from cal.traffic(${RANGE})`,
    );
    const clients = (list) => count(list.map(({ ipAddress, userAgent }) => `${ipAddress} ${userAgent}`));
    const { visitors, ...rest } = traffic;
    // So many are estimated, with a standard error of 1.6 %; those of a day are counted.
    assert.ok(Math.abs(visitors / clients(people) - 1) < 0.08, `${visitors} of ${clients(people)} visitors`);
    const days = await database.query(
      `select starts_at, ends_at, visitors from cal.traffic(${RANGE}, every => 'day') where events > 0`,
    );
    assert.ok(days.length > 40);
    for (const day of days) {
      const within = people.filter(({ timestamp }) => {
        const at = new Date(timestamp);
        return at >= new Date(day.starts_at) && at < new Date(day.ends_at);
      });
      assert.equal(day.visitors, clients(within));
    }
    assert.deepEqual(rest, {
      sessions: count(people.map(({ sessionId }) => sessionId)),
      events: people.length,
      booked: leads(people),
      bot_events: events.length - people.length,
    });
    const landings = new Map(people.map((event) => [event.sessionId, event.url]).reverse());
    const tagged = [...landings.values()].filter((url) => url.includes("utm_source=instagram"));
    const sources = await database.query(`select origin, sessions from cal.sources(${RANGE})`);
    const instagram = sources.find(({ origin }) => origin === "instagram");
    assert.equal(instagram.sessions, tagged.length);
    assert.equal(sources.reduce((sum, { sessions }) => sum + sessions, 0), landings.size);
    const devices = await database.query("select distinct device from cal.analytics_event where not bot order by 1");
    assert.ok(devices.length >= 3);
  });

  test("the experiment counts who saw which variant, and who of them booked", async () => {
    const told = ["drawing", "photo"].map((variant) => {
      const those = people.filter((event) => event.variant === variant);
      return [variant, count(those.map(({ sessionId }) => sessionId)), leads(those)];
    });
    const rows = await database.query(
      "select variant, sessions, conversions from cal.experiment('hero', '2026-09-01', '2026-11-16')",
    );
    assert.deepEqual(rows.map(({ variant, sessions, conversions }) => [variant, sessions, conversions]), told);
  });

  test("make demo's program sends both, and says so when it is run again", async () => {
    const demo = (...more) =>
      spawnSync(process.execPath, ["tests/demo/demo.mjs", "--months=1", "--bookings-per-month=20", "--seed=9", ...more], {
        cwd: ROOT,
        encoding: "utf8",
        env: {
          ...process.env,
          ...{ CALYTICS_URL: gateway.origin, CAL_WEBHOOK_SECRET: SECRET, CALYTICS_ADMIN_TOKEN: TOKEN },
          DEMO_UNTIL: UNTIL,
        },
      });
    const own = generate({ seed: 9, until: UNTIL, months: 1, bookingsPerMonth: 20 }).visits().length;
    assert.match(demo("--dry-run").stdout, new RegExp(`and ${own} events of \\d+ visits, none sent`));
    for (const [accepted, duplicates] of [
      [own, 0],
      [0, own],
    ]) {
      const { stdout, stderr, status } = demo();
      assert.deepEqual([status, stderr], [0, ""], stdout);
      assert.match(stdout, new RegExp(`accepted ${accepted}, duplicates ${duplicates}\\.`));
    }
  });
});
