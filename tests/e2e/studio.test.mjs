// Why: every other test believes what the demo studio says it should end in, so the studio itself
// is held to laws first: the same for a seed, possible in this world, told as Cal.com tells it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { generate } from "../demo/generate.mjs";
import { ARTISTS, CLOSES, OPENS, ZONE } from "../demo/studio.mjs";
import {
  HOUR,
  civilDay,
  instantOf,
  minuteOfDay,
  parseDay,
  utcOffset,
  weekday,
} from "../demo/zone.mjs";

const UNTIL = "2026-11-01";
const horizon = instantOf(parseDay(UNTIL), 0, ZONE);
const year = generate({ seed: 7, until: UNTIL });
const bodies = [...year].map(({ body }) => JSON.parse(body));
const tips = [
  ...year.expectedState
    .reduce((map, leg) => {
      const seen = map.get(leg.rootUid);
      return seen && seen.hops > leg.hops ? map : map.set(leg.rootUid, leg);
    }, new Map())
    .values(),
];

function digest(history) {
  const hash = createHash("sha256");
  for (const { at, chain, expected, body } of history) {
    hash.update(`${at} ${chain} ${expected} ${body}\n`);
  }
  return hash.digest("hex");
}

function within(value, low, high, what) {
  assert.ok(value >= low && value <= high, `${what}: ${value} is not in ${low}..${high}`);
}

test("the same seed and date give the same bytes, another seed gives others", () => {
  const options = { seed: 3, until: "2026-03-30", months: 2, bookingsPerMonth: 80 };
  const reference = digest(generate(options));
  assert.equal(digest(generate(options)), reference);
  assert.notEqual(digest(generate({ ...options, seed: 4 })), reference);
  assert.notEqual(digest(generate({ ...options, until: "2026-03-31" })), reference);
});

test("deliveries are sorted, none is later than the end, and a second look sees the same", () => {
  let last = -Infinity;
  let count = 0;
  for (const { at } of year) {
    assert.ok(at >= last && at < horizon);
    last = at;
    count += 1;
  }
  assert.equal(count, year.length);
  for (const { createdAt } of bodies) assert.ok(Date.parse(createdAt) < horizon);
  assert.equal(digest(year), digest(year));
});

test("the studio is about as busy and as troubled as it should be", () => {
  within(tips.length / 12, 380, 430, "bookings a month");
  within(year.expectedState.length / tips.length - 1, 0.1, 0.18, "hops a booking");
  const share = (of, among = tips) => of.length / among.length;
  within(share(tips.filter((leg) => leg.hops > 0)), 0.09, 0.15, "rescheduled");
  const cancelled = tips.filter((leg) => leg.status === "cancelled");
  within(share(cancelled), 0.08, 0.13, "cancelled");
  const late = cancelled.filter((leg) => leg.startsAt - leg.cancelledAt < 48 * HOUR);
  within(share(late, cancelled), 0.25, 0.42, "cancelled late");
  for (const by of ["host", "customer"])
    assert.ok(
      cancelled.some((l) => l.cancelledBy === by),
      by,
    );
  const past = tips.filter((leg) => leg.status === "accepted" && leg.endsAt < horizon);
  within(
    share(
      past.filter((leg) => leg.noShow),
      past,
    ),
    0.025,
    0.06,
    "no-shows",
  );
  for (const status of ["pending", "rejected", "awaiting_rebook"]) {
    within(tips.filter((leg) => leg.status === status).length, 10, 150, status);
  }
  within(tips.filter((leg) => leg.startsAt > horizon).length, 60, 400, "upcoming");
  within(share(tips.filter((leg) => leg.paid)), 0.35, 0.7, "paid");
});

test("demand has its rhythm: by weekday, by season, and growing", () => {
  const starts = (day) => tips.filter((l) => weekday(civilDay(l.startsAt, ZONE)) === day).length;
  assert.equal(starts(0), 0, "closed on Mondays");
  for (const busy of [4, 5]) for (const calm of [1, 2, 6]) assert.ok(starts(busy) > starts(calm));
  const month = (iso) =>
    tips.filter((leg) => new Date(leg.createdAt).toISOString().startsWith(iso)).length;
  for (const high of ["2026-05", "2026-06"]) {
    for (const low of ["2026-01", "2026-08"]) assert.ok(month(high) > 1.2 * month(low));
  }
});

test("nobody is in two places, and nobody works while the studio is closed", () => {
  for (const { username } of ARTISTS) {
    const held = year.expectedState
      .filter((leg) => leg.host === username && ["accepted", "pending"].includes(leg.status))
      .sort((a, b) => a.startsAt - b.startsAt);
    assert.ok(held.length > 100, `${username} has work`);
    held.slice(1).forEach((leg, i) => assert.ok(held[i].endsAt <= leg.startsAt, leg.uid));
  }
  for (const { startsAt, endsAt } of year.expectedState) {
    assert.ok(minuteOfDay(startsAt, ZONE) >= OPENS && minuteOfDay(endsAt - 1, ZONE) < CLOSES);
    assert.equal(civilDay(startsAt, ZONE), civilDay(endsAt, ZONE));
  }
});

test("chains are whole: uids are Cal.com's, hops count up from the root", () => {
  const byUid = new Map(year.expectedState.map((leg) => [leg.uid, leg]));
  assert.equal(byUid.size, year.expectedState.length);
  const previous = new Map(
    bodies
      .filter(({ payload }) => payload?.rescheduleUid)
      .map(({ payload }) => [payload.uid, payload.rescheduleUid]),
  );
  for (const leg of byUid.values()) {
    assert.match(leg.uid, /^[1-9A-HJ-NP-Za-km-z]{22}$/);
    let root = leg.uid;
    let hops = 0;
    for (; previous.has(root); root = previous.get(root)) hops += 1;
    assert.deepEqual([leg.rootUid, leg.hops], [root, hops]);
    assert.equal(leg.status === "superseded", [...previous.values()].includes(leg.uid));
  }
});

test("what it should end in agrees with a plain reading of the bodies by their own time", () => {
  const read = new Map();
  const told = bodies
    .filter(({ payload }) => payload && (payload.uid ?? payload.bookingUid))
    .sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
  for (const { triggerEvent, payload } of told) {
    const uid = payload.uid ?? payload.bookingUid;
    if (!read.has(uid)) read.set(uid, { status: "pending", paid: false, noShow: new Map() });
    const leg = read.get(uid);
    const oneSeat = payload.attendees[0].bookingId !== undefined;
    if (triggerEvent === "BOOKING_PAID") leg.paid = true;
    if (triggerEvent === "BOOKING_REJECTED") leg.status = "rejected";
    if (["BOOKING_CREATED", "BOOKING_RESCHEDULED"].includes(triggerEvent)) leg.status = "accepted";
    if (triggerEvent === "BOOKING_CANCELLED" && !oneSeat) {
      leg.status = payload.requestReschedule ? "awaiting_rebook" : "cancelled";
    }
    if (payload.rescheduleUid) read.get(payload.rescheduleUid).status = "superseded";
    for (const { email, noShow } of payload.attendees) {
      if (triggerEvent === "BOOKING_CANCELLED" && oneSeat) leg.noShow.delete(email);
      else leg.noShow.set(email, noShow ?? leg.noShow.get(email) ?? false);
    }
  }
  assert.equal(read.size, year.expectedState.length);
  for (const leg of year.expectedState) {
    const { status, paid, noShow } = read.get(leg.uid);
    const marks = [...noShow.values()];
    assert.deepEqual(
      { status, paid, seats: marks.length, noShow: marks.every(Boolean) },
      { status: leg.status, paid: leg.paid, seats: leg.seats, noShow: leg.noShow },
      leg.uid,
    );
  }
});

test("time zones and offsets are those of the day", () => {
  const longOffset = (instant, timeZone) => {
    const format = new Intl.DateTimeFormat("en-GB", { timeZone, timeZoneName: "longOffset" });
    const name = format.formatToParts(instant).find((p) => p.type === "timeZoneName").value;
    const [, sign, hours, minutes] = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(name);
    return sign ? Number(`${sign}1`) * (60 * Number(hours) + Number(minutes)) : 0;
  };
  const seen = new Set();
  for (const { payload } of bodies) {
    for (const person of [payload?.organizer, ...(payload?.attendees ?? [])]) {
      if (person?.utcOffset === undefined) continue;
      const start = Date.parse(payload.startTime);
      const key = `${person.timeZone} ${person.utcOffset} ${Math.floor(start / HOUR)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      assert.equal(person.utcOffset, longOffset(start, person.timeZone), key);
    }
  }
  assert.equal(utcOffset(Date.parse("2026-10-25T00:59:00Z"), ZONE), 120);
  assert.equal(utcOffset(Date.parse("2026-10-25T01:00:00Z"), ZONE), 60);
});

test("bodies have the fields of the real ones, of the same kind and in the same order", () => {
  const folder = new URL("../payloads/", import.meta.url);
  const real = (name) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
  const kind = (value) => (Array.isArray(value) ? "array" : typeof value);
  const compare = (ours, theirs, where) => {
    const shared = (a, b) => Object.keys(a).filter((key) => key in b);
    assert.deepEqual(shared(ours, theirs), shared(theirs, ours), `order of ${where}`);
    for (const key of shared(ours, theirs)) {
      if (ours[key] === null || theirs[key] === null) continue;
      assert.equal(kind(ours[key]), kind(theirs[key]), `${where}.${key}`);
      const nested = Array.isArray(ours[key])
        ? [ours[key][0], theirs[key][0]]
        : [ours[key], theirs[key]];
      if (kind(nested[0]) === "object" && kind(nested[1]) === "object") {
        compare(nested[0], nested[1], `${where}.${key}`);
      }
    }
  };
  const is =
    (trigger, more = () => true) =>
    (body) =>
      body.triggerEvent === trigger && more(body.payload ?? body);
  const pairs = {
    "booking_created_utm_unicode.json": is(
      "BOOKING_CREATED",
      (p) => p.iCalUID && !p.attendeeSeatId,
    ),
    "booking_created_after_confirm.json": is("BOOKING_CREATED", (p) => !p.iCalUID),
    "booking_created_seat_added.json": is("BOOKING_CREATED", (p) => p.attendeeSeatId),
    "booking_requested_from_reschedule.json": is("BOOKING_REQUESTED", (p) => p.rescheduleUid),
    "booking_rescheduled_round_robin.json": is("BOOKING_RESCHEDULED"),
    "booking_cancelled_request_reschedule.json": is(
      "BOOKING_CANCELLED",
      (p) => p.requestReschedule,
    ),
    "booking_payment_initiated.json": is("BOOKING_PAYMENT_INITIATED"),
    "booking_paid.json": is("BOOKING_PAID"),
    "booking_no_show_updated.json": is("BOOKING_NO_SHOW_UPDATED"),
    "meeting_ended_flat.json": is("MEETING_ENDED"),
    "ping.json": is("PING"),
  };
  for (const [name, belongs] of Object.entries(pairs)) {
    const ours = bodies.filter(belongs);
    assert.ok(ours.length > 0, name);
    const theirs = real(name);
    for (const body of ours.slice(0, 50)) compare(body, theirs, name);
    const core = ["uid", "startTime", "endTime", "organizer", "attendees", "status", "bookingUid"];
    const [a, b] = [ours[0].payload ?? ours[0], theirs.payload ?? theirs];
    for (const key of core) assert.equal(key in a, key in b, `${name}: ${key}`);
  }
});
