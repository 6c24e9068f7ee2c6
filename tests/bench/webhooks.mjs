// Why: `make bench` needs many distinct webhooks, signed beforehand, so that it measures the database
// and nothing else. Writes them to standard output in PostgreSQL's COPY format: number, body, headers.
// Guarantees: the same arguments on the same day write the same bytes; deliveries of one invented
// studio come in the order of time.
//
//   node tests/bench/webhooks.mjs COUNT SECRET

import { once } from "node:events";
import { generate } from "../demo/generate.mjs";
import { sign } from "../demo/send.mjs";

const [count, secret] = [Number(process.argv[2]), process.argv[3]];
const { stdout } = process;
let n = 0;

for (let studio = 1; n < count; studio += 1) {
  for (const { body } of generate({ seed: `bench ${studio}` })) {
    if (n === count) break;
    n += 1;
    const headers = JSON.stringify({
      "content-type": "application/json",
      "x-cal-signature-256": sign(body, secret),
      "x-cal-webhook-version": "2021-10-20",
    });
    if (!stdout.write(`${n}\t\\\\x${body.toString("hex")}\t${headers}\n`)) {
      await once(stdout, "drain");
    }
  }
}
