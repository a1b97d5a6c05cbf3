// Makes the pictures of the README from a made-up product: node screenshots.js [FOLDER]
import { mkdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

import { freePort, output } from "./lib/program.js";
import { Server } from "./lib/server.js";

const folder = process.argv[2] ?? new URL("../docs/images/", import.meta.url).pathname;
const SIZES = { wide: [1440, 900], medium: [1024, 768], narrow: [390, 844] };
const all = process.env.ALL === "1";

const data = join(tmpdir(), `hark-screenshots-${process.pid}`);
await output(["demo", "--data", data, "--sessions", process.env.SESSIONS ?? "2000"]);
const server = new Server(data, await freePort());
await server.start();
const keys = JSON.parse(await readFile(join(data, "demo-keys.json"), "utf8"));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--headless", "--no-sandbox"] });
await mkdir(folder, { recursive: true });
try {
  for (const [size, [width, height]] of Object.entries(all ? SIZES : { wide: SIZES.wide })) {
    for (const colorScheme of all ? ["light", "dark"] : ["light"]) await visit(size, width, height, colorScheme);
  }
} finally {
  await browser.close();
  await server.stop();
  await rm(data, { recursive: true });
}

async function visit(size, width, height, colorScheme) {
  const context = await browser.newContext({ locale: "en-US", colorScheme, viewport: { width, height }, deviceScaleFactor: all ? 1 : 1.5 });
  const page = await context.newPage();
  const shoot = async (name) => {
    await page.waitForLoadState("networkidle", { timeout: 3000 }).catch(() => {}); // a page that watches is never idle
    await page.screenshot({ path: join(folder, `${name}-${all ? `${size}-` : ""}${colorScheme}.png`) });
  };
  await page.goto(`${server.url}/sign-in`);
  await page.getByLabel("Email").waitFor();
  if (all) await shoot("sign-in");
  await page.getByLabel("Email").fill(keys.user.email);
  await page.getByLabel("Password").first().fill(keys.user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await shoot("overview");
  const base = page.url().replace(/overview.*$/, "");
  await page.goto(`${base}sessions?sort=-lastActivity`);
  await page.getByRole("row").nth(3).waitFor();
  await shoot("sessions");
  await page.getByRole("row").nth(3).getByRole("link").click();
  await page.getByRole("list", { name: "Timeline" }).waitFor();
  await shoot("session");
  await page.goto(`${base}tickets`);
  await page.locator(".inbox-row").first().waitFor();
  // The first one in which something was said on both sides.
  const said = page.getByRole("list", { name: "Conversation" }).getByRole("listitem");
  for (const row of await page.locator(".inbox-row").all()) {
    const [number] = (await row.textContent()).match(/#\d+/);
    await row.click();
    await page.getByRole("article").getByText(`${number} ·`).waitFor();
    await page.getByRole("textbox", { name: "Reply" }).waitFor();
    if ((await said.count()) >= 2) break;
  }
  await shoot("ticket");
  if (all) {
    for (const [name, path] of [["tickets", `${base}tickets`], ["imports", `${base}imports`], ["settings", `${base}settings`], ["sdk", `${base}settings?tab=sdk`], ["members", `${base}settings?tab=members`], ["webhooks", `${base}settings?tab=webhooks`], ["retention", `${base}settings?tab=retention`], ["teams", `${base}settings?tab=teams`], ["templates", `${base}settings?tab=templates`], ["audit", `${base}settings?tab=audit-log`], ["start", `${base}start`]]) {
      await page.goto(path);
      await page.getByRole("heading").first().waitFor();
      await page.waitForTimeout(700);
      await shoot(name);
    }
  }
  await context.close();
}
