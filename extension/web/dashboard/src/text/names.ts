// What things are called that the database has names or codes for: in the reader's language, or else as the database says it.

import { knows, language, maybe, t } from "./index";
import { shown, size } from "./format";

/** What a step of a visit is called: an event's type, or where a session ended. */
export const stepName = (name: string): string => maybe(`event.${name}`, name);

/** Where sessions came from: a name that somebody gave it, or what is said where there is none. */
export const originName = (name: string): string => maybe(`origin.${name}`, name);

/** What became of a webhook. */
export const outcomeName = (name: string): string => maybe(`outcome.${name}`, name);

/** An alert, or all of them. otherwise: as the database says it. */
export const alertName = (name: string, otherwise = name.replaceAll("_", " ")): string =>
  name === "all" ? t("allAlerts") : maybe(`alert.${name}.title`, otherwise);

export interface Told {
  detail: string | null;
  reason: { code: string; facts: Record<string, string> } | null;
}

/** Why a webhook became what it became, and whether that is in the reader's language. */
export function reasonName({ detail, reason }: Told): { text: string; spoken: boolean } {
  const key = `reason.${reason?.code}`;
  return { text: maybe(key, detail ?? "", reason?.facts), spoken: !detail || language() === "en" || knows(key) };
}

/** What an alert tells beside its title. */
export function alertDetail({ alert, detail, facts }: { alert: string; detail: string | null; facts: Record<string, number> | null }): string | null {
  const written = Object.fromEntries(Object.entries(facts ?? {}).map(([name, value]) => [name, name === "free" || name === "total" ? size(value) : shown(value, "count")]));
  return detail && maybe(`alert.${alert}.detail`, detail, written);
}
