// Why: the `http` part of `make bench` needs many distinct signed webhooks as the HTTP requests that
// bring them, made beforehand. Writes them to standard output, each after its length in eight digits.
// Guarantees: no two bodies are the same; the same arguments on the same day write the same bytes.
//
//   node tests/bench/requests.mjs COUNT SECRET

import { once } from "node:events";
import { generate } from "../demo/generate.mjs";
import { sign } from "../demo/send.mjs";

const [count, secret] = [Number(process.argv[2]), process.argv[3]];
const { stdout } = process;
const seen = new Set();

for (let studio = 1; seen.size < count; studio += 1) {
  for (const { body } of generate({ seed: `bench ${studio}` })) {
    if (seen.size === count) break;
    const signature = sign(body, secret);
    if (seen.has(signature)) continue;
    seen.add(signature);
    const head = [
      "POST /api/cal/webhook HTTP/1.1",
      "Host: 127.0.0.1",
      "Content-Type: application/json",
      `X-Cal-Signature-256: ${signature}`,
      "X-Cal-Webhook-Version: 2021-10-20",
      `Content-Length: ${body.length}`,
    ].join("\r\n");
    const size = head.length + 4 + body.length;
    stdout.write(`${String(size).padStart(8, "0")}${head}\r\n\r\n`);
    if (!stdout.write(body)) await once(stdout, "drain");
  }
}
