// Why: what happens to one chain of bookings, from the form to the day after, told in order.
// Guarantees: a life ends at the horizon: nothing later is told, and the state that each leg is
// left in follows from what was told. That state is written down here as the story goes, without
// looking at any webhook, so that it can judge whoever works it out from the webhooks.

import * as payload from "./payload.mjs";
import { RATES } from "./rates.mjs";
import {
  CLOSING_REASONS,
  DECLINING_REASONS,
  LEAVING_REASONS,
  MOVING_REASONS,
  PLACEMENTS,
  WISHES,
} from "./studio.mjs";
import { DAY, HOUR, MINUTE } from "./zone.mjs";

const LATE = 48 * HOUR;

/**
 * @typedef {object} Happening
 * @property {number} at when Cal.com says it
 * @property {object} body
 * @property {string} chain
 */

/**
 * @typedef {object} World what lives share
 * @property {number} horizon nothing is told from here on
 * @property {import("./diary.mjs").Diary} diary
 * @property {(kind: string) => number} nextId
 */

export class Life {
  /** @type {Happening[]} */
  happenings = [];
  /** @type {(import("./payload/parts.mjs").Leg & Record<string, any>)[]} */
  legs = [];

  /** @param {World} world @param {import("./random.mjs").Random} random
   * @param {{customer: import("./customers.mjs").Customer, service: import("./studio.mjs").Service,
   *   campaign?: Record<string, string> | null, seriesId?: string}} who */
  constructor(world, random, who) {
    this.world = world;
    this.random = random;
    this.who = who;
    this.moves = 0;
  }

  /** The leg that counts now. */
  get leg() {
    return this.legs[this.legs.length - 1];
  }

  get visited() {
    const { leg } = this;
    return leg?.status === "accepted" && leg.endsAt < this.world.horizon && !leg.noShow;
  }

  /** Tells a happening, and what it does; false once the horizon is reached. */
  tell(at, body, effect = () => {}) {
    if (at >= this.world.horizon) return false;
    this.happenings.push({ at, body, chain: this.legs[0].uid });
    const uid = body.uid ?? body.payload.uid ?? body.payload.bookingUid;
    const leg = this.legs.find((one) => one.uid === uid);
    // The row is a little older than the first word of it, but only a flat body tells how much.
    leg.bookedAt = Math.min(leg.bookedAt, body.payload ? at : leg.createdAt);
    effect();
    return true;
  }

  /** A new leg in a slot of the diary; unknown to anybody until something is told of it. */
  open(at, slot, previous = null, more = {}) {
    const { random, world, who } = this;
    const uid = random.uid();
    const leg = {
      uid,
      bookingId: world.nextId("booking"),
      createdAt: at - random.int(150, 900),
      startsAt: slot.startsAt,
      endsAt: slot.endsAt,
      service: who.service,
      host: slot.artist,
      customer: who.customer,
      wish: previous?.wish ?? random.pick(WISHES),
      placement: previous?.placement ?? random.pick(PLACEMENTS),
      campaign: who.campaign ?? null,
      session: previous ? previous.session : this.#session(),
      room: who.service.video && random.chance(0.5) ? `studio-${uid.slice(0, 8)}` : null,
      rootUid: previous?.rootUid ?? uid,
      hops: previous ? previous.hops + 1 : 0,
      previous,
      seriesId: who.seriesId,
      idempotencyKey: random.uuid(),
      slot,
      bookedAt: Infinity,
      status: null,
      paid: false,
      noShow: false,
      cancelledBy: null,
      cancelledAt: null,
      seats: [{ customer: who.customer, attendeeId: world.nextId("attendee") }],
      ...more,
    };
    this.legs.push(leg);
    return leg;
  }

  /** Of the visit to the studio's pages on which it was booked; visitors who block scripts have none. */
  #session() {
    const visit = this.random.fork("visit");
    return this.who.service.weight > 0 && visit.chance(RATES.tracked) ? visit.uuid() : null;
  }

  /** From the booking form to the day after. @param {number} at @param {Slot} slot */
  live(at, slot) {
    const accepted = this.apply(at, slot);
    if (accepted !== null) this.await(accepted);
    return this;
  }

  /** Booking, paying, asking. Returns when it was accepted, or null. */
  apply(at, slot) {
    const { random, who } = this;
    const leg = this.open(at, slot);
    const accept = () => (leg.status = "accepted");
    const wait = () => (leg.status = "pending");
    if (who.service.deposit) {
      leg.paymentId = this.world.nextId("payment");
      if (!this.tell(at, payload.paymentInitiated(at, leg), wait)) return null;
      if (random.chance(RATES.abandonedPayment)) return null;
      const paidAt = at + Math.round(random.logNormal(3 * MINUTE, 0.7));
      const nextAt = paidAt + random.int(60, 600) * (random.chance(0.5) ? 1 : -1);
      const pay = () => (leg.paid = true);
      if (Math.max(paidAt, nextAt) >= this.world.horizon) return null;
      if (who.service.confirmed) {
        const requestedAt = Math.max(paidAt, nextAt) + 1;
        this.tell(paidAt, payload.paid(paidAt, leg), pay);
        this.tell(requestedAt, payload.requestedAfterPayment(requestedAt, leg));
        return this.answer(requestedAt, leg);
      }
      this.tell(paidAt, payload.paid(paidAt, leg), pay);
      this.tell(nextAt, payload.created(nextAt, leg), accept);
      return Math.max(paidAt, nextAt);
    }
    if (who.service.confirmed) {
      return this.tell(at, payload.requested(at, leg), wait) ? this.answer(at, leg) : null;
    }
    return this.tell(at, payload.created(at, leg), accept) ? at : null;
  }

  /** The host confirms, declines or forgets. Returns when it was accepted, or null. */
  answer(at, leg) {
    const { random } = this;
    const answeredAt = at + Math.round(random.logNormal(9 * HOUR, 1));
    if (random.chance(RATES.neverAnswered) || answeredAt > leg.startsAt - HOUR) return null;
    if (random.chance(RATES.rejected)) {
      const reason = random.pick(DECLINING_REASONS);
      this.tell(answeredAt, payload.rejected(answeredAt, leg, reason), () => {
        leg.status = "rejected";
        leg.slot.releasedAt = answeredAt;
      });
      return null;
    }
    const accept = () => (leg.status = "accepted");
    return this.tell(answeredAt, payload.confirmed(answeredAt, leg), accept) ? answeredAt : null;
  }

  /** An accepted leg: it is moved, cancelled, missed or kept. */
  await(since) {
    const { random, leg } = this;
    const chance = this.moves === 0 ? RATES.moved : RATES.movedAgain;
    const room = leg.startsAt - since;
    if (this.moves < 2 && room > 6 * HOUR && random.chance(chance)) {
      this.move(since + Math.round(room * random.between(0.1, 0.9)));
    } else if (room > 3 * HOUR && random.chance(RATES.cancelled)) {
      this.cancel(this.leavingTime(since, leg.startsAt));
    } else {
      this.keep();
    }
  }

  leavingTime(since, startsAt) {
    const { random } = this;
    const from = since + 20 * MINUTE;
    const border = startsAt - LATE;
    if (border <= from || random.chance(RATES.cancelledLate)) {
      return Math.round(random.between(Math.max(from, border), startsAt - HOUR));
    }
    return Math.round(random.between(from, border));
  }

  /** To another time: by the customer, or because the host asked for it. */
  move(at) {
    const { random, world, who, leg: old } = this;
    const asked = random.chance(RATES.askedToMove);
    let movedAt = at;
    if (asked) {
      const body = payload.rescheduleAsked(at, old, random.pick(CLOSING_REASONS));
      const told = this.tell(at, body, () => {
        old.status = "awaiting_rebook";
        old.cancelledBy = "host";
        old.cancelledAt = at;
        old.slot.releasedAt = at;
      });
      if (!told || random.chance(RATES.neverMoved)) return;
      movedAt = at + Math.round(random.logNormal(14 * HOUR, 0.8));
    }
    if (movedAt >= world.horizon) return;
    const slots = world.diary.find(random, {
      artist: old.host,
      minutes: (old.endsAt - old.startsAt) / MINUTE,
      now: movedAt,
      leadDays: (old.startsAt - movedAt) / DAY + random.between(1, 12),
    });
    if (!slots) {
      if (!asked) this.keep();
      return;
    }
    this.moves += 1;
    const byCustomer = asked || random.chance(0.8);
    const leg = this.open(movedAt, slots[0], old, {
      movingReason: random.pick(MOVING_REASONS),
      movedBy: byCustomer ? who.customer.email : old.host.email,
    });
    const retire = (status) => () => {
      leg.status = status;
      old.status = "superseded";
      old.slot.releasedAt = Math.min(old.slot.releasedAt, movedAt);
    };
    if (who.service.confirmed && byCustomer) {
      this.tell(movedAt, payload.requested(movedAt, leg), retire("pending"));
      const acceptedAt = this.answer(movedAt, leg);
      if (acceptedAt !== null) this.await(acceptedAt);
    } else {
      this.tell(movedAt, payload.rescheduled(movedAt, leg), retire("accepted"));
      this.stray(old);
      this.await(movedAt);
    }
  }

  cancel(at) {
    const { random, leg } = this;
    const byHost = random.chance(RATES.cancelledByHost);
    const reason = random.pick(byHost ? CLOSING_REASONS : LEAVING_REASONS);
    const email = byHost ? leg.host.email : leg.customer.email;
    const customers = leg.seats.map((seat) => seat.customer);
    this.tell(at, payload.cancelled(at, leg, customers, email, reason), () => {
      leg.status = "cancelled";
      leg.cancelledBy = byHost ? "host" : "customer";
      leg.cancelledAt = at;
      leg.slot.releasedAt = at;
    });
    this.stray(leg);
  }

  /** The clock rings now and then for a meeting that is not to be. */
  stray(leg) {
    if (!this.random.chance(RATES.strayMeetingEnded)) return;
    const at = leg.endsAt + this.random.int(1000, 30_000);
    this.tell(at, payload.meetingEnded(leg, leg.seats.slice(0, 1), false));
  }

  /** The meeting's time comes and goes. */
  keep() {
    const { random, leg } = this;
    const endedAt = leg.endsAt + random.int(1000, 40_000);
    if (!this.tell(endedAt, payload.meetingEnded(leg, leg.seats.slice(0, 1), false))) return;
    const rate = leg.service.seats ? RATES.noShow * 2 : RATES.noShow;
    for (const seat of leg.seats.filter((one) => !one.givenBack)) {
      if (random.chance(rate)) this.miss(leg, seat, endedAt);
    }
  }

  /** Somebody is marked as a no-show, perhaps unmarked, perhaps marked again after all. */
  miss(leg, seat, endedAt) {
    const { random } = this;
    const mark = (at, noShow) =>
      this.tell(at, payload.noShowUpdated(at, leg, seat.customer, noShow), () => {
        seat.noShow = noShow;
        leg.noShow = leg.seats.every((one) => one.givenBack || one.noShow);
      });
    const markedAt = endedAt + Math.round(random.logNormal(40 * MINUTE, 1));
    const unmarkedAt = markedAt + Math.round(random.logNormal(8 * HOUR, 0.8));
    const againAt = unmarkedAt + Math.round(random.logNormal(5 * HOUR, 0.8));
    if (!mark(markedAt, true) || !random.chance(RATES.unmarked)) return;
    if (!mark(unmarkedAt, false) || !random.chance(RATES.markedAgain)) return;
    mark(againAt, true);
  }

  /** What is left of it: a record for each uid that anybody was told of. */
  state() {
    return this.legs
      .filter((leg) => leg.status !== null)
      .map((leg) => ({
        uid: leg.uid,
        rootUid: leg.rootUid,
        bookingId: leg.bookingId,
        status: leg.status,
        startsAt: leg.startsAt,
        endsAt: leg.endsAt,
        createdAt: leg.bookedAt,
        service: leg.service.slug,
        host: leg.host.username,
        price: leg.service.price,
        currency: "EUR",
        paid: leg.paid,
        noShow: leg.noShow,
        cancelledBy: leg.cancelledBy,
        cancelledAt: leg.cancelledAt,
        hops: leg.hops,
        seats: leg.seats.filter((one) => !one.givenBack).length,
        capacity: leg.service.seats ?? null,
        recurring: Boolean(leg.seriesId),
      }));
  }
}
