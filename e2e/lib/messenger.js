// A messenger in the place of the vendor's: a page in a frame that speaks the SDK's protocol with frames.
import { createServer } from "node:http";
import { once } from "node:events";

import { until } from "./wait.js";

const PAGE = `<!doctype html>
<html><head><title>Messenger</title></head><body>
<script>
const told = [];
addEventListener("message", ({ data }) => { try { told.push(JSON.parse(data)); } catch { /* not for us */ } });
const say = (name, data) => parent.postMessage(JSON.stringify({ name, data }), "*");
say("ping");
</script></body></html>`;

/** Serves the page until the test ends; gives its origin. */
export async function serveMessenger(test) {
  const http = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.setHeader("access-control-allow-origin", "*");
    response.end(PAGE);
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  test.after(() => http.close());
  return `http://127.0.0.1:${http.address().port}`;
}

export class Messenger {
  constructor(frame) {
    this.frame = frame;
  }

  /** Opens the widget of a tab. */
  static async openIn(tab) {
    await tab.call("open");
    await until("the widget is open", async () => (await tab.heard("open")).length > 0);
    const element = await tab.page.waitForSelector("iframe.gleap-frame");
    return new Messenger(await element.contentFrame());
  }

  /** What the SDK told it under a name. */
  async told(name) {
    const all = await this.frame.evaluate(() => told);
    return all.filter((message) => message.name === name).map(({ data }) => data);
  }

  say(name, data) {
    return this.frame.evaluate(([name, data]) => say(name, data), [name, data]);
  }
}
