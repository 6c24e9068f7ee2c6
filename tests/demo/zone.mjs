// Why: opening hours are local, webhooks are UTC, and both must be right across clock changes.
// Guarantees: conversions come from the time zone database inside Node, never from a fixed offset.

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** @type {Map<string, {format: Intl.DateTimeFormat, offsets: Map<number, number>}>} */
const zones = new Map();

function zone(name) {
  let entry = zones.get(name);
  if (!entry) {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    entry = { format, offsets: new Map() };
    zones.set(name, entry);
  }
  return entry;
}

/** Minutes that local time is ahead of UTC at an instant; clocks change on quarter hours only.
 * @param {number} instant milliseconds since 1970 @param {string} zoneName */
export function utcOffset(instant, zoneName) {
  const { format, offsets } = zone(zoneName);
  const quarter = Math.floor(instant / (15 * MINUTE));
  let offset = offsets.get(quarter);
  if (offset === undefined) {
    const start = quarter * 15 * MINUTE;
    const part = Object.fromEntries(format.formatToParts(start).map((p) => [p.type, +p.value]));
    const local = Date.UTC(
      part.year,
      part.month - 1,
      part.day,
      part.hour,
      part.minute,
      part.second,
    );
    offset = Math.round((local - start) / MINUTE);
    offsets.set(quarter, offset);
  }
  return offset;
}

/** The instant at which a civil day (days since 1970-01-01) reads `minutes` past midnight. */
export function instantOf(day, minutes, zoneName) {
  const wall = day * DAY + minutes * MINUTE;
  const guess = wall - utcOffset(wall, zoneName) * MINUTE;
  return wall - utcOffset(guess, zoneName) * MINUTE;
}

/** The civil day, as days since 1970-01-01, that an instant falls on. */
export function civilDay(instant, zoneName) {
  return Math.floor((instant + utcOffset(instant, zoneName) * MINUTE) / DAY);
}

/** Minutes past local midnight. */
export function minuteOfDay(instant, zoneName) {
  const wall = instant + utcOffset(instant, zoneName) * MINUTE;
  return Math.floor((wall - Math.floor(wall / DAY) * DAY) / MINUTE);
}

/** 0 Monday .. 6 Sunday. @param {number} day */
export function weekday(day) {
  return (((day + 3) % 7) + 7) % 7;
}

/** 1 January .. 12 December. @param {number} day */
export function monthOf(day) {
  return new Date(day * DAY).getUTCMonth() + 1;
}

/** Parses YYYY-MM-DD strictly into a civil day. @param {string} text */
export function parseDay(text) {
  const instant = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  if (Number.isNaN(instant) || new Date(instant).toISOString().slice(0, 10) !== text) {
    throw new RangeError(`"${text}" is not a date of the form YYYY-MM-DD`);
  }
  return instant / DAY;
}

/** The civil day a number of months earlier, kept within its month. */
export function monthsBefore(day, months) {
  const date = new Date(day * DAY);
  const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months, 1);
  const start = new Date(first);
  const length = new Date(
    Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 0),
  ).getUTCDate();
  return first / DAY + Math.min(date.getUTCDate(), length) - 1;
}
