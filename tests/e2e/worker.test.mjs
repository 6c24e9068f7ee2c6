// Why: the folder is a process of the server that nobody looks after. Laws: it is there in every
// database with the extension and in no other; what is committed is folded without anyone's doing; an
// error neither ends it nor anything else; and nobody who needs the database, or the server to stop,
// has to know that it exists.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster, Database, until } from "./harness.mjs";

describe("worker", () => {
  /** @type {Cluster} */
  let cluster;
  /** @type {Database} */
  let database;
  /** A session elsewhere. */
  let outside;

  before(async () => {
    cluster = await Cluster.start();
    outside = await cluster.connect();
    await configure("fold_interval", "50ms");
    await configure("merge_interval", "200ms");
    database = await Database.create(cluster);
  });
  after(async () => {
    await outside?.end();
    await database?.close();
  });

  async function configure(name, value) {
    await outside.query(`alter system set calytics.${name} = '${value}'`);
    await outside.query("select pg_reload_conf()");
  }

  /** The folders' databases. */
  async function folders() {
    const { rows } = await outside.query(
      `select datname, pid, application_name from pg_stat_activity
        where backend_type = 'calytics folder' order by datname`,
    );
    return rows;
  }
  const folderIn = async (name) => (await folders()).find((row) => row.datname === name);
  const folderComes = (name) => until(() => folderIn(name), `a folder in ${name}`);
  const folderGoes = (name) => until(async () => !(await folderIn(name)), `none in ${name}`);

  const state = async (on = database) => (await on.query("select * from calytics.folder_state()"))[0];
  const pending = (on = database) => on.value("select calytics.pending()");

  let number = 0;
  async function book(on = database) {
    number += 1;
    const [row] = await on.query(
      `select r.outcome from cal.simulate_webhook('BOOKING_CREATED', $1) w,
              cal.receive_webhook(w.body, w.headers) r`,
      [`workerUid${number}`],
    );
    assert.equal(row.outcome, "applied");
  }
  const folded = (on = database) => until(async () => (await pending(on)) === 0, "all to be folded");
  /** Books, and has it folded. */
  async function works(on = database) {
    const { runs } = await state(on);
    await book(on);
    await until(async () => (await state(on)).runs > runs, "the folder to run");
    await folded(on);
  }

  const createDatabase = (name, template = "template0") =>
    outside.query(`create database ${name} template ${template}`);

  /** A new database with the extension. */
  async function createAnother(name) {
    await createDatabase(name);
    const another = Object.assign(new Database(), { cluster, name });
    await another.reconnect();
    await another.query("create extension calytics cascade");
    return another;
  }

  test("it is there where the extension is, and nowhere else", async () => {
    await createDatabase("without");
    const folder = await folderComes(database.name);
    assert.equal(folder.application_name, "calytics folder");
    // One that finds no extension ends at once.
    await until(
      async () => (await folders()).map((row) => row.datname).join() === database.name,
      "no folder anywhere else",
    );
    assert.equal((await state()).pid, folder.pid);
    await outside.query("drop database without");
  });

  test("what is committed is folded, what is rolled back wakes nobody", async () => {
    await folderComes(database.name);
    await works();
    const { runs } = await state();
    await database.query("begin");
    await book();
    assert.ok((await pending()) > 0, "a booking is something to fold");
    await database.query("rollback");
    await sleep(500);
    assert.equal((await state()).runs, runs);
  });

  test("many commits at once make few runs", async () => {
    await configure("fold_interval", "1s");
    await folded();
    const { runs } = await state();
    const began = Date.now();
    for (let i = 0; i < 100; i += 1) await book();
    await folded();
    const most = 2 + (Date.now() - began) / 1000;
    assert.ok((await state()).runs - runs <= most, "at most one a second");
    await configure("fold_interval", "50ms");
  });

  test("runs are seldom while nobody reads, and come at once for readers and for much", async () => {
    await configure("fold_interval", "100ms");
    await configure("merge_interval", "10s");
    const patient = 1000;
    /** How many runs more than there would be of one a second, of what works again and again. */
    const runsBeyond = async (work, enough) => {
      const { runs } = await state();
      const began = Date.now();
      let beyond;
      do {
        await work();
        beyond = (await state()).runs - runs - (2 + (Date.now() - began) / patient);
      } while (!enough(beyond, Date.now() - began));
      return beyond;
    };
    const quiet = await runsBeyond(book, (beyond, lasted) => beyond > 0 || lasted > 3000);
    assert.ok(quiet <= 0, "at most one a second while nobody reads");

    const eventually = (beyond, lasted) => beyond > 3 || lasted > 60_000;
    for (const read of ["cal.dashboard('year')", "count(*) from cal.explain_metric('created')"]) {
      const often = await runsBeyond(() => book().then(() => database.query(`select ${read}`)), eventually);
      assert.ok(often > 3, `more often while somebody reads: ${read}`);
      // Until it is no longer expected that they read again.
      await sleep(2100);
    }

    const bulk = () =>
      database.query(
        "select calytics.mark(s.source_id, array(select 'none' || i from generate_series(1, 4000) i)) from calytics.source s",
      );
    assert.ok((await runsBeyond(bulk, eventually)) > 3, "more often while much waits");
    await configure("fold_interval", "50ms");
    await configure("merge_interval", "200ms");
  });

  test("an error is logged and tried again, ever more seldom, until it works", async () => {
    await folded();
    const { pid, errors } = await state();
    await database.query("alter table calytics.fold_state rename to fold_state_away");
    try {
      await database.query("select calytics.wake_folder()");
      await until(async () => (await state()).errors >= errors + 3, "three errors");
    } finally {
      await database.query("alter table calytics.fold_state_away rename to fold_state");
    }
    const failed = await state();
    assert.match(failed.last_error, /fold_state/);
    assert.match(cluster.log, /ERROR: .*fold_state/);
    assert.equal(failed.pid, pid, "by the same worker");
    await until(async () => (await state()).runs > failed.runs, "it to run again");
    await works();
    assert.equal((await state()).pid, pid);
  });

  test("a terminated folder comes back", async () => {
    const { pid } = await folderComes(database.name);
    await outside.query("select pg_terminate_backend($1)", [pid]);
    await until(async () => {
      const folder = await folderIn(database.name);
      return folder && folder.pid !== pid;
    }, "another folder");
    await works();
  });

  test("a cancelled run is one error", async () => {
    await folded();
    const holder = await cluster.connect(database.name);
    await holder.query("begin; select calytics.lock_fold()");
    const { pid, errors } = await state();
    await database.query("select calytics.wake_folder()");
    await until(async () => {
      const sql = "select wait_event_type = 'Lock' as waits from pg_stat_activity where pid = $1";
      return (await outside.query(sql, [pid])).rows[0].waits;
    }, "the folder to wait for a lock");
    await outside.query("select pg_cancel_backend($1)", [pid]);
    await until(async () => (await state()).errors === errors + 1, "an error");
    await holder.query("rollback");
    await holder.end();
    await works();
    assert.equal((await state()).pid, pid);
  });

  test("the setting turns it off and on", async () => {
    await configure("fold_worker", "off");
    await folderGoes(database.name);
    await book();
    assert.ok((await pending()) > 0);
    assert.equal((await state()).pid, null);
    await configure("fold_worker", "on");
    await folderComes(database.name);
    await folded();
  });

  test("a dropped extension's folder leaves, a new one's comes", async () => {
    const fickle = await createAnother("fickle");
    await folderComes("fickle");
    await fickle.query("drop extension calytics cascade");
    await folderGoes("fickle");
    await fickle.query("begin");
    await fickle.query("create extension calytics cascade");
    await fickle.query("rollback");
    assert.equal(await folderIn("fickle"), undefined);
    await fickle.query("create extension calytics cascade");
    await folderComes("fickle");
    await fickle.close();
    await outside.query("drop database fickle");
    await folderGoes("fickle");
  });

  test("copies, renames, moves and drops of a database find it free", async () => {
    await folderComes(database.name);
    const began = Date.now();
    await database.close();
    await createDatabase("copied", database.name);
    await folderComes(database.name);
    await folderComes("copied");
    await outside.query("alter database copied rename to renamed");
    const renamed = await folderComes("renamed");
    await outside.query("begin");
    await outside.query("alter database renamed rename to never");
    await outside.query("rollback");
    await until(async () => {
      const folder = await folderIn("renamed");
      return folder && folder.pid !== renamed.pid;
    }, "it to come back once the command is undone");
    await outside.query("alter database renamed set tablespace pg_default");
    await folderComes("renamed");
    await outside.query("drop database renamed");
    assert.ok(Date.now() - began < 20_000, "nobody waited for anybody to give up");
    assert.equal(await folderIn("renamed"), undefined);
    await assert.rejects(outside.query("drop database nowhere"), /does not exist/);
    await database.reconnect();
    await works();
    assert.doesNotMatch(cluster.log, /being accessed by other users|just been dropped or renamed/);
  });

  test("a drop during a run interrupts it", async () => {
    const busy = await createAnother("busy");
    await folderComes("busy");
    await busy.query(
      `create or replace function calytics.fold(merge boolean) returns bigint language sql
         as 'select 0::bigint from pg_sleep(1000)'`,
    );
    await busy.query("select calytics.wake_folder()");
    await until(async () => {
      const sql = "select wait_event = 'PgSleep' as sleeps from pg_stat_activity where pid = $1";
      const { pid } = await state(busy);
      return pid && (await outside.query(sql, [pid])).rows[0]?.sleeps;
    }, "a long run");
    await busy.close();
    const began = Date.now();
    await outside.query("drop database busy");
    assert.ok(Date.now() - began < 4000);
  });

  test("restarts are fast, and folders come back by themselves", async () => {
    await folderComes(database.name);
    await outside.end();
    await database.close();
    const began = Date.now();
    cluster.restart();
    assert.ok(Date.now() - began < 10_000);
    outside = await cluster.connect();
    await folderComes(database.name);
    await database.reconnect();
    await works();
    await outside.end();
    await database.close();
    await cluster.crash();
    outside = await cluster.connect();
    await database.reconnect();
    await folderComes(database.name);
    await works();
  });

  test("no process of the server has died in all this", () => {
    assert.doesNotMatch(cluster.log, /terminated by signal|PANIC|TRAP/);
  });
});
