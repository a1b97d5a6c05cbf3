// Every page of the dashboard: with text that would be markup, for those who do not see it, light and dark, when the server fails, and where there is none.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Dashboard, OWNER, PASSWORD } from "./lib/dashboard.js";
import { everything, pagesOf, SESSION_TABS, TICKET_TABS } from "./lib/everything.js";
import { HOSTILE, report, signedIn } from "./lib/ready.js";
import { until } from "./lib/wait.js";

const TIMEOUT = { timeout: 300_000 };

/** All columns of the table of sessions. */
const COLUMNS = ["email", "userId", "companyName", "plan", "value", "lastActivity", "tags", "location", "platform", "lastPageView", "createdAt", `customData.${HOSTILE}`];

test("every page is named, hinders nobody, light or dark, and shows markup of sessions as text", TIMEOUT, async (test) => {
  const ready = await signedIn(test);
  const { dashboard, page } = ready;
  const made = await everything(ready);
  await page.evaluate((columns) => localStorage.setItem("hark-session-columns", JSON.stringify(columns)), COLUMNS);
  const says = new Set(["overview", "sessions", "tickets", ...SESSION_TABS.map((tab) => `sessions/${made.session}?tab=${tab}`), ...TICKET_TABS.map((tab) => `tickets/${made.ticket}?tab=${tab}`)]);
  const titles = new Set();
  for (const path of pagesOf(made)) {
    await page.emulateMedia({ colorScheme: "light" });
    await dashboard.visit(path);
    if (says.has(path)) await page.getByText(HOSTILE).first().waitFor();
    const found = await page.evaluate(() => ({ hacked: window.hacked, images: document.querySelectorAll('img[src="x"]').length, title: document.title }));
    assert.deepEqual({ ...found, title: undefined }, { hacked: undefined, images: 0, title: undefined }, path);
    assert.match(found.title, /^.+ · Hark$/, path);
    titles.add(found.title);
    await dashboard.assertAccessible(`${path}, light`);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForFunction(() => document.documentElement.dataset.mantineColorScheme === "dark");
    await dashboard.assertAccessible(`${path}, dark`);
  }
  assert.ok(titles.size >= 7, [...titles].join(", "));

  // What is folded away, chosen from and asked.
  await dashboard.visit(`tickets/${made.ticket}?tab=network`);
  await page.locator(".log-entry summary").first().click();
  await page.getByText("responseText").first().waitFor();
  await dashboard.assertAccessible("a request");
  await dashboard.visit("sessions");
  for (const name of ["Columns", "Export", "Saved views", "Account", "Add a condition"]) {
    await page.getByRole("button", { name, exact: true }).click();
    await page.getByRole("menuitem").or(page.getByRole("dialog")).first().waitFor();
    await dashboard.assertAccessible(name);
    await page.keyboard.press("Escape");
    if (name === "Add a condition") await page.keyboard.press("Escape");
    await page.getByRole("menuitem").or(page.getByRole("dialog")).first().waitFor({ state: "hidden" });
  }
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByLabel("Find a session").fill(HOSTILE);
  await page.getByRole("option").getByText(HOSTILE).first().waitFor();
  await dashboard.assertAccessible("finding a session");
  await page.keyboard.press("Escape");
  await dashboard.visit(`sessions/${made.session}`);
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Merge with another session…" }).click();
  await dashboard.assertAccessible("merging");
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  dashboard.assertClean();
});

test("a page that cannot be read says so in both languages, and is read again", TIMEOUT, async (test) => {
  const ready = await signedIn(test);
  const { api, dashboard, page } = ready;
  const { body: session } = await api.post("/sessions", { userId: "user-1", name: "Ada" });
  const { id: ticket } = await report(ready, { formData: { description: "It broke" }, webReplay: { type: "rrweb", events: [] } });
  const isNeeded = ({ pathname }) => /^\/v3\/(projects|users\/me|setup|live)$|\/live$/.test(pathname) || !pathname.startsWith("/v3/");
  const fail = (route) =>
    isNeeded(new URL(route.request().url())) ? route.fallback() : route.fulfill({ status: 500, contentType: "application/json", body: JSON.stringify({ code: "internal", message: "", requestId: "1f-2" }) });
  for (const path of pagesOf({ session: session.id, ticket })) {
    await page.route("**/v3/**", fail);
    await page.goto(`${page.url().match(/^.*\/p\/[^/]+/)[0]}/${path}`);
    const alerts = page.getByRole("alert");
    // Everything of it was read with the page of the project.
    if (path.endsWith("=keys")) await page.getByText("SDK key").first().waitFor();
    await until(`${path} says so`, async () => (await alerts.filter({ hasText: "give your operator this id: 1f-2" }).count()) > 0);
    await dashboard.assertAccessible(`${path}, failing`);
    await page.unroute("**/v3/**", fail);
    await until(`${path} is read again`, async () => {
      const again = page.getByRole("button", { name: "Try again" }).first();
      if ((await again.count()) > 0) await again.click({ timeout: 1000 }).catch(() => {}); // it goes as the page comes
      return (await alerts.count()) === 0;
    });
  }
  dashboard.assertClean();

  const german = await Dashboard.open(test, ready.server.url, { locale: "de-DE" });
  await german.page.getByLabel("E-Mail").fill(OWNER);
  await german.page.getByLabel("Passwort").first().fill("falsches Passwort");
  await german.page.getByRole("button", { name: "Anmelden" }).click();
  await german.page.getByText("Es gibt kein Konto mit dieser Adresse und diesem Passwort.").waitFor();
  await german.page.getByLabel("Passwort").first().fill(PASSWORD);
  await german.page.getByRole("button", { name: "Anmelden" }).click();
  await german.heading("Übersicht").waitFor();
  const expensive = { status: 503, contentType: "application/json", body: JSON.stringify({ code: "query_too_expensive", message: "Filter by more." }) };
  await german.page.route("**/v3/sessions?*", (route) => route.fulfill(expensive));
  await german.visit("sessions");
  await german.page.getByText("lass das eigene Attribut indizieren").first().waitFor();
  await german.visit(`tickets/${ticket}`);
  await german.page.getByText("#1 · Fehler").waitFor();
  german.assertClean();
});

test("addresses that lead nowhere say so", TIMEOUT, async (test) => {
  const { server, dashboard, page } = await signedIn(test);
  const nobody = "0".repeat(24);
  const base = page.url().replace(/overview.*/, "");
  for (const [address, text] of [
    [`${base}nothing`, "There is no such page"],
    [`${base}sessions/${nobody}`, "There is no such session"],
    [`${base}sessions/no-id`, "There is no such session"],
    [`${base}tickets/${nobody}`, "There is no such ticket"],
    [`${server.url}/p/${nobody}/sessions`, "There is no such project, or you are no member of it."],
    [`${base}sessions?filter=nonsense&sort=&tab=1`, "No session yet"],
    [`${base}settings?tab=nothing`, "SDK key"],
    [`${base}tickets?tab=nothing&days=x&timezone=nothing`, "Nothing here"],
    [`${base}overview?days=x&timezone=nothing`, "Overview"],
    [`${base}tickets?view=nothing`, "Nothing here"],
  ]) {
    await page.goto(address);
    await page.getByText(text).first().waitFor();
    await dashboard.assertAccessible(address);
  }
  dashboard.assertClean();
});

test("a page that was not opened before the server went waits for it", TIMEOUT, async (test) => {
  const { server, dashboard, page } = await signedIn(test);
  await server.stop();
  await page.getByRole("navigation").getByRole("link", { name: "Imports" }).click();
  const alert = page.getByRole("main").getByRole("alert").filter({ hasText: "The server cannot be reached." });
  await alert.waitFor();
  await alert.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("navigation").getByRole("link", { name: "Overview" }).waitFor();
  await server.start();
  await alert.getByRole("button", { name: "Try again" }).click();
  await dashboard.heading("Imports").waitFor();
  assert.deepEqual(dashboard.strangers, []);
});
