// A customer's site on an origin of its own, with the SDK as npm has it.
import { describe, test } from "node:test";
import { createServer } from "node:http";
import { once } from "node:events";
import { readFile } from "node:fs/promises";

import { Api } from "./api.js";
import { newVisitor } from "./browser.js";
import { Server } from "./server.js";
import { Tab } from "./tab.js";

/** The packages under test, as package.json names them. */
const VERSIONS = ["gleap-16", "gleap-15"];

/** What the page hears from the SDK; each is kept in `heard`. */
const EVENTS = ["initialized", "unread-count-changed", "open", "error-while-sending"];

const bundle = (version) => readFile(new URL(`../node_modules/${version}/build/browser/index.js`, import.meta.url));

/** A test for each version, side by side: most of their time they wait for timers of the SDK. */
export function withEachSdk(what, body) {
  describe(what, { concurrency: true }, () => {
    for (const version of VERSIONS) test(version, { timeout: 240_000 }, (test) => body(test, version));
  });
}

/** A server with a project and a site that uses it. `through(test, server)` may put a `Line` between them. */
export async function stage(test, version, { env, through, ...settings } = {}) {
  const { server, keys } = await Server.withProject(test, { env });
  const line = await through?.(test, server);
  const site = await Site.start(test, { version, api: (line ?? server).url, key: keys.sdkKey, ...settings });
  return { server, keys, line, site, api: new Api(server.url, keys) };
}

export class Site {
  #http;

  /** `settings`: `{ version, api, key, before? }`; `before` is script that runs before `initialize`. */
  constructor(settings) {
    this.settings = { before: "", ...settings };
  }

  /** Serves until the test ends. */
  static async start(test, settings) {
    const site = new Site(settings);
    site.#http = createServer((request, response) => site.#answer(request, response)).listen(0, "127.0.0.1");
    await once(site.#http, "listening");
    test.after(() => site.#http.close());
    const { port } = site.#http.address();
    site.url = `http://127.0.0.1:${port}`;
    // Cookies work under a name only.
    site.named = `http://shop.example.com:${port}`;
    return site;
  }

  /** A new person opens a page. */
  async visit(test, path = "/") {
    return this.openTab(await newVisitor(test), path);
  }

  /** The same person opens another tab. */
  async openTab(visitor, path = "/", origin = this.url) {
    const tab = await Tab.open(visitor);
    await tab.page.goto(origin + path);
    return tab;
  }

  async #answer({ url }, response) {
    if (url === "/sdk.js") {
      response.setHeader("content-type", "text/javascript");
      return response.end(await bundle(this.settings.version));
    }
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(this.#page());
  }

  #page() {
    const { api, key, before } = this.settings;
    return `<!doctype html>
<html><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,"></head>
<body><h1>Shop</h1><button id="buy">Buy</button>
<script src="/sdk.js"></script>
<script>
const heard = [];
for (const name of ${JSON.stringify(EVENTS)}) Gleap.on(name, (data) => heard.push({ name, data }));
Gleap.setApiUrl(${JSON.stringify(api)});
Gleap.setWSApiUrl(${JSON.stringify(`${api.replace("http", "ws")}/ws`)});
${before}
Gleap.initialize(${JSON.stringify(key)});
</script></body></html>`;
  }
}
