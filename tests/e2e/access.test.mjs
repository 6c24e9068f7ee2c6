// Why: whoever may do what is decided in SQL, yet browsers, proxies and Better Auth meet it through HTTP:
// cookies, headers and sessions must be what those make of them.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { betterAuth } from "better-auth";
import { admin as adminPlugin } from "better-auth/plugins";
import { getMigrations } from "better-auth/db/migration";
import pg from "pg";
import { sign } from "../demo/send.mjs";
import { Database, Gateway, SECRET, bookingBody, raw } from "./harness.mjs";

const ADMIN = "cal_test_access_admin_0123456789abcdef";
const PASSWORD = "correct horse battery staple";
const AUTH_SECRET = "the secret that better auth signs with";

describe("access", () => {
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;

  before(async () => {
    database = await Database.create();
    await database.query("select cal.add_token('admin', 'admin', $1)", [ADMIN]);
    await database.query("select cal.set_password('ada', 'admin', $1)", [PASSWORD]);
    gateway = await Gateway.start(database);
  });
  after(async () => {
    await gateway?.stop();
    await database?.close();
  });

  const post = (path, body, headers = {}) =>
    gateway.ask(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const who = async (headers) => (await gateway.ask("/api/debug/auth", { headers })).json;
  /** Sets a parameter for the gateway, and starts it anew. */
  async function set(parameter, value) {
    await database.query(`alter role ${database.login} set calytics.${parameter} = '${value}'`);
    await gateway.stop();
    gateway = await Gateway.start(database);
  }

  test("a log-in's cookie opens what its account may, until it logs out", async () => {
    const login = await post("/api/login", { name: "ada", password: PASSWORD });
    assert.equal(login.status, 200);
    const [cookie, ...attributes] = login.headers["set-cookie"][0].split("; ");
    assert.match(cookie, /^calytics_session=[0-9a-f]{64}$/);
    assert.deepEqual(attributes, ["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Strict"]);
    const headers = { Cookie: cookie };
    const { role, how, label, client } = await who(headers);
    assert.deepEqual([role, how, label, client], ["admin", "session", "ada", "127.0.0.1"]);
    assert.equal((await gateway.ask("/api/admin/dashboard", { headers })).status, 200);

    const sync = "/api/trpc/calAnalytics.syncData";
    assert.equal((await post(sync, {}, { ...headers, Origin: "https://evil.example" })).status, 403);
    assert.equal((await post(sync, {}, { ...headers, "Sec-Fetch-Site": "cross-site" })).status, 403);
    assert.equal((await post(sync, {}, { ...headers, Origin: gateway.origin })).status, 200);

    const out = await post("/api/logout", {}, { ...headers, Origin: gateway.origin });
    assert.deepEqual(out.json, { ended: true });
    assert.match(out.headers["set-cookie"][0], /^calytics_session=; .*Max-Age=0/);
    assert.equal((await gateway.ask("/api/admin/dashboard", { headers })).status, 401);
  });

  test("what is wrong with a log-in isn't told", async () => {
    const wrong = await post("/api/login", { name: "ada", password: `${PASSWORD}!` });
    const nobody = await post("/api/login", { name: "eve", password: PASSWORD });
    assert.deepEqual([wrong.status, nobody.status], [401, 401]);
    // Each names its own request, and that is all.
    const [said, alike] = [wrong, nobody].map(({ json }) => ({ ...json.error, request_id: undefined }));
    assert.deepEqual(said, alike);
    assert.equal(wrong.headers["set-cookie"], undefined);
  });

  test("cookie fields that a proxy took apart belong together", async () => {
    const { headers } = await post("/api/login", { token: ADMIN });
    const [cookie] = headers["set-cookie"][0].split("; ");
    const answer = await raw(gateway.port, [
      `GET /api/debug/auth HTTP/1.1\r\nHost: x\r\nCookie: theme=dark\r\nCookie: ${cookie}\r\n` +
        "Connection: close\r\n\r\n",
    ]);
    assert.match(answer, /"how": ?"session"/);
  });

  test("every answer carries the security headers, the gateway's own too", async () => {
    const answers = [
      await gateway.ask("/"),
      await gateway.ask("/nothing"),
      await gateway.ask("/api/cal/webhook"),
      await gateway.post(bookingBody("accessUid")),
      await gateway.ask("/api/cal/track", { method: "POST", body: "[]" }),
      await gateway.ask("/api/admin/dashboard"),
      await gateway.ask(`/${"a".repeat(9000)}`),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 404, 405, 200, 200, 401, 414],
    );
    const proxied = await gateway.ask("/nothing", { headers: { "X-Forwarded-Proto": "https" } });
    assert.match(proxied.headers["strict-transport-security"], /^max-age=\d{8}$/);
    for (const { headers } of answers) {
      const policy = headers["content-security-policy"];
      assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["referrer-policy"], "no-referrer");
      assert.equal(headers["strict-transport-security"], undefined, "it came without TLS");
    }
  });

  test("only a trusted proxy says who the client is, and that it came by TLS", async () => {
    const headers = { "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https" };
    const spoofed = { "X-Calytics-Peer": "192.0.2.8" };
    const seen = async (more) => {
      const { client, tls } = await who({ ...headers, ...more });
      return [client, tls];
    };
    assert.deepEqual(await seen(), ["127.0.0.1", false]);
    assert.deepEqual(await seen(spoofed), ["127.0.0.1", false]);
    await set("trusted_proxies", "127.0.0.1");
    assert.deepEqual(await seen(spoofed), ["192.0.2.7", true]);
    const login = await post("/api/login", { token: ADMIN }, headers);
    assert.match(login.headers["set-cookie"][0], /^__Host-calytics_session=.*; Secure$/);
  });

  test("each client of the proxy has tokens of its own to call with", async () => {
    await set("limit_login", "1/h burst 2");
    const attempt = (client) =>
      post("/api/login", { token: `${ADMIN}!` }, { "X-Forwarded-For": client });
    const answers = [];
    for (const client of ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"]) {
      answers.push(await attempt(client));
    }
    assert.deepEqual(
      answers.map(({ status }) => status),
      [401, 401, 429, 401],
    );
    const { headers, json } = answers[2];
    assert.equal(json.error.code, "too_many_requests");
    const wait = Number(headers["retry-after"]);
    assert.ok(wait > 3500 && wait <= 3600, headers["retry-after"]);
    assert.equal(headers["ratelimit-policy"], '"login";q=2;w=7200');
    assert.equal(headers.ratelimit, `"login";r=0;t=${wait}`);
    assert.equal((await gateway.ask("/api/cal/health")).status, 200, "of that class alone");
  });

  test("webhooks come from where they are to come from", async () => {
    await database.query("select cal.set_networks('{203.0.113.0/24}')");
    const body = bookingBody("accessNetworkUid");
    const send = (client) =>
      gateway.post(body, {
        headers: { "X-Cal-Signature-256": sign(body, SECRET), "X-Forwarded-For": client },
      });
    assert.equal((await send("192.0.2.1")).status, 403);
    assert.equal((await send("203.0.113.9, 192.0.2.1")).status, 403, "that the client wrote");
    assert.equal((await send("203.0.113.9")).status, 200);
    const kept = "select count(*) from cal.booking where uid = $1";
    assert.equal(await database.value(kept, ["accessNetworkUid"]), 1);
  });

  describe("better auth", () => {
    let pool;
    let auth;
    /** Cookies of a new user of Better Auth's. */
    async function signUp(name, role) {
      const answer = await auth.api.signUpEmail({
        body: { email: `${name}@example.com`, name, password: PASSWORD },
        asResponse: true,
      });
      assert.equal(answer.status, 200);
      if (role) {
        const sql = `update auth."user" set role = $2 where email = $1`;
        await database.query(sql, [`${name}@example.com`, role]);
      }
      const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
      return { Cookie: cookies.join("; ") };
    }

    before(async () => {
      await database.query("create schema auth");
      const { socket: host, port } = database.cluster;
      pool = new pg.Pool({
        ...{ host, port, user: "calytics", database: database.name, max: 2 },
        options: "-c search_path=auth",
      });
      const options = {
        ...{ database: pool, secret: AUTH_SECRET, baseURL: "http://localhost:3000" },
        emailAndPassword: { enabled: true },
        plugins: [adminPlugin()],
        telemetry: { enabled: false },
        logger: { disabled: true },
      };
      auth = betterAuth(options);
      const { runMigrations } = await getMigrations(options);
      await runMigrations();
    });
    after(() => pool?.end());

    test("its sessions open what the user's role may, and nothing else does", async () => {
      const ada = await signUp("ada", "admin");
      const eve = await signUp("eve");
      assert.equal((await who(ada)).role, null, "before it is set up");
      await database.query("select cal.set_better_auth($1, 'auth')", [AUTH_SECRET]);

      const { role, how, why_not: why } = await who(ada);
      assert.deepEqual([role, how, why], ["admin", "better-auth", null]);
      assert.equal((await gateway.ask("/api/admin/dashboard", { headers: ada })).status, 200);
      const stranger = await who(eve);
      assert.equal(stranger.role, null);
      assert.match(stranger.why_not, /role "user"/);
      assert.equal((await gateway.ask("/api/admin/dashboard", { headers: eve })).status, 401);

      const forged = { Cookie: ada.Cookie.replace(/(session_token=)./, "$1_") };
      assert.match((await who(forged)).why_not, /signature/);
      const roles = `{"admin": "admin", "user": "reader"}`;
      await database.query("select cal.set_better_auth(roles => $1)", [roles]);
      assert.equal((await who(eve)).role, "reader");

      await auth.api.signOut({ headers: new Headers({ cookie: ada.Cookie }) });
      assert.match((await who(ada)).why_not, /no such session/);
      await database.query(`update auth.session set "expiresAt" = now()`);
      assert.match((await who(eve)).why_not, /expired/);
    });

    test("its tables may be missing, or out of reach", async () => {
      const zoe = await signUp("zoe", "admin");
      assert.equal((await who(zoe)).role, "admin");
      await database.query(`alter table auth.session rename to sessions`);
      const answer = await gateway.ask("/api/admin/dashboard", { headers: zoe });
      assert.equal(answer.status, 401);
      assert.match((await who(zoe)).why_not, /relation "auth.session" does not exist/);
      assert.doesNotMatch((await who({})).why_not, /auth.session/, "that is not for outsiders");
      await database.query("select cal.set_better_auth(session_table => 'sessions')");
      assert.equal((await who(zoe)).role, "admin");
    });
  });
});
