// The dashboard over a million sessions, in Chromium: how long a member of the team waits, and whether the tab grows while it scrolls.
// node million.js [--sessions N] [--minutes N] [--data FOLDER]: a folder that is named is kept, and used again. Ends with status 1 when a goal is missed.
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

import { freePort, output } from "./lib/program.js";
import { Server } from "./lib/server.js";
import { nameOf, userIdOf, writePeople } from "./million/people.js";
import { scrolled } from "./million/scrolling.js";
import { listInteractive, searched, sessionShown, watch } from "./million/waits.js";

const GOALS = { listMs: 1000, searchMs: 300, sessionMs: 300, growthMb: 5 };
const OWNER = { organisation: "Example Ltd", project: "Shop", email: "owner@example.com", password: "correct horse battery" };

const { values } = parseArgs({
  options: { sessions: { type: "string", default: "1000000" }, minutes: { type: "string", default: "10" }, data: { type: "string" } },
});
const [sessions, minutes] = [Number(values.sessions), Number(values.minutes)];
if (!(Number.isInteger(sessions) && sessions >= 1000 && minutes > 0)) {
  console.error("--sessions is a whole number of at least 1000, --minutes is more than 0");
  process.exit(2);
}
const data = values.data ?? join(tmpdir(), `hark-million-${process.pid}`);
const server = new Server(join(data, "hark"), await freePort());
let browser;
let missed = 0;
try {
  await mkdir(data, { recursive: true });
  await server.start();
  await seed();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--headless", "--no-sandbox"] });
  await measure();
} finally {
  await browser?.close();
  await server.stop();
  if (!values.data) await rm(data, { recursive: true, force: true });
}
console.log(missed === 0 ? "All goals are met." : `${missed} of the goals are missed.`);
process.exitCode = missed === 0 ? 0 : 1;

async function seed() {
  const done = join(data, "sessions");
  if (existsSync(done)) {
    const there = await readFile(done, "utf8");
    if (there !== String(sessions)) throw new Error(`${data} has ${there} sessions: name another folder, or --sessions ${there}`);
    return;
  }
  const made = await fetch(`${server.url}/v3/setup`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(OWNER) });
  if (made.status !== 200) throw new Error(`${data} is set up already, and was not filled to its end: remove it`);
  const { projectId } = await made.json();
  const file = join(data, "people.ndjson");
  await writePeople(file, sessions);
  const started = performance.now();
  await output(["import", file, "--project", projectId, "--data", server.data]);
  await rm(file);
  await writeFile(done, String(sessions));
  console.log(`${sessions} sessions imported in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

async function measure() {
  const signedIn = await signIn();
  const lists = { "list, newest first": "sessions", "list, by last activity": "sessions?sort=-lastActivity" };
  for (const [name, path] of Object.entries(lists)) {
    tell(name, await listInteractive(browser, signedIn, path, 5), GOALS.listMs);
  }
  const context = await browser.newContext({ locale: "en-US", storageState: signedIn.state, viewport: { width: 1440, height: 900 } });
  await context.addInitScript(watch);
  const page = await context.newPage();
  await page.goto(`${signedIn.base}sessions`);
  await page.locator(".row.body a").first().waitFor();
  const someone = (part) => Math.floor(sessions * part);
  const terms = {
    "search for a name": [0.1, 0.5, 0.9].map((part) => nameOf(someone(part))),
    "search for an email": [0.2, 0.6, 0.8].map((part) => `${userIdOf(someone(part))}@example.com`),
    "search for a user id": [0.3, 0.7].map((part) => userIdOf(someone(part))),
    "search for a word that many have": ["heron", "company"],
  };
  for (const [name, all] of Object.entries(terms)) tell(name, await searched(page, all), GOALS.searchMs);
  await page.getByRole("searchbox", { name: "Search sessions" }).fill("");
  tell("session page", await sessionShown(page, 5), GOALS.sessionMs);
  await page.close();
  tellScrolling(await scrolled(context, `${signedIn.base}sessions`, sessions, minutes));
}

/** What a browser that is signed in holds, and where the pages of the project are. */
async function signIn() {
  const context = await browser.newContext({ locale: "en-US" });
  const page = await context.newPage();
  await page.goto(server.url);
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").first().fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  const signedIn = { state: await context.storageState(), base: page.url().replace(/overview.*/, "") };
  await context.close();
  return signedIn;
}

/** The goal holds for the slowest. */
function tell(name, all, goal) {
  const [middle, slowest] = [all.toSorted((one, other) => one - other)[Math.floor(all.length / 2)], Math.max(...all)];
  verdict(`${name}: ${middle.toFixed(0)} ms, the slowest of ${all.length} ${slowest.toFixed(0)} ms`, slowest < goal, `less than ${goal} ms`);
}

function tellScrolling({ rows, frames, blank, longestMs, heaps, growthMb, nodes }) {
  verdict(`scrolling over ${rows} rows: ${blank} of ${frames} frames had a row that was blank`, blank === 0, "none");
  console.log(`       the longest time between two frames: ${longestMs.toFixed(0)} ms`);
  verdict(`memory of the tab: ${heaps.map((mb) => mb.toFixed(1)).join(", ")} MB, grown by ${growthMb.toFixed(1)} MB`, growthMb < GOALS.growthMb, `less than ${GOALS.growthMb} MB`);
  console.log(`       nodes of the document: ${nodes.join(", ")}`);
}

function verdict(figure, isMet, goal) {
  if (!isMet) missed += 1;
  console.log(`${isMet ? "ok    " : "MISSED"} ${figure} (goal: ${goal})`);
}
