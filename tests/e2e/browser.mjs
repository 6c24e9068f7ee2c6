// Why: what web pages do to a tracker can only be seen in a browser. Guarantees: a real Chromium, pages of an origin of
// their own, and between them and the gateway a road that a test can close, or on which answers get lost.

import { readFileSync } from "node:fs";
import http from "node:http";
import { chromium } from "playwright-core";
import { request } from "../demo/send.mjs";
import { until } from "./harness.mjs";

const EMBED = readFileSync(
  new URL("node_modules/@calcom/embed-core/dist/embed/embed.js", import.meta.url),
);
// Headless Chromium calls itself that, and machines are left out of funnels.
const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/** The server's own handler decides what there is. @param {http.RequestListener} answer */
async function listening(answer) {
  const server = http.createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

function close(server) {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

/** @param {http.IncomingMessage} message */
async function bodyOf(message) {
  const parts = [];
  for await (const part of message) parts.push(part);
  return Buffer.concat(parts);
}

/** The way from the pages to the gateway. */
export class Road {
  /** open; shut: nobody is reached; oneWay: requests arrive, answers get lost; full: 503 @type {string} */
  state = "open";
  /** What was sent to /api, when, and by what. @type {{at: number, type: string, events: object[]}[]} */
  sent = [];

  /** @param {import("./harness.mjs").Gateway} gateway */
  static async to(gateway) {
    const it = new Road();
    const { server, origin } = await listening((message, answer) => it.#pass(gateway, message, answer));
    return Object.assign(it, { server, origin });
  }

  async #pass(gateway, message, answer) {
    const body = await bodyOf(message);
    if (message.method === "POST") {
      const { events } = JSON.parse(body.toString("utf8"));
      this.sent.push({ at: Date.now(), type: message.headers["sec-fetch-dest"], events });
      if (this.state === "shut") return void message.socket.destroy();
      if (this.state === "full") return void answer.writeHead(503, { connection: "close" }).end();
    }
    const { headers, method } = message;
    const got = await request(gateway.origin + message.url, { method, headers }, body);
    if (message.method === "POST" && this.state === "oneWay") return void message.socket.destroy();
    // On a connection that was used before, the browser itself would try again.
    answer.writeHead(got.status, { ...got.headers, connection: "close" }).end(got.body);
  }

  close() {
    return close(this.server);
  }
}

/** Web pages by path, and Cal.com's script. */
export class Site {
  /** @type {Map<string, {html: string, headers: object}>} */
  #pages = new Map();
  /** Cal.com's script comes no sooner than this is done. */
  embed = Promise.resolve();

  static async open() {
    const it = new Site();
    const { server, origin } = await listening((message, answer) => it.#serve(message, answer));
    return Object.assign(it, { server, origin });
  }

  async #serve(message, answer) {
    const path = message.url.split("?")[0];
    if (path === "/embed.js") {
      await this.embed;
      return void answer.writeHead(200, { "Content-Type": "text/javascript" }).end(EMBED);
    }
    const page = this.#pages.get(path);
    if (!page) return void answer.writeHead(404).end();
    answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...page.headers }).end(page.html);
  }

  /** @param {string} path @param {string} html @param {object} [headers] */
  put(path, html, headers = {}) {
    this.#pages.set(path, { html: `<!doctype html><title>${path}</title>${html}`, headers });
    return this.origin + path;
  }

  close() {
    return close(this.server);
  }
}

/** Cal.com as far as an embed sees it: pages in frames that speak to the page around them. */
export class CalCom {
  static async open() {
    const { server, origin } = await listening((message, answer) => {
      const { pathname, searchParams } = new URL(message.url, "http://cal");
      const booker = pathname.split("/").filter(Boolean).length > 2;
      answer.writeHead(200, { "Content-Type": "text/html" }).end(
        `<!doctype html><body class="main">A calendar<script>
          const namespace = ${JSON.stringify(searchParams.get("embed") ?? "")};
          function tell(type, data = {}) {
            const fullType = "CAL:" + namespace + ":" + type;
            parent.postMessage({ originator: "CAL", type, namespace, fullType, data }, "*");
          }
          tell("__iframeReady");
          tell("__dimensionChanged", { iframeHeight: 300, iframeWidth: 300, isFirstTime: true });
          tell("linkReady");
          if (${booker}) tell("navigatedToBooker");
        </script>`,
      );
    });
    return Object.assign(new CalCom(), { server, origin });
  }

  /** The frame of a calendar in a page, once it is there. */
  async frame(page, link) {
    return until(
      () => page.frames().find((frame) => frame.url().startsWith(`${this.origin}/${link}/embed`)),
      `a frame of ${link}`,
    );
  }

  close() {
    return close(this.server);
  }
}

/** Cal.com's way of calling its script before it is there. */
export const calSnippet = (site, calCom) => `<script>
  window.Cal = function (...order) {
    if (!Cal.q) {
      Cal.q = [];
      Cal.ns = {};
      document.head.append(Object.assign(document.createElement("script"), { src: "${site.origin}/embed.js" }));
    }
    const [name, namespace] = order;
    if (name === "init" && typeof namespace === "string") {
      const api = (...more) => void api.q.push(more);
      api.q = [order];
      Cal.ns[namespace] ??= api;
      Cal.q.push(["initNamespace", namespace]);
    } else Cal.q.push(order);
  };
  Cal("init", { origin: "${calCom.origin}" });
</script>`;

export class Browser {
  static async launch() {
    const it = new Browser();
    it.chromium = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      args: [
        ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
        `--user-agent=${USER_AGENT}`,
      ],
    });
    return it;
  }

  /** A visitor's page, and every error that reached it. @param {(() => void)} [init] what runs before any script of the page */
  async visit(url, init) {
    const context = await this.chromium.newContext();
    if (init) await context.addInitScript(init);
    const page = await context.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(url, { waitUntil: "commit" });
    return Object.assign(page, { errors });
  }

  /** Ends what pages still do. */
  async leave() {
    for (const context of this.chromium.contexts()) await context.close();
  }

  close() {
    return this.chromium.close();
  }
}
