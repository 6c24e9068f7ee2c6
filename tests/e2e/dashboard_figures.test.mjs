// Why: numbers that differ from place to place are believed nowhere. Held to here: the page shows what cal.dashboard says, to the
// digit; what is downloaded is what is on screen.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Browser } from "./browser.mjs";
import { fields, Visitor } from "./dashboard_page.mjs";
import { ADMIN, openYear, TABS } from "./dashboard_studio.mjs";
import { seeded, until } from "./harness.mjs";

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

describe("figures of the dashboard", () => {
  let database, gateway, visitor, units;

  before(async () => {
    ({ database, gateway } = await openYear());
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
        `select cal.dashboard($1, at => coalesce($2::timestamp at time zone s.time_zone, $3), as_of => $3, service => $4, basis => $5)
           from cal.source s where s.source = 'default'`,
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
