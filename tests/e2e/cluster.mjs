// Why: end-to-end tests need the real thing: a PostgreSQL cluster of their own, with the extension at hand. Guarantees: each
// is its own, so that tests may stop it, crash it and set its parameters; what was started here is ended here.

import { execFileSync } from "node:child_process";
import { appendFileSync, closeSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { copyOf, temporaryDirectory } from "./prepared.mjs";
import { ROOT, atExit, freePort, until } from "./support.mjs";

const CLUSTER = path.join(ROOT, "gateway/ops/cluster.sh");
/** The database that others are copies of: it has the extension, and nobody works in it. */
export const TEMPLATE = "calytics_template";

// Large numbers come as numbers: no test counts beyond 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

function cluster(action, directory, ...more) {
  const output = execFileSync(CLUSTER, [action, directory, ...more], { encoding: "utf8" });
  return output.trim();
}

/** A throwaway PostgreSQL cluster. */
export class Cluster {
  /** One that runs in that directory, from now on. */
  static async #at(directory) {
    const it = new Cluster();
    it.port = await freePort();
    it.directory = directory;
    atExit(() => it.stop());
    it.resume();
    it.socket = cluster("socket", it.directory, String(it.port));
    return it;
  }

  static async start() {
    const directory = await copyOf("cluster", async (draft) => {
      const first = await Cluster.#at(draft);
      const admin = await first.connect();
      await admin.query(`create database ${TEMPLATE} encoding 'UTF8' template template0 is_template true`);
      await admin.end();
      const inside = await first.connect(TEMPLATE);
      await inside.query("create extension calytics cascade");
      await inside.end();
      first.#rest();
    });
    return Cluster.#at(directory);
  }

  /** One as `fill` leaves it, which runs once, however many ask. @param {(cluster: Cluster) => Promise<void>} fill */
  static async filled(name, fill) {
    const directory = await copyOf(name, async (draft) => {
      const first = await Cluster.start();
      await fill(first);
      first.#rest();
      renameSync(first.directory, draft);
    });
    return Cluster.#at(directory);
  }

  /** Stops, to be copied. */
  #rest() {
    this.stop();
    rmSync(path.join(this.directory, "log/postgresql.log"));
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
    const directory = path.join(temporaryDirectory(), "standby");
    const owner = process.getuid() === 0 ? ["runuser", "-u", "postgres", "--"] : [];
    const copy = [...owner, path.join(rows[0].setting, "pg_basebackup"), "-R", "-N", "-c", "fast"];
    const from = ["-h", this.socket, "-p", this.port, "-U", "calytics", "-D", `${directory}/data`];
    const [command, ...more] = [...copy, ...from.map(String)];
    execFileSync(command, more, { cwd: path.dirname(directory) });
    return Cluster.#at(directory);
  }

  stop() {
    cluster("stop", this.directory);
  }

  /** Starts what was stopped. */
  resume() {
    cluster("start", this.directory, String(this.port), ...this.settings);
  }

  // A crash here is PostgreSQL's, not the machine's: what it wrote is there without fsync.
  settings = ["fsync=off", "max_connections=60", "log_min_messages=info", "log_min_error_statement=error"];

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
    const directory = path.join(temporaryDirectory(), "standby");
    this.stop();
    execFileSync("cp", ["-a", this.directory, directory]);
    closeSync(openSync(path.join(directory, "data/standby.signal"), "w"));
    this.resume();
    return Cluster.#at(directory);
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
