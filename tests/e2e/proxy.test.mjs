// Why: in production a proxy ends TLS, and half of what keeps a session safe rests on what it tells the gateway. Laws, for the
// very files of gateway/proxy with only names, ports and certificate changed: who the client is and that it came by TLS is
// the proxy's word, whatever the client writes; webhooks, log-ins, events and limits are as without it; nothing is held back.

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http2 from "node:http2";
import net from "node:net";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import tls from "node:tls";
import { request, sign } from "../demo/send.mjs";
import { Database, Gateway, ROOT, SECRET, atExit, bookingBody, freePort, until } from "./harness.mjs";

const MEBI = 1024 * 1024;
const DOMAIN = "studio.test";
const PASSWORD = "correct horse battery staple";
const READER = "cal_proxy_test_reader_0123456789abcdef";
/** Where the client is; the proxy itself comes from 127.0.0.1. */
const CLIENT = "127.7.7.7";
/** What somebody writes who wants to be another, elsewhere. */
const LIES = {
  "X-Forwarded-For": "192.0.2.7",
  "X-Forwarded-Host": "evil.example",
  "X-Calytics-Peer": "192.0.2.8",
  Forwarded: "for=192.0.2.9;proto=http;host=evil.example",
};

/** Where deps.sh puts what this machine hasn't installed. */
const places = [process.env.PATH, "/usr/sbin", ...["bin", "sbin"].map((name) => path.join(ROOT, "build/servers/usr", name))];
const environment = { ...process.env, PATH: places.join(":") };
const isMissing = (program) => spawnSync(program, ["version"], { env: environment }).error !== undefined;
const isElsewhere = spawnSync("dpkg-deb", ["--version"]).error !== undefined;

/** A file of gateway/proxy, changed as the README says, and to unprivileged ports of loopback. */
function configured(name, directory, { gateway, plain, secure }) {
  const certificate = path.join(directory, "certificate.pem");
  const key = path.join(directory, "key.pem");
  const text = readFileSync(path.join(ROOT, "gateway/proxy", name), "utf8")
    .replaceAll(/\/etc\/letsencrypt\/\S+\/fullchain.pem/g, certificate)
    .replaceAll(/\/etc\/letsencrypt\/\S+\/privkey.pem/g, key)
    .replaceAll("your.domain", DOMAIN)
    .replaceAll("127.0.0.1:8080", `127.0.0.1:${gateway}`);
  const file = path.join(directory, name);
  if (name === "Caddyfile") {
    const options = `admin off\nhttp_port ${plain}\nhttps_port ${secure}\ndefault_bind 127.0.0.1\n`;
    writeFileSync(file, text.replace(/^\{\n/m, `$&${options}`).replace(`\n${DOMAIN} {\n`, `$&tls ${certificate} ${key}\n`));
    return ["caddy", "run", "--adapter", "caddyfile", "--config", file];
  }
  const site = text
    .replaceAll(/listen \[::\].*/g, "")
    .replace("listen 80", `listen 127.0.0.1:${plain}`)
    .replace("listen 443", `listen 127.0.0.1:${secure}`);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `${what}_temp_path ${what};`);
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid nginx.pid; ${process.getuid() === 0 ? "user root;" : ""}
     events {} http { access_log off; ${paths.join(" ")}\n${site}}`,
  );
  return ["nginx", "-e", "stderr", "-p", directory, "-c", file];
}

/** One of the proxies, before a gateway. */
class Proxy {
  static async start(name, gateway) {
    const it = new Proxy();
    const directory = mkdtempSync("/tmp/calytics-proxy-");
    atExit(() => rmSync(directory, { recursive: true, force: true }));
    const certificate = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const files = ["-keyout", path.join(directory, "key.pem"), "-out", path.join(directory, "certificate.pem")];
    const subject = ["-subj", `/CN=${DOMAIN}`, "-addext", `subjectAltName=DNS:${DOMAIN}`];
    execFileSync("openssl", [...certificate, ...files, ...subject], { stdio: "ignore" });
    it.ca = readFileSync(path.join(directory, "certificate.pem"));
    it.plain = await freePort();
    it.secure = await freePort();
    it.origin = `https://${DOMAIN}:${it.secure}`;
    const [program, ...rest] = configured(name, directory, { gateway: gateway.port, plain: it.plain, secure: it.secure });
    it.logFile = path.join(directory, "log");
    const log = openSync(it.logFile, "a");
    const home = path.join(directory, "home");
    mkdirSync(home);
    const env = { ...environment, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
    it.process = spawn(program, rest, { cwd: directory, env, stdio: ["ignore", log, log] });
    closeSync(log);
    atExit(() => it.process.exitCode ?? it.process.signalCode ?? it.process.kill());
    it.ended = new Promise((resolve) => it.process.once("exit", resolve));
    await until(() => it.#accepts(), `${name} to accept connections`);
    return it;
  }

  async #accepts() {
    assert.equal(this.process.exitCode, null, `it ended:\n${readFileSync(this.logFile, "utf8")}`);
    const socket = net.connect(this.secure, "127.0.0.1");
    const open = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    return open;
  }

  /** How a client of its own address comes here, by the domain's name. */
  get way() {
    const lookup = (_, { all }, found) =>
      all ? found(null, [{ address: "127.0.0.1", family: 4 }]) : found(null, "127.0.0.1", 4);
    return { lookup, localAddress: CLIENT, ca: this.ca };
  }

  async ask(target, { method = "GET", headers = {}, body } = {}) {
    const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
    const answer = await request(this.origin + target, { ...this.way, method, headers: { ...length, ...headers } }, body);
    const text = answer.body.toString();
    return { ...answer, json: /json/.test(answer.headers["content-type"]) ? JSON.parse(text) : undefined };
  }

  /** Shakes hands, and says what was agreed on. @param {import("node:tls").ConnectionOptions} offer */
  handshake(offer) {
    return new Promise((resolve, reject) => {
      const options = { port: this.secure, host: "127.0.0.1", servername: DOMAIN, ca: this.ca, ...offer };
      const socket = tls.connect(options, () => {
        resolve({ version: socket.getProtocol(), application: socket.alpnProtocol });
        socket.destroy();
      });
      socket.on("error", reject);
    });
  }

  async stop() {
    this.process.kill();
    await this.ended;
  }
}

describe("proxy", () => {
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;

  before(async () => {
    database = await Database.create();
    await database.query("select cal.set_password('ada', 'admin', $1)", [PASSWORD]);
    await database.query("select cal.add_token('reader', 'reader', $1)", [READER]);
    gateway = await Gateway.start(database);
  });
  after(async () => {
    await gateway?.stop();
    await database?.close();
  });

  const json = (body, headers = {}) => ({
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const login = (headers) => json({ name: "ada", password: PASSWORD }, headers);

  for (const [program, file] of Object.entries({ caddy: "Caddyfile", nginx: "nginx.conf" })) {
    describe(program, { skip: isElsewhere && isMissing(program) && `no ${program} here` }, () => {
      /** @type {Proxy} */
      let proxy;

      before(async () => {
        await database.query("alter system reset calytics.trusted_proxies");
        await database.query("select pg_reload_conf()");
        proxy = await Proxy.start(file, gateway);
      });
      after(() => proxy?.stop());

      test("it counts once it is trusted, while everything runs", async () => {
        const seen = async () => {
          const { client, tls: secure } = (await proxy.ask("/api/debug/auth")).json;
          return `${client} ${secure}`;
        };
        assert.equal(await seen(), "127.0.0.1 false");
        await database.query("alter system set calytics.trusted_proxies = '127.0.0.1'");
        await database.query("select pg_reload_conf()");
        await until(async () => (await seen()) === `${CLIENT} true`, "the proxy to be believed", 5);
      });

      test("TLS 1.2 and later with HTTP/2, and plain HTTP leads there", async () => {
        const ALPNProtocols = ["h2", "http/1.1"];
        assert.deepEqual(await proxy.handshake({ ALPNProtocols }), { version: "TLSv1.3", application: "h2" });
        assert.deepEqual(await proxy.handshake({ ALPNProtocols, maxVersion: "TLSv1.2" }), { version: "TLSv1.2", application: "h2" });
        const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };
        await assert.rejects(proxy.handshake(old), { code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" });

        const target = "/api/cal/webhook?a=1";
        const plain = await request(`http://127.0.0.1:${proxy.plain}${target}`, { method: "POST", headers: { Host: DOMAIN } });
        assert.equal(plain.status, 308, "a webhook stays a POST");
        assert.equal(plain.headers.location, `https://${DOMAIN}${target}`);
        assert.equal(plain.headers["strict-transport-security"], undefined);
      });

      test("a signed webhook arrives byte for byte, and its request's id both ways", async () => {
        const body = bookingBody(`${program}Uid`);
        const headers = { "X-Cal-Signature-256": sign(body, SECRET), "X-Request-Id": `${program}-request.1` };
        const answer = await proxy.ask("/api/cal/webhook", { method: "POST", headers, body });
        assert.equal(answer.status, 200, answer.body.toString());
        assert.equal(answer.json.outcome, "applied");
        assert.equal(answer.headers["x-request-id"], `${program}-request.1`);
        const logged = new RegExp(`${program}-request\\.1.*/api/cal/webhook\\b.*\\b200\\b`);
        await until(() => logged.test(gateway.log), "the gateway's log to name it", 5);
        const forged = await proxy.ask("/api/cal/webhook", { method: "POST", headers, body: `${body} ` });
        assert.equal(forged.status, 401);
      });

      test("who lies about where they are gains nothing", async () => {
        const { client, tls: secure } = (await proxy.ask("/api/debug/auth", { headers: { ...LIES, "X-Forwarded-Proto": "http" } })).json;
        assert.deepEqual({ client, secure }, { client: CLIENT, secure: true });

        const event = { sessionId: `${program}-session`, eventType: "PAGE_VIEW" };
        const told = await proxy.ask("/api/cal/track", json({ events: [event] }, { ...LIES, "User-Agent": "Mozilla/5.0" }));
        assert.equal(told.status, 200, told.body.toString());
        const kept = await database.query("select ip_address from calytics.event where session_id = $1", [event.sessionId]);
        assert.deepEqual(kept, [{ ip_address: "127.7.7.0" }]);

        await database.query("select cal.set_networks('{192.0.2.0/24}')");
        const body = bookingBody(`${program}LiarUid`);
        const headers = { "X-Cal-Signature-256": sign(body, SECRET), ...LIES };
        assert.equal((await proxy.ask("/api/cal/webhook", { method: "POST", headers, body })).status, 403);
        await database.query("select cal.set_networks(null)");
      });

      test("a log-in's cookie is of TLS, and serves pages of the proxy's own name alone", async () => {
        const answer = await proxy.ask("/api/login", login());
        assert.equal(answer.status, 200, answer.body.toString());
        assert.match(answer.headers["strict-transport-security"], /^max-age=\d{8}$/);
        const [cookie] = answer.headers["set-cookie"];
        assert.match(cookie, /^__Host-calytics_session=\w+; Path=\/; .*; Secure$/);
        const session = { Cookie: cookie.split(";")[0] };
        assert.equal((await proxy.ask("/api/debug/auth", { headers: session })).json.how, "session");

        const change = (headers) => proxy.ask("/api/trpc/calAnalytics.syncData", json({}, { ...session, ...headers }));
        assert.equal((await change({ Origin: proxy.origin })).status, 200);
        const elsewhere = await change({ ...LIES, Origin: "https://evil.example" });
        assert.ok([401, 403].includes(elsewhere.status), elsewhere.body.toString());
      });

      test("whoever goes past it can't pretend to have come by it", async () => {
        const past = { localAddress: CLIENT };
        const headers = { ...LIES, "X-Forwarded-Proto": "https" };
        const asked = await request(`${gateway.origin}/api/debug/auth`, { ...past, headers });
        const { client, tls: secure } = JSON.parse(asked.body);
        assert.deepEqual({ client, secure }, { client: CLIENT, secure: false });
        const { body, ...more } = login(headers);
        const [cookie] = (await request(`${gateway.origin}/api/login`, { ...past, ...more }, body)).headers["set-cookie"];
        assert.match(cookie, /^calytics_session=/);
        assert.doesNotMatch(cookie, /Secure/);
        const plain = await request(`${gateway.origin}/`, past);
        assert.equal(plain.status, 200);
        assert.equal(plain.headers["strict-transport-security"], undefined);
      });

      test("a body is as large as the gateway takes it, and no larger", async () => {
        const post = (size) => proxy.ask("/api/cal/webhook", { method: "POST", body: Buffer.alloc(size, " ") });
        assert.equal((await post(MEBI)).status, 401, "it isn't signed");
        assert.equal((await post(MEBI + 1)).status, 413);
        assert.equal((await post(3 * MEBI)).status, 413);
      });

      test("events come as they happen, by HTTP/2", async () => {
        const session = http2.connect(proxy.origin, proxy.way);
        try {
          const stream = session.request({ ":path": "/api/cal/events", authorization: `Bearer ${READER}` });
          let heard = "";
          let over = false;
          let status;
          stream.on("response", (headers) => (status = headers[":status"]));
          stream.on("data", (part) => (heard += part));
          stream.on("close", () => (over = true));
          await until(() => heard.includes('"reset"') || over, "the stream to begin", 10);
          assert.equal(status, 200);
          await database.query("select cal.record_payment($1, 100, currency => 'EUR')", [`${program}Uid`]);
          await until(() => heard.includes('"changed"') || over, "the stream to tell", 10);
          assert.equal(over, false, "it goes on");
        } finally {
          session.destroy();
        }
      });

      test("connections to the gateway are kept", async () => {
        const accepted = async () => {
          const { body } = await gateway.ask("/metrics", { headers: { Authorization: `Bearer ${READER}` } });
          return Number(/^calytics_gateway_connections_total (\d+)$/m.exec(body)[1]);
        };
        const known = await accepted();
        for (let i = 0; i < 10; i++) assert.equal((await proxy.ask("/api/cal/health")).status, 200);
        const more = (await accepted()) - known;
        assert.ok(more <= 3, `${more} connections for 10 requests, and this one's`);
      });
    });
  }
});
