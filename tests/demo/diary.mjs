// Why: no artist can be in two places, and what a diary held when somebody booked is what counts.
// Guarantees: at no moment do two bookings that are both alive overlap for one artist; every
// booking lies within opening hours, on a day on which its artist works.

import { CLOSES, OPENS, WEEKDAY_DEMAND, ZONE } from "./studio.mjs";
import { DAY, HOUR, MINUTE, civilDay, instantOf, minuteOfDay, monthOf, weekday } from "./zone.mjs";

const STEP = 15;
const NOTICE = 3 * HOUR;
const LONGEST_LEAD = 60;

/**
 * @typedef {object} Slot
 * @property {import("./studio.mjs").Artist} artist
 * @property {number} startsAt
 * @property {number} endsAt
 * @property {number} releasedAt when it was given up; infinite while it stands
 */

/** @param {import("./studio.mjs").Artist} artist @param {number} day */
export function works(artist, day) {
  if (WEEKDAY_DEMAND[weekday(day)] === 0 || weekday(day) === artist.dayOff) return false;
  const date = new Date(day * DAY);
  const half = date.getUTCDate() <= 15 ? 1 : 2;
  return !(monthOf(day) === 8 && half === artist.summer);
}

export class Diary {
  /** @type {Map<string, Slot[]>} */
  #days = new Map();

  #slots(artist, day) {
    const key = `${artist.id}/${day}`;
    if (!this.#days.has(key)) this.#days.set(key, []);
    return this.#days.get(key);
  }

  /** Whether the artist can take it, as things stand at `now`. */
  isFree(artist, startsAt, endsAt, now) {
    const day = civilDay(startsAt, ZONE);
    if (!works(artist, day)) return false;
    if (minuteOfDay(startsAt, ZONE) < OPENS || endsAt > instantOf(day, CLOSES, ZONE)) return false;
    return this.#slots(artist, day).every(
      (slot) => slot.releasedAt <= now || slot.endsAt <= startsAt || endsAt <= slot.startsAt,
    );
  }

  /** @returns {Slot} */
  take(artist, startsAt, endsAt) {
    const slot = { artist, startsAt, endsAt, releasedAt: Infinity };
    this.#slots(artist, civilDay(startsAt, ZONE)).push(slot);
    return slot;
  }

  /** Looks for a time about `leadDays` ahead that suits, busy weekdays first, and takes it. Weekly
   * repetitions are taken together or not at all.
   * @param {import("./random.mjs").Random} random
   * @param {{artist: import("./studio.mjs").Artist, minutes: number, now: number,
   *   leadDays: number, weeks?: number}} wish
   * @returns {Slot[] | null} */
  find(random, { artist, minutes, now, leadDays, weeks = 1 }) {
    const today = civilDay(now, ZONE);
    const target = today + Math.min(LONGEST_LEAD - 4, Math.max(1, Math.round(leadDays)));
    const candidates = new Set();
    for (let day = Math.max(today, target - 3); day <= target + 4; day += 1) candidates.add(day);
    while (candidates.size > 0) {
      const day = random.weighted([...candidates], (d) => 0.01 + WEEKDAY_DEMAND[weekday(d)] ** 2);
      candidates.delete(day);
      const starts = this.#startsOn(artist, day, minutes, now, weeks);
      if (starts.length > 0) {
        // Afternoons are liked better than mornings.
        const minute = random.weighted(starts, (m) => (m < 13 * 60 ? 1 : 2));
        return Array.from({ length: weeks }, (_, week) => {
          const startsAt = instantOf(day + 7 * week, minute, ZONE);
          return this.take(artist, startsAt, startsAt + minutes * MINUTE);
        });
      }
    }
    return null;
  }

  #startsOn(artist, day, minutes, now, weeks) {
    const starts = [];
    for (let minute = OPENS; minute + minutes <= CLOSES; minute += STEP) {
      let free = true;
      for (let week = 0; week < weeks && free; week += 1) {
        const startsAt = instantOf(day + 7 * week, minute, ZONE);
        const endsAt = startsAt + minutes * MINUTE;
        free = startsAt >= now + NOTICE && this.isFree(artist, startsAt, endsAt, now);
      }
      if (free) starts.push(minute);
    }
    return starts;
  }
}
