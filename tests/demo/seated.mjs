// Why: a flash day is one booking with many seats, and lives differently: it fills seat by seat.
// Guarantees: as any life; at least the first seat is never given back, so it is never empty.

import { Life } from "./lifecycle.mjs";
import * as payload from "./payload.mjs";
import { RATES } from "./rates.mjs";
import { CLOSING_REASONS } from "./studio.mjs";
import { HOUR } from "./zone.mjs";

export class SeatedLife extends Life {
  /** A seated event: it fills seat by seat, some give theirs back, a few come again after all.
   * @param {{at: number, customer: import("./customers.mjs").Customer}[]} arrivals by time */
  fill(arrivals, slot) {
    const { random, world } = this;
    const leg = this.open(arrivals[0].at, slot, null, { seats: [] });
    const plan = arrivals.map(({ at, customer }) => ({ at, customer, leaves: false }));
    for (const { at, customer } of arrivals.slice(1)) {
      if (!random.chance(RATES.seatCancelled)) continue;
      const leavesAt = Math.round(random.between(at, leg.startsAt - HOUR));
      plan.push({ at: leavesAt, customer, leaves: true });
      if (random.chance(RATES.seatTakenAgain)) {
        const back = Math.round(random.between(leavesAt, leg.startsAt - HOUR / 2));
        plan.push({ at: back, customer, leaves: false });
      }
    }
    plan.sort((a, b) => a.at - b.at);
    const calledOff = random.chance(RATES.flashDayCancelled)
      ? leg.startsAt - random.int(20, 90) * HOUR
      : Infinity;
    for (const { at, customer, leaves } of plan) {
      if (at >= calledOff) break;
      if (leaves) this.giveBack(at, leg, customer);
      else this.seat(at, leg, customer, random.uuid(), world.nextId("attendee"));
    }
    if (leg.status === null) return this;
    if (calledOff < Infinity) this.callOff(calledOff, leg);
    else this.keep();
    return this;
  }

  seat(at, leg, customer, seatId, attendeeId) {
    this.tell(at, payload.seatAdded(at, leg, customer, seatId), () => {
      leg.status = "accepted";
      leg.seats = leg.seats.filter((one) => one.customer !== customer);
      leg.seats.push({ customer, attendeeId });
    });
  }

  giveBack(at, leg, customer) {
    const seat = leg.seats.find((one) => one.customer === customer);
    if (!seat) return;
    this.tell(at, payload.seatCancelled(at, leg, seat), () => (seat.givenBack = true));
  }

  callOff(at, leg) {
    const customers = leg.seats.filter((one) => !one.givenBack).map((one) => one.customer);
    const body = payload.cancelled(at, leg, customers, leg.host.email, CLOSING_REASONS[0]);
    this.tell(at, body, () => {
      leg.status = "cancelled";
      leg.cancelledBy = "host";
      leg.cancelledAt = at;
      leg.slot.releasedAt = at;
    });
  }
}
