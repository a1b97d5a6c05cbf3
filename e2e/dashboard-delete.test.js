// Deleting sessions in the dashboard: for eight seconds it can be taken back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { signedIn } from "./lib/ready.js";
import { until } from "./lib/wait.js";

const TIMEOUT = { timeout: 240_000 };
/** As the dashboard waits. */
const WINDOW_MS = 8_000;

/** A server with three people, and the list of them. */
async function people(test) {
  const ready = await signedIn(test);
  const { api, dashboard, page } = ready;
  for (const name of ["Ada", "Grace", "Mary"]) await api.identify({ userId: name.toLowerCase(), name });
  await dashboard.go("Sessions");
  await page.getByText("3 sessions").waitFor();
  const bar = page.locator(".deleting");
  const isThere = async (userId) => (await api.lookup(userId)).status === 200;
  const erase = async (name) => {
    await page.getByRole("link", { name }).click();
    await page.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await dashboard.heading("Sessions").waitFor();
    await page.getByRole("link", { name }).waitFor({ state: "hidden" });
    await bar.getByText("The session is deleted.").first().waitFor();
  };
  return { ...ready, bar, isThere, erase };
}

test("a session is deleted after eight seconds, and not before it can be taken back", TIMEOUT, async (test) => {
  const { dashboard, page, bar, isThere, erase } = await people(test);
  await erase("Ada");
  await page.getByText("2 sessions").waitFor();
  await dashboard.assertAccessible("a session that is deleted");
  assert.equal(await isThere("ada"), true);
  await bar.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("link", { name: "Ada" }).waitFor();
  await page.getByText("3 sessions").waitFor();
  await bar.getByText("The session is deleted.").waitFor({ state: "hidden" });

  await erase("Ada");
  await page.keyboard.press("z");
  await page.getByRole("link", { name: "Ada" }).waitFor();
  await erase("Ada");
  const began = Date.now();
  await erase("Grace");
  // Whoever is about to take it back has the time for it.
  await bar.getByRole("button", { name: "Undo" }).last().hover();
  await until("the first is deleted", async () => !(await isThere("ada")));
  assert.ok(Date.now() - began > WINDOW_MS - 1_500, `after ${Date.now() - began} ms`);
  await sleep(WINDOW_MS);
  assert.equal(await isThere("grace"), true, "the time stood still");
  await bar.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("link", { name: "Grace" }).waitFor();
  await sleep(WINDOW_MS + 500);
  assert.deepEqual([await isThere("grace"), await isThere("mary")], [true, true]);
  dashboard.assertClean();
});

test("who leaves the page or signs out has deleted what waited", TIMEOUT, async (test) => {
  const { dashboard, page, bar, isThere, erase } = await people(test);
  await erase("Ada");
  await page.goto("about:blank");
  await until("it is deleted without the page", async () => !(await isThere("ada")), 5_000);

  await page.goto(`${dashboard.url}`);
  await dashboard.go("Sessions");
  await page.getByText("2 sessions").waitFor();
  for (const name of ["Grace", "Mary"]) await page.getByLabel(`Select ${name}`, { exact: true }).check();
  await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await bar.getByText("2 sessions are deleted.").waitFor();
  await page.getByText("No session yet").waitFor();
  // Other pages of the dashboard keep the bar.
  await dashboard.go("Imports");
  await bar.getByText("2 sessions are deleted.").waitFor();
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
  await page.getByLabel("Password").first().waitFor();
  assert.deepEqual([await isThere("grace"), await isThere("mary")], [false, false]);
  dashboard.assertClean();
});

test("what a page had no time to send is sent by the next one", TIMEOUT, async (test) => {
  const { api, dashboard, page, isThere } = await people(test);
  const { id } = (await api.lookup("ada")).body;
  const me = await page.evaluate(async () => (await fetch("/v3/users/me", { headers: { "Hark-Dashboard": "1" } })).json());
  const project = page.url().match(/\/p\/([^/]+)/)[1];
  const left = [{ id: 1, project, user: me.id, sessions: [id], at: Date.now() - 120_000, isHeld: false, isSent: false }];
  await page.evaluate((left) => localStorage.setItem("hark-deleting", JSON.stringify([{ ...left[0], user: "somebody else", at: 1 }, ...left])), left);
  await page.reload();
  await until("it is deleted", async () => !(await isThere("ada")));
  await page.getByText("2 sessions").waitFor();
  await until("only what is of others is kept", () => page.evaluate(() => JSON.parse(localStorage.getItem("hark-deleting")).length === 1));
  dashboard.assertClean();
});
