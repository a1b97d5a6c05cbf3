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

const FRAME_MS = 16;
/** How many times slower pages run and get a frame to draw, for finding out where a test needs them to be fast. */
const SLOWDOWN = Number(process.env.HARK_TEST_SLOWDOWN ?? 1);
/** How much later answers of the server arrive, in milliseconds, and up to how much later requests go out, which overtake each other: for finding out the same of the network. */
const LATENCY_MS = Number(process.env.HARK_TEST_LATENCY_MS ?? 0);

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
  if (SLOWDOWN > 1) await context.addInitScript(delayFrames, SLOWDOWN * FRAME_MS);
  if (LATENCY_MS > 0) await context.route("**/v3/**", sendLater);
  if (SLOWDOWN > 1 || LATENCY_MS > 0) context.on("page", (page) => slowDown(context, page).catch(() => {})); // it may be closed already
  return context;
}

function delayFrames(ms) {
  const next = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (draw) => setTimeout(next, ms, draw);
  window.cancelAnimationFrame = clearTimeout;
}

function sendLater(route) {
  setTimeout(() => route.continue().catch(() => {}), Math.random() * LATENCY_MS); // the page may be gone
}

async function slowDown(context, page) {
  const debug = await context.newCDPSession(page);
  await debug.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
  if (LATENCY_MS > 0) {
    await debug.send("Network.enable");
    await debug.send("Network.emulateNetworkConditions", { offline: false, latency: LATENCY_MS, downloadThroughput: -1, uploadThroughput: -1 });
  }
}
