// Why: sends webhooks as Cal.com does, only faster: signed, over kept connections, several at once.
// Guarantees: deliveries of one chain go out in order, one after the other; every delivery ends
// either as an outcome that the receiver named or as a failure that is reported.

import { createHmac } from "node:crypto";
import http from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

const TRIES = 10;
const LONGEST_PAUSE = 30_000;
const FAILURES_TOO_MANY = 25;

/** @param {Buffer} body @param {string} secret */
export function sign(body, secret) {
  return createHmac("sha256", secret).update(body).digest("hex");
}

/** One HTTP request. @param {string | URL} url
 * @param {http.RequestOptions} options @param {Buffer | string} [body]
 * @returns {Promise<{status: number, headers: http.IncomingHttpHeaders, body: Buffer}>} */
export function request(url, options, body) {
  const { protocol } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = (protocol === "https:" ? https : http).request(url, options, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Posts one signed body. */
function post(url, agent, body, secret) {
  const options = {
    method: "POST",
    agent,
    headers: {
      "Content-Type": "application/json",
      "Content-Length": body.length,
      "X-Cal-Signature-256": sign(body, secret),
      "X-Cal-Webhook-Version": "2021-10-20",
    },
  };
  return insist(url, options, body);
}

/** A request that is made again where it failed for a while, and waits where it is told to. */
export async function insist(url, options, body) {
  for (let attempt = 1; ; attempt += 1) {
    let pause = Math.min(5000, 100 * 2 ** attempt);
    try {
      const answer = await request(url, options, body);
      if (![429, 503].includes(answer.status) || attempt === TRIES) return answer;
      const seconds = Number(answer.headers["retry-after"]);
      if (seconds >= 0) pause = Math.min(LONGEST_PAUSE, seconds * 1000);
    } catch (error) {
      if (attempt === TRIES) throw error;
    }
    await sleep(pause);
  }
}

/** A gate that lets a number of tasks through at once. */
class Gate {
  #free;
  #waiting = [];

  constructor(size) {
    this.#free = size;
  }

  async enter() {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise((resolve) => this.#waiting.push(resolve));
  }

  leave() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}

function outcomeOf(answer) {
  try {
    return String(JSON.parse(answer.body.toString("utf8")).outcome);
  } catch {
    return "unreadable answer";
  }
}

/** @param {Iterable<import("./generate.mjs").Delivery>} deliveries
 * @param {{url: string, secret: string, concurrency?: number,
 *   onAnswer?: (done: number) => void}} to
 * @returns {Promise<{sent: number, outcomes: Map<string, number>, failures: string[],
 *   gaveUp: boolean, seconds: number}>} */
export async function send(deliveries, { url, secret, concurrency = 16, onAnswer = () => {} }) {
  const secure = new URL(url).protocol === "https:";
  const agent = new (secure ? https : http).Agent({ keepAlive: true, maxSockets: concurrency });
  const gate = new Gate(concurrency);
  /** @type {Map<string, Promise<void>>} the last delivery under way of each chain */
  const tails = new Map();
  const outcomes = new Map();
  const failures = [];
  const started = performance.now();
  let sent = 0;

  const one = async ({ chain, body }) => {
    try {
      const answer = await post(url, agent, body, secret);
      const outcome = outcomeOf(answer);
      if (answer.status === 200) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      else failures.push(`${answer.status} ${outcome} (chain ${chain})`);
    } catch (error) {
      failures.push(`${error.code ?? error.message} (chain ${chain})`);
    }
    sent += 1;
    onAnswer(sent);
    gate.leave();
  };

  try {
    for (const delivery of deliveries) {
      await gate.enter();
      if (failures.length >= FAILURES_TOO_MANY) break;
      const { chain } = delivery;
      const task = (tails.get(chain) ?? Promise.resolve()).then(() => one(delivery));
      tails.set(chain, task);
      task.then(() => tails.get(chain) === task && tails.delete(chain));
    }
    await Promise.all(tails.values());
  } finally {
    agent.destroy();
  }
  return {
    sent,
    outcomes,
    failures,
    gaveUp: failures.length >= FAILURES_TOO_MANY,
    seconds: (performance.now() - started) / 1000,
  };
}
