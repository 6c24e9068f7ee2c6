// Why: tests of the dashboard look at what a person would: a page in a real Chromium, its numbers, its console. Guarantees:
// whatever went wrong on the page is kept for the test to see; a page counts as shown once nothing in it is under way.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { ROOT } from "./harness.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SHOTS = path.join(ROOT, "build/dashboard-screenshots");
mkdirSync(SHOTS, { recursive: true });

/** Somebody at the dashboard. */
export class Visitor {
  /** Errors on the console and in scripts. @type {string[]} */
  errors = [];
  /** Dashboards as the database sent them, the latest last. */
  dashboards = [];

  /** @param {import("./browser.mjs").Browser} browser @param {import("./harness.mjs").Gateway} gateway
   * @param {object} [options] of Playwright's context */
  static async come(browser, gateway, options = {}) {
    const it = new Visitor();
    it.origin = gateway.origin;
    it.context = await browser.chromium.newContext({
      locale: "en-GB", viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", acceptDownloads: true, ...options,
    });
    it.page = await it.context.newPage();
    it.page.on("pageerror", (error) => it.errors.push(error.message));
    it.page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) it.errors.push(`${message.text()} ${message.location().url}`);
    });
    it.page.on("response", async (response) => {
      if (response.ok() && response.url().includes("getDashboardMetrics")) {
        const answer = await response.json().catch(() => null);
        if (answer) it.dashboards.push(answer.result.data);
      }
    });
    return it;
  }

  /** By a token, as the log-in does, but without the page. */
  async logIn(token) {
    const answer = await this.context.request.post(`${this.origin}/api/login`, { data: { token } });
    assert.equal(answer.status(), 200);
  }

  async open(address) {
    await this.page.goto(this.origin + address);
    await this.shown();
  }

  /** Waits until all that is on the page is there. */
  async shown() {
    await this.page.waitForFunction(() => document.querySelector("main") && !document.querySelector('[aria-busy="true"]'));
  }

  /** Shows the page so wide, in those colours, and waits until its charts are drawn for that. */
  async render(width, colorScheme) {
    await this.page.setViewportSize({ width, height: 900 });
    await this.page.emulateMedia({ colorScheme });
    await this.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await this.shown();
  }

  /** What axe-core finds against WCAG 2.2 AA, in few words. */
  async faults() {
    if (!(await this.page.evaluate("'axe' in window"))) await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate(() =>
      // @ts-ignore axe is there since the line above
      axe.run(document, { resultTypes: ["violations"], preload: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
    );
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`);
  }

  /** A picture of the whole page, kept in build/ for whoever wants to look. */
  async shoot(name) {
    await this.page.screenshot({ path: path.join(SHOTS, `${name}.png`), fullPage: true });
  }

  /** How far the page can be moved sideways, which it shouldn't. */
  overflow() {
    return this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  }

  /** The figures on the page: metric, currency, value and text. */
  figures() {
    return this.page.$$eval(".tile[data-metric]", (tiles) =>
      tiles.map((tile) => ({
        metric: tile.dataset.metric,
        currency: tile.dataset.currency ?? null,
        value: tile.dataset.value === undefined ? null : Number(tile.dataset.value),
        text: tile.querySelector(".value").textContent,
      })),
    );
  }

  /** The panel of that title. */
  panel(title) {
    return this.page.locator(".panel", { has: this.page.locator("h2", { hasText: title }) });
  }

  /** What a click downloads: [name, bytes]. */
  async download(locator) {
    const [download] = await Promise.all([this.page.waitForEvent("download"), locator.click()]);
    return [download.suggestedFilename(), readFileSync(await download.path())];
  }

  leave() {
    return this.context.close();
  }
}

/** Fields of RFC 4180. */
export function fields(csv) {
  const rows = [[]];
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === "\r\n") rows.push([]);
    if (end === "") break;
  }
  return rows.filter((row) => row.length > 1);
}
