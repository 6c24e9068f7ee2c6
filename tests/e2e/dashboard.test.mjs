// Why: the dashboard is what an owner sees of all this. Held to here: it shows the numbers that SQL gives, to the digit; at each
// width and in each colour it is whole and legible for everyone; what happens is on screen at once; what goes wrong is said.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { generate, today } from "../demo/generate.mjs";
import { send } from "../demo/send.mjs";
import { track } from "../demo/track.mjs";
import { Browser } from "./browser.mjs";
import { fields, Visitor } from "./dashboard_page.mjs";
import { bookingBody, Database, Gateway, SECRET, seeded, until } from "./harness.mjs";

const ADMIN = "cal_test_dashboard_admin_0123456789ab";
const READER = "cal_test_dashboard_reader_0123456789a";
const TABS = ["overview", "bookings", "services", "customers", "funnel", "health"];

/** A database, its gateway, and tokens for both. */
async function open() {
  const database = await Database.create();
  await database.query("select cal.add_token('admin', 'admin', $1)", [ADMIN]);
  await database.query("select cal.add_token('reader', 'reader', $1)", [READER]);
  // One client alone asks for a whole day's pages here.
  await database.query("alter system set calytics.limit_read = 'off'");
  await database.query("select pg_reload_conf()");
  return { database, gateway: await Gateway.start(database, ["--log-level=warning"]) };
}

/** A number as English readers write it: told by hand, not by the page's code. */
function written(value, unit, currency) {
  const fixed = (digits) => new Intl.NumberFormat("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (value === null) return "not known";
  if (unit === "count") return fixed(0).format(value);
  if (unit === "rate") return `${fixed(1).format(value * 100)}%`;
  if (unit === "hops") return fixed(2).format(value);
  if (unit === "money") return `${{ EUR: "€" }[currency]}${fixed(2).format(value / 100)}`;
  return null; // lengths of time are written in words
}

/** @type {Browser} */
let browser;
before(async () => void (browser = await Browser.launch()));
after(() => browser?.close());

describe("dashboard of a studio", () => {
  let database, gateway, visitor, units;

  before(async () => {
    ({ database, gateway } = await open());
    const random = seeded("dashboard");
    const history = generate({ seed: random.int(1, 1e6), until: today(), months: 3, bookingsPerMonth: 70 });
    await database.query("select cal.set_source(time_zone => $1, currency => 'EUR')", [random.pick(["Europe/Madrid", "America/New_York", "UTC"])]);
    const { failures } = await send(history, { url: `${gateway.origin}/api/cal/webhook`, secret: SECRET });
    assert.deepEqual(failures, []);
    await track(history.visits(), { origin: gateway.origin, token: ADMIN });
    await database.query("select cal.fold()");
    units = new Map((await database.query("select metric, unit from cal.metric")).map(({ metric, unit }) => [metric, unit]));
    visitor = await Visitor.come(browser, gateway);
    await visitor.logIn(ADMIN);
  });
  after(async () => {
    await visitor?.leave();
    await gateway?.stop();
    await database?.close();
  });

  test("figures on the page are those of cal.dashboard, to the digit, in every tab and period", async () => {
    const random = seeded("dashboard views");
    const day = await database.value(
      "select starts_at::date::text from cal.metrics('quarter', every => 'day', metrics => '{created}') order by value desc limit 1",
    );
    const views = [
      ...["week", "month", "quarter", "year"].map((period) => ({ period })),
      { period: "day", at: day }, { period: "month", at: day }, { period: "month", service: "small-tattoo" }, { period: "quarter", basis: "booked" },
    ];
    for (const view of views) {
      const tab = random.pick(TABS.slice(0, 5));
      visitor.dashboards.length = 0;
      await visitor.open(`/?${new URLSearchParams({ ...view, tab, compare: "off" })}`);
      const sent = await until(() => visitor.dashboards[0], "the dashboard that the page was sent");
      const expected = await database.value(
        `select cal.dashboard($1, at => coalesce($2::timestamptz, $3), as_of => $3, service => $4, basis => $5)`,
        [view.period, view.at ?? null, sent.as_of, view.service ?? null, view.basis ?? null],
      );
      const shown = await visitor.figures();
      assert.ok(shown.length >= 6, `${shown.length} figures in ${tab}`);
      for (const { metric, currency, value, text } of shown) {
        const figure = currency ? expected.figures[metric]?.[currency] : expected.figures[metric];
        const told = figure && "value" in figure ? figure.value : null;
        const place = `${metric} ${currency} in ${tab} of ${JSON.stringify(view)}`;
        assert.equal(value, told, place);
        const words = written(told, units.get(metric), currency);
        if (words !== null) assert.equal(text, words, place);
      }
    }
    assert.deepEqual(visitor.errors, []);
  });

  test("every tab is whole and accessible at 1440 and 390 pixels, in light and dark", async () => {
    for (const tab of TABS) {
      await visitor.page.setViewportSize({ width: 1440, height: 900 });
      await visitor.page.emulateMedia({ colorScheme: "light" });
      await visitor.open(`/?tab=${tab}&period=quarter`);
      for (const [width, colorScheme] of [[1440, "light"], [1440, "dark"], [390, "dark"], [390, "light"]]) {
        await visitor.page.setViewportSize({ width, height: 900 });
        await visitor.page.emulateMedia({ colorScheme });
        const name = `${tab}-${width}-${colorScheme}`;
        await visitor.shoot(name);
        assert.ok((await visitor.overflow()) <= 0, `${name} moves sideways`);
        // Both widths and both colours, though not each with each: it takes its time.
        if ((width === 1440) === (colorScheme === "light")) assert.deepEqual(await visitor.faults(), [], name);
      }
    }
    assert.deepEqual(visitor.errors, []);
  });

  test("what is downloaded equals what is on screen, and charts are pictures", async () => {
    await visitor.page.setViewportSize({ width: 1440, height: 900 });
    const panels = { overview: ["Bookings created", "From visit to booking"], bookings: ["Starts by weekday and hour", "Lead time"], services: ["Services"], customers: ["Who comes back"] };
    for (const [tab, titles] of Object.entries(panels)) {
      await visitor.open(`/?tab=${tab}&period=quarter`);
      for (const title of titles) {
        const panel = visitor.panel(title).first();
        const toggle = panel.getByRole("button", { name: /^Show as table/ });
        if (await toggle.count()) {
          const [, png] = await visitor.download(panel.getByRole("button", { name: /^Download PNG/ }));
          assert.equal(png.subarray(1, 4).toString(), "PNG");
          assert.ok(png.readUInt32BE(16) > 600 && png.readUInt32BE(20) > 200, `${title}: ${png.readUInt32BE(16)} x ${png.readUInt32BE(20)}`);
          await toggle.click();
        }
        const [name, csv] = await visitor.download(panel.getByRole("button", { name: /^Download CSV/ }));
        assert.match(name, /^calytics-[\w-]+\.csv$/);
        const [, ...rows] = fields(csv.toString("utf8"));
        const onScreen = await panel.locator("tbody tr").evaluateAll((lines) => lines.map((line) => [...line.cells].map((cell) => cell.innerText.trim())));
        // Digits alone, as people's signs around them are: grouping, currency, per cent; what is not known is empty.
        const bare = (text) => (text === "not known" ? "" : /^[-−+]?[€$]?[\d,.]+( ?%| hrs?)?$/.test(text) ? String(Number(text.replace(/[^\d.-]/g, ""))) : text);
        const expected = onScreen.map((row) => row.map(bare));
        assert.ok(rows.length > 2, title);
        assert.deepEqual(rows.map((row) => row.map((cell) => (cell !== "" && Number.isFinite(Number(cell)) ? String(Number(cell)) : cell))), expected, title);
      }
    }
    assert.deepEqual(visitor.errors, []);
  });

  test("the address is the picture; keys go from one to another, and can be turned off", async () => {
    const { page } = visitor;
    await visitor.open("/?tab=bookings&period=week");
    await page.getByRole("button", { name: "Quarter", exact: true }).click();
    await page.getByLabel("Artist", { exact: true }).selectOption({ index: 1 });
    await visitor.shown();
    const address = page.url();
    assert.match(address, /tab=bookings/);
    assert.match(address, /period=quarter/);
    assert.match(address, /host=/);
    const before = await visitor.figures();
    await page.reload();
    await visitor.shown();
    assert.deepEqual(await visitor.figures(), before);
    await page.goBack();
    assert.ok(!page.url().includes("host="));

    await page.keyboard.press("y");
    assert.match(page.url(), /period=year/);
    await page.keyboard.press("1");
    assert.ok(!page.url().includes("tab="));
    await visitor.shown();
    await page.keyboard.press("ArrowLeft");
    await visitor.shown();
    assert.match(page.url(), /at=\d{4}-/);
    await page.keyboard.press("t");
    await page.keyboard.press("?");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("checkbox").uncheck();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.keyboard.press("w");
    assert.match(page.url(), /period=year/);
    await page.evaluate(() => localStorage.clear());
    assert.deepEqual(visitor.errors, []);
  });

  test("a number opens to its meaning and the bookings behind it", async () => {
    const { page } = visitor;
    await visitor.open("/?period=quarter");
    await page.locator('.tile[data-metric="no_show_rate"]').click();
    const dialog = page.getByRole("dialog", { name: "No-show rate" });
    await dialog.getByText("no-shows / (completed + no-shows)").waitFor();
    await visitor.shown();
    const [{ behind, missed }] = await database.query(
      "select count(*)::int as behind, sum(numerator)::int as missed from cal.explain_metric('no_show_rate', 'quarter')",
    );
    assert.match(await dialog.locator(".figure").innerText(), new RegExp(`${missed} / ${behind}`));
    const rows = await dialog.locator("tbody tr").count();
    assert.equal(rows, Math.min(behind, 500));
    assert.deepEqual(await visitor.faults(), []);
    await visitor.shoot("explained");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("data-metric")), "no_show_rate");

    // A table's numbers open as well, of their row alone.
    await visitor.open("/?tab=services&period=quarter");
    await page.getByRole("button", { name: /^Bookings, small-tattoo: / }).click();
    await page.getByRole("dialog", { name: "Bookings created" }).waitFor();
    await visitor.shown();
    const created = await database.value(
      "select count(*)::int from cal.explain_metric('created', 'quarter', service => 'small-tattoo')",
    );
    assert.equal(await page.locator("dialog tbody tr").count(), created);
    assert.equal(await page.locator("dialog .figure b").getAttribute("data-value"), String(created));
    assert.match(page.url(), /within=service%3Asmall-tattoo/);
    assert.deepEqual(visitor.errors, []);
  });

  test("points, cells, bars and steps open to just what they count, by pointer and by keyboard", async () => {
    const { page } = visitor;
    const random = seeded("dashboard points");
    const dialog = page.getByRole("dialog");
    /** Opens one of a panel's numbers in its table: the number, and what is said to be behind it. */
    const opened = async (panel) => {
      const toggle = panel.getByRole("button", { name: /^Show as table/ });
      if (await toggle.count()) await toggle.click();
      const cell = random.pick(await panel.locator("td:not([data-value='0']) button.cell").all());
      const told = await cell.evaluate((button) => button.closest("td").dataset.value);
      await cell.press("Enter");
      await dialog.waitFor();
      await visitor.shown();
      return told;
    };
    const close = async () => {
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
    };
    for (const [tab, period, titles] of [
      ["overview", "quarter", ["Bookings created", "Value"]], ["bookings", "month", ["What became of them"]], ["customers", "year", ["new and returning"]],
      ["funnel", "month", ["Sessions that saw", "From visit to booking"]],
    ]) {
      await visitor.open(`/?tab=${tab}&period=${period}`);
      for (const title of titles) {
        const told = await opened(visitor.panel(title).first());
        assert.equal(await dialog.locator(".figure b").first().getAttribute("data-value"), told, `${title}, ${page.url()}`);
        await close();
      }
    }
    await visitor.open("/?tab=bookings&period=quarter");
    for (const title of ["Starts by weekday and hour", "Lead time"]) {
      const told = await opened(visitor.panel(title).first());
      assert.equal(await dialog.locator("tbody tr").count(), Number(told), `${title}, ${page.url()}`);
      await close();
    }
    assert.deepEqual(await visitor.faults(), []);

    // The charts themselves: a point by keys, the same by a click on its bar, and a step.
    await visitor.open("/?period=quarter&compare=off");
    const chart = page.getByRole("group", { name: "Bookings created" });
    await chart.press("Home");
    await chart.press("Enter");
    await visitor.shown();
    const [by, within] = [await dialog.locator(".figure b").getAttribute("data-value"), new URL(page.url()).searchParams.get("within")];
    await close();
    const box = await chart.locator("g.bar rect").first().boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await dialog.waitFor();
    await visitor.shown();
    if (by !== "0") assert.equal(new URL(page.url()).searchParams.get("within"), within);
    assert.match(page.url(), /open=created&within=time/);
    await close();
    await visitor.panel("From visit to booking").locator("svg g").nth(1).click();
    await page.getByRole("dialog", { name: "Funnel: selected" }).waitFor();
    await close();
    assert.deepEqual(visitor.errors, []);
  });

  test("a shared link shows numbers to who has it, until it is revoked", async () => {
    const { page } = visitor;
    await visitor.open("/?service=small-tattoo");
    await page.getByRole("button", { name: "Share these numbers" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByPlaceholder("Whom it is for").fill("the accountant");
    await dialog.getByRole("button", { name: "Make a link" }).click();
    const link = await dialog.getByLabel("Link", { exact: true }).inputValue();
    const guest = await Visitor.come(browser, gateway);
    await guest.page.goto(link);
    await guest.page.locator(".tile").first().waitFor();
    await guest.shown();
    assert.ok(!guest.page.url().includes("cal_share_"));
    assert.equal(await guest.page.getByRole("navigation").getByRole("link").count(), 4);
    const created = (await guest.figures()).find(({ metric }) => metric === "created");
    assert.equal(created.value, (await database.query("select value::int from cal.metrics('month', service => 'small-tattoo', metrics => '{created}')"))[0].value);
    for (const tab of TABS.slice(1, 4)) {
      await guest.page.goto(`${gateway.origin}/?tab=${tab}`);
      await guest.shown();
    }
    assert.deepEqual(guest.errors, []);
    await dialog.getByRole("button", { name: "Revoke: the accountant" }).click();
    await until(async () => (await guest.page.reload(), guest.page.getByRole("button", { name: "Log in" }).isVisible()), "the link to be over");
    await guest.leave();
    await page.keyboard.press("Escape");
  });

  test("who logs in by a password sees what they may; Spanish readers read Spanish", async () => {
    await database.query("select cal.set_password('lucia', 'reader', 'correct horse battery')");
    const reader = await Visitor.come(browser, gateway, { locale: "es-ES" });
    const { page } = reader;
    await page.goto(gateway.origin);
    await page.getByLabel("Nombre").fill("lucia");
    await page.getByLabel("Contraseña").fill("wrong horse battery");
    await page.getByRole("button", { name: "Entrar" }).click();
    await page.getByRole("alert").waitFor();
    assert.deepEqual(await reader.faults(), []);
    await reader.shoot("log-in");
    await page.getByLabel("Contraseña").fill("correct horse battery");
    await page.getByRole("button", { name: "Entrar" }).click();
    await page.getByRole("link", { name: "Resumen" }).waitFor();
    await reader.shown();
    assert.equal(await page.evaluate(() => document.documentElement.lang), "es");
    assert.equal(await page.getByRole("link", { name: "Estado" }).count(), 0);
    const created = (await reader.figures()).find(({ metric }) => metric === "created");
    assert.equal(created.text, new Intl.NumberFormat("es-ES").format(created.value));
    await reader.shoot("spanish");
    await page.getByRole("button", { name: "Salir" }).click();
    await page.getByRole("button", { name: "Entrar" }).waitFor();
    await reader.leave();
  });

  test("when the database is gone the last numbers stay, with their age, and come alive again", async () => {
    const { page } = visitor;
    await visitor.open("/");
    const before = await visitor.figures();
    await database.admit(false);
    await database.cutOff();
    await page.getByRole("button", { name: /^(Live|Out of reach|Stale)/ }).click();
    await page.locator('[data-state="stale"]').waitFor({ timeout: 30_000 });
    assert.deepEqual(await visitor.figures(), before);
    await visitor.shoot("stale");
    await database.admit(true);
    await page.getByRole("button", { name: /^(Live|Out of reach|Stale)/ }).click();
    await page.locator('[data-state="stale"]').waitFor({ state: "detached", timeout: 30_000 });
    assert.deepEqual((await visitor.figures()).map(({ metric }) => metric), before.map(({ metric }) => metric));
  });

  test("files are small, packed beforehand, and kept for good under names of their content", async () => {
    const sizes = await database.query("select path, length(gzip) as packed from calytics.web_file where gzip is not null");
    assert.ok(sizes.reduce((sum, { packed }) => sum + packed, 0) <= 250_000);
    const { path: script } = sizes.find(({ path }) => /^\/assets\/calytics-.*\.js$/.test(path));
    const headers = { "Accept-Encoding": "gzip, br" };
    const answer = await gateway.ask(script, { headers });
    assert.equal(answer.headers["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(answer.headers["content-encoding"], "br");
    assert.equal((await gateway.ask(script, { headers: { ...headers, "If-None-Match": answer.headers.etag } })).status, 304);
    const home = await gateway.ask("/");
    assert.equal(home.headers["cache-control"], "no-cache");
    assert.match(home.headers["content-security-policy"], /default-src 'none'; script-src 'self'/);
    assert.ok(!home.headers["content-security-policy"].includes("unsafe"));
    assert.equal((await gateway.ask("/assets/calytics-gone.js")).status, 404);
  });
});

describe("dashboard of nothing", () => {
  let database, gateway, visitor;

  before(async () => {
    ({ database, gateway } = await open());
    visitor = await Visitor.come(browser, gateway);
    await visitor.logIn(ADMIN);
  });
  after(async () => {
    await visitor?.leave();
    await gateway?.stop();
    await database?.close();
  });

  test("it says how to begin, in every tab, and shows the first webhook within two seconds", async () => {
    const { page } = visitor;
    for (const tab of TABS.toReversed()) {
      await visitor.open(`/?tab=${tab}`);
      await page.locator('[data-state="no-data"]').getByText(`${gateway.origin}/api/cal/webhook`).waitFor();
      assert.deepEqual(await visitor.faults(), [], tab);
    }
    await visitor.shoot("no-data");
    await page.getByRole("button", { name: "Month", exact: true }).focus();
    const created = new Date().toISOString();
    const began = Date.now();
    await gateway.post(bookingBody("firstOfAll", { startTime: new Date(Date.now() + 86_400_000).toISOString(), endTime: new Date(Date.now() + 90_000_000).toISOString(), createdAt: created }));
    await page.locator('.tile[data-metric="upcoming"], .tile[data-metric="created"]').first().waitFor({ timeout: 10_000 });
    const took = Date.now() - began;
    assert.ok(took <= 2_000, `${took} ms`);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Month");
    assert.deepEqual(visitor.errors, []);
  });

  test("nothing in a range and nothing left by a filter are told apart", async () => {
    const { page } = visitor;
    await visitor.open("/?period=month&at=2001-05-05");
    await page.locator('[data-state="no-range"]').waitFor();
    await visitor.shoot("no-range");
    await visitor.open("/?period=month&host=nobody");
    await page.locator('[data-state="filtered"]').waitFor();
    await page.getByRole("button", { name: "Remove the filters" }).click();
    assert.ok(!page.url().includes("host="));
    assert.deepEqual(visitor.errors, []);
  });
});
