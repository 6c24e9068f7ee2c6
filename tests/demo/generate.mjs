// Why: a believable history of the studio, as the webhooks that Cal.com would have sent.
// Guarantees: the same options give the same bytes; the history ends with the midnight that begins
// the day `until`, and nothing in it was said later; deliveries come sorted by time.

import { newCustomer } from "./customers.mjs";
import { Diary, works } from "./diary.mjs";
import { Life } from "./lifecycle.mjs";
import { SeatedLife } from "./seated.mjs";
import { formSubmitted, ping, unknownTrigger } from "./payload.mjs";
import { Random } from "./random.mjs";
import { visits } from "./visits.mjs";
import {
  AFTER_CONSULTATION,
  ARTISTS,
  BOOKING_HOUR,
  BOOKING_WEEKDAY,
  CAMPAIGNS,
  MONTH_DEMAND,
  SERVICES,
  ZONE,
} from "./studio.mjs";
import {
  DAY,
  HOUR,
  MINUTE,
  civilDay,
  instantOf,
  monthOf,
  monthsBefore,
  parseDay,
  weekday,
} from "./zone.mjs";

const GROWTH = { from: 0.85, to: 1.15 };
const RETURNING = 0.3;
const SENT_TWICE = 0.03;
const LATE = 0.015;
const FLASH_DAY_EVERY = 21;
const HOURS = BOOKING_HOUR.map((weight, hour) => ({ weight, hour }));
const ORDINARY = Object.values(SERVICES).filter((service) => service.weight > 0);

/**
 * @typedef {object} Delivery one POST
 * @property {number} at when it arrives
 * @property {string} chain deliveries of one chain belong together, in this order
 * @property {string} expected what the receiver should answer, if all arrive in this order
 * @property {Buffer} body
 */

/** Today at the studio, as YYYY-MM-DD. */
export function today() {
  return new Date(civilDay(Date.now(), ZONE) * DAY).toISOString().slice(0, 10);
}

/** @param {{seed?: number | string, until?: string, months?: number, bookingsPerMonth?: number}} of
 * @returns {{length: number, expectedState: ReturnType<Life["state"]>, visits: () => object[],
 *   [Symbol.iterator](): Iterator<Delivery>}} */
export function generate({ seed = 1, until = today(), months = 12, bookingsPerMonth = 400 } = {}) {
  const studio = new Studio(new Random(`studio ${seed}`), parseDay(until), months);
  studio.run(bookingsPerMonth * months);
  const deliveries = deliver(studio.random.fork("post"), studio.happenings(), studio.horizon);
  return {
    length: deliveries.length,
    expectedState: studio.lives.flatMap((life) => life.state()),
    visits: () => studio.visits(),
    *[Symbol.iterator]() {
      for (const { at, chain, expected, body } of deliveries) {
        yield { at, chain, expected, body: Buffer.from(JSON.stringify(body)) };
      }
    },
  };
}

class Studio {
  /** @type {Life[]} */
  lives = [];
  /** @type {import("./customers.mjs").Customer[]} */
  customers = [];
  /** @type {Map<number, {at: number, customer: object, service: object, artist: object}[]>} */
  #followUps = new Map();
  #ids = { booking: 500_000, attendee: 900_000, payment: 40_000 };

  constructor(random, lastDay, months) {
    this.random = random;
    this.firstDay = monthsBefore(lastDay, months);
    this.lastDay = lastDay;
    this.horizon = instantOf(lastDay, 0, ZONE);
    this.diary = new Diary();
    this.nextId = (kind) => (this.#ids[kind] += 1);
  }

  /** Day by day: those who come again are served first, strangers fill up what demand there is. */
  run(total) {
    const days = Array.from({ length: this.lastDay - this.firstDay }, (_, i) => this.firstDay + i);
    const weights = days.map((day, i) => this.#demand(day, i / days.length));
    const scale = total / weights.reduce((sum, weight) => sum + weight, 0);
    let open = 0;
    days.forEach((day, i) => {
      open += this.random.poisson(weights[i] * scale);
      for (const again of (this.#followUps.get(day) ?? []).sort((a, b) => a.at - b.at)) {
        open -= this.#book(again);
      }
      if (i % FLASH_DAY_EVERY === 3) open -= this.#announceFlashDay(day);
      for (const at of this.#bookingTimes(day, Math.floor(Math.max(0, open)))) {
        open -= this.#book(this.#stranger(at));
      }
    });
  }

  #demand(day, progress) {
    const trend = GROWTH.from + (GROWTH.to - GROWTH.from) * progress;
    return trend * MONTH_DEMAND[monthOf(day) - 1] * BOOKING_WEEKDAY[weekday(day)];
  }

  #bookingTime(day, random = this.random) {
    const { hour } = random.weighted(HOURS, (h) => h.weight);
    const at = instantOf(day, hour * 60, ZONE) + random.int(0, HOUR - 1);
    return Math.min(at, instantOf(day + 1, 0, ZONE) - 1);
  }

  #bookingTimes(day, count) {
    return Array.from({ length: count }, () => this.#bookingTime(day)).sort((a, b) => a - b);
  }

  #customer() {
    const { random, customers } = this;
    if (customers.length > 20 && random.chance(RETURNING)) return random.pick(customers);
    const customer = newCustomer(random, customers.length + 1);
    customers.push(customer);
    return customer;
  }

  #stranger(at) {
    const service = this.random.weighted(ORDINARY, (one) => one.weight);
    const artists = ARTISTS.filter((artist) => artist.services.includes(service));
    const artist = this.random.weighted(artists, (one) => one.popularity);
    return { at, customer: this.#customer(), service, artist };
  }

  /** Books if the diary has room, and returns how many bookings that makes. */
  #book({ at, customer, service, artist }) {
    const random = this.random.fork(`life ${this.lives.length}`);
    const slots = this.diary.find(random, {
      artist,
      minutes: random.pick(service.lengths ?? [service.minutes]),
      now: at,
      leadDays: random.logNormal(...service.lead),
      weeks: service.occurrences,
    });
    if (!slots) return 0;
    const campaign = random.weighted(CAMPAIGNS, (one) => one.weight).tags;
    const seriesId = service.occurrences && random.uid();
    slots.forEach((slot, i) => {
      const life = new Life(this, random.fork(i), { customer, service, campaign, seriesId });
      this.lives.push(life.live(at + i * random.int(80, 400), slot));
      if (i === slots.length - 1) this.#comeAgain(random, life);
    });
    return slots.length;
  }

  /** What a visit leads to. */
  #comeAgain(random, life) {
    if (!life.visited) return;
    const { service, host: artist, customer, endsAt } = life.leg;
    const later = (days, next) => {
      const at = endsAt + Math.round(days * DAY);
      const day = Math.max(civilDay(at, ZONE), civilDay(life.leg.createdAt, ZONE) + 1);
      if (!this.#followUps.has(day)) this.#followUps.set(day, []);
      const again = { at: this.#bookingTime(day), customer, service: next, artist };
      if (again.at <= endsAt) again.at = endsAt + 10 * MINUTE;
      this.#followUps.get(day).push(again);
    };
    if (service === SERVICES.consultation && random.chance(0.6)) {
      const able = AFTER_CONSULTATION.filter(([next]) => artist.services.includes(next));
      later(random.logNormal(2, 0.9), random.weighted(able, ([, weight]) => weight)[0]);
    }
    if (service.session) {
      if (random.chance(0.1)) later(random.between(0, 1), SERVICES.aftercare);
      if (random.chance(0.22)) later(random.between(20, 45), SERVICES.touchUp);
      if (random.chance(0.16)) {
        const able = ORDINARY.filter((next) => next.session && artist.services.includes(next));
        later(
          random.logNormal(60, 0.5),
          random.weighted(able, (next) => next.weight),
        );
      }
    }
  }

  /** A seated Saturday or Sunday, about four weeks ahead. */
  #announceFlashDay(day) {
    const random = this.random.fork(`flash day ${day - this.firstDay}`);
    const service = SERVICES.flashDay;
    const announcedAt = instantOf(day, 18 * 60, ZONE);
    const artists = random.shuffled(ARTISTS.filter((one) => one.services.includes(service)));
    for (let ahead = 21; ahead < 42; ahead += 1) {
      for (const artist of artists) {
        const startsAt = instantOf(day + ahead, 11 * 60, ZONE);
        const endsAt = startsAt + service.minutes * MINUTE;
        if (weekday(day + ahead) < 5 || !works(artist, day + ahead)) continue;
        if (!this.diary.isFree(artist, startsAt, endsAt, announcedAt)) continue;
        const slot = this.diary.take(artist, startsAt, endsAt);
        const guests = new Set();
        const size = random.int(6, service.seats);
        while (guests.size < size) guests.add(this.#customer());
        const arrivals = [...guests]
          .map((customer) => ({
            at: Math.round(announcedAt + (startsAt - DAY - announcedAt) * random.next() ** 2),
            customer,
          }))
          .sort((a, b) => a.at - b.at);
        const who = { customer: arrivals[0].customer, service };
        const life = new SeatedLife(this, random.fork("life"), who);
        this.lives.push(life.fill(arrivals, slot));
        return 1;
      }
    }
    return 0;
  }

  /** What happened on the studio's pages, by time: events as the tracker sends them. */
  visits() {
    const random = this.random.fork("visits");
    const made = this.lives
      .filter(({ legs: [leg] }) => leg.status !== null && leg.session)
      .map(({ who: { service, campaign }, legs: [{ uid, bookedAt: at, session }] }) => {
        return { uid, at, service: service.slug, eventTypeId: service.id, campaign, session };
      });
    const days = Array.from({ length: this.lastDay - this.firstDay }, (_, i) => this.firstDay + i);
    const demand = days.map((day, i) => ({ day, weight: this.#demand(day, i / days.length) }));
    const total = demand.reduce((sum, { weight }) => sum + weight, 0);
    const times = (about) =>
      demand.flatMap(({ day, weight }) =>
        Array.from({ length: random.poisson((about * weight) / total) }, () => this.#bookingTime(day, random)),
      );
    const services = ORDINARY.map(({ slug }) => slug);
    return visits(random, made, { horizon: this.horizon, times, services, campaigns: CAMPAIGNS });
  }

  /** Everything that Cal.com has to say, the ping that set it up and a few oddities included. */
  happenings() {
    const { random, horizon, firstDay } = this;
    const start = instantOf(firstDay, 0, ZONE);
    const during = (share) => Math.round(start + share * (horizon - start));
    const formId = random.uuid();
    const style = (at, email, text) => formSubmitted(at, formId, { email, style: text });
    const aside = [
      { at: start, body: ping(start), expected: "ping" },
      { at: during(0.35), body: style(during(0.35), "form.one@example.com", "fine line") },
      { at: during(0.6), body: unknownTrigger(during(0.6)) },
      { at: during(0.7), body: style(during(0.7), "form.two@example.com", "blackwork") },
    ].map((happening) => ({ expected: "stored", ...happening, chain: "studio" }));
    return [...aside, ...this.lives.flatMap((life) => life.happenings)];
  }
}

/** The way through the net: some are sent twice, by two subscriptions, and some dawdle. */
function deliver(random, happenings, horizon) {
  const sent = [];
  for (const { at, body, chain, expected = "applied" } of happenings) {
    const dawdles = random.chance(LATE) ? Math.round(random.logNormal(30 * MINUTE, 1.2)) : 0;
    const arrival = Math.min(at + random.int(40, 900), horizon - 1);
    const late = arrival + dawdles;
    const first = { at: late < horizon ? late : arrival, chain, body, expected };
    sent.push(first);
    const again = random.int(3, 60);
    if (random.chance(SENT_TWICE) && at + again < horizon) {
      sent.push({ at: Math.min(first.at + again, horizon - 1), chain, ...secondCopy(body, again) });
    }
  }
  return sent.sort((a, b) => a.at - b.at);
}

/** A flat body carries no time of its own, so its second copy is the same to the byte. */
function secondCopy(body, delay) {
  if (!body.payload) return { body, expected: "duplicate" };
  const createdAt = new Date(Date.parse(body.createdAt) + delay).toISOString();
  const expected = { PING: "ping", BOOKING: "unchanged" };
  const kind = body.triggerEvent.startsWith("BOOKING") ? "BOOKING" : body.triggerEvent;
  return { body: { ...body, createdAt }, expected: expected[kind] ?? "stored" };
}
