// Why: a dashboard is sent round as a link, driven by keys, read by those who may see less and in other languages. Held to here:
// the address is the picture, each sees what they may, and in their own language.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Browser } from "./browser.mjs";
import { Visitor } from "./dashboard_page.mjs";
import { enter, leave, openYear, TABS } from "./dashboard_studio.mjs";
import { ROOT, until } from "./harness.mjs";

/** @type {Browser} */
let browser;
before(async () => void (browser = await Browser.launch()));
after(() => browser?.close());

describe("use of the dashboard", () => {
  let database, gateway, visitor;

  before(async () => void ({ database, gateway, visitor } = await enter(browser, openYear)));
  after(() => leave({ database, gateway, visitor }));

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

  test("a custom period is stepped by its length, and its ends never cross", async () => {
    const { page } = visitor;
    await visitor.open("/?period=custom&from=2026-03-10&to=2026-03-28");
    const ends = async () => {
      await visitor.shown();
      const told = new URL(page.url()).searchParams;
      assert.deepEqual(await page.locator(".dates input").evaluateAll((inputs) => inputs.map(({ value }) => value)), [told.get("from"), told.get("to")]);
      return [told.get("from"), told.get("to")];
    };
    await page.getByRole("button", { name: "Period before" }).click();
    assert.deepEqual(await ends(), ["2026-02-19", "2026-03-09"]);
    await page.getByLabel("From", { exact: true }).fill("2026-05-10");
    assert.deepEqual(await ends(), ["2026-05-10", "2026-05-10"]);
    await page.getByLabel("To", { exact: true }).fill("2026-05-31");
    assert.deepEqual(await ends(), ["2026-05-10", "2026-05-31"]);
    await page.getByLabel("To", { exact: true }).fill("2026-01-07");
    assert.deepEqual(await ends(), ["2026-01-07", "2026-01-07"]);
    assert.deepEqual(visitor.errors, []);
  });

  test("what is wider than its place shows so, on either side, and is moved by keys", async () => {
    const { page } = visitor;
    const scroll = visitor.panel("Services").locator(".edges").first();
    const more = () => scroll.getAttribute("data-more");
    await visitor.open("/?tab=services&period=year");
    assert.equal(await more(), "");
    assert.equal(await scroll.locator(".scroll").getAttribute("tabindex"), null);
    await page.setViewportSize({ width: 390, height: 900 });
    await until(async () => (await more()) === "right", "a shade on the right");
    const region = page.getByRole("region", { name: "Services" });
    await region.focus();
    await page.keyboard.press("ArrowRight");
    await until(async () => (await more()) === "left right", "shades on both sides");
    assert.match(page.url(), /period=year$/);
    await region.evaluate((at) => at.scrollTo(at.scrollWidth, 0));
    await until(async () => (await more()) === "left", "a shade on the left");
    assert.deepEqual(await visitor.faults(), []);
    await page.setViewportSize({ width: 1440, height: 900 });
    assert.deepEqual(visitor.errors, []);
  });

  test("on paper there are all of a tab's charts and rows, in light colours, and nothing to click", async () => {
    const { page } = visitor;
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    await page.setViewportSize({ width: 700, height: 900 });
    for (const tab of TABS) {
      await visitor.open(`/?tab=${tab}&period=year`);
      const seen = await page.evaluate(() => ({
        paper: getComputedStyle(document.querySelector(".panel")).backgroundColor,
        controls: [...document.querySelectorAll(".top, .chooser, .tools, .skip")].filter((each) => each.checkVisibility()).length,
        heading: document.querySelector("h1").getBoundingClientRect().height,
        cut: [...document.querySelectorAll(".scroll, .chart")].filter((each) => each.scrollHeight > each.clientHeight + 2 && getComputedStyle(each).overflowY !== "visible").length,
        wide: [...document.querySelectorAll(".chart svg")].filter((each) => each.getBoundingClientRect().right > innerWidth + 1).length,
      }));
      assert.deepEqual({ ...seen, heading: seen.heading > 12 }, { paper: "rgb(255, 255, 255)", controls: 0, heading: true, cut: 0, wide: 0 }, tab);
    }
    await page.emulateMedia({ media: "screen", colorScheme: "light" });
    await page.setViewportSize({ width: 1440, height: 900 });
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
    await page.locator('.tile[data-metric="no_show_rate"]').click();
    await page.getByRole("dialog", { name: "Tasa de ausencias" }).getByText("ausencias / (completadas + ausencias)").waitFor();
    await page.keyboard.press("Escape");
    // Whatever the database tells in English, Spanish has words for.
    const words = new Set(readFileSync(`${ROOT}/extension/web/dashboard/src/text/es_told.ts`, "utf8").match(/(?<=^ {2}")[\w.]+(?=":)/gm));
    const told = await database.query(
      `select unnest(array['metric.' || metric, 'formula.' || metric]) as name from cal.metric
        union select unnest(array['alert.' || alert || '.title', 'alert.' || alert || '.advice']) from cal.alert_rule`,
    );
    assert.deepEqual(told.map(({ name }) => name).filter((name) => !words.has(name)), []);
    assert.equal(words.size, told.length);
    await page.getByRole("button", { name: "Salir" }).click();
    await page.getByRole("button", { name: "Entrar" }).waitFor();
    await reader.leave();
  });
});
