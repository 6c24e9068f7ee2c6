// Why: a link shows the same picture to whoever opens it. Guarantees: all that decides which numbers are shown is in the
// address and nowhere else; what is as it is by default is left out; nonsense in an address counts as left out.

import { useEffect, useState } from "preact/hooks";

export const TABS = ["overview", "bookings", "services", "customers", "funnel", "health"] as const;
export const PERIODS = ["day", "week", "month", "quarter", "year", "custom"] as const;
export const BASES = ["booked", "service", "event"] as const;
export type Tab = (typeof TABS)[number];
export type PeriodName = (typeof PERIODS)[number];
export type Basis = (typeof BASES)[number];

export interface View {
  tab: Tab;
  period: PeriodName;
  /** A local day in the period, or null for today: yyyy-mm-dd. */
  at: string | null;
  /** Of a custom period: its first and its last day. */
  from: string | null;
  to: string | null;
  compare: boolean;
  basis: Basis | null;
  service: string | null;
  host: string | null;
  source: string | null;
  /** The metric whose meaning and bookings are shown. */
  open: string | null;
  /** Of which part alone, where that is a row, a point or a cell: service:name, host:name, time:from/to (instants), or
   * part:..., what tells it in a chart of its own (parts/behind.tsx). */
  within: string | null;
  /** Of what is open: its very range. */
  span?: readonly [string, string];
}

const WITHIN = /^((service|host|part):.+|time:[\dTZ:.+-]+\/[\dTZ:.+-]+)$/;
const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

function oneOf<T extends string>(all: readonly T[], text: string | null): T | null {
  return all.find((each) => each === text) ?? null;
}

export function parse(search: string): View {
  const given = new URLSearchParams(search);
  const day = (name: string) => {
    const text = given.get(name);
    return text !== null && DAY.test(text) ? text : null;
  };
  const text = (name: string) => given.get(name) || null;
  const [from, to] = [day("from"), day("to")];
  let period = oneOf(PERIODS, given.get("period")) ?? "month";
  if (period === "custom" && !(from && to && from <= to)) period = "month";
  const custom = period === "custom";
  return {
    tab: oneOf(TABS, given.get("tab")) ?? "overview",
    period,
    at: custom ? null : day("at"),
    from: custom ? from : null,
    to: custom ? to : null,
    compare: given.get("compare") !== "off",
    basis: oneOf(BASES, given.get("basis")),
    service: text("service"),
    host: text("host"),
    source: text("source"),
    open: text("open"),
    within: given.get("open") && WITHIN.test(given.get("within") ?? "") ? given.get("within") : null,
  };
}

export function address(view: View): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries({
    ...view,
    tab: view.tab === "overview" ? null : view.tab,
    period: view.period === "month" ? null : view.period,
    compare: view.compare ? null : "off",
    within: view.open ? view.within : null,
    span: null,
  })) {
    if (value !== null) said.set(name, value);
  }
  const query = said.toString();
  return query ? `/?${query}` : "/";
}

let current = parse(location.search);
const listeners = new Set<(view: View) => void>();

function tell(): void {
  for (const listener of listeners) listener(current);
}

addEventListener("popstate", () => {
  current = parse(location.search);
  tell();
});

/** Goes to another picture; a step that "back" undoes, unless it only replaces this one. */
export function go(change: Partial<View>, replace = false): void {
  current = parse(address({ ...current, ...change }).slice(1));
  if (replace) history.replaceState(null, "", address(current));
  else history.pushState(null, "", address(current));
  tell();
}

export const currentView = (): View => current;

export function useView(): View {
  const [view, setView] = useState(current);
  useEffect(() => {
    listeners.add(setView);
    setView(current);
    return () => void listeners.delete(setView);
  }, []);
  return view;
}

/** What the procedures take of a view. */
export function inputOf(view: View): Record<string, string> {
  // What is known now counts, also of a period that is over.
  const input: Record<string, string> = { period: view.period, asOf: "now" };
  if (view.span) {
    Object.assign(input, { period: "custom", from: view.span[0], to: view.span[1] });
  } else if (view.period === "custom") {
    input["from"] = view.from!;
    input["to"] = dayAfter(view.to!, 1);
  } else if (view.at) {
    input["at"] = view.at;
  }
  for (const name of ["basis", "service", "host", "source"] as const) {
    const value = view[name];
    if (value) input[name] = value;
  }
  return input;
}

/** Of what and whom, whatever the period: what procedures take that are about now. */
export function scopeOf(view: View): Record<string, string> {
  const { source, service, host } = view;
  return { ...(source && { source }), ...(service && { service }), ...(host && { host }) };
}

/** The view of what is open: the page's, or that of a table's row or a chart's point. */
export function openView(view: View): View {
  const [, what, name] = /^(service|host|time):(.+)$/.exec(view.within ?? "") ?? [];
  if (what === "time") return { ...view, span: name!.split("/") as [string, string] };
  return what ? { ...view, [what]: name } : view;
}

/** What tells a part of a chart: in an address, and read from there. */
export const part = (...pieces: (string | number)[]): string => `part:${pieces.map((piece) => encodeURIComponent(piece)).join("/")}`;
export const partsOf = ({ within }: View): string[] => (within?.startsWith("part:") ? within.slice(5).split("/").map(decoded) : []);

function decoded(piece: string): string {
  try {
    return decodeURIComponent(piece);
  } catch {
    return piece;
  }
}

/** Which of a number's bookings are asked for: those of one cell or bar alone. */
export function partOf(view: View): Record<string, number> {
  const [low, high] = partsOf(view);
  if (view.open === "starts") return { weekday: Number(low), hour: Number(high) };
  return view.open === "lead_times" ? { least: Number(low), ...(high && { below: Number(high) }) } : {};
}

/** A day so many days later: yyyy-mm-dd. */
export function dayAfter(day: string, days: number): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  return new Date(Date.UTC(year, month - 1, date + days)).toISOString().slice(0, 10);
}
