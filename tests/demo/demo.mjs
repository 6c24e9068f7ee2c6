// Why: fills a running Calytics with a believable history, through its front door and no other way.
// Guarantees: the same seed and end date send the same bytes, so that a second run changes nothing;
// ends with 0 only if every webhook was answered 200 and every event was taken.

import { parseArgs } from "node:util";
import { generate, today } from "./generate.mjs";
import { send } from "./send.mjs";
import { track } from "./track.mjs";
import { parseDay } from "./zone.mjs";

const USAGE = `usage: node tests/demo/demo.mjs [options]

Sends what happened on the pages of an invented tattoo studio, and its signed webhooks, to $CALYTICS_URL.

  --seed TEXT               another studio for another seed (DEMO_SEED, default 1)
  --until YYYY-MM-DD        the history ends as this day begins (DEMO_UNTIL, default today)
  --months N                how long it is (12)
  --bookings-per-month N    how busy the studio is (400)
  --concurrency N           requests at a time (16)
  --dry-run                 generate and count, send nothing

CALYTICS_URL, CAL_WEBHOOK_SECRET and CALYTICS_ADMIN_TOKEN must be set; "make run" writes them to .calytics/env.`;

const BAR = 30;
const QUIET_EVERY = 3000;

function positive(name, text) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    throw new RangeError(`--${name} must be a whole number above 0, not "${text}"`);
  }
  return number;
}

function settings() {
  const text = { type: "string" };
  const { values } = parseArgs({
    options: {
      seed: { ...text, default: process.env.DEMO_SEED || "1" },
      until: { ...text, default: process.env.DEMO_UNTIL || today() },
      months: { ...text, default: "12" },
      "bookings-per-month": { ...text, default: "400" },
      concurrency: { ...text, default: "16" },
      "dry-run": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  parseDay(values.until);
  const { CALYTICS_URL: url, CAL_WEBHOOK_SECRET: secret, CALYTICS_ADMIN_TOKEN: token } = process.env;
  if (!values.help && !values["dry-run"] && !(url && secret && token)) {
    throw new Error("CALYTICS_URL, CAL_WEBHOOK_SECRET and CALYTICS_ADMIN_TOKEN must be set; `make run` says how");
  }
  const origin = url?.replace(/\/+$/, "");
  return {
    seed: values.seed,
    until: values.until,
    months: positive("months", values.months),
    bookingsPerMonth: positive("bookings-per-month", values["bookings-per-month"]),
    concurrency: positive("concurrency", values.concurrency),
    dryRun: values["dry-run"],
    help: values.help,
    origin,
    url: `${origin}/api/cal/webhook`,
    secret,
    token,
  };
}

/** A bar on a terminal, a line now and then elsewhere. */
function progress(total, what) {
  const { stdout } = process;
  const every = stdout.isTTY ? 100 : QUIET_EVERY;
  let next = Date.now() + every;
  return (done) => {
    const now = Date.now();
    if (now < next && done < total) return;
    next = now + every;
    const counted = `${done} of ${total} ${what}`;
    if (!stdout.isTTY) return void console.log(counted);
    const full = Math.floor((BAR * done) / total);
    const bar = "█".repeat(full) + "░".repeat(BAR - full);
    stdout.write(`\r${bar} ${counted}${done === total ? "\n" : ""}`);
  };
}

function count(list) {
  const counts = new Map();
  for (const item of list) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

function describe(counts) {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, number]) => `${name} ${number}`)
    .join(", ");
}

async function main() {
  const wanted = settings();
  if (wanted.help) return void console.log(USAGE);
  const history = generate(wanted);
  const legs = describe(count(history.expectedState.map((leg) => leg.status)));
  console.log(
    `A tattoo studio until ${wanted.until}, months: ${wanted.months}, seed: ${wanted.seed}.`,
  );
  console.log(`Bookings when all have arrived: ${legs}.`);
  const events = history.visits();
  const sessions = new Set(events.map((event) => event.sessionId)).size;
  if (wanted.dryRun) {
    console.log(`${history.length} webhooks and ${events.length} events of ${sessions} visits, none sent.`);
    return;
  }

  const result = await send(history, { ...wanted, onAnswer: progress(history.length, "webhooks") });
  if (result.gaveUp && process.stdout.isTTY) console.log();
  const rate = Math.round(result.sent / result.seconds);
  console.log(
    `${result.sent} webhooks sent in ${result.seconds.toFixed(1)} s (${rate}/s): ` +
      `${describe(result.outcomes) || "none accepted"}.`,
  );
  const { token, origin } = wanted;
  const seen = await track(events, { origin, token, onAnswer: progress(events.length, "events") });
  console.log(
    `${events.length} events of ${sessions} visits sent in ${seen.seconds.toFixed(1)} s ` +
      `(${Math.round(events.length / seen.seconds)}/s): accepted ${seen.accepted}, duplicates ${seen.duplicates}.`,
  );
  for (const failure of new Set(seen.failures)) {
    console.error(`Events were not taken: ${failure}`);
    process.exitCode = 1;
  }
  if (result.failures.length === 0) return;
  console.error(`${result.failures.length} were not accepted:`);
  for (const [failure, number] of count(result.failures.slice(0, 10))) {
    console.error(`  ${failure}${number > 1 ? ` (${number} times)` : ""}`);
  }
  if (result.gaveUp) console.error("Gave up: the rest was not sent.");
  process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(`demo: ${error.message}`);
  process.exitCode = 2;
}
