// Why: tests of /api/trpc need the same ground: @trpc/client as it is, what it sent, and a database with bookings. Guarantees: an
// error is judged as a whole, but for the id of its request.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { createTRPCUntypedClient, TRPCClientError } from "@trpc/client";
import { Database, Gateway, bookingBody } from "./harness.mjs";

export const ADMIN = "cal_test_trpc_admin_0123456789abcdef";
export const READER = "cal_test_trpc_reader_0123456789abcde";

/** Starts a gateway before 20 bookings for the tests of a suite, and ends it; `take` is given all that they need. */
export function withApi(take) {
  let api;
  before(async () => take((api = await openApi())));
  after(() => api?.close());
}

async function openApi() {
  const database = await Database.create();
  await database.query("select cal.add_token('admin', 'admin', $1)", [ADMIN]);
  await database.query("select cal.add_token('reader', 'reader', $1)", [READER]);
  const gateway = await Gateway.start(database);
  for (let i = 0; i < 20; i++) {
    assert.equal((await gateway.post(bookingBody(`trpcUid${i}`, { bookingId: i }))).status, 200);
  }

  /** A client, and what it sent. @param {typeof import("@trpc/client").httpLink} link */
  function connect(link, token, more = {}) {
    const sent = [];
    const client = createTRPCUntypedClient({
      links: [
        link({
          url: `${gateway.origin}/api/trpc`,
          headers: { ...(token && { authorization: `Bearer ${token}` }), ...more },
          fetch: async (url, options) => {
            const answer = await fetch(url, options);
            sent.push({ method: options.method, url: String(url), status: answer.status });
            return answer;
          },
        }),
      ],
    });
    return { client, sent };
  }

  async function close() {
    await gateway.stop();
    await database.close();
  }

  return { database, gateway, connect, close };
}

/** What tRPC says of an error, but for the id of the request. */
export const withoutId = ({ requestId, ...data }) => {
  assert.match(requestId, /^[0-9a-f]{32}$/);
  return data;
};

export const failure = (code, httpStatus, path, number) => (error) => {
  assert.ok(error instanceof TRPCClientError, String(error));
  assert.deepEqual(withoutId(error.data), { code, httpStatus, path });
  assert.equal(error.shape.code, number);
  assert.ok(error.message.length > 10);
  return true;
};
