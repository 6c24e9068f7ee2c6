// Why: one way to write each kind of number, date and sum of money. Guarantees: written by Intl in the reader's locale, times
// in the studio's time zone; what is not known is never written as 0; `plain` is the same number, to the same digit, as
// programs read it.

import type { Unit } from "../api/types";
import { locale, t } from "./index";

export type Kind = Unit | "change" | "text" | "time" | "day" | "decimal" | "hours";

const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `n ${locale()} ${JSON.stringify(options)}`;
  let format = made.get(key) as Intl.NumberFormat | undefined;
  if (!format) made.set(key, (format = new Intl.NumberFormat(locale(), options)));
  return format;
}

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `d ${locale()} ${JSON.stringify(options)}`;
  let format = made.get(key) as Intl.DateTimeFormat | undefined;
  if (!format) made.set(key, (format = new Intl.DateTimeFormat(locale(), options)));
  return format;
}

/** How many digits a currency has behind the point. */
export function minorDigits(currency: string): number {
  return numbers({ style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

const DIGITS: Partial<Record<Kind, number>> = { rate: 1, hops: 2, decimal: 1, hours: 1 };

/** The number that is shown, in the unit in which it is shown, rounded as it is shown. */
export function rounded(value: number, kind: Kind, currency?: string | null): { number: number; digits: number } {
  let [number, digits] = [value, DIGITS[kind] ?? 0];
  if (kind === "rate") number = value * 100;
  else if (kind === "hours") number = value / 60;
  else if (kind === "money") {
    digits = currency ? minorDigits(currency) : 0;
    number = value / 10 ** digits;
  }
  return { number: Number(number.toFixed(digits)), digits };
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function unit(value: number, name: string, digits: number): string {
  return numbers({ style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
}

/** A length of time in the unit that suits it. */
export function duration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size >= 2 * DAY) return unit(seconds / DAY, "day", 1);
  if (size >= HOUR) return unit(seconds / HOUR, "hour", 1);
  if (size >= MINUTE) return unit(seconds / MINUTE, "minute", size >= 10 * MINUTE ? 0 : 1);
  if (size >= 1 || size === 0) return unit(seconds, "second", 0);
  return unit(seconds * 1000, "millisecond", 0);
}

/** So many bytes. */
export const size = (bytes: number): string => unit(bytes / 1e9, "gigabyte", 1);

/** A value as people read it. */
export function shown(value: number | string | null | undefined, kind: Kind, currency?: string | null): string {
  if (value === null || value === undefined) return t("unknown");
  if (typeof value === "string") {
    if (kind === "time") return time(value);
    return kind === "day" ? day(value) : value;
  }
  switch (kind) {
    case "rate":
      return numbers({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value);
    case "money":
      return currency
        ? numbers({ style: "currency", currency }).format(rounded(value, kind, currency).number)
        : numbers({}).format(value);
    case "hours":
      return unit(rounded(value, kind).number, "hour", 1);
    case "minutes":
      return duration(value * 60);
    case "seconds":
      return duration(value);
    case "milliseconds":
      return duration(value / 1000);
    default: {
      const { number, digits } = rounded(value, kind);
      return numbers({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(number);
    }
  }
}

/** The same value for programs: no grouping, a point before the decimals, lengths of time in their metric's unit. */
export function plain(value: number | string | null | undefined, kind: Kind, currency?: string | null): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  const { number, digits } = rounded(value, kind, currency);
  return number.toFixed(digits);
}

/** Few characters, for axes. */
export function compact(value: number, kind: Kind, currency?: string | null): string {
  if (kind === "rate") return numbers({ style: "percent", maximumFractionDigits: 1 }).format(value);
  if (kind === "hours") return unit(value / 60, "hour", 0);
  if (kind === "minutes" || kind === "seconds" || kind === "milliseconds") return shown(value, kind);
  if (kind === "hops") return shown(value, kind);
  if (kind === "money" && currency) {
    const { number } = rounded(value, kind, currency);
    return numbers({ style: "currency", currency, notation: "compact", maximumFractionDigits: 1, minimumFractionDigits: 0 }).format(number);
  }
  return numbers({ notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** By how much it changed: percentage points of a rate, a share of all else, or how many times what it was. */
export function changed(change: number, kind: Kind): string {
  if (kind === "rate") {
    const points = numbers({ signDisplay: "exceptZero", minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(change * 100);
    return t("points", { points });
  }
  if (change >= 10) return `× ${numbers({ maximumFractionDigits: 0 }).format(change + 1)}`;
  return numbers({ style: "percent", signDisplay: "exceptZero", maximumFractionDigits: Math.abs(change) < 0.1 ? 1 : 0 }).format(change);
}

let zone = "UTC";
export const useZone = (name: string): void => void (zone = name);
export const currentZone = (): string => zone;

const at = (instant: string | number | Date) => (instant instanceof Date ? instant : new Date(instant));

export const time = (instant: string | number | Date): string =>
  dates({ dateStyle: "medium", timeStyle: "short", timeZone: zone }).format(at(instant));
export const day = (instant: string | number | Date): string =>
  dates({ weekday: "short", day: "numeric", month: "short", timeZone: zone }).format(at(instant));
export const clock = (instant: string | number | Date): string =>
  dates({ hour: "2-digit", minute: "2-digit", timeZone: zone }).format(at(instant));
export const monthOf = (instant: string | number | Date): string =>
  dates({ month: "short", year: "numeric", timeZone: zone }).format(at(instant));

/** The local day of an instant: yyyy-mm-dd. */
export function localDay(instant: string | number | Date): string {
  const parts = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: zone });
  return parts.format(at(instant));
}

/** A bucket of a series on an axis, and in a table. */
export function bucket(instant: string, unitOf: string, long = false): string {
  const options: Intl.DateTimeFormatOptions =
    unitOf === "hour"
      ? { hour: "2-digit", minute: "2-digit" }
      : unitOf === "month"
        ? { month: "short", ...(long && { year: "numeric" }) }
        : { day: "numeric", month: "short", ...(long && { year: "numeric", ...(unitOf === "day" && { weekday: "short" }) }) };
  return dates({ ...options, timeZone: zone }).format(at(instant));
}

/** A range from an instant to before another, in days. */
export function range(from: string, to: string): string {
  const format = dates({ dateStyle: "medium", timeZone: zone });
  return format.formatRange(at(from), new Date(at(to).getTime() - 1));
}

/** A range from an instant to before another, in hours where it is no whole days. */
export function span(from: string, to: string): string {
  return Date.parse(to) - Date.parse(from) < 23 * 3_600_000 ? `${time(from)} – ${clock(to)}` : range(from, to);
}

/** Names of the weekdays, from Monday. */
export function weekdays(style: "short" | "long" = "short"): string[] {
  const format = dates({ weekday: style, timeZone: "UTC" });
  return [...Array(7).keys()].map((i) => format.format(new Date(Date.UTC(2024, 0, 1 + i))));
}

export function ago(ms: number): string {
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: "auto", style: "short" });
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return format.format(-seconds, "second");
  if (seconds < 3600) return format.format(-Math.round(seconds / 60), "minute");
  if (seconds < 48 * 3600) return format.format(-Math.round(seconds / 3600), "hour");
  return format.format(-Math.round(seconds / 86400), "day");
}
