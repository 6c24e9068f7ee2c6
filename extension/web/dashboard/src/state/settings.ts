// Why: what a reader chose for this browser, which is no part of a picture: language, colours, shortcuts, whether it follows
// what happens. Guarantees: kept where the browser lets the page keep anything, and told to whoever shows it.

import { useEffect, useState } from "preact/hooks";

export interface Settings {
  language: string | null;
  theme: "light" | "dark" | null;
  shortcuts: boolean;
  live: boolean;
}

const KEY = "calytics";
const BY_DEFAULT: Settings = { language: null, theme: null, shortcuts: true, live: true };

function load(): Settings {
  try {
    return { ...BY_DEFAULT, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>) };
  } catch {
    return BY_DEFAULT;
  }
}

let settings = load();
const listeners = new Set<(settings: Settings) => void>();

export const currentSettings = (): Settings => settings;

export function change(some: Partial<Settings>): void {
  settings = { ...settings, ...some };
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing: it holds for as long as the page is open.
  }
  for (const listener of listeners) listener(settings);
}

export function onSettings(listener: (settings: Settings) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function useSettings(): Settings {
  const [shown, show] = useState(settings);
  useEffect(() => onSettings(show), []);
  return shown;
}
