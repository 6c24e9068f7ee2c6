// Why: the README is what newcomers and operators go by, and nothing runs it.
// Law: every object, procedure, variable, setting, target, file and place that it names exists; and every
// one that a user can reach is named in it. Nothing is started.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";

const root = fileURLToPath(new URL("../../", import.meta.url));
const text = (path) => readFileSync(join(root, path), "utf8");

/** All files below a folder that people wrote. */
const below = (folder) =>
  readdirSync(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (name === "node_modules" || name.startsWith(".")) return [];
    return statSync(join(root, path)).isDirectory() ? below(path) : [path];
  });
const joined = (...folders) => folders.flatMap(below).map(text).join("\n");

const readme = text("README.md");
const makefile = text("Makefile");
// By the order of installation: what an earlier build has left behind is none of it.
const sql = text("sql/order")
  .replaceAll(/#.*/g, "")
  .split(/\s+/)
  .filter(Boolean)
  .map((name) => text(`sql/${name}`))
  .join("\n");
const glue = joined("extension/glue");
const ops = joined("gateway/src", "gateway/ops", "gateway/debian", "gateway/proxy", "tests/demo", "tests/bench");
const code = [makefile, sql, glue, ops].join("\n");

const all = (pattern, of) => [...new Set([...of.matchAll(pattern)].map((match) => match[1]))].sort();
const word = (name) => new RegExp(`(?<!\\w)${name.replaceAll(".", "\\.")}(?!\\w)`);
/** Those that a text doesn't have as whole words. */
const missing = (names, from) => names.filter((name) => !word(name).test(from));

const quoted = [...readme.matchAll(/```[^\n]*\n([^]*?)```|`([^`\n]+)`/g)].map((match) => match[1] ?? match[2]).join("\n");

describe("what the README names exists", () => {
  const named = {
    "objects of SQL": [/(?<![\w./])(cal\.(?!js\b)[a-z_]+|calytics\.[a-z_]+)(?![\w…]|\(")/g, [sql, glue].join("\n")],
    variables: [/\b((?:CALYTICS|ANALYTICS|CAL|DEMO|BETTER_AUTH|DATABASE)_[A-Z_]+)\b/g, ops],
    "targets of make": [/\bmake ([a-z]+)/g, makefile],
    "procedures of tRPC": [/\b((?:get[A-Z]|explain|track|sync|revoke)[A-Za-z]*[A-Z][A-Za-z]+)\b/g, sql],
  };
  for (const [what, [pattern, from]] of Object.entries(named)) {
    test(what, () => {
      const names = all(pattern, quoted);
      assert.ok(names.length > 4, `the README names ${what}`);
      assert.deepEqual(missing(names, from), []);
    });
  }

  test("files", () => {
    const files = all(/(?<![\w/.:-])((?:gateway|extension|sql|regress|tests)\/[\w./-]+)/g, quoted);
    const links = all(/\]\(([^)#:]+)\)/g, readme);
    assert.deepEqual([...files, ...links].filter((path) => !existsSync(join(root, path))), []);
  });

  test("headings that links lead to", () => {
    const headings = all(/^#+ (.*)$/gm, readme).map((title) =>
      title.toLowerCase().replaceAll(/[^\w -]/g, "").replaceAll(" ", "-"));
    assert.deepEqual(all(/\]\(#([^)]+)\)/g, readme).filter((place) => !headings.includes(place)), []);
  });
});

describe("what a user can reach is in the README", () => {
  const reached = {
    "functions and views": all(/^create (?:or replace )?(?:function|view) (cal\.\w+)/gm, sql),
    procedures: all(/'calAnalytics\.(\w+)'/g, sql),
    routes: all(/^ *\('[A-Z]+', +'(\/(?:[^'{]*[^'{/])?)/gm, sql),
    settings: all(/"(calytics\.\w+)"/g, glue),
    "variables of the gateway": all(/"((?:CALYTICS|ANALYTICS)_[A-Z_]+)"/g, text("gateway/src/setting_table.cpp")),
    "variables of make run": all(/getenv \w+ ((?:ANALYTICS|BETTER_AUTH|CAL)_\w+)/g, text("gateway/ops/provision.sql")),
  };
  for (const [what, names] of Object.entries(reached)) {
    test(what, () => {
      assert.ok(names.length > 3, `there are ${what}`);
      assert.deepEqual(missing(names, readme), []);
    });
  }
});
