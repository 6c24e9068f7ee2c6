// Why: end-to-end tests need the real thing: a PostgreSQL cluster of their own, the extension in a
// fresh database, and the real gateway before it. Guarantees: what was started here is ended here,
// by process id, also when a test fails; nothing else is touched.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { Random } from "../demo/random.mjs";
import { request, sign } from "../demo/send.mjs";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const SECRET = "whsec_test_3f9c";
const GATEWAY = path.join(ROOT, "build/gateway/calytics-gateway");
const CLUSTER = path.join(ROOT, "gateway/ops/cluster.sh");
const GATEWAY_PASSWORD = "only for tests";

// Large numbers come as numbers: no test counts beyond 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** Randomness that can be had again: CALYTICS_SEED repeats a run. @param {string} purpose */
export function seeded(purpose) {
  const seed = process.env.CALYTICS_SEED || String(randomInt(1_000_000_000));
  console.log(`# ${purpose}: CALYTICS_SEED=${seed}`);
  return new Random(`${seed} ${purpose}`);
}

/** Undone in reverse order, whatever happens. @type {(() => void)[]} */
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

export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
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

function cluster(action, directory, ...more) {
  const output = execFileSync(CLUSTER, [action, directory, ...more], { encoding: "utf8" });
  return output.trim();
}

/** A throwaway PostgreSQL cluster. */
export class Cluster {
  static async start() {
    const it = new Cluster();
    it.port = await freePort();
    it.directory = path.join(mkdtempSync("/tmp/calytics-e2e-"), "cluster");
    const parent = path.dirname(it.directory);
    if (process.getuid() === 0) execFileSync("chown", ["postgres:", parent]);
    undo.push(() => rmSync(parent, { recursive: true, force: true }));
    undo.push(() => it.stop());
    it.resume();
    it.socket = cluster("socket", it.directory, String(it.port));
    return it;
  }

  /** A hot standby of this cluster. */
  async standby() {
    const admin = await this.connect();
    appendFileSync(
      path.join(this.directory, "data/pg_hba.conf"),
      "local  replication  calytics  peer map=owner\n",
    );
    const { rows } = await admin.query(
      "select setting, pg_reload_conf() from pg_config where name = 'BINDIR'",
    );
    await admin.end();
    const it = new Cluster();
    it.port = await freePort();
    it.directory = path.join(mkdtempSync("/tmp/calytics-e2e-"), "cluster");
    const parent = path.dirname(it.directory);
    undo.push(() => rmSync(parent, { recursive: true, force: true }));
    const owner = process.getuid() === 0 ? ["runuser", "-u", "postgres", "--"] : [];
    if (owner.length > 0) execFileSync("chown", ["postgres:", parent]);
    const copy = [...owner, path.join(rows[0].setting, "pg_basebackup"), "-R", "-c", "fast"];
    const from = ["-h", this.socket, "-p", this.port, "-U", "calytics", "-D", `${it.directory}/data`];
    const [command, ...more] = [...copy, ...from.map(String)];
    execFileSync(command, more, { cwd: parent });
    undo.push(() => it.stop());
    it.resume();
    it.socket = cluster("socket", it.directory, String(it.port));
    return it;
  }

  stop() {
    cluster("stop", this.directory);
  }

  /** Starts what was stopped. */
  resume() {
    cluster("start", this.directory, String(this.port), ...this.settings);
  }

  settings = ["max_connections=60", "log_min_messages=info", "log_min_error_statement=error"];

  get log() {
    return readFileSync(path.join(this.directory, "log/postgresql.log"), "utf8");
  }

  /** A superuser's connection. */
  async connect(database = "postgres") {
    const { socket: host, port } = this;
    const client = new pg.Client({ host, port, user: "calytics", database });
    client.on("error", () => {}); // a restart ends it; its next query tells
    await client.connect();
    return client;
  }

  /** A standby that shows what this cluster holds now, and nothing that comes later. Restarts this one. */
  async frozenStandby() {
    const it = new Cluster();
    it.port = await freePort();
    it.directory = path.join(path.dirname(this.directory), "standby");
    cluster("stop", this.directory);
    execFileSync("cp", ["-a", this.directory, it.directory]);
    closeSync(openSync(path.join(it.directory, "data/standby.signal"), "w"));
    undo.push(() => cluster("stop", it.directory));
    cluster("start", this.directory, String(this.port), ...this.settings);
    cluster("start", it.directory, String(it.port), ...it.settings);
    it.socket = cluster("socket", it.directory, String(it.port));
    return it;
  }

  /** Ends all sessions properly, and starts again. */
  restart() {
    cluster("restart", this.directory);
  }

  /** Ends without ceremony, as in a crash, and starts again, through recovery. */
  async crash() {
    const pid = Number(cluster("running", this.directory));
    process.kill(pid, "SIGQUIT");
    const gone = () => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    };
    await until(gone, "PostgreSQL to be gone");
    this.resume();
  }
}

let shared;

/** A fresh database with the extension, a secret, and a login for the gateway. */
export class Database {
  /** @param {Cluster} [on] */
  static async create(on) {
    const it = new Database();
    it.cluster = on ?? (shared ??= await Cluster.start());
    it.name = `e2e_${process.pid}_${randomInt(1_000_000)}`;
    it.login = `gateway_${it.name}`;
    const first = await it.cluster.connect();
    await first.query(`create database ${it.name} encoding 'UTF8' template template0`);
    await first.end();
    it.admin = await it.cluster.connect(it.name);
    await it.admin.query("create extension calytics cascade");
    await it.admin.query(`create role ${it.login} login password '${GATEWAY_PASSWORD}'`);
    await it.admin.query(`grant cal_gateway to ${it.login}`);
    await it.admin.query("select cal.rotate_secret('default', $1)", [SECRET]);
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
    const directory = mkdtempSync("/tmp/calytics-e2e-");
    undo.push(() => rmSync(directory, { recursive: true, force: true }));
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
    undo.push(() => it.process.exitCode ?? it.process.signalCode ?? it.process.kill("SIGKILL"));
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
