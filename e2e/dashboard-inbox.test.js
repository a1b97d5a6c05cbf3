// The inbox of the dashboard: by one person with the keyboard, by two at once, and what a report holds.
import assert from "node:assert/strict";
import { test } from "node:test";

import { choose, OWNER } from "./lib/dashboard.js";
import { colleague, HOSTILE, report, signedIn } from "./lib/ready.js";
import { until } from "./lib/wait.js";

const TIMEOUT = { timeout: 240_000 };

test("tickets are worked through with the keyboard, view by view", TIMEOUT, async (test) => {
  const ready = await signedIn(test);
  const { api, dashboard, page } = ready;
  await dashboard.go("Tickets");
  await page.getByText("Nothing here").waitFor();
  await dashboard.assertAccessible("an empty inbox");
  const views = page.getByRole("navigation");
  const ids = [];
  for (const description of ["The first", "The second", HOSTILE]) ids.push((await report(ready, { formData: { description } })).id);
  const row = (name) => page.getByRole("listitem").filter({ hasText: name });
  await row("The first").waitFor();
  await views.getByRole("link", { name: "All open 3 unread" }).waitFor();
  await dashboard.assertAccessible("the inbox");

  // The newest is on top.
  const title = page.getByRole("article").getByRole("heading", { level: 2 });
  await page.keyboard.press("j");
  await title.getByText(HOSTILE).waitFor();
  await views.getByRole("link", { name: "All open 2 unread" }).waitFor();
  await dashboard.assertAccessible("a ticket");
  await page.keyboard.press("j");
  await title.getByText("The second").waitFor();
  await views.getByRole("link", { name: "All open 1 unread" }).waitFor();
  await page.keyboard.press("k");
  await title.getByText(HOSTILE).waitFor();
  await page.keyboard.press("u");
  await views.getByRole("link", { name: "All open 2 unread" }).waitFor();
  assert.equal((await api.get(`/tickets/${ids[2]}`)).body.notificationsUnread, true, "it stays unread while it is open");

  await page.keyboard.press("j");
  await title.getByText("The second").waitFor();
  await page.keyboard.press("d");
  await row("The second").waitFor({ state: "hidden" });
  assert.equal((await api.get(`/tickets/${ids[1]}`)).body.status, "DONE");
  await views.getByRole("link", { name: "Closed" }).click();
  await row("The second").click();
  await title.getByText("The second").waitFor();
  await page.keyboard.press("e");
  await row("The second").waitFor({ state: "hidden" });
  await views.getByRole("link", { name: "Archive" }).click();
  await row("The second").waitFor();

  await views.getByRole("link", { name: "All open" }).click();
  await row("The first").click();
  await title.getByText("The first").waitFor();
  await page.keyboard.press("i");
  await until("it is the member's", async () => (await api.get(`/tickets/${ids[0]}`)).body.processingUser?.email === OWNER);
  await views.getByRole("link", { name: "Mine" }).click();
  await row("The first").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("view"), "mine");
  await page.reload();
  await row("The first").click();
  await title.getByText("The first").waitFor();
  await page.keyboard.press("s");
  await page.getByRole("menuitem", { name: "For a day" }).click();
  await row("The first").waitFor({ state: "hidden" });
  await views.getByRole("link", { name: "Snoozed" }).click();
  await row("The first").click();
  await page.getByRole("button", { name: /^Snoozed until/ }).waitFor();

  await page.keyboard.press("/");
  await page.keyboard.type("second");
  await row("The second").waitFor();
  await page.waitForURL((url) => url.searchParams.get("q") === "second");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keys" });
  await sheet.waitFor();
  await dashboard.assertAccessible("the keys");
  await sheet.getByRole("switch", { name: "Single keys do something" }).click({ force: true });
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "hidden" });
  const address = page.url();
  await page.keyboard.press("j");
  await page.keyboard.press("e");
  assert.equal(page.url(), address, "keys that were switched off do nothing");
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  dashboard.assertClean();
});

test("a ticket is answered, noted upon, and nothing that was written is lost", TIMEOUT, async (test) => {
  const ready = await signedIn(test);
  const { server, api, dashboard, page } = ready;
  const { id } = await report(ready, { formData: { description: "The first" } });
  const { body: ticket } = await api.get(`/tickets/${id}`);
  const hostile = await api.post("/messages", { ticket: id, session: ticket.session.id, comment: HOSTILE });
  assert.equal(hostile.status, 200);
  const other = await colleague(test, ready);
  await other.page.goto(page.url().replace(/overview.*/, `tickets/${id}`));
  await page.goto(page.url().replace(/overview.*/, `tickets/${id}`));
  const messages = page.getByRole("list", { name: "Conversation" }).getByRole("listitem");
  await messages.getByText(HOSTILE).waitFor();
  await dashboard.assertAccessible("a conversation");

  const reply = page.getByRole("textbox", { name: "Reply" });
  await reply.waitFor();
  await page.getByRole("article").getByText("#1 · Bug").click();
  await page.keyboard.press("r");
  await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "textbox");
  await page.keyboard.type("We found ");
  await page.keyboard.press("Control+b");
  await page.keyboard.type("it");
  await other.page.getByRole("article").getByText("owner writes…").waitFor();
  await page.reload();
  await reply.getByText("We found it").waitFor();

  // The server is gone while it is sent: it stays, and is sent when the server is back.
  await server.stop();
  await reply.click();
  await page.keyboard.press("Control+Enter");
  await page.getByText("The server cannot be reached.").first().waitFor();
  // A notice stays while the mouse rests on it.
  await page.mouse.move(0, 0);
  await reply.getByText("We found it").waitFor();
  await server.start();
  await page.getByText("The server cannot be reached.").first().waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Send" }).click();
  await messages.locator("strong", { hasText: "it" }).waitFor();
  await other.page.getByRole("list", { name: "Conversation" }).getByText("We found it").waitFor();
  assert.equal((await reply.textContent()).trim(), "");

  await page.getByRole("article").getByText("#1 · Bug").click();
  await page.keyboard.press("n");
  await page.getByRole("textbox", { name: "Note" }).waitFor();
  // Before it has the focus, letters are shortcuts.
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Note");
  await page.keyboard.type("Only for us");
  await page.getByRole("button", { name: "Add the note" }).click();
  await messages.getByText("Only for us").waitFor();
  const { body: all } = await api.get(`/messages?ticket=${id}`);
  assert.deepEqual(all.map(({ type }) => type), ["USER_TEXT", "TEXT", "NOTE"]);
  assert.equal(all[1].data.text, "We found it");
  await dashboard.assertAccessible("an answered conversation");
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  // The browser logs that the server was gone.
  assert.deepEqual(dashboard.strangers, []);
});

test("two members see each other and what each changes, and overwrite nothing unseen", TIMEOUT, async (test) => {
  const ready = await signedIn(test);
  const { api, dashboard, page } = ready;
  const { id } = await report(ready, { formData: { description: "The first" } });
  const other = await colleague(test, ready);
  const address = page.url().replace(/overview.*/, `tickets/${id}`);
  await page.goto(address);
  await page.getByText("#1 · Bug").waitFor();
  await other.page.goto(address);
  const company = page.getByRole("article").getByRole("status");
  await company.getByText("agent looks at it").waitFor();
  await other.page.getByRole("article").getByText("owner looks at it").waitFor();

  await choose(page, field(page, "Status"), "In progress");
  const status = field(other.page, "Status");
  await until("the other sees the status", async () => (await status.inputValue()) === "In progress");
  await other.page.getByRole("listitem").getByText("In progress").waitFor();

  // Somebody changes what the other is about to choose; and then something else.
  await field(page, "Priority").click();
  await choose(other.page, field(other.page, "Priority"), "High");
  await until("it is saved", async () => (await api.get(`/tickets/${id}`)).body.priority === "HIGH");
  await page.getByRole("option", { name: "Medium" }).click();
  await page.getByText("Somebody else changed this ticket meanwhile.").waitFor();
  assert.equal((await api.get(`/tickets/${id}`)).body.priority, "HIGH", "nothing is overwritten unseen");
  await until("what holds is shown", async () => (await field(page, "Priority").inputValue()) === "High");
  await field(page, "Status").click();
  assert.equal((await api.put(`/tickets/${id}`, { priority: "LOW" })).status, 200);
  await page.getByRole("option", { name: "Done" }).click();
  await until("both changes are kept", async () => {
    const { status, priority } = (await api.get(`/tickets/${id}`)).body;
    return status === "DONE" && priority === "LOW";
  });
  await other.page.goto("about:blank");
  await company.getByText("looks at it").waitFor({ state: "hidden" });

  const { body: session } = await api.post("/sessions", { userId: "user-1", name: "Ada" });
  for (const one of [page, other.page]) await one.goto(address.replace(/tickets.*/, `sessions/${session.id}`));
  await other.page.getByRole("button", { name: "Edit Company:" }).waitFor();
  await page.getByRole("button", { name: "Edit Company:" }).click();
  await page.getByLabel("Company", { exact: true }).fill("Example Ltd");
  await page.keyboard.press("Enter");
  await other.page.getByRole("button", { name: "Edit Company: Example Ltd" }).waitFor();
  dashboard.assertClean();
  other.assertClean();
});

test("the logs of a report are read, and its replay is played", TIMEOUT, async (test) => {
  const ready = await signedIn(test);
  const { dashboard, page } = ready;
  const date = "2026-01-31T08:05:00.123Z";
  const { id } = await report(ready, {
    formData: { description: "It broke" },
    consoleLog: [
      { date, priority: "INFO", log: "all is well" },
      { date, priority: "ERROR", log: HOSTILE },
    ],
    networkLogs: [
      { type: "GET", url: "https://shop.example.com/fine", date, duration: 12, success: true, response: { status: 200 } },
      { type: "POST", url: "https://shop.example.com/broken", date, duration: 30, success: true, request: { payload: "{}" }, response: { status: 500, responseText: HOSTILE } },
    ],
    customEventLog: [{ date, name: "checkout", data: { sku: HOSTILE } }],
    webReplay: recording(),
  });
  await page.goto(page.url().replace(/overview.*/, `tickets/${id}`));

  await page.getByRole("tab", { name: "Console" }).click();
  await page.getByRole("cell", { name: "all is well" }).waitFor();
  await page.getByText("Errors", { exact: true }).click();
  await page.getByRole("cell", { name: HOSTILE }).waitFor();
  await page.getByText("1 of 2").waitFor();
  await dashboard.assertAccessible("the console");
  await page.getByRole("tab", { name: "Network" }).click();
  await page.getByText("Failed", { exact: true }).click();
  await page.getByText("1 of 2").waitFor();
  await page.getByText("https://shop.example.com/broken").click();
  await page.getByText('"status": 500').waitFor();
  await dashboard.assertAccessible("the network");
  await page.getByRole("tab", { name: "Activity" }).click();
  await page.getByRole("cell", { name: "checkout" }).waitFor();

  await page.getByRole("tab", { name: "Replay" }).click();
  const screen = page.frameLocator(".replay iframe");
  await screen.getByText("Before").waitFor();
  await dashboard.assertAccessible("a replay");
  await page.getByRole("button", { name: "Play" }).click();
  await screen.getByText("After").waitFor();
  await page.getByText("0:02 / 0:02").waitFor();
  await page.getByRole("button", { name: "Play" }).waitFor();
  await page.getByRole("slider", { name: "Place in the replay" }).focus();
  await page.keyboard.press("Home");
  await screen.getByText("Before").waitFor();
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  dashboard.assertClean();

  const frames = ["One", "Two"].map((screenname) => ({ url: `${ready.server.url}/static/hark.svg`, screenname }));
  const phone = await report(ready, { formData: { description: "It broke on the phone" }, replay: { interval: 300, frames } });
  await page.goto(page.url().replace(/tickets.*/, `tickets/${phone.id}?tab=replay`));
  await page.getByRole("img", { name: "One" }).waitFor();
  await page.getByRole("button", { name: "Play" }).click();
  await page.getByRole("img", { name: "Two" }).waitFor();
  dashboard.assertClean();
});

/** One of the lists with which a ticket is handled. */
function field(page, name) {
  return page.getByRole("article").getByLabel(name).first();
}

/** Two seconds of a page, as web clients record them: a text becomes another. It tries to run something. */
function recording() {
  const start = Date.now();
  const text = { type: 3, id: 7, textContent: "Before" };
  const element = (id, tagName, attributes, ...childNodes) => ({ type: 2, id, tagName, attributes, childNodes });
  const trap = element(8, "button", { onclick: "top.hacked=1" }, { type: 3, id: 9, textContent: "Buy" });
  const script = element(10, "script", {}, { type: 3, id: 11, textContent: "top.hacked=1" });
  const body = element(5, "body", { onload: "top.hacked=1" }, element(6, "p", {}, text), trap, script);
  const page = element(3, "html", {}, element(4, "head", {}), body);
  return {
    type: "rrweb",
    startDate: start,
    baseUrl: "https://shop.example.com",
    width: 1200,
    height: 700,
    isMobile: false,
    events: [
      { type: 4, timestamp: start, data: { href: "https://shop.example.com/", width: 1200, height: 700 } },
      { type: 2, timestamp: start + 1, data: { node: { type: 0, id: 1, childNodes: [{ type: 1, id: 2, name: "html", publicId: "", systemId: "" }, page] }, initialOffset: { top: 0, left: 0 } } },
      { type: 3, timestamp: start + 1500, data: { source: 0, texts: [{ id: 7, value: "After" }], attributes: [], removes: [], adds: [] } },
      { type: 3, timestamp: start + 2000, data: { source: 3, id: 1, x: 0, y: 0 } },
    ],
  };
}
