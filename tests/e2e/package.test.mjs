// Why: what is installed elsewhere is the packages, not the build tree. Laws: dpkg takes them, with their dependencies met by
// what they name; a fresh cluster with nothing but them makes the extension and folds; the packaged gateway takes a signed
// webhook in; the unit is one that systemd understands, and shuts the gateway in; purged, they leave nothing.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Cluster, Database, Gateway, ROOT, until } from "./harness.mjs";

const run = (program, ...rest) => execFileSync(program, rest, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

describe("package", { skip: spawnSync("dpkg-deb", ["--version"]).error && "not a Debian system" }, () => {
  /** A file system with PostgreSQL in it, and dpkg's knowledge of what this machine has. */
  let place;
  let packages;
  /** What PG_CONFIG was. */
  const told = process.env.PG_CONFIG;
  /** @type {Database} */
  let database;
  /** @type {Gateway} */
  let gateway;

  const at = (...parts) => path.join(place, ...parts);
  const ours = () => run("find", place, "(", "-iname", "*calytics*", "-o", "-name", "gateway.env", ")", "-not", "-path", "*/var/lib/dpkg/*");

  /** dpkg within the place, as root would run it. */
  function dpkg(...rest) {
    const as = process.getuid() === 0 ? [] : ["fakeroot"];
    const [program, ...first] = [...as, "dpkg", `--root=${place}`, "--force-not-root", "--force-script-chrootless", "--no-triggers"];
    const { status, stdout, stderr } = spawnSync(program, [...first, ...rest], { encoding: "utf8" });
    // It knows of packages without knowing their files.
    const said = stderr.split("\n").filter((line) => !/files list file for package/.test(line));
    return { status, said: stdout + said.join("\n") };
  }

  before(() => {
    place = mkdtempSync("/tmp/calytics-package-");
    run("chmod", "755", place);
    packages = path.join(place, "packages");
    run(path.join(ROOT, "gateway/ops/deb.sh"), packages);
    const config = told ?? `/usr/lib/postgresql/${packaged().major}/bin/pg_config`;
    const { major } = packaged();
    for (const [option, target] of [
      ["--bindir", `usr/lib/postgresql/${major}/bin`],
      ["--pkglibdir", `usr/lib/postgresql/${major}/lib`],
      ["--sharedir", `usr/share/postgresql/${major}`],
    ]) {
      cpSync(run(config, option).trim(), at(target), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (name) => !path.basename(name).startsWith("calytics"),
      });
    }
    mkdirSync(at("var/lib/dpkg/info"), { recursive: true });
    mkdirSync(at("var/lib/dpkg/updates"));
    mkdirSync(at("var/log"));
    writeFileSync(at("var/lib/dpkg/status"), readFileSync("/var/lib/dpkg/status"));
  });
  after(async () => {
    await gateway?.stop();
    await database?.close();
    if (told === undefined) delete process.env.PG_CONFIG;
    else process.env.PG_CONFIG = told;
    rmSync(place, { recursive: true, force: true });
  });

  /** The packages' files, and for which PostgreSQL. */
  function packaged() {
    const files = readdirSync(packages).map((name) => path.join(packages, name));
    const extension = files.find((name) => /postgresql-\d+-calytics_/.test(name));
    return { files, extension, major: /postgresql-(\d+)-/.exec(extension)[1] };
  }

  test("dpkg takes them, and they hold what is root's, with their sums", () => {
    const { files } = packaged();
    assert.equal(files.length, 2);
    for (const file of files) {
      assert.match(run("dpkg-deb", "--contents", file), /^\S+ root\/root /m);
      assert.doesNotMatch(run("dpkg-deb", "--contents", file), / (?!root\/root )\w+\/\w+ +\d+ \d{4}-/);
    }
    const { status, said } = dpkg("--install", ...files);
    assert.equal(status, 0, said);
    assert.match(said, /Setting up calytics-gateway/);
    assert.equal(run("sh", "-c", 'cd "$1" && md5sum --quiet --check var/lib/dpkg/info/*calytics*.md5sums', "sh", place), "");
    assert.equal(statSync(at("etc/calytics/gateway.env")).mode & 0o777, 0o600, "it is to hold a password");
  });

  test("dependencies are those of what is in them", () => {
    const needs = (name) => /^Depends: (.*)$/m.exec(run("dpkg", `--root=${place}`, "--status", name))[1];
    const { major } = packaged();
    assert.match(needs(`postgresql-${major}-calytics`), new RegExp(`postgresql-${major}, postgresql-${major}-hll, .*libsimdjson`));
    assert.match(needs("calytics-gateway"), /libpoconet.*libpq5|libpq5.*libpoconet/);
    for (const name of [`postgresql-${major}-calytics`, "calytics-gateway"]) assert.doesNotMatch(needs(name), /@|\$/);
  });

  test("a fresh cluster makes the extension, and its worker folds what the packaged gateway takes in", async () => {
    process.env.PG_CONFIG = at(`usr/lib/postgresql/${packaged().major}/bin/pg_config`);
    const cluster = await Cluster.start();
    database = await Database.create(cluster);
    assert.equal(await database.value("show dynamic_library_path"), "$libdir");
    const loaded = readFileSync(path.join("/proc", String(await database.value("select pg_backend_pid()")), "maps"), "utf8");
    assert.ok(loaded.includes(`${place}/usr/lib/postgresql/`) && loaded.includes("/calytics.so"), "the packaged library");

    gateway = await Gateway.start(database, [], at("usr/bin/calytics-gateway"));
    const body = await database.value("select convert_from(body, 'UTF8') from cal.simulate_webhook('BOOKING_CREATED', 'packagedUid')");
    assert.equal((await gateway.post(body)).json.outcome, "applied");
    assert.equal((await gateway.post(body, { secret: "another secret" })).status, 401);
    assert.equal(await database.value("select status from cal.booking where uid = 'packagedUid'"), "accepted");
    await until(async () => (await database.value("select count(*) from calytics.chain")) === 1, "it to be folded");
    assert.equal((await gateway.ask("/cal.js")).status, 200);
  });

  test("the settings' file is one that systemd and the gateway understand", () => {
    const lines = readFileSync(at("etc/calytics/gateway.env"), "utf8").split("\n");
    const names = lines.map((line) => /^#?([A-Z_]+)=/.exec(line)?.[1]).filter(Boolean);
    const help = run(at("usr/bin/calytics-gateway"), "--help");
    for (const name of names) assert.ok(help.includes(name), name);
    assert.ok(names.includes("CALYTICS_GATEWAY_DATABASE_URL"));
    for (const line of lines) assert.match(line, /^(#.*|[A-Z_]+=\S*|)$/);
  });

  test("the unit is valid, and shuts the gateway in", (t) => {
    if (spawnSync("systemd-analyze", ["--version"]).error) return t.skip("no systemd-analyze here");
    const unit = "calytics-gateway.service";
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", `--root=${place}`, "--man=no", "--recursive-errors=no", at("lib/systemd/system", unit)], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /calytics-gateway/);
    const security = spawnSync("systemd-analyze", ["security", "--offline=yes", "--no-pager", at("lib/systemd/system", unit)], { encoding: "utf8" });
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(security.stdout)?.[1]);
    assert.ok(exposure < 1.5, `${security.stdout}\n${security.stderr}`);
  });

  test("purged, they leave nothing", async () => {
    const { status, said } = dpkg("--purge", "calytics-gateway", `postgresql-${packaged().major}-calytics`);
    assert.equal(status, 0, said);
    const left = ours().split("\n").filter((name) => name !== "" && name !== place && !name.startsWith(packages));
    assert.deepEqual(left, []);
  });
});
