// Why: a number that can't be looked behind has to be believed. Held to here: every number of every chart opens to what it means
// and to just as many bookings or sessions as it counts; and who reads Spanish reads nothing in English, whatever is told.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Browser } from "./browser.mjs";
import { Visitor } from "./dashboard_page.mjs";
import { ADMIN, openYear, READER, TABS } from "./dashboard_studio.mjs";
import { bookingBody, ROOT, seeded, until } from "./harness.mjs";

const sources = (directory, ending) =>
  readdirSync(`${ROOT}/${directory}`).filter((name) => name.endsWith(ending)).map((name) => readFileSync(`${ROOT}/${directory}/${name}`, "utf8"));
const TEXTS = `${ROOT}/extension/web/dashboard/src/text`;
/** Texts of a file by their keys. */
const textsOf = (file) =>
  new Map([...readFileSync(`${TEXTS}/${file}.ts`, "utf8").matchAll(/^ {2}"?([\w.()]+)"?: "((?:[^"\\]|\\.)*)"/gm)].map(([, key, text]) => [key, text]));

describe("what is behind the dashboard's numbers", () => {
  /** @type {Browser} */
  let browser;
  let database, gateway, visitor, random;

  before(async () => {
    browser = await Browser.launch();
    ({ database, gateway } = await openYear());
    random = seeded("dashboard open");
    visitor = await Visitor.come(browser, gateway);
    await visitor.logIn(ADMIN);
  });
  after(async () => {
    await visitor?.leave();
    await gateway?.stop();
    await database?.close();
    await browser?.close();
  });

  /** Opens a number of a panel's table in a column, and closes it again: the number, what is said to be behind it, and the address. */
  async function opened(title, column, { legible = false } = {}) {
    const { page } = visitor;
    const panel = visitor.panel(title).first();
    const toggle = panel.getByRole("button", { name: /^Show as table/, pressed: false });
    if (await toggle.count()) await toggle.click();
    const cell = random.pick(await panel.locator(`tbody tr td:nth-child(${column}):not([data-value='0']) button.cell`).all());
    const number = await cell.evaluate((button) => Number(button.closest("td").dataset.value));
    await cell.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await visitor.shown();
    assert.ok((await dialog.locator("h3 + p").first().innerText()).length > 20, `${title} says what it means`);
    const behind = Number(/\(([\d,]+)\)$/.exec(await dialog.locator(".panel h2").last().innerText())?.[1].replaceAll(",", ""));
    const at = new URL(page.url()).searchParams;
    if (legible) assert.deepEqual(await visitor.faults(), [], title);
    const rows = await dialog.locator("tbody tr").count();
    if (Number.isFinite(behind)) assert.equal(rows, Math.min(behind, 500), title);
    const figure = dialog.locator(".figure");
    const told = (await figure.count()) ? await figure.first().innerText() : "";
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    return { number, behind, told, open: at.get("open"), part: (at.get("within") ?? "").replace("part:", "").split("/").map(decodeURIComponent) };
  }
  const counted = (text, values) => database.value(`select count(*)::int from ${text}`, values);

  test("cells of who comes back and of what they are worth open to their visits", async () => {
    await visitor.open("/?tab=customers&period=quarter");
    const back = await opened("Who comes back", 4, { legible: true });
    const people = "cal.explain_retention($1, $2::int)";
    assert.equal(back.behind, await counted(people, back.part));
    const active = await database.value(`select count(distinct customer)::int from ${people}`, back.part);
    assert.match(back.told, new RegExp(`${active} of `));
    const worth = await opened("Lifetime value", 4);
    assert.equal(worth.behind, await counted("cal.explain_lifetime_value($1, $2::int, currency => $3)", worth.part));
    assert.deepEqual(visitor.errors, []);
  });

  test("months to come open to what is booked for them, and what is expected to how it came about", async () => {
    await visitor.open("/?tab=bookings");
    const pace = await opened("How the coming months fill", 2);
    assert.equal(pace.behind, pace.number);
    const expected = await opened("What is expected", 3, { legible: true });
    assert.equal(expected.open, "forecast");
    const past = await opened("What is expected", 2);
    assert.equal(past.open, "created");
    assert.equal(past.behind, past.number);
    assert.ok((await opened("Cancellations and no-shows", 2)).behind > 0);
    assert.deepEqual(visitor.errors, []);
  });

  test("steps, ways, origins and variants open to their sessions and the bookings these led to", async () => {
    await visitor.open("/?tab=funnel&period=month");
    for (const [title, column] of [["From visit to booking", 2], ["Which way they went", 4], ["Where they came from", 2]]) {
      const { behind, number } = await opened(title, column);
      assert.equal(behind, number, title);
    }
    const booked = await opened("Where they came from", 3, { legible: true });
    assert.equal(await counted("cal.explain_traffic('month', by => $1, origin => $2) x where x.root_uid is not null", booked.part), booked.number);
    const variant = await opened("Experiment", 2);
    assert.equal(variant.behind, variant.number);
    await visitor.page.locator('.tile[data-metric="session_conversion"]').click();
    const dialog = visitor.page.getByRole("dialog", { name: "Conversion of sessions" });
    const sessions = await counted("cal.explain_traffic('month')");
    await dialog.getByRole("heading", { name: `The sessions behind it (${sessions.toLocaleString("en-GB")})` }).waitFor();
    await visitor.page.keyboard.press("Escape");
    assert.deepEqual(visitor.errors, []);
  });

  test("counts of health open to the webhooks, samples, alerts and secrets that they count, and what wasn't understood is read again", async () => {
    const { page } = visitor;
    const dialog = page.getByRole("dialog");
    for (const body of ["a form=of&another=kind", '{"triggerEvent": "BOOKING_CREATED", "payload": {}}', "{"]) await gateway.post(body);
    await gateway.post(bookingBody("secondOfItsKind"), { secret: "whsec_of_nobody" });
    await database.query("select cal.sample_health()");
    await database.query("insert into calytics.alert (alert, source_id, raised_at, cleared_at, value, worst) select 'fold_lag', 0, now() - i * interval '1 day', now(), 1, 200 from generate_series(1, 3) i");
    await visitor.open("/?tab=health");
    /** The number of a row of a panel, which opens it. */
    const number = (panel, row, column = 2) => visitor.panel(panel).first().locator("tr", { hasText: row }).locator(`:nth-child(${column}) button.cell`);
    const close = async () => {
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
    };
    const open = async (cell, kind) => {
      const told = await cell.evaluate((button) => Number(button.closest("td").dataset.value));
      await cell.press("Enter");
      await dialog.waitFor();
      await visitor.shown();
      assert.equal(new URL(page.url()).searchParams.get("open"), kind);
      assert.ok((await dialog.locator("h3 + p").first().innerText()).length > 20, kind);
      assert.deepEqual(await visitor.faults(), [], kind);
      return told;
    };
    const headed = async () => Number(/\(([\d,]+)\)$/.exec(await dialog.locator(".panel h2").last().innerText())?.[1].replaceAll(",", ""));
    for (const [outcome, kind] of [["quarantined", "deliveries"], ["applied", "deliveries"], ["kept", "deliveries"]]) {
      assert.equal(await open(number("Webhooks of the last 24 hours", outcome), kind), await headed(), outcome);
      await close();
    }
    assert.equal(await open(number("Sources", "default", 6), "secrets"), await headed());
    await close();
    assert.ok((await open(number("Sources", "default", 3), "latest")) >= 0);
    assert.ok((await headed()) > 3);
    await close();
    // What each sample counted adds up to the bar.
    await visitor.panel("Webhooks received").getByRole("button", { name: /^Show as table/ }).click();
    const bar = await open(visitor.panel("Webhooks received").locator("tbody tr").last().getByRole("button", { name: /^quarantined/ }), "received");
    const samples = await dialog.locator(".panel").first().locator("tbody td[data-value]").evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.value)));
    assert.ok(bar >= 3);
    assert.equal(samples.reduce((sum, each) => sum + each, 0), bar);
    assert.equal(await headed(), bar);
    await close();
    for (const [row, kind] of [["Changes not folded yet", "backlog"], ["Folding lags by", "backlog"], ["Folder’s errors", "folder"], ["bad signature", "refused"]]) {
      await open(number("Installation", row), kind);
      await close();
    }
    await visitor.panel("Alerts").getByRole("button", { name: "All so far" }).click();
    await visitor.shown();
    assert.equal(await headed(), await database.value("select count(*)::int from cal.alert"));
    await close();
    // Read again, what isn't understood stays, and is said to.
    const waiting = await open(number("Sources", "default", 5), "quarantined");
    assert.equal(waiting, await headed());
    assert.equal(waiting, await database.value("select count(*)::int from cal.delivery where outcome = 'quarantined'"));
    await dialog.getByRole("button", { name: /^Read again: / }).first().click();
    await dialog.getByRole("status").getByText(/^Delivery \d+: quarantined$/).waitFor();
    await close();
    await database.query("delete from calytics.alert");
    // Nobody else is told, whatever the address says.
    const reader = await Visitor.come(browser, gateway);
    await reader.logIn(READER);
    await reader.open("/?open=deliveries&within=part:applied/2026-01-01/2036-01-01");
    await reader.page.getByRole("dialog").getByRole("alert").getByText("this needs an admin").waitFor();
    await reader.leave();
    assert.deepEqual(visitor.errors, []);
  });

  test("an address that names no part, or none that there is, says so", async () => {
    for (const address of ["/?open=retention_cell", "/?open=journey&within=part:1", "/?open=variant&within=part:%25E0%25", "/?open=nonsense"]) {
      await visitor.open(address);
      await visitor.page.getByRole("dialog").getByText(/doesn’t say which|There is no metric/).waitFor();
    }
    await visitor.open("/?open=customers&service=small-tattoo");
    await visitor.page.getByRole("dialog").getByText("People can’t be added over days").first().waitFor();
    assert.deepEqual(visitor.errors, []);
  });

  test("Spanish readers find nothing in English in any tab, whatever is off, wrong or not known yet", async () => {
    // Nobody is to clear what is raised here by hand; and that samples are off is told, too.
    await database.query("alter system set calytics.health_interval = '0'");
    await database.query("select pg_reload_conf()");
    await until(() => database.value("select current_setting('calytics.health_interval') = '0'"), "samples to be off");
    await database.query(
      `insert into calytics.alert (alert, source_id, raised_at, value, worst, detail, facts)
       select a.alert, case when a.alert in ('fold_lag', 'disk_full') then 0 else s.source_id end, now(), 200, 200, a.detail, a.facts::jsonb
         from calytics.source s, (values
           ('fold_lag', 'pending changes: 7', '{"pending": 7}'), ('disk_full', '1 GB of 2 GB are free', '{"free": 1e9, "total": 2e9}'),
           ('no_webhooks', 'none for 99 hours; up to 12 hours were usual in the four weeks before', '{"hours": 99, "usual_hours": 12}'),
           ('quarantine', null, null), ('rejected_signatures', null, null)) a (alert, detail, facts)
        where s.name = 'default'`,
    );
    // What each kind of body that isn't understood is told to be.
    for (const body of ["", "a=b", '{"triggerEvent": "oh"}', '{"triggerEvent": "BOOKING_CREATED", "payload": 7}', '{"triggerEvent": "BOOKING_PAID"}', '{"a', '{"a":}']) {
      await gateway.post(body);
    }
    const [en, es] = [textsOf("en"), textsOf("es")];
    // Of a text with places to be filled its longest piece; what is the same in both languages tells nothing.
    const piece = (text) => text.split(/\{\w+\}/).reduce((a, b) => (b.length > a.length ? b : a), "").trim();
    const english = new Set([...en].filter(([key, text]) => text !== es.get(key)).map(([, text]) => piece(text)).filter((text) => text.length >= 12));
    const told = await database.query(
      `select title as text from cal.metric union all select formula from cal.metric union all select title from calytics.alert_kind
        union all select advice from calytics.alert_kind union all select detail from cal.alert where detail is not null
        union all select detail from cal.delivery where detail is not null
        union all select unnest(array[feature, why, how]) from calytics.switched_off(false, false, false)
        union all select unnest(array[feature, why, how]) from calytics.switched_off(true, false, false)`,
    );
    const spanish = new Set([...es.values(), ...textsOf("es_told").values(), ...textsOf("es_health").values()]);
    for (const { text } of told) if (text.length >= 12 && !spanish.has(text)) english.add(text);
    assert.ok(english.size > 250, `${english.size} English texts`);
    const reader = await Visitor.come(browser, gateway, { locale: "es-ES" });
    await reader.logIn(ADMIN);
    const read = async (address) => {
      await reader.open(address);
      const said = await reader.page.evaluate(() =>
        [document.body.innerText, ...[...document.querySelectorAll("[aria-label], [title], [placeholder]")].map((each) =>
          ["aria-label", "title", "placeholder"].map((name) => each.getAttribute(name) ?? "").join("\n"))].join("\n"));
      assert.deepEqual([...english].filter((text) => said.includes(text)), [], address);
      return said;
    };
    for (const tab of TABS) await read(`/?tab=${tab}&period=quarter`);
    const unhealthy = await read("/?tab=health");
    assert.match(unhealthy, /ninguno desde hace 99 horas/);
    assert.match(unhealthy, /BOOKING_PAID sin uid/);
    for (const part of ["deliveries&within=part:stored/2026-01-01/2036-01-01", "quarantined&within=part:default", "alert&within=part:all", "backlog&within=part:lag",
      "folder&within=part:errors", "refused&within=part:unauthorized", "secrets&within=part:default", "latest&within=part:default/2026-01-01"]) {
      await read(`/?tab=health&open=${part}`);
    }
    for (const open of ["retention_cell&within=part:2026-01-01/0", "forecast&within=part:created", "origin&within=part:source/google", "no_show_rate", "claim_gap"]) {
      await read(`/?tab=funnel&open=${open}`);
    }
    // Too little history, nothing in a range, filtered to nothing, and a question that is refused.
    assert.match(await read("/?tab=bookings&service=nothing-of-that-name&open=forecast&within=part:created"), /Todavía no hay historia|Nadie ha informado/);
    await read("/?period=month&at=2001-05-05");
    await read("/?host=nobody");
    assert.match(await read("/?source=nowhere"), /No hay nada con ese nombre/);
    reader.errors.length = 0; // the browser's own, of the last answer
    await reader.leave();
    await database.query("delete from calytics.alert");
  });

  test("every code that the server tells beside its English text has a text in every language", async () => {
    const spanish = new Map([...textsOf("es_told"), ...textsOf("es_health")]);
    const [en, es] = [textsOf("en"), textsOf("es")];
    const off = await database.query(
      "select distinct o.code from unnest(array[true, false]) l, unnest(array[true, false]) f, unnest(array[true, false]) s, calytics.switched_off(l, f, s) o",
    );
    assert.ok(off.length >= 5);
    for (const { code } of off) for (const part of ["what", "how"]) assert.ok(spanish.has(`off.${code}.${part}`), code);
    const kept = [...readFileSync(`${ROOT}/sql/delivery_reason.sql`, "utf8").matchAll(/^ {6}\('(\w+)'/gm)].map(([, reason]) => reason);
    assert.ok(kept.length >= 16);
    for (const reason of kept) assert.ok(spanish.has(`reason.${reason}`), reason);
    const reasons = /reason_code: ([\w, ]+?), for pages/.exec(await database.value(
      "select obj_description(p.oid) from pg_proc p where p.proname = 'forecast' and p.pronamespace = 'cal'::regnamespace"))[1].split(/, | or /);
    assert.equal(reasons.length, 3);
    for (const reason of reasons) assert.ok(en.has(`forecast.${reason}`) && es.has(`forecast.${reason}`), reason);
    // Statuses that SQL and the gateway answer with.
    const code = [...sources("sql", ".sql"), ...sources("gateway/src", ".cpp")].join("\n");
    const statuses = new Set([...code.matchAll(/error_(?:response|answer)\(\s*([45]\d\d)|^ {8}.*\('[A-Z_]+', -\d+, (\d+)\)|, ([45]\d\d)\)[,)]/gm)].map((found) => found.slice(1).find(Boolean)));
    assert.ok(statuses.size >= 9, [...statuses].join(" "));
    for (const status of statuses) assert.ok(en.has(`error.${status}`) && es.has(`error.${status}`), status);
    // And each alert that tells a detail.
    const details = new Set([...readFileSync(`${ROOT}/sql/health_sample.sql`, "utf8").matchAll(/row\('(\w+)'[^;]*?(jsonb_build_object|q\.facts|null, null)/g)].flatMap(([, alert, facts]) => (facts.startsWith("null") ? [] : [alert])));
    assert.deepEqual([...details].sort(), ["disk_full", "fold_lag", "no_webhooks"]);
    for (const alert of details) assert.ok(spanish.has(`alert.${alert}.detail`), alert);
  });
});
