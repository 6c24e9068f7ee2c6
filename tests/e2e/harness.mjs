// Why: end-to-end tests need the real thing: a fresh database with the extension, and the real gateway before it.
// Guarantees: what was started here is ended here, by process id, also when a test fails; nothing else is touched.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { closeSync, openSync, readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { request, sign } from "../demo/send.mjs";
import { Cluster, TEMPLATE } from "./cluster.mjs";
import { temporaryDirectory } from "./prepared.mjs";
import { ROOT, atExit, until } from "./support.mjs";

export { Cluster, ROOT, atExit, until };
export { freePort, seeded } from "./support.mjs";
export const SECRET = "whsec_test_3f9c";
const GATEWAY = process.env.CALYTICS_TEST_GATEWAY ?? path.join(ROOT, "build/gateway/calytics-gateway");
const GATEWAY_PASSWORD = "only for tests";

let shared;

/** A fresh database with the extension, a secret, and a login for the gateway. */
export class Database {
  /** @param {Cluster} [on] */
  static async create(on, name = `e2e_${process.pid}_${randomInt(1_000_000)}`) {
    const cluster = on ?? (shared ??= await Cluster.start());
    const first = await cluster.connect();
    await first.query(`create database ${name} template ${TEMPLATE}`);
    await first.end();
    const it = await Database.at(cluster, name);
    await it.admin.query(`create role ${it.login} login password '${GATEWAY_PASSWORD}'`);
    await it.admin.query(`grant cal_gateway to ${it.login}`);
    await it.admin.query("select cal.rotate_secret('default', $1)", [SECRET]);
    return it;
  }

  /** One that was created before. */
  static async at(cluster, name) {
    const it = new Database();
    it.cluster = cluster;
    it.name = name;
    it.login = `gateway_${name}`;
    it.admin = await cluster.connect(name);
    it.url =
      `postgresql://${it.login}:${encodeURIComponent(GATEWAY_PASSWORD)}` +
      `@127.0.0.1:${it.cluster.port}/${it.name}`;
    return it;
  }

  async query(text, values) {
    return (await this.admin.query(text, values)).rows;
  }

  /** The first column of the first row. */
  async value(text, values) {
    const [row] = await this.query(text, values);
    return row && Object.values(row)[0];
  }

  /** Lets new sessions in, or keeps them out, for as long as nobody says otherwise. */
  async admit(anyone) {
    const outside = await this.cluster.connect();
    await outside.query(`alter database ${this.name} with allow_connections ${anyone}`);
    await outside.end();
  }

  /** Ends the gateway's sessions. */
  async cutOff() {
    const sessions = "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1";
    await this.query(sessions, [this.login]);
  }

  /** How many of the gateway's sessions wait for a lock. */
  blocked() {
    return this.value(
      `select count(*) from pg_stat_activity where usename = $1 and wait_event_type = 'Lock'`,
      [this.login],
    );
  }

  async reconnect() {
    this.admin = await this.cluster.connect(this.name);
  }

  async close() {
    await this.admin.end();
  }
}

/** The real gateway. */
export class Gateway {
  /** @param {Database} database @param {string[]} [flags] @param {string} [program] */
  static async start(database, flags = [], program = GATEWAY) {
    const it = new Gateway();
    const directory = temporaryDirectory();
    it.readyFile = path.join(directory, "ready");
    it.logFile = path.join(directory, "log");
    const environment = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(CALYTICS_|DATABASE_URL|PG)/.test(name)),
    );
    const log = openSync(it.logFile, "a");
    const port = flags.some((flag) => flag.startsWith("--port=")) ? [] : ["--port=0"];
    it.process = spawn(program, [...port, `--ready-file=${it.readyFile}`, ...flags], {
      env: { ...environment, CALYTICS_GATEWAY_DATABASE_URL: database.url },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    atExit(() => it.process.exitCode ?? it.process.signalCode ?? it.process.kill("SIGKILL"));
    it.ended = new Promise((resolve) =>
      it.process.once("exit", (code, signal) => resolve({ code, signal })),
    );
    const ready = () => {
      assert.equal(it.process.exitCode, null, `the gateway ended:\n${it.log}`);
      try {
        return readFileSync(it.readyFile, "utf8").trim();
      } catch {
        return "";
      }
    };
    const address = await until(ready, "the gateway to be ready");
    it.port = Number(address.slice(address.lastIndexOf(":") + 1));
    it.origin = `http://127.0.0.1:${it.port}`;
    return it;
  }

  get log() {
    return readFileSync(this.logFile, "utf8");
  }

  /** Ends it and waits. @param {NodeJS.Signals} signal */
  async stop(signal = "SIGTERM") {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill(signal);
    }
    return this.ended;
  }

  /** @param {string} target path and query @param {{method?: string, headers?: object,
   *   body?: Buffer | string, agent?: import("node:http").Agent}} [more] */
  async ask(target, { method = "GET", headers = {}, body, agent } = {}) {
    const answer = await request(this.origin + target, { method, headers, agent }, body);
    return { ...answer, json: json(answer.body) };
  }

  /** Posts a webhook, signed unless the headers say otherwise.
   * @param {Buffer | string} body */
  post(body, { headers, secret = SECRET, source, agent } = {}) {
    const target = source ? `/api/cal/webhook/${source}` : "/api/cal/webhook";
    return this.ask(target, {
      method: "POST",
      body,
      agent,
      headers: {
        "Content-Length": Buffer.byteLength(body),
        ...(headers ?? { "X-Cal-Signature-256": sign(Buffer.from(body), secret) }),
      },
    });
  }
}

function json(body) {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Sends raw bytes and reads until the server closes or falls silent for a while.
 * @param {number} port @param {(string | Buffer)[]} parts */
export function raw(port, parts, silence = 1500) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    const received = [];
    socket.setTimeout(silence, () => socket.destroy());
    socket.on("data", (data) => received.push(data));
    // A server that refuses a request in the middle may well reset the connection.
    socket.on("error", (error) => {
      if (!["ECONNRESET", "EPIPE"].includes(error.code)) reject(error);
    });
    socket.on("close", () => resolve(Buffer.concat(received).toString("latin1")));
    for (const part of parts) socket.write(part);
  });
}

/** A body of the size wanted that Cal.com could have sent. */
export function bookingBody(uid, more = {}) {
  return Buffer.from(
    JSON.stringify({
      triggerEvent: "BOOKING_CREATED",
      createdAt: "2026-05-04T10:00:00.000Z",
      payload: {
        type: "consultation",
        title: "Consultation between Zoë Núñez and Ada Example",
        startTime: "2026-05-11T10:00:00Z",
        endTime: "2026-05-11T10:30:00Z",
        eventTypeId: 7301,
        organizer: { id: 41, name: "Zoë Núñez", email: "zoe@example.com", username: "zoe" },
        attendees: [{ email: "ada@example.com", name: "Ada Example", timeZone: "Europe/Madrid" }],
        uid,
        bookingId: 910000,
        price: 0,
        currency: "eur",
        status: "ACCEPTED",
        ...more,
      },
    }),
  );
}
