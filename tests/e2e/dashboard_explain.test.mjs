// Why: a number is believed by whoever can see what it is made of. Held to here: what opens tells what the number means, and
// shows just the bookings that it counts.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Browser } from "./browser.mjs";
import { enter, leave, openYear } from "./dashboard_studio.mjs";
import { seeded } from "./harness.mjs";

/** @type {Browser} */
let browser;
before(async () => void (browser = await Browser.launch()));
after(() => browser?.close());

describe("numbers that open", () => {
  let database, gateway, visitor;

  before(async () => void ({ database, gateway, visitor } = await enter(browser, openYear)));
  after(() => leave({ database, gateway, visitor }));

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
    const opened = async (panel, cells = "td:not([data-value='0'])") => {
      const toggle = panel.getByRole("button", { name: /^Show as table/ });
      if (await toggle.count()) await toggle.click();
      const cell = random.pick(await panel.locator(`${cells} button.cell`).all());
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
        // A step's share opens to the step, too, whose number stands before it.
        const told = await opened(visitor.panel(title).first(), title === "From visit to booking" ? "td:nth-child(2)" : undefined);
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
});
