// The dashboard of the built program, as a person uses it: clicks, keys, drops.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { choose, Dashboard, OWNER, PASSWORD } from "./lib/dashboard.js";
import { emptyServer, HOSTILE, readyServer, signedIn } from "./lib/ready.js";
import { until } from "./lib/wait.js";

const TIMEOUT = { timeout: 240_000 };

test("an empty server is set up, and notices its first session", TIMEOUT, async (test) => {
  const server = await emptyServer(test);
  const dashboard = await Dashboard.open(test, server.url);
  const { page } = dashboard;
  await dashboard.heading("Set up Hark").waitFor();
  await dashboard.assertAccessible("the first form");
  await page.getByLabel("Organisation").fill("Example Ltd");
  await page.getByLabel("Project").fill("Shop");
  await page.getByLabel("Your email").fill(OWNER);
  await page.getByLabel("Your password").first().fill(PASSWORD);
  await page.getByRole("button", { name: "Set up" }).click();

  await page.getByTestId("waiting").waitFor();
  await dashboard.assertAccessible("waiting");
  const snippet = await page.locator("pre").first().textContent();
  const sdkKey = snippet.match(/initialize\("(.+)"\)/)[1];
  assert.ok(snippet.includes(server.url));
  const secrets = await page.getByText(/^hark_at_/).first().textContent();
  for (const [platform, key] of [["iOS", sdkKey], ["Android", sdkKey], ["Server", secrets], ["Web", sdkKey]]) {
    await page.getByRole("tab", { name: platform }).click();
    await page.locator("pre").filter({ hasText: key }).waitFor();
    assert.ok((await page.locator("pre").textContent()).includes(server.url), platform);
  }
  const start = await fetch(`${server.url}/sessions`, { method: "POST", headers: { "api-token": sdkKey, "content-type": "application/json" }, body: "{}" });
  assert.equal(start.status, 200, "the key of the snippet works");
  await page.getByTestId("arrived").waitFor();
  await page.getByRole("link", { name: "Look at it" }).click();
  await page.getByRole("list", { name: "Timeline" }).waitFor();
  dashboard.assertClean();

  const other = await Dashboard.open(test, `${server.url}`);
  await other.page.getByRole("button", { name: "Sign in" }).waitFor();
});

test("signing in needs the password, and signing out ends it", TIMEOUT, async (test) => {
  const { server } = await readyServer(test);
  const dashboard = await Dashboard.open(test, server.url);
  const { page } = dashboard;
  await dashboard.heading("Sign in").waitFor();
  await dashboard.assertAccessible("signing in");
  await dashboard.signIn(OWNER, "wrong password");
  await page.getByRole("alert").getByText("There is no account with this address and password.").waitFor();
  await dashboard.signIn();
  await dashboard.heading("Overview").waitFor();
  assert.equal(await page.evaluate(() => document.cookie), "", "no script sees the cookie");
  const address = page.url();
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
  await dashboard.heading("Sign in").waitFor();
  await page.goto(address);
  await dashboard.heading("Sign in").waitFor();
  dashboard.assertClean();
});

test("sessions are found, filtered, sorted, changed and exported, and the address tells all of it", TIMEOUT, async (test) => {
  const { api, dashboard, page } = await signedIn(test);
  await dashboard.go("Sessions");
  await page.getByText("No session yet").waitFor();
  await dashboard.assertAccessible("no sessions");
  for (let n = 1; n <= 150; n += 1) {
    await api.identify({ userId: `user-${n}`, name: `Person ${n}`, email: `person-${n}@example.com`, plan: n % 2 ? "pro" : "free", seats: n });
  }
  await page.reload();
  await page.getByText("150 sessions").waitFor();
  await dashboard.assertAccessible("sessions");

  // Further than one page goes, without a blank row at the end.
  const table = page.getByRole("table", { name: "Sessions" });
  await until("the last row is shown", async () => {
    await table.evaluate((grid) => grid.scrollTo(0, grid.scrollHeight));
    return (await page.getByRole("link", { name: "Person 1", exact: true }).count()) === 1;
  });

  await page.getByLabel("Search sessions").fill("person-77@example");
  await page.getByRole("link", { name: "Person 77" }).waitFor();
  await page.getByText("1 session", { exact: true }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("q"), "person-77@example");
  await page.reload();
  await page.getByRole("link", { name: "Person 77" }).waitFor();
  assert.equal(await page.getByLabel("Search sessions").inputValue(), "person-77@example");
  await page.getByLabel("Search sessions").fill("");
  await page.getByText("150 sessions").waitFor();

  await addCondition(page, "Plan", undefined, "is", "pro");
  await page.getByText("75 sessions").waitFor();
  await addCondition(page, "Custom attribute…", "seats", "is more than", "100");
  await page.getByText("25 sessions").waitFor();
  const filtered = page.url();
  await page.reload();
  await page.getByText("25 sessions").waitFor();
  assert.equal(page.url(), filtered);
  await page.getByRole("button", { name: "Take away the condition Plan is pro" }).click();
  await page.getByText("50 sessions").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();

  await page.getByRole("button", { name: "User id" }).or(page.getByRole("button", { name: "Email" })).first().click();
  await until("the address has the order", () => new URL(page.url()).searchParams.get("sort") === "-email");
  await page.getByRole("link", { name: "Person 99" }).waitFor();

  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("checkbox", { name: "User id" }).check();
  await page.keyboard.press("Escape");
  await page.getByRole("columnheader", { name: "User id" }).waitFor();
  await page.reload();
  await page.getByRole("columnheader", { name: "User id" }).waitFor();

  for (const name of ["Person 99", "Person 98"]) await page.getByLabel(`Select ${name}`, { exact: true }).check();
  await page.getByText("2 selected").waitFor();
  await page.getByRole("button", { name: "Add tag" }).click();
  await page.getByLabel("Tag", { exact: true }).fill("vip");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("2 changed.").waitFor();
  assert.deepEqual((await api.lookup("user-99")).body.tags, ["vip"]);
  assert.deepEqual((await api.lookup("user-97")).body.tags, []);

  await page.getByLabel("Select Person 97", { exact: true }).check();
  await page.getByRole("button", { name: "Unsubscribe" }).click();
  await page.getByText("1 changed.").waitFor();
  assert.equal((await api.lookup("user-97")).body.unsubscribed, true);

  await page.getByLabel("Select Person 98", { exact: true }).check();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("149 sessions").waitFor();
  await until("it is deleted", async () => (await api.lookup("user-98")).status === 404);

  await page.getByRole("button", { name: "Export" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "NDJSON" }).click()]);
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\n");
  assert.equal(lines.length, 149);
  dashboard.assertClean();
});

async function addCondition(page, field, name, operator, value) {
  await page.getByRole("button", { name: "Add a condition" }).click();
  const form = page.getByRole("dialog");
  await choose(page, form.getByRole("textbox", { name: "Field" }).or(form.getByRole("combobox", { name: "Field" })).first(), field);
  if (name) await form.getByLabel("Name of the attribute").fill(name);
  await choose(page, form.getByRole("textbox", { name: "Condition" }).or(form.getByRole("combobox", { name: "Condition" })).first(), operator);
  await form.getByRole("textbox", { name: "Value" }).fill(value);
  await form.getByRole("button", { name: "Apply" }).click();
}

test("a session is shown, edited in place and grows live; somebody else's change is never overwritten unseen", TIMEOUT, async (test) => {
  const { api, dashboard, page } = await signedIn(test);
  const { body } = await api.identify({ userId: "user-1", name: HOSTILE, email: "ada@example.com", plan: HOSTILE, [`note`]: HOSTILE });
  await api.track({ userId: "user-1", name: "bought", data: { sku: HOSTILE } });

  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByLabel("Find a session").fill("user-1");
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1 }).getByText(HOSTILE).waitFor();
  await page.getByRole("list", { name: "Timeline" }).getByText("bought").waitFor();
  await dashboard.assertAccessible("a session");

  await api.track({ userId: "user-1", name: "returned_it" });
  await page.getByRole("list", { name: "Timeline" }).getByText("returned_it").waitFor();

  await page.getByRole("button", { name: "Edit Company:" }).click();
  await page.getByLabel("Company", { exact: true }).fill("Example Ltd");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Edit Company: Example Ltd" }).waitFor();
  assert.equal((await api.lookup("user-1")).body.companyName, "Example Ltd");

  // Somebody else is quicker, with another field, and then with the same.
  await page.getByRole("button", { name: "Edit Phone:" }).click();
  await page.getByLabel("Phone", { exact: true }).fill("+49 30 901820");
  await api.identify({ userId: "user-1", lang: "de" });
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Edit Phone: +49 30 901820" }).waitFor();
  await page.getByRole("button", { name: "Edit Company: Example Ltd" }).click();
  await page.getByLabel("Company", { exact: true }).fill("Mine");
  await api.identify({ userId: "user-1", companyName: "Theirs" });
  await page.keyboard.press("Enter");
  const conflict = page.getByRole("dialog", { name: "Somebody else changed this session" });
  await conflict.getByText("“Theirs”").waitFor();
  assert.equal((await api.lookup("user-1")).body.companyName, "Theirs", "nothing is overwritten before it was asked");
  await conflict.getByRole("button", { name: "Save mine" }).click();
  await page.getByRole("button", { name: "Edit Company: Mine" }).waitFor();
  assert.equal((await api.lookup("user-1")).body.companyName, "Mine");

  await page.getByLabel("Add a tag and press Enter").fill("vip");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Remove the tag vip" }).waitFor();

  await page.getByRole("tab", { name: "Events" }).click();
  await page.getByRole("cell", { name: "returned_it" }).waitFor();
  const today = page.getByRole("img", { name: "Events in the last 30 days" }).locator("rect").last();
  await until("the chart has the events of today", async () => /: 2$/.test(await today.locator("title").textContent()));
  await dashboard.assertAccessible("events");
  await page.getByRole("tab", { name: "Memory" }).click();
  await page.getByLabel("Title").fill("Tone");
  await page.getByRole("textbox", { name: "Note" }).fill(HOSTILE);
  await page.getByRole("button", { name: "Add a note" }).click();
  await page.getByRole("heading", { name: "Tone" }).waitFor();
  await page.getByRole("tab", { name: "Identity" }).click();
  await page.getByText("User id:").waitFor();

  await page.getByRole("button", { name: "Actions" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Everything about this person" }).click()]);
  assert.equal((await readFile(await download.path())).subarray(0, 2).toString(), "PK");
  assert.equal(await page.evaluate(() => window.hacked), undefined, "markup that a session holds is text");

  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await dashboard.heading("Sessions").waitFor();
  await until("it is deleted", async () => (await api.lookup("user-1")).status === 404);
  dashboard.assertClean();
});

test("two sessions are merged after a look at what would happen, and separated again", TIMEOUT, async (test) => {
  const { api, dashboard, page } = await signedIn(test);
  const user = (await api.post("/sessions", { userId: "user-1", name: "Ada" })).body;
  const other = (await api.post("/sessions", { email: "other@example.com", name: "Other" })).body;
  await page.goto(page.url().replace(/overview.*/, `sessions/${user.id}`));
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Merge with another session…" }).click();
  await page.getByRole("dialog").getByLabel("Find a session").fill("other@example.com");
  await page.getByRole("option").first().click();
  await page.getByRole("dialog").getByText("Taken over:").waitFor();
  assert.equal((await api.get(`/sessions/${other.id}`)).body.id, other.id, "looking merges nothing");
  await page.getByRole("button", { name: "Merge", exact: true }).click();
  await page.getByRole("button", { name: "Edit Email: other@example.com" }).waitFor();
  assert.equal((await api.get(`/sessions/${other.id}`)).body.id, user.id);
  await page.getByRole("tab", { name: "Merges" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("The sessions are two again.").waitFor();
  assert.equal((await api.get(`/sessions/${other.id}`)).body.id, other.id);
  dashboard.assertClean();
});

test("a table is dropped, mapped, checked, imported and taken back", TIMEOUT, async (test) => {
  const { api, dashboard, page } = await signedIn(test);
  await dashboard.go("Imports");
  await dashboard.assertAccessible("imports");
  const good = "Kundennummer;E-Mail;Seats;Notes\nuser-1;ada@example.com;5;x\nuser-2;bob@example.com;7;y\n";
  await drop(page, "people.csv", `${good};;9;nobody\n`);
  await page.getByText("4 columns").waitFor();
  await choose(page, page.getByLabel("Becomes: Notes").first(), "Leave out");
  await page.getByRole("button", { name: "Check without importing" }).click();
  await page.getByTestId("checked").getByRole("cell", { name: "4", exact: true }).waitFor();
  await dashboard.assertAccessible("a mapping");
  assert.equal((await api.lookup("user-1")).status, 404, "a check imports nothing");
  await page.getByLabel("Leave wrong rows out and import the others").check();
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByText("2 new · 0 changed · 0 the same · 1 wrong").last().waitFor();
  await until("the import is done", async () => (await api.lookup("user-2")).status === 200);
  const { body } = await api.lookup("user-1");
  assert.deepEqual([body.email, body.customData], ["ada@example.com", { Seats: 5 }]);

  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Undo" }).click();
  await page.getByText("Undone", { exact: true }).waitFor();
  assert.equal((await api.lookup("user-1")).status, 404);
  dashboard.assertClean();
});

async function drop(page, name, text) {
  const transfer = await page.evaluateHandle(
    ([name, text]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], name, { type: "text/csv" }));
      return transfer;
    },
    [name, text],
  );
  await page.getByTestId("drop").dispatchEvent("drop", { dataTransfer: transfer });
}

test("keys are shown once, a hash is tried, and what clients are told is set", TIMEOUT, async (test) => {
  const { server, keys, api, dashboard, page } = await signedIn(test);
  await dashboard.go("Settings");
  await page.getByText(keys.sdkKey).waitFor();
  await dashboard.assertAccessible("keys");
  await page.getByRole("button", { name: "New API key" }).click();
  await page.getByLabel("What is it for?").fill("Nightly export");
  await page.getByRole("dialog").getByRole("button", { name: "New API key" }).click();
  const key = await page.getByText(/^eyJ/).textContent();
  const sessions = (token) => fetch(`${server.url}/v3/sessions`, { headers: { authorization: `Bearer ${token}`, project: keys.projectId } });
  assert.equal((await sessions(key)).status, 200);
  await page.reload();
  await page.getByText("Nightly export").waitFor();
  assert.equal(await page.getByText(key).count(), 0, "it is shown once");
  await page.getByRole("row", { name: /Nightly export/ }).getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByText(/^revoked/).waitFor();
  assert.equal((await sessions(key)).status, 401);

  await page.getByRole("tab", { name: "Identity verification" }).click();
  const check = async (hash) => {
    await page.getByLabel("User hash").fill(hash);
    await page.getByRole("button", { name: "Check" }).click();
  };
  await page.getByLabel("User id").fill("user-1");
  await check("0".repeat(64));
  await page.getByText("The hash is wrong.").waitFor();
  await check(createHmac("sha256", keys.identitySecret).update("user-1").digest("hex"));
  await page.getByText("The hash is right.").waitFor();
  await dashboard.assertAccessible("identity verification");
  await page.getByRole("switch", { name: "Users must be proved" }).click({ force: true });
  const verification = () => api.get(`/projects/${keys.projectId}/identity-verification`);
  await until("users must be proved", async () => (await verification()).body.mode === "required");

  await page.getByRole("tab", { name: "SDK" }).click();
  await page.getByLabel("Main colour").fill("#0b7a75");
  await page.getByLabel("Text of the button").fill("Tell us");
  const preview = page.getByRole("img", { name: "Preview" });
  await preview.locator('rect[fill="#0b7a75"]').waitFor();
  await preview.getByText("Tell us").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  const config = await (await fetch(`${server.url}/config/${keys.sdkKey}`)).json();
  assert.deepEqual([config.flowConfig.color, config.flowConfig.widgetButtonText], ["#0b7a75", "Tell us"]);
  await dashboard.assertAccessible("the SDK");
  for (const tab of ["Members", "Your sign-ins"]) {
    await page.getByRole("tab", { name: tab }).click();
    await page.getByText(tab === "Members" ? OWNER : "this browser").waitFor();
    await dashboard.assertAccessible(tab);
  }
  dashboard.assertClean();
});

test("it speaks German, is dark when wanted, works on a phone, and says when the server is gone", TIMEOUT, async (test) => {
  const { server, api } = await readyServer(test);
  await api.identify({ userId: "user-1", name: "Ada" });
  const dashboard = await Dashboard.open(test, server.url, { locale: "de-DE", colorScheme: "dark", viewport: { width: 390, height: 844 } });
  const { page } = dashboard;
  await page.getByLabel("E-Mail").fill(OWNER);
  await page.getByLabel("Passwort").first().fill(PASSWORD);
  await page.getByRole("button", { name: "Anmelden" }).click();
  await dashboard.heading("Übersicht").waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.mantineColorScheme), "dark");
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing hangs over the edge");
  await dashboard.assertAccessible("dark, on a phone");
  await page.getByRole("button", { name: "Navigation öffnen" }).click();
  await dashboard.go("Sessions");
  await page.getByLabel("Sessions suchen").waitFor();
  await page.getByRole("table").getByRole("link", { name: "Ada" }).waitFor();
  await server.stop();
  await page.getByLabel("Sessions suchen").fill("ada");
  await page.getByText("Der Server ist nicht erreichbar.").first().waitFor();
  await server.start();
  await page.getByText("Der Server ist nicht erreichbar.").first().waitFor({ state: "hidden" });
  assert.equal(await page.getByLabel("Sessions suchen").inputValue(), "ada", "what was typed is still there");
  await page.getByRole("link", { name: "Ada" }).waitFor();
});
