// The dashboard with nothing but keys, and who is signed in where.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Dashboard, OWNER, PASSWORD } from "./lib/dashboard.js";
import { tabTo } from "./lib/keys.js";
import { colleague, readyServer, report, signedIn } from "./lib/ready.js";
import { until } from "./lib/wait.js";

const TIMEOUT = { timeout: 180_000 };

test("a person without a mouse signs in, filters, edits, merges and answers", TIMEOUT, async (test) => {
  const ready = await readyServer(test);
  const { server, api } = ready;
  for (const [name, plan] of [["Ada", "pro"], ["Grace", "free"]]) await api.identify({ userId: name.toLowerCase(), name, plan });
  const dashboard = await Dashboard.open(test, server.url);
  const { page } = dashboard;
  const press = (key) => page.keyboard.press(key);
  await tabTo(page, page.getByLabel("Email"));
  await page.keyboard.type(OWNER);
  await tabTo(page, page.getByLabel("Password").first());
  await page.keyboard.type(PASSWORD);
  await press("Enter");
  await dashboard.heading("Overview").waitFor();

  await page.reload();
  await dashboard.heading("Overview").waitFor();
  await press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  await page.reload();
  await tabTo(page, page.getByRole("navigation").getByRole("link", { name: "Sessions" }));
  await press("Enter");
  await page.getByText("2 sessions").waitFor();

  await tabTo(page, page.getByRole("button", { name: "Add a condition" }));
  await press("Enter");
  const form = page.getByRole("dialog");
  await page.waitForFunction(() => document.activeElement?.closest("[role=dialog]"));
  await page.keyboard.type("Plan");
  await page.getByRole("option", { name: "Plan", exact: true }).waitFor();
  await press("ArrowDown");
  await press("Enter");
  await tabTo(page, form.getByLabel("Value"));
  await page.keyboard.type("pro");
  await press("Enter");
  await page.getByText("1 session", { exact: true }).waitFor();
  await tabTo(page, page.getByRole("button", { name: "Take away the condition Plan is pro" }));
  await press("Enter");
  await page.getByText("2 sessions").waitFor();

  await tabTo(page, page.getByRole("link", { name: "Ada" }));
  await press("Enter");
  await page.getByRole("heading", { level: 1, name: "Ada" }).waitFor();
  const company = page.getByRole("button", { name: "Edit Company:" });
  await tabTo(page, company);
  await press("Enter");
  await page.keyboard.type("Example Ltd");
  await press("Enter");
  const edited = page.getByRole("button", { name: "Edit Company: Example Ltd" });
  await edited.waitFor();
  assert.ok(await edited.evaluate((button) => button === document.activeElement), "it goes on where the edit began");
  await press("Enter");
  await press("Escape");
  await edited.waitFor();
  assert.ok(await edited.evaluate((button) => button === document.activeElement));
  await tabTo(page, page.getByRole("tab", { name: "Timeline" }));
  await press("ArrowRight");
  await page.getByText("No event yet").waitFor();

  await page.reload();
  await tabTo(page, page.getByRole("button", { name: "Actions" }));
  await press("Enter");
  const merge = page.getByRole("menuitem", { name: "Merge with another session…" });
  await merge.waitFor();
  await until("it is reached", async () => {
    await press("ArrowDown");
    return merge.evaluate((item) => item === document.activeElement);
  });
  await press("Enter");
  const merging = page.getByRole("dialog", { name: "Merge another session into this one" });
  await merging.getByLabel("Find a session").waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Find a session");
  await press("Escape");
  await merging.waitFor({ state: "hidden" });

  // An id that is pasted and confirmed at once leads to its session, as soon as it is found.
  await press("Control+k");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Find a session");
  await page.keyboard.insertText("grace");
  await press("Enter");
  await page.getByRole("heading", { level: 1, name: "Grace" }).waitFor();
  await press("Control+k");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Find a session");
  await page.keyboard.insertText("grac");
  await page.getByRole("option", { name: "Grace" }).waitFor();
  await press("Control+a");
  await page.keyboard.insertText("ada");
  await press("Enter");
  await page.getByRole("heading", { level: 1, name: "Ada" }).waitFor();

  const { id } = await report(ready, { formData: { description: "It broke" } });
  await tabTo(page, page.getByRole("navigation").getByRole("link", { name: "Tickets" }));
  await press("Enter");
  await page.getByRole("listitem").filter({ hasText: "It broke" }).waitFor();
  await press("j");
  await page.getByRole("article").getByRole("heading", { name: "It broke" }).waitFor();
  await page.getByRole("textbox", { name: "Reply" }).waitFor();
  await press("r");
  await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "textbox");
  await page.keyboard.type("We look at it");
  await press("Control+Enter");
  await page.getByRole("list", { name: "Conversation" }).getByText("We look at it").waitFor();
  await press("Escape");
  await press("d");
  await until("it is closed", async () => (await api.get(`/tickets/${id}`)).body.status === "DONE");
  dashboard.assertClean();
});

test("what is written to a person begins a conversation", TIMEOUT, async (test) => {
  const { api, dashboard, page } = await signedIn(test);
  const { body: ada } = await api.post("/sessions", { userId: "ada", name: "Ada" });
  await dashboard.visit(`sessions/${ada.id}?tab=tickets`);
  await page.getByText("No report yet").waitFor();
  await page.getByRole("button", { name: "Write to this person" }).click();
  const dialog = page.getByRole("dialog", { name: "Write to this person" });
  await dialog.getByLabel("Subject").fill("Your invoice");
  await dialog.getByLabel("Message").fill("It is paid.\nThank you");
  await dashboard.assertAccessible("writing to a person");
  await dialog.getByRole("button", { name: "Send" }).click();
  await page.getByRole("article").getByRole("heading", { name: "Your invoice" }).waitFor();
  await page.getByRole("list", { name: "Conversation" }).getByText("It is paid.").waitFor();
  const [ticket] = (await api.get(`/tickets?session=${ada.id}`)).body.tickets;
  assert.equal(ticket.session.id, ada.id);
  await dashboard.visit(`sessions/${ada.id}?tab=tickets`);
  const row = page.getByRole("list", { name: "Tickets" }).getByRole("listitem");
  await row.getByText("It is paid.").waitFor();
  await row.getByRole("link", { name: "Your invoice" }).click();
  await page.getByRole("article").getByRole("heading", { name: "Your invoice" }).waitFor();
  dashboard.assertClean();
});

test("sign-ins are listed and ended, here and everywhere else", TIMEOUT, async (test) => {
  const { server, dashboard, page } = await signedIn(test);
  const again = async () => {
    const other = await Dashboard.open(test, server.url);
    await other.signIn();
    await other.heading("Overview").waitFor();
    return other;
  };
  const isOut = async ({ page }) => {
    await page.reload();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
  };
  const [first, second] = [await again(), await again()];
  await dashboard.visit("settings?tab=sign-ins");
  const ends = page.getByRole("button", { name: "End", exact: true });
  await until("three are listed", async () => (await ends.count()) === 2);
  await page.getByText("(this browser)").waitFor();
  await ends.first().click();
  await until("one is ended", async () => (await ends.count()) === 1);
  const third = await again();
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await until("all others are", async () => {
    await page.reload();
    await page.getByText("(this browser)").waitFor();
    return (await ends.count()) === 0;
  });
  for (const one of [first, second, third]) await isOut(one);
  dashboard.assertClean();
});

test("members get another role, and leave", TIMEOUT, async (test) => {
  const ready = await signedIn(test);
  const { api, dashboard, page } = ready;
  const other = await colleague(test, ready);
  await dashboard.visit("settings?tab=members");
  await page.getByLabel("Role: agent").first().click();
  await page.getByRole("option", { name: "Viewer" }).click();
  const roles = async () => Object.fromEntries((await api.get("/projects/users")).body.map(({ email, role }) => [email, role]));
  await until("the role is another", async () => (await roles())["agent@example.com"] === "viewer");
  await page.getByRole("button", { name: "Remove: agent" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove agent from the project?" });
  await dialog.waitFor();
  await dashboard.assertAccessible("removing a member");
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Remove: agent" }).waitFor({ state: "hidden" });
  assert.deepEqual(Object.keys(await roles()).filter((email) => email === "agent@example.com"), []);
  await other.page.reload();
  await other.page.getByRole("button", { name: "Sign in" }).or(other.page.getByRole("alert")).first().waitFor();
  dashboard.assertClean();
});
