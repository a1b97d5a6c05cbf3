// Message templates and teams in the dashboard: set up under Settings, used in the inbox.
import assert from "node:assert/strict";
import { test } from "node:test";

import { choose, rewrite } from "./lib/dashboard.js";
import { colleague, HOSTILE, report, signedIn } from "./lib/ready.js";
import { until } from "./lib/wait.js";

const TIMEOUT = { timeout: 240_000 };

test("templates are written, found and put into an answer", TIMEOUT, async (test) => {
  const ready = await signedIn(test);
  const { api, dashboard, page } = ready;
  const { id } = await report(ready, { formData: { description: "The first" } });
  await dashboard.go("Settings");
  await page.getByRole("tab", { name: "Templates" }).click();
  await page.getByText("No template yet.").waitFor();
  await dashboard.assertAccessible("no templates");
  // The second is saved whether or not the list has the first.
  await page.route(/message-templates\?/, (route) => setTimeout(() => route.continue(), 3_000), { times: 1 });
  await write(page, "New template", "Thanks", "Thank you for the report");
  await write(page, "New template", HOSTILE, "A hostile name");
  await page.getByRole("region", { name: "Thanks" }).getByText("Thank you for the report").waitFor();
  await page.getByRole("region", { name: "Thanks" }).getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Text" }).getByText("Thank you for the report").waitFor();
  await dashboard.assertAccessible("a template that is edited");
  await rewrite(dialog.getByRole("textbox", { name: "Text" }), "Thank you very much");
  await dialog.getByRole("switch", { name: "The whole team sees it" }).click({ force: true });
  await dialog.locator("input[type=file]").setInputFiles(["form.txt", "wrong.txt"].map((name) => ({ name, mimeType: "text/plain", buffer: Buffer.from(name) })));
  await dialog.getByRole("button", { name: "Take wrong.txt away" }).click();
  await choose(page, dialog.getByRole("combobox", { name: "Priority" }), "High");
  await choose(page, dialog.getByRole("combobox", { name: "Status" }), "Done");
  await dashboard.assertAccessible("a template with a file");
  await dialog.getByRole("button", { name: "Save" }).click();
  const thanks = page.getByRole("region", { name: "Thanks" });
  await thanks.getByText("Not for all").waitFor();
  await thanks.getByRole("link", { name: "form.txt" }).waitFor();
  await thanks.getByText("Status → Done").waitFor();
  await page.getByRole("searchbox", { name: "Search templates" }).fill("very");
  await page.getByRole("region", { name: "hostile" }).waitFor({ state: "hidden" });
  await page.getByRole("searchbox", { name: "Search templates" }).fill("");
  await dashboard.assertAccessible("templates");
  const other = await colleague(test, ready);
  await other.page.goto(page.url());
  await other.page.getByText("A hostile name").waitFor();
  assert.equal(await other.page.getByText("Thank you very much").count(), 0, "it is not for all");

  await page.goto(page.url().replace(/settings.*/, `tickets/${id}`));
  const reply = page.getByRole("textbox", { name: "Reply" });
  await reply.click();
  await page.keyboard.type("Hello and/or goodbye");
  assert.equal(await page.getByRole("searchbox", { name: "Search templates" }).count(), 0, "a sign within a line is a sign");
  await page.keyboard.press("Enter");
  await page.keyboard.press("/");
  const search = page.locator("input[aria-label='Search templates']");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Search templates");
  await page.getByRole("option", { name: "Thanks" }).waitFor();
  await dashboard.assertAccessible("choosing a template");
  await page.keyboard.type("very thank");
  await page.getByRole("option", { name: "hostile" }).waitFor({ state: "hidden" });
  await page.keyboard.press("Enter");
  await reply.getByText("Thank you very much").waitFor();
  await page.getByRole("list", { name: "Attached files" }).getByText("form.txt").waitFor();
  await page.getByRole("button", { name: "Leave out Status → Done" }).click();
  await search.waitFor({ state: "hidden" });
  // Who wanted the sign gets it.
  await page.keyboard.press("Enter");
  await page.keyboard.press("/");
  await search.waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Search templates");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "textbox");
  await page.keyboard.type("etc");
  await reply.getByText("/etc").waitFor();
  await page.getByRole("button", { name: "Insert a template" }).click();
  await page.getByRole("option", { name: "hostile" }).click();
  await page.keyboard.press("Control+Enter");
  await page.getByRole("list", { name: "Conversation" }).getByText("Thank you very much").waitFor();
  const { body: said } = await api.get(`/messages?ticket=${id}`);
  assert.deepEqual(said[0].data.text.split("\n").filter(Boolean), ["Hello and/or goodbye", "Thank you very much", "/etc", "A hostile name"]);
  assert.deepEqual(said[0].attachments.map(({ name }) => name), ["form.txt"]);
  await until("what the template does is done", async () => (await api.get(`/tickets/${id}`)).body.priority === "HIGH");
  assert.equal((await api.get(`/tickets/${id}`)).body.status, "OPEN", "what was left out is not");
  await page.getByText("Priority → High").waitFor({ state: "hidden" });

  // What was sent stays where it was sent, whatever becomes of the template.
  await page.goto(page.url().replace(/tickets.*/, "settings?tab=templates"));
  await thanks.getByRole("button", { name: "Edit" }).click();
  await dialog.getByRole("button", { name: "Take form.txt away" }).click();
  await dialog.getByRole("button", { name: "Save" }).click();
  await thanks.getByRole("link", { name: "form.txt" }).waitFor({ state: "hidden" });
  assert.equal((await fetch(said[0].attachments[0].url)).status, 200);
  await page.getByRole("region", { name: "Thanks" }).getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog", { name: "Delete “Thanks”?" }).getByRole("button", { name: "Delete" }).click();
  await page.getByRole("region", { name: "Thanks" }).waitFor({ state: "hidden" });
  assert.equal((await api.get("/message-templates")).body.length, 1);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  dashboard.assertClean();
});

test("a team is set up, gets a ticket, and is deleted", TIMEOUT, async (test) => {
  const ready = await signedIn(test);
  const { api, dashboard, page } = ready;
  const other = await colleague(test, ready);
  await colleague(test, ready, { email: "viewer@example.com", role: "viewer" });
  const { id } = await report(ready, { formData: { description: "The first" } });
  await dashboard.go("Settings");
  await page.getByRole("tab", { name: "Teams" }).click();
  await page.getByText("No team yet").waitFor();
  await page.getByRole("button", { name: "New team" }).click();
  const dialog = page.getByRole("dialog", { name: "New team" });
  await dialog.getByLabel("Name").fill("First line");
  await dialog.getByRole("combobox", { name: "Members" }).click();
  assert.equal(await dialog.getByRole("option", { name: "viewer" }).count(), 0, "who looks on gets no tickets");
  await dialog.getByRole("option", { name: "agent" }).click();
  await page.keyboard.press("Escape");
  await choose(page, dialog.getByRole("combobox", { name: "Who gets a ticket" }), "One after another");
  await dialog.getByRole("switch", { name: "Limit open tickets" }).click({ force: true });
  await dialog.getByLabel("Open tickets at most").fill("3");
  await dialog.getByRole("switch", { name: "Works at certain hours" }).click({ force: true });
  await dialog.getByRole("group", { name: "Hours 1" }).getByLabel("From").fill("08:30");
  await dialog.getByRole("button", { name: "Take hours 5 away" }).click();
  await dialog.getByRole("button", { name: "Add hours" }).click();
  await dialog.getByRole("group", { name: "Hours 5" }).getByLabel("Until").fill("00:00");
  await dashboard.assertAccessible("a team that is set up");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "hidden" });
  const team = page.getByRole("region", { name: "First line" });
  await team.getByText("One after another · Only who is there · At most 3 open tickets each").waitFor();
  await team.getByText("Mon 08:30–17:00").waitFor();
  await dashboard.assertAccessible("teams");
  const [made] = (await api.get("/teams")).body;
  const { assignmentMethod, limitTicketAmount, ticketAmount, operatingHours } = made;
  assert.deepEqual({ assignmentMethod, limitTicketAmount, ticketAmount }, { assignmentMethod: "circular", limitTicketAmount: true, ticketAmount: 3 });
  assert.deepEqual(operatingHours.openingTimes.at(-1), { day: "friday", openingTime: "09:00", closingTime: "24:00" });

  await team.getByRole("button", { name: "Edit" }).click();
  const edited = page.getByRole("dialog", { name: "First line" });
  await edited.getByRole("switch", { name: "Works at certain hours" }).click({ force: true });
  await edited.getByLabel("Name").fill("Second line");
  await edited.getByRole("button", { name: "Save" }).click();
  await page.getByRole("region", { name: "Second line" }).getByText("Hours: At all hours").waitFor();

  // The ticket goes to who is there.
  await page.goto(page.url().replace(/settings.*/, `tickets/${id}`));
  const field = (name) => page.getByRole("article").getByRole("combobox", { name });
  await choose(page, field("Team"), "Second line");
  await until("it has a member", async () => (await api.get(`/tickets/${id}`)).body.processingUser?.email === "agent@example.com");
  await until("it is shown", async () => (await field("Who works on it").inputValue()) === "agent");
  await choose(page, field("Who works on it"), "owner");
  await until("another member has it", async () => (await api.get(`/tickets/${id}`)).body.processingUser?.email === "owner@example.com");
  await page.getByRole("navigation").getByRole("link", { name: "Second line" }).click();
  await page.getByRole("listitem").filter({ hasText: "The first" }).waitFor();

  await other.page.goto(page.url().replace(/tickets.*/, "settings?tab=teams"));
  await other.page.getByRole("region", { name: "Second line" }).waitFor();
  assert.equal(await other.page.getByRole("button", { name: "New team" }).count(), 0, "an agent sets up no teams");
  await page.goto(page.url().replace(/tickets.*/, "settings?tab=teams"));
  await page.getByRole("region", { name: "Second line" }).getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog", { name: "Delete “Second line”?" }).getByRole("button", { name: "Delete" }).click();
  await page.getByText("No team yet").waitFor();
  assert.deepEqual((await api.get("/teams")).body, []);
  dashboard.assertClean();
});

/** Writes a template in the dialog that a button opens. */
async function write(page, button, title, text) {
  await page.getByRole("button", { name: button }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Title").fill(title);
  await dialog.getByRole("textbox", { name: "Text" }).fill(text);
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "hidden" });
}
