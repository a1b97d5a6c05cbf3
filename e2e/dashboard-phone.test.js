// The dashboard where it is narrow: nothing hangs over the edge, and nothing that is to be pressed is out of reach.
import assert from "node:assert/strict";
import { test } from "node:test";

import { report, signedIn } from "./lib/ready.js";
import { until } from "./lib/wait.js";

const TIMEOUT = { timeout: 240_000 };
const PHONE = { viewport: { width: 390, height: 844 } };
const LONG = "a-name-that-goes-on-and-on-without-a-place-where-a-line-may-end-and-then-some-more.txt";

/** What of an element is beside the window, and what of it can be pressed. */
const beside = (element) =>
  [...element.querySelectorAll("button, input, a, [role=tab]")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("[role=tablist]") && !one.matches("[type=file]"))
    .filter((one) => {
      const { left, right } = one.getBoundingClientRect();
      return left < 0 || right > innerWidth;
    })
    .map((one) => one.outerHTML.slice(0, 120));

async function assertFits(page, what, within = page.locator("main")) {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what}: the page is wider than the window`);
  assert.deepEqual(await within.evaluate(beside), [], what);
}

test("pages, dialogs and lists of files have room on a phone", TIMEOUT, async (test) => {
  const ready = await signedIn(test, PHONE);
  const { api, dashboard, page } = ready;
  const { body: ada } = await api.post("/sessions", { userId: "ada", name: LONG, email: "ada@example.com", tags: ["a", "b"] });
  const { id } = await report(ready, { formData: { description: LONG } });
  const base = page.url().replace(/overview.*/, "");
  for (const path of ["overview", "start", "tickets", `tickets/${id}`, "imports", `sessions/${ada.id}`, `sessions/${ada.id}?tab=merges`]) {
    await page.goto(base + path);
    await page.getByRole("heading").first().waitFor();
    await page.waitForLoadState("networkidle", { timeout: 2000 }).catch(() => {}); // a page that watches is never idle
    await assertFits(page, path);
  }

  // The tab that an address names is in view, among those that are not.
  const tab = async (name) => {
    const { left, right } = await page.getByRole("tab", { name, exact: true }).evaluate((tab) => tab.getBoundingClientRect().toJSON());
    return left >= 0 && right <= PHONE.viewport.width;
  };
  for (const [name, title] of [["keys", "Keys"], ["teams", "Teams"], ["templates", "Templates"], ["webhooks", "Webhooks"], ["retention", "Retention"], ["audit-log", "Audit log"], ["sign-ins", "Your sign-ins"]]) {
    await page.goto(`${base}settings?tab=${name}`);
    await page.getByRole("tab", { name: title, exact: true, selected: true }).waitFor();
    await until(`the tab ${title} is in view`, () => tab(title), 3000);
    await assertFits(page, name);
  }
  // Also after the window was turned, and of a session and a ticket.
  await page.setViewportSize({ width: 1024, height: 390 });
  await page.setViewportSize(PHONE.viewport);
  await until("the last tab is in view again", () => tab("Your sign-ins"), 3000);
  for (const [path, title] of [[`sessions/${ada.id}?tab=merges`, "Merges"], [`tickets/${id}?tab=activity`, "Activity"]]) {
    await page.goto(base + path);
    await page.getByRole("tab", { name: title, exact: true, selected: true }).waitFor();
    await until(`the tab ${title} is in view`, () => tab(title), 3000);
  }
  await page.goto(`${base}settings?tab=teams`);
  await page.getByRole("button", { name: "New team" }).click();
  const dialog = page.getByRole("dialog", { name: "New team" });
  await dialog.getByRole("switch", { name: "Works at certain hours" }).click({ force: true });
  await dialog.getByRole("group", { name: "Hours 5" }).waitFor();
  await assertFits(page, "the hours of a team", dialog);
  const day = await dialog.getByRole("combobox", { name: "Day" }).first().boundingBox();
  assert.ok(day.width >= 100, `there is room for the name of a day: ${day.width} px`);
  await dialog.getByRole("button", { name: "Take hours 5 away" }).click();
  await dialog.getByRole("group", { name: "Hours 5" }).waitFor({ state: "hidden" });
  await dashboard.assertAccessible("the hours of a team on a phone");

  await page.goto(`${base}tickets/${id}`);
  await page.getByRole("textbox", { name: "Reply" }).waitFor();
  await page.locator("input[type=file]").first().setInputFiles({ name: LONG, mimeType: "text/plain", buffer: Buffer.from("some words") });
  const files = page.getByRole("list", { name: "Attached files" });
  await files.getByText("10").waitFor();
  await assertFits(page, "a file that is to go with an answer");
  await files.getByRole("button", { name: /^Take .* away$/ }).click();
  await files.waitFor({ state: "hidden" });
  dashboard.assertClean();
});
