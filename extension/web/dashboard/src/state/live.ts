// Why: what happens in the studio is on screen at once. Guarantees: every message of the database's event stream, and every
// half minute without one, has what is shown asked again, several messages together once; nothing is asked while the page is
// out of sight or paused, and all of it when it is looked at again.

import { currentSettings, onSettings } from "./settings";
import { refresh } from "./queries";

const POLL = 30_000;
const TOGETHER = 150;
const RETRY = 30_000;
/** A new stream's first word is that what happened before isn't known, though what is shown was just asked for. */
const SETTLED = 1_500;

let events: EventSource | null = null;
let polling: ReturnType<typeof setInterval> | undefined;
let soon: ReturnType<typeof setTimeout> | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let settling: ReturnType<typeof setTimeout> | undefined;
let connected = false;

const wanted = () => running && currentSettings().live && document.visibilityState === "visible";
let running = false;

function refreshSoon(): void {
  soon ??= setTimeout(() => {
    soon = undefined;
    if (wanted()) refresh();
  }, TOGETHER);
}

function disconnect(): void {
  events?.close();
  events = null;
  connected = false;
  clearInterval(polling);
  clearTimeout(retry);
  clearTimeout(settling);
  polling = retry = settling = undefined;
}

function connect(): void {
  if (events || !running) return;
  polling ??= setInterval(refreshSoon, POLL);
  events = new EventSource("/api/cal/events");
  events.onopen = () => {
    // What happened while nobody listened.
    if (connected) refreshSoon();
    connected = true;
  };
  let first = !connected;
  events.onmessage = ({ data }) => {
    if (first && data.includes('"reset"')) settling = setTimeout(refreshSoon, SETTLED);
    else refreshSoon();
    first = false;
  };
  events.onerror = () => {
    if (events?.readyState !== EventSource.CLOSED) return;
    // Refused for good, as by a gateway without events: looked for again now and then, and polled meanwhile.
    events = null;
    retry = setTimeout(connect, RETRY);
  };
}

function follow(): void {
  if (wanted()) {
    if (!polling) {
      connect();
      refreshSoon();
    }
  } else {
    disconnect();
  }
}

/** Follows what happens. */
export function start(): void {
  if (running) return;
  running = true;
  document.addEventListener("visibilitychange", follow);
  onSettings(follow);
  if (wanted()) connect();
}

export function stop(): void {
  running = false;
  document.removeEventListener("visibilitychange", follow);
  disconnect();
}
