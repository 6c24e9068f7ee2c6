// Why: what end-to-end tests do whatever they test: wait, draw at random, find a port, clean up. Guarantees: what is to be
// undone is undone in reverse order as the process ends, also when a test fails.

import { randomInt } from "node:crypto";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Random } from "../demo/random.mjs";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Randomness that can be had again: CALYTICS_SEED repeats a run. @param {string} purpose */
export function seeded(purpose) {
  const seed = process.env.CALYTICS_SEED || String(randomInt(1_000_000_000));
  console.log(`# ${purpose}: CALYTICS_SEED=${seed}`);
  return new Random(`${seed} ${purpose}`);
}

/** @type {(() => void)[]} */
const undo = [];
/** Has something undone as this process ends. @param {() => void} step */
export const atExit = (step) => undo.push(step);
process.on("exit", () => {
  for (const step of undo.reverse()) {
    try {
      step();
    } catch (error) {
      console.error(`clean-up: ${error.message}`);
    }
  }
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/** A port to listen on, below those that the system gives to outgoing connections. */
export async function freePort() {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    const server = net.createServer().listen(port, "127.0.0.1");
    const free = await new Promise((resolve) => {
      server.once("listening", () => resolve(true)).once("error", () => resolve(false));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

/** Waits until a condition holds. @param {() => any} condition @param {string} what */
export async function until(condition, what, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await sleep(20);
  }
}
