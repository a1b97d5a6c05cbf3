// What a team shares and sets up in the dashboard: saved views, numbers over time, webhooks.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { test } from "node:test";

import { Dashboard, PASSWORD } from "./lib/dashboard.js";
import { mailbox } from "./lib/mailbox.js";
import { colleague, report, signedIn } from "./lib/ready.js";
import { until } from "./lib/wait.js";

const TIMEOUT = { timeout: 240_000 };

test("a list is saved under a name, and the whole team has it", TIMEOUT, async (test) => {
  const ready = await signedIn(test);
  const { api, dashboard, page } = ready;
  for (const [n, plan] of ["pro", "pro", "free"].entries()) await api.identify({ userId: `user-${n}`, name: `Person ${n}`, plan });
  const filter = JSON.stringify([{ path: "plan", kind: "text", operator: "is", value: "pro" }]);
  const address = page.url().replace(/overview.*/, "sessions");
  await page.goto(`${address}?${new URLSearchParams({ filter, sort: "-email" })}`);
  await page.getByText("2 sessions").waitFor();
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByRole("menuitem", { name: "Save what is shown…" }).click();
  await page.getByLabel("Name of the view").fill("Those who pay");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Those who pay" }).waitFor();
  await dashboard.assertAccessible("a saved view");

  const other = await colleague(test, ready, { email: "viewer@example.com", role: "viewer" });
  await other.go("Sessions");
  await other.page.getByText("3 sessions").waitFor();
  await other.page.getByRole("button", { name: "Saved views" }).click();
  await other.page.getByRole("menuitem", { name: "Those who pay" }).click();
  await other.page.getByText("2 sessions").waitFor();
  assert.equal(new URL(other.page.url()).searchParams.get("sort"), "-email");
  await other.page.getByRole("button", { name: "Those who pay" }).click();
  assert.equal(await other.page.getByRole("menuitem", { name: /Delete/ }).count(), 0, "who looks on changes nothing");

  // It is opened, something else is asked for, and the view takes that over.
  await page.goto(address);
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByRole("menuitem", { name: "Those who pay" }).click();
  await page.getByText("2 sessions").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("3 sessions").waitFor();
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByRole("menuitem", { name: "Change “Those who pay” to what is shown" }).click();
  await page.getByRole("button", { name: "Those who pay" }).click();
  await page.getByRole("menuitem", { name: "Delete “Those who pay” for the whole team" }).click();
  await page.getByRole("button", { name: "Saved views" }).waitFor();
  dashboard.assertClean();
  other.assertClean();
});

test("the overview shows days and hours in any time zone", TIMEOUT, async (test) => {
  const ready = await signedIn(test, { timezoneId: "Europe/Vienna" });
  const { api, dashboard, page } = ready;
  await api.identify({ userId: "user-1", name: "Ada" });
  await api.track({ userId: "user-1", name: "bought" }, { userId: "user-1", name: "returned" });
  await report(ready, { formData: { description: "It broke" } });
  await page.reload();
  await page.getByRole("img", { name: "Events: 2 in all, 2 on the busiest day" }).waitFor();
  await page.getByRole("img", { name: "Tickets: 1 in all, 1 on the busiest day" }).waitFor();
  await page.getByText("Events by weekday and hour").first().waitFor();
  await dashboard.assertAccessible("the overview");
  await page.getByText("The same as numbers").click();
  const today = page.getByRole("region", { name: "The same as numbers" }).getByRole("row").nth(1);
  await today.getByRole("cell", { name: "2", exact: true }).first().waitFor();
  await page.getByText("7 days", { exact: true }).click();
  await until("the address has the days", () => new URL(page.url()).searchParams.get("days") === "7");
  await page.getByLabel("Time zone").first().fill("Kiritimati");
  await page.getByRole("option", { name: "Pacific/Kiritimati" }).click();
  await until("the address has the time zone", () => new URL(page.url()).searchParams.get("timezone") === "Pacific/Kiritimati");
  await page.reload();
  await page.getByRole("img", { name: "Events: 2 in all, 2 on the busiest day" }).waitFor();
  assert.equal(await page.getByLabel("Time zone").first().inputValue(), "Pacific/Kiritimati");
  dashboard.assertClean();
});

test("a webhook is made, hears what happens, and is told again", TIMEOUT, async (test) => {
  const heard = [];
  let status = 500;
  const receiver = createServer((request, response) => {
    request.resume().on("end", () => {
      heard.push(request.headers["webhook-id"]);
      response.writeHead(status).end(status === 200 ? "thanks" : "not now");
    });
  }).listen(0, "127.0.0.1");
  test.after(() => receiver.close());
  await once(receiver, "listening");
  const ready = await signedIn(test, {}, { HARK_OUTGOING_ALLOW_PRIVATE: "true" });
  const { api, dashboard, page } = ready;
  await dashboard.go("Settings");
  await page.getByRole("tab", { name: "Webhooks" }).click();
  await page.getByText("No webhook yet").waitFor();
  await page.getByRole("button", { name: "New webhook" }).click();
  await page.getByLabel("Name").fill("Our shop");
  await page.getByLabel("Address").fill(`http://127.0.0.1:${receiver.address().port}/hook`);
  await page.getByRole("checkbox", { name: "session.created" }).check();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText(/^whsec_/).waitFor();
  await dashboard.assertAccessible("a webhook");

  await api.identify({ userId: "user-1" });
  await until("it was told", () => heard.length >= 1);
  await page.getByRole("button", { name: "What it was told" }).click();
  const row = page.getByRole("row", { name: /session.created/ });
  await row.getByText("500").waitFor();
  status = 200;
  await row.getByRole("button", { name: "Send again" }).click();
  await page.getByText("It is being sent again.").waitFor();
  await until("it was told again", () => heard.length >= 2);
  await row.getByText("Delivered").waitFor();
  await page.getByRole("button", { name: "Details" }).first().click();
  await page.getByText('"session.created"').waitFor();
  await dashboard.assertAccessible("deliveries");

  await page.reload();
  await page.getByText("Our shop").waitFor();
  assert.equal(await page.getByText(/^whsec_/).count(), 0, "the secret is shown once");
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("No webhook yet").waitFor();
  dashboard.assertClean();
});

test("what rules of retention would remove is seen before they hold", TIMEOUT, async (test) => {
  const { keys, dashboard, page, api } = await signedIn(test);
  const old = new Date(Date.now() - 200 * 86_400_000).toISOString();
  const made = await api.identify({ userId: "user-1" });
  assert.equal(made.status, 200);
  await api.track({ userId: "user-1", name: "bought", date: old }, { userId: "user-1", name: "returned" });
  await dashboard.go("Settings");
  await page.getByRole("tab", { name: "Retention" }).click();
  await page.getByText("Without a rule everything is kept.").waitFor();
  const save = page.getByRole("button", { name: "Save" });
  const rule = page.getByRole("switch", { name: "Remove old events" });
  await rule.check();
  await page.getByLabel("Remove old events: days").fill("100");
  assert.ok(await save.isDisabled(), "what would go is seen first");
  await page.getByRole("button", { name: "Show what would go" }).click();
  await page.getByText("1 events and 0 guests.").waitFor();
  await dashboard.assertAccessible("retention");
  await save.click();
  await page.getByText(/^Next run/).waitFor();
  const path = `/projects/${keys.projectId}/retention`;
  assert.equal((await api.get(path)).body.eventsDays, 100);
  await rule.uncheck();
  await save.click();
  await until("the rule is no more", async () => (await api.get(path)).body.eventsDays === undefined);
  dashboard.assertClean();
});

test("somebody is invited by mail, joins, and another invitation is withdrawn", TIMEOUT, async (test) => {
  const { port, mails } = await mailbox(test);
  const env = { HARK_SMTP_HOST: "127.0.0.1", HARK_SMTP_PORT: String(port), HARK_SMTP_TLS: "none", HARK_SMTP_FROM: "Example <team@example.com>" };
  const { server, dashboard, page } = await signedIn(test, {}, env);
  await dashboard.go("Settings");
  await page.getByRole("tab", { name: "Members" }).click();
  await page.getByLabel("Email addresses").fill("new@example.com, wrong@example.com");
  await page.getByRole("button", { name: "Invite" }).click();
  await page.getByRole("row", { name: /wrong@example.com/ }).getByRole("button", { name: "Withdraw" }).click();
  await page.getByRole("row", { name: /wrong@example.com/ }).waitFor({ state: "hidden" });
  await dashboard.assertAccessible("invitations");

  const plain = (mail) => mail.replaceAll("=\n", "").replaceAll("=3D", "=");
  const link = () => mails.filter((mail) => mail.includes("new@example.com")).map((mail) => plain(mail).match(/http\S+\/invitation#[\w-]+/)?.[0])[0];
  await until("the mail is there", () => link() !== undefined);
  const guest = await Dashboard.open(test, server.url);
  await guest.page.goto(link());
  await guest.page.getByLabel("Name").fill("Ada");
  await guest.page.getByLabel("Password").first().fill(PASSWORD);
  await guest.assertAccessible("an invitation");
  await guest.page.getByRole("button", { name: "Accept" }).click();
  await guest.heading("Overview").waitFor();
  await page.reload();
  await page.getByText("Ada").first().waitFor();
  assert.equal(await page.getByRole("row", { name: /new@example.com/ }).getByRole("button", { name: "Withdraw" }).count(), 0);

  await page.getByRole("tab", { name: "Audit log" }).click();
  const lines = page.getByRole("list", { name: "Audit log" }).getByRole("listitem");
  const [joined, withdrawn] = [lines.nth(0), lines.nth(1)];
  await joined.getByText("new@example.com joined").waitFor();
  await withdrawn.getByText("owner@example.com withdrew an invitation").waitFor();
  await withdrawn.getByText("email: wrong@example.com").waitFor();
  await dashboard.assertAccessible("the audit log");
  dashboard.assertClean();
  guest.assertClean();
});
