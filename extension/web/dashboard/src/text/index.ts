// Why: the page speaks its reader's language. Guarantees: a text that a language lacks fails the build, not the reader; a
// language other than English is loaded only by who reads it; the document says which one it is in.
//
// Another language: a file beside es.ts, and a line in each of `languages` and `loaders`.

import { useEffect, useState } from "preact/hooks";
import { change, currentSettings, onSettings, type Settings } from "../state/settings";
import { en } from "./en";

/** What the database tells in English: names and meanings of metrics, alerts, and what is off. */
export type Told = { [name: `${"metric" | "formula" | "alert" | "off" | "reason"}.${string}`]: string };
/** All of English's texts, and in other languages what the database tells. */
export type Texts = Record<Key, string> & Told;
export type Key = keyof typeof en;

export const languages = { en: "English", es: "Español" } as const;
export type Language = keyof typeof languages;

const loaders: Record<Language, () => Promise<Texts>> = {
  en: () => Promise.resolve(en),
  es: async () => (await import("./es")).es,
};

let texts: Texts = en;
let spoken: Language = "en";
const listeners = new Set<() => void>();

/** What was chosen, or else the first of the browser's languages that is there. */
function wanted(settings: Settings): Language {
  for (const tag of [settings.language ?? [], navigator.languages].flat()) {
    const found = (Object.keys(languages) as Language[]).find((each) => tag.toLowerCase().split("-")[0] === each);
    if (found) return found;
  }
  return "en";
}

async function speak(language: Language): Promise<void> {
  texts = await loaders[language]();
  spoken = language;
  document.documentElement.lang = language;
  for (const listener of listeners) listener();
}

/** Resolves once the texts are there, so that nothing is shown in another language first. */
export function startTexts(): Promise<void> {
  onSettings((settings) => {
    if (wanted(settings) !== spoken) void speak(wanted(settings));
  });
  return speak(wanted(currentSettings()));
}

export const language = (): Language => spoken;
export const choose = (to: Language): void => change({ language: to });

/** How numbers and dates are written: as the browser's reader has it, where that is the language spoken. */
export const locale = (): string =>
  navigator.languages.find((tag) => tag.toLowerCase().split("-")[0] === spoken) ?? spoken;

export type Values = Record<string, string | number>;

const filled = (text: string, values: Values): string => text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));

export function t(key: Key, values: Values = {}): string {
  return filled(texts[key], values);
}

/** A text by a key made of parts, or what stands instead where there is none. */
export function maybe(key: string, otherwise: string, values: Values = {}): string {
  const text = (texts as Record<string, string>)[key];
  return text === undefined ? otherwise : filled(text, values);
}

/** Whether there is a text of this language by a key made of parts. */
export const knows = (key: string): boolean => key in texts;

/** Redraws when the language changes. */
export function useTexts(): Language {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((n) => n + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return spoken;
}
