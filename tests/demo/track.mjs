// Why: sends the events of many visitors as a server does that tracks on their behalf: in batches, with a token, through
// the procedure for it. Guarantees: every event is either taken, known already, or reported as a failure.

import http from "node:http";
import https from "node:https";
import { insist } from "./send.mjs";

const BATCH = 250;

/** @param {object[]} events @param {{origin: string, token: string, concurrency?: number,
 *   onAnswer?: (done: number) => void}} to
 * @returns {Promise<{accepted: number, duplicates: number, failures: string[], seconds: number}>} */
export async function track(events, { origin, token, concurrency = 4, onAnswer = () => {} }) {
  const url = `${origin}/api/trpc/calAnalytics.trackEventBatch`;
  const secure = new URL(url).protocol === "https:";
  const agent = new (secure ? https : http).Agent({ keepAlive: true, maxSockets: concurrency });
  const result = { accepted: 0, duplicates: 0, failures: [], seconds: 0 };
  const started = performance.now();
  let next = 0;
  let done = 0;

  async function batch(from) {
    const some = events.slice(from, from + BATCH);
    const body = Buffer.from(JSON.stringify(some));
    const headers = {
      "Content-Type": "application/json",
      "Content-Length": body.length,
      Authorization: `Bearer ${token}`,
    };
    const answer = await insist(url, { method: "POST", agent, headers }, body);
    const { result: taken, error } = JSON.parse(answer.body.toString("utf8"));
    if (error) throw new Error(error.message);
    result.accepted += taken.data.accepted;
    result.duplicates += taken.data.duplicates;
    for (const { reason } of taken.data.rejected) result.failures.push(reason);
    onAnswer((done += some.length));
  }
  async function worker() {
    while (next < events.length && result.failures.length === 0) {
      const from = next;
      next += BATCH;
      await batch(from).catch((error) => result.failures.push(error.code ?? error.message));
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrency }, worker));
  } finally {
    agent.destroy();
  }
  result.seconds = (performance.now() - started) / 1000;
  return result;
}
