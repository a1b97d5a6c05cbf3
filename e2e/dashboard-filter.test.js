// Tickets are narrowed down in the inbox, condition by condition.
import assert from "node:assert/strict";
import { test } from "node:test";

import { choose } from "./lib/dashboard.js";
import { colleague, HOSTILE, report, signedIn } from "./lib/ready.js";
import { until } from "./lib/wait.js";

const TIMEOUT = { timeout: 240_000 };

test("tickets are filtered by what they are, the address tells it, and the team keeps it", TIMEOUT, async (test) => {
  const ready = await signedIn(test);
  const { api, dashboard, page } = ready;
  const other = await colleague(test, ready);
  const { body: ada } = await api.post("/sessions", { userId: "ada", name: "Ada", email: "ada@example.com" });
  const made = [];
  for (const body of [
    { title: "Broken", type: "BUG", tags: ["shop"], priority: "HIGH", session: ada.id },
    { title: "Wish", type: "FEATURE_REQUEST", customData: { seats: 5 } },
    { title: HOSTILE, type: "BUG", formData: { place: "cellar" } },
    { title: "Old", type: "BUG", status: "DONE" },
  ]) {
    const { body: ticket, status } = await api.post("/tickets", body);
    assert.equal(status, 200);
    made.push(ticket);
  }
  await dashboard.go("Tickets");
  const rows = page.locator(".inbox-row");
  const shown = (...titles) =>
    until(`${titles} are shown`, async () => {
      const texts = await rows.allTextContents();
      return texts.length === titles.length && titles.every((title) => texts.some((text) => text.includes(title)));
    });
  await shown("Broken", "Wish", HOSTILE);
  const add = async (field, operator, fill) => {
    await page.getByRole("button", { name: "Add a condition" }).click();
    const form = page.getByRole("dialog");
    await choose(page, form.getByRole("combobox", { name: "Field" }), field);
    if (operator) await choose(page, form.getByRole("combobox", { name: "Condition" }), operator);
    await fill?.(form);
    if (field === "Type") await dashboard.assertAccessible("choosing a condition");
    await form.getByRole("button", { name: "Apply" }).click();
    await form.waitFor({ state: "hidden" });
  };
  const pick = (option) => (form) => choose(page, form.getByRole("combobox", { name: "Value" }), option);
  const write = (text) => (form) => form.getByLabel("Value").fill(text);
  const clear = () => page.getByRole("button", { name: "Clear" }).click();

  await add("Type", "is", pick("Bug"));
  await shown("Broken", HOSTILE);
  await add("Tags", "is", write("shop"));
  await shown("Broken");
  await dashboard.assertAccessible("a filtered inbox");
  // Opening a ticket leaves the list beside it as it is, and so does loading the page again.
  await rows.first().click();
  await page.getByRole("article").getByRole("heading", { name: "Broken" }).waitFor();
  await page.reload();
  await page.getByRole("article").getByRole("heading", { name: "Broken" }).waitFor();
  await shown("Broken");
  await page.getByRole("button", { name: "Take away the condition Tags is shop" }).click();
  await shown("Broken", HOSTILE);
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByRole("menuitem", { name: "Save what is shown…" }).click();
  await page.getByLabel("Name of the view").fill("All bugs");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await until("it is saved", async () => (await api.get(`/projects/${ready.keys.projectId}/views`)).body.length === 1);
  await clear();
  await shown("Broken", "Wish", HOSTILE);

  await add("Priority", "is one of", async (form) => {
    await form.getByRole("combobox", { name: "Value" }).click();
    for (const option of ["High", "Low"]) await page.getByRole("option", { name: option }).click();
    // Escape is for the list, and then for the form.
    await page.keyboard.press("Escape");
    await page.getByRole("option").first().waitFor({ state: "hidden" });
    assert.ok(await form.isVisible());
  });
  await shown("Broken");
  // Its first list is open at once.
  await page.getByRole("button", { name: "Add a condition" }).click();
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("option").first().waitFor({ state: "hidden" });
  assert.ok(await page.getByRole("dialog").isVisible());
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Add a condition");
  await clear();
  await add("Custom data…", "is more than", async (form) => {
    await form.getByLabel("Name of the attribute").fill("seats");
    await form.getByLabel("Value").fill("4");
  });
  await shown("Wish");
  await clear();
  await add("Form field…", "is", async (form) => {
    await form.getByLabel("Name of the field").fill("place");
    await form.getByLabel("Value").fill("cellar");
  });
  await shown(HOSTILE);
  await clear();
  await add("From", "is", async (form) => {
    await form.getByRole("combobox", { name: "Value" }).fill("ada@example.com");
    await page.getByRole("option", { name: /Ada/ }).click();
  });
  await shown("Broken");
  await page.locator(".inbox-list").getByText("From is Ada").waitFor();
  await clear();
  await add("From", "is not there");
  await shown("Wish", HOSTILE);
  await clear();
  await add("Created", "is before", write("2026-01-31T08:05"));
  await page.getByText("No ticket matches").waitFor();
  await clear();
  await api.put(`/tickets/${made[1].id}`, { processingUser: (await api.get("/projects/users")).body.find(({ email }) => email === "agent@example.com").id });
  await add("Who works on it", "is", pick("agent"));
  await shown("Wish");
  // A search looks through all views, and keeps the conditions.
  await clear();
  await add("Type", "is", pick("Bug"));
  await page.getByRole("searchbox", { name: "Search tickets" }).fill("old");
  await shown("Old");
  await page.getByRole("searchbox", { name: "Search tickets" }).fill("");
  await page.getByRole("navigation").getByRole("link", { name: "All", exact: true }).click();
  await shown("Broken", "Wish", HOSTILE, "Old");

  await other.page.goto(page.url());
  await other.page.getByRole("button", { name: "Saved views" }).click();
  await other.page.getByRole("menuitem", { name: "All bugs" }).click();
  await until("the other sees the same", async () => (await other.page.locator(".inbox-row").count()) === 2);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  dashboard.assertClean();
  other.assertClean();
});

test("sessions are filtered by amounts, events and times in any time zone, and whoever has the address sees the same", TIMEOUT, async (test) => {
  const ready = await signedIn(test, { timezoneId: "Europe/Vienna" });
  const { api, dashboard, page } = ready;
  const DAY_MS = 86_400_000;
  const ago = (days) => new Date(Date.now() - days * DAY_MS).toISOString();
  for (const [name, value, trialEnds, bought] of [
    ["Ada", 5, "2026-01-31T13:04:00.000Z", 2],
    ["Grace", 6, "2026-01-31T13:06:00.000Z", 20],
    ["Mary", 7, undefined, undefined],
  ]) {
    assert.equal((await api.identify({ userId: name, name, value, ...(trialEnds && { customData: { trialEnds } }) })).status, 200);
    if (bought) assert.equal((await api.track({ userId: name, name: "bought", date: ago(bought) })).status, 200);
  }
  await dashboard.visit("sessions");
  const shown = (...names) =>
    until(`${names} are shown`, async () => {
      const there = await page.getByRole("table").getByRole("link").allTextContents();
      return there.toSorted().join() === names.toSorted().join();
    });
  const add = async (field, operator, fill) => {
    await page.getByRole("button", { name: "Add a condition" }).click();
    const form = page.getByRole("dialog");
    await choose(page, form.getByRole("combobox", { name: "Field" }), field);
    await choose(page, form.getByRole("combobox", { name: "Condition" }), operator);
    await fill?.(form);
    await form.getByRole("button", { name: "Apply" }).click();
    await form.waitFor({ state: "hidden" });
  };
  const value = (text, label = "Value") => (form) => form.getByLabel(label).fill(text);
  const clear = () => page.getByRole("button", { name: "Clear" }).click();
  await shown("Ada", "Grace", "Mary");
  await add("Value", "is at least", value("6"));
  await shown("Grace", "Mary");
  await add("Name", "is none of (with commas)", value("Mary, Nobody"));
  await shown("Grace");
  // One of the two is enough; the address holds that, too.
  await page.getByText("One is enough").click();
  await shown("Ada", "Grace", "Mary");
  await page.reload();
  await shown("Ada", "Grace", "Mary");
  await page.getByText("All hold").click();
  await shown("Grace");
  await clear();

  const event = (name, fill) => async (form) => {
    await form.getByLabel("Name of the event").fill(name);
    await fill?.(form);
  };
  await add("Event, how often…", "is there", event("bought"));
  await shown("Ada", "Grace");
  await add("Event, the last time…", "is longer ago than", event("bought", value("7", "Days")));
  await shown("Grace");
  await page.getByText("“bought”: the last time is longer ago than 7 days").waitFor();
  await clear();
  await add("Event, the first time…", "is no longer ago than", event("bought", value("7", "Days")));
  await shown("Ada");
  await clear();
  await add("Last seen", "is no longer ago than", value("1", "Days"));
  await shown("Ada", "Grace", "Mary");
  await clear();

  // Clocks of New York show 8:05 when it is 14:05 in Vienna.
  await add("Custom attribute…", "is after", async (form) => {
    await form.getByLabel("Name of the attribute").fill("trialEnds");
    await form.getByLabel("Value").fill("2026-01-31T08:05");
    await form.getByRole("combobox", { name: "Time zone" }).fill("New_York");
    await page.getByRole("option", { name: "America/New_York" }).click();
    await dashboard.assertAccessible("a condition with a time zone");
  });
  await shown("Grace");
  await page.getByText("trialEnds is after Jan 31, 2026, 2:05 PM GMT+1").waitFor();
  const other = await colleague(test, ready, { timezoneId: "Asia/Tokyo" });
  await other.page.goto(page.url());
  await other.page.getByText("trialEnds is after Jan 31, 2026, 10:05 PM GMT+9").waitFor();
  await other.page.getByRole("link", { name: "Grace" }).waitFor();
  assert.equal(await other.page.getByRole("link", { name: "Ada" }).count(), 0);

  // An attribute is a column when it is wanted.
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByLabel("Add a custom attribute").fill("trialEnds");
  await page.keyboard.press("Enter");
  await page.getByRole("checkbox", { name: "trialEnds" }).waitFor();
  await page.keyboard.press("Escape");
  await page.reload();
  await page.getByRole("columnheader", { name: "trialEnds" }).waitFor();
  await page.getByRole("cell", { name: "2026-01-31T13:06:00.000Z" }).waitFor();
  dashboard.assertClean();
  other.assertClean();
});

test("conditions form groups, which the address and saved views keep", TIMEOUT, async (test) => {
  const ready = await signedIn(test);
  const { api, dashboard, page } = ready;
  for (const [name, plan, city, value] of [["Ada", "pro", "Vienna", 1], ["Grace", "pro", "Graz", 2], ["Mary", "pro", "Linz", 3], ["Joan", "free", "Vienna", 4]]) {
    assert.equal((await api.identify({ userId: name, name, plan, value, customData: { city } })).status, 200);
  }
  await dashboard.visit("sessions");
  const shown = (...names) =>
    until(`${names} are shown`, async () => {
      const there = await page.getByRole("table").getByRole("link").allTextContents();
      return there.toSorted().join() === names.toSorted().join();
    });
  const button = (name) => page.getByRole("button", { name, exact: true });
  const form = page.getByRole("dialog");
  const fill = async (opens, field, operator, values) => {
    await button(opens).click();
    await choose(page, form.getByRole("combobox", { name: "Field" }), field);
    await choose(page, form.getByRole("combobox", { name: "Condition" }), operator);
    for (const [label, value] of Object.entries(values)) await form.getByLabel(label).fill(value);
    await form.getByRole("button", { name: "Apply" }).click();
  };
  const add = async (opens, ...condition) => {
    await fill(opens, ...condition);
    await form.waitFor({ state: "hidden" });
    assert.ok(await button(opens).evaluate((one) => one === document.activeElement), "it goes on at the button");
  };
  const city = (value) => ["Custom attribute…", "is", { "Name of the attribute": "city", Value: value }];
  await shown("Ada", "Grace", "Mary", "Joan");
  // Who has no condition has no use for groups.
  assert.equal(await button("Add a group").count(), 0);
  await add("Add a condition", "Plan", "is", { Value: "pro" });
  await shown("Ada", "Grace", "Mary");
  await add("Add a group", ...city("Vienna"));
  await shown("Ada");
  const group = page.getByRole("group", { name: "Group 1" });
  await add("Add a condition to group 1", ...city("Graz"));
  await shown("Ada", "Grace");
  await dashboard.assertAccessible("a list with a group");
  await page.reload();
  await shown("Ada", "Grace");
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByRole("menuitem", { name: "Save what is shown…" }).click();
  await page.getByLabel("Name of the view").fill("Two cities");
  await form.getByRole("button", { name: "Save" }).click();
  await button("Two cities").waitFor();

  // Each has a switch of its own.
  await group.getByText("All hold").click();
  await shown();
  await group.getByText("One is enough").click();
  await shown("Ada", "Grace");
  await page.getByText("One is enough").first().click();
  await shown("Ada", "Grace", "Mary", "Joan");
  await page.getByText("All hold").first().click();
  await add("Add a group", "Value", "is at least", { Value: "2" });
  await shown("Grace");
  // What is taken away with the keyboard; a group goes with its last condition.
  await group.getByRole("button", { name: "Take away the condition city is Vienna" }).press("Enter");
  await shown("Grace");
  await group.getByRole("button", { name: "Take away the condition city is Graz" }).press("Enter");
  await shown("Grace", "Mary");
  assert.deepEqual(await page.getByRole("group", { name: /^Group/ }).allTextContents(), ["Value is at least 2"]);
  await button("Clear").click();
  await shown("Ada", "Grace", "Mary", "Joan");
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByRole("menuitem", { name: "Two cities" }).click();
  await shown("Ada", "Grace");
  assert.equal(await group.getByRole("button", { name: /^Take away/ }).count(), 2);

  // As many as there may be are asked for; what would be too many is said, and not asked.
  const pro = { path: "plan", kind: "text", operator: "is", value: "pro" };
  await page.goto(`${page.url().replace(/\?.*/, "")}?${new URLSearchParams({ filter: JSON.stringify([...Array(25).fill(pro), { any: Array(25).fill(pro) }]) })}`);
  await shown("Ada", "Grace", "Mary");
  await fill("Add a condition to group 1", ...city("Graz"));
  await form.getByRole("alert").getByText("50 conditions").waitFor();
  await page.keyboard.press("Escape");
  await form.waitFor({ state: "hidden" });
  // They leave room for the list, and are too many for a saved view.
  assert.ok((await page.getByRole("table").boundingBox()).height > 200);
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByText("too many conditions to be saved").waitFor();
  assert.equal(await page.getByRole("menuitem", { name: "Save what is shown…" }).getAttribute("aria-disabled"), "true");
  await page.keyboard.press("Escape");

  // The inbox asks for the conditions of its view beside them.
  assert.equal((await api.post("/tickets", { title: "Broken", type: "BUG" })).status, 200);
  const bug = { path: "type", kind: "choice", operator: "is", value: "BUG" };
  await dashboard.visit(`tickets?${new URLSearchParams({ view: "unassigned", filter: JSON.stringify([...Array(25).fill(bug), { any: Array(25).fill(bug) }]) })}`);
  await page.locator(".inbox-row").getByText("Broken").waitFor();
  await dashboard.assertAccessible("an inbox with as many conditions as there may be");
  dashboard.assertClean();
});

test("a list of the last days is asked for once when its page opens", TIMEOUT, async (test) => {
  const { api, dashboard, page } = await signedIn(test);
  assert.equal((await api.identify({ userId: "ada", name: "Ada" })).status, 200);
  const asked = [];
  page.on("request", (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname === "/v3/sessions") asked.push(searchParams.has("withCount") ? "count" : "rows");
  });
  const filter = JSON.stringify([{ path: "lastActivity", kind: "date", operator: "within", value: "7" }]);
  await dashboard.visit(`sessions?${new URLSearchParams({ filter })}`);
  await page.getByRole("link", { name: "Ada" }).waitFor();
  await page.getByText("1 session", { exact: true }).waitFor();
  assert.deepEqual(asked.toSorted(), ["count", "rows"]);
  dashboard.assertClean();
});
