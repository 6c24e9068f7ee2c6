// Why: how long it takes until a person who opens the dashboard sees the year. Prints milliseconds of so many first views, one
// a line: each in a browser context of its own, with nothing cached, from the request for the page until nothing on it is
// under way any more.
//
//   node tests/bench/page.mjs ORIGIN TOKEN VIEWS

import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../e2e/", import.meta.url))("playwright-core");
const [origin, token, views] = process.argv.slice(2);

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });

async function firstView() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const answer = await context.request.post(`${origin}/api/login`, { data: { token } });
  if (!answer.ok()) throw new Error(`the log-in was answered ${answer.status()}`);
  const page = await context.newPage();
  await page.goto(`${origin}/?period=year`, { waitUntil: "commit" });
  const shown = await page.waitForFunction(
    () => document.querySelector(".tile[data-metric]") && !document.querySelector('[aria-busy="true"]') && performance.now(),
  );
  const took = await shown.jsonValue();
  await context.close();
  return took;
}

try {
  await firstView(); // the browser's own start
  for (let view = 0; view < Number(views); view += 1) console.log((await firstView()).toFixed(1));
} catch (error) {
  console.error(`page: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
