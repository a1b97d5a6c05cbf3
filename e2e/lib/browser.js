// Chromium without a window. One for each test file; each visitor has a profile of its own.
import { after } from "node:test";
import { chromium } from "playwright-core";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Nothing but this machine can be reached, least of all the vendor; shop.example.com is a host site on it.
  "--host-resolver-rules=MAP shop.example.com 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  // Screen and microphone are Chromium's test pattern and tone, and nobody has to allow their use.
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
];

let launched;

function browser() {
  launched ??= chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  return launched;
}

after(async () => (await launched)?.close());

/** A person with a browser of their own: nothing is stored yet. It is closed when the test ends. `options` are those of Playwright. */
export async function newVisitor(test, options = {}) {
  const context = await (await browser()).newContext({ locale: "en-US", ...options });
  test.after(() => context.close());
  return context;
}
