// Why: every panel shows an answer of the database, and all of them have to be fresh together. Guarantees: an answer stays
// on screen until a newer one to the same question is there, or with its age if none comes; a question is under way once,
// however many panels ask it; an answer to an earlier question never takes the place of a later one's.

import { useEffect, useState } from "preact/hooks";
import { ApiError, query, type Input } from "../api/client";

export interface Answer<T> {
  data: T | null;
  /** When it came, by this browser's clock. */
  at: number | null;
  error: ApiError | null;
  loading: boolean;
}

interface Entry {
  name: string;
  input: Input;
  answer: Answer<unknown>;
  running: Promise<void> | null;
  again: boolean;
  listeners: Set<() => void>;
}

const KEPT = 60;
const entries = new Map<string, Entry>();
const onLoggedOut = new Set<() => void>();
const onRefreshed = new Set<() => void>();

/** Calls back when the session is found to be over. */
export function whenLoggedOut(listener: () => void): () => void {
  onLoggedOut.add(listener);
  return () => void onLoggedOut.delete(listener);
}

function entryOf(name: string, input: Input): Entry {
  const key = `${name} ${JSON.stringify(input)}`;
  let entry = entries.get(key);
  if (!entry) {
    entry = {
      name,
      input,
      answer: { data: null, at: null, error: null, loading: false },
      running: null,
      again: false,
      listeners: new Set(),
    };
    entries.set(key, entry);
    for (const [old, { listeners }] of entries) {
      if (entries.size <= KEPT) break;
      if (listeners.size === 0 && old !== key) entries.delete(old);
    }
  }
  return entry;
}

function tell(entry: Entry, answer: Answer<unknown>): void {
  entry.answer = answer;
  for (const listener of entry.listeners) listener();
  for (const listener of onRefreshed) listener();
}

async function run(entry: Entry): Promise<void> {
  do {
    entry.again = false;
    tell(entry, { ...entry.answer, loading: true });
    try {
      const data = await query<unknown>(entry.name, entry.input);
      tell(entry, { data, at: Date.now(), error: null, loading: false });
    } catch (error) {
      const failure = error as ApiError;
      tell(entry, { ...entry.answer, error: failure, loading: false });
      if (failure.loggedOut) for (const listener of onLoggedOut) listener();
    }
  } while (entry.again && entry.listeners.size > 0);
  entry.running = null;
}

function ask(entry: Entry): Promise<void> {
  entry.running ??= run(entry);
  return entry.running;
}

/** Asks again all that is on screen; what is under way already is asked once more after it. */
export function refresh(): void {
  for (const entry of entries.values()) {
    if (entry.listeners.size === 0) continue;
    if (entry.running) entry.again = true;
    else void ask(entry);
  }
}

/** Forgets every answer: another one is looking. */
export function forget(): void {
  entries.clear();
}

const FRESH = 5_000;

/** The answer to a question, or null to ask none. */
export function useQuery<T>(name: string, input: Input | null): Answer<T> {
  const key = input === null ? null : `${name} ${JSON.stringify(input)}`;
  const entry = input === null ? null : entryOf(name, input);
  const [, redraw] = useState(0);
  useEffect(() => {
    if (!entry) return;
    const listener = () => redraw((n) => n + 1);
    entry.listeners.add(listener);
    if (entry.answer.at === null || Date.now() - entry.answer.at > FRESH) void ask(entry);
    return () => void entry.listeners.delete(listener);
  }, [key]);
  if (!entry) return { data: null, at: null, error: null, loading: false };
  const answer = entry.answer as Answer<T>;
  return answer.at === null && !answer.error ? { ...answer, loading: true } : answer;
}

/** When the oldest of what is on screen came, and the first thing that went wrong. */
export function freshness(): { at: number | null; error: ApiError | null; loading: boolean } {
  const shown = [...entries.values()].filter(({ listeners }) => listeners.size > 0).map(({ answer }) => answer);
  const times = shown.flatMap(({ at }) => (at === null ? [] : [at]));
  return {
    at: times.length > 0 ? Math.min(...times) : null,
    error: shown.find(({ error }) => error !== null)?.error ?? null,
    loading: shown.some(({ loading }) => loading),
  };
}

export function useFreshness(): ReturnType<typeof freshness> {
  const [shown, show] = useState(freshness);
  useEffect(() => {
    const look = () => show(freshness());
    onRefreshed.add(look);
    look();
    return () => void onRefreshed.delete(look);
  }, []);
  return shown;
}
