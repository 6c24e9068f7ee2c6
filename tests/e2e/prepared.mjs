// Why: making a cluster, loading the extension and filling it with a year takes longer than most tests do. It is made once a
// run and copied. Guarantees: a copy shares nothing with another; processes that want the same at once make it once; what was
// made for a run is removed with it: CALYTICS_E2E_PREPARED says where; without that it is made for this process alone.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync } from "node:fs";
import path from "node:path";
import { atExit, until } from "./support.mjs";

let place = process.env.CALYTICS_E2E_PREPARED;

/** A directory that the servers' user may write into, removed as this process ends. */
export function temporaryDirectory() {
  const directory = mkdtempSync("/tmp/calytics-e2e-");
  atExit(() => rmSync(directory, { recursive: true, force: true }));
  if (process.getuid() === 0) execFileSync("chown", ["postgres:", directory]);
  return directory;
}

/** A copy, in a new directory, of the cluster's directory that `make` makes.
 * @param {string} name @param {(path: string) => Promise<void>} make */
export async function copyOf(name, make) {
  place ??= temporaryDirectory();
  // Of the same PostgreSQL.
  const made = path.join(place, [name, ...(process.env.PG_CONFIG ?? "").split("/")].join("-"));
  const making = `${made}.making`;
  const alone = () => {
    if (existsSync(made)) return true;
    try {
      mkdirSync(making);
      return true;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      return false;
    }
  };
  await until(alone, `${name} to be made`, 600);
  if (!existsSync(made)) {
    try {
      const draft = path.join(temporaryDirectory(), "cluster");
      await make(draft);
      renameSync(draft, made);
    } finally {
      rmdirSync(making);
    }
  }
  const copy = path.join(temporaryDirectory(), "cluster");
  execFileSync("cp", ["-a", made, copy]);
  return copy;
}
