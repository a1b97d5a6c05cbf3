// From a crash in a page to the answer in a mailbox: one report on its whole way, with a browser, a mail server and a server that hears webhooks.
import assert from "node:assert/strict";
import { createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";

import { Dashboard } from "./lib/dashboard.js";
import { Mail, mailbox } from "./lib/mailbox.js";
import { stage } from "./lib/pages.js";
import { until } from "./lib/wait.js";

/** The pauses after the first two failures of a webhook: 5 and 60 seconds, and a tenth. */
const RETRIES_WITHIN_MS = 90_000;
const FAILURES = 2;

test("a crash report becomes a ticket, and its answer arrives in the page, by mail and at a webhook", { timeout: 240_000 }, async (test) => {
  const { port, mails } = await mailbox(test);
  const env = {
    HARK_OUTGOING_ALLOW_PRIVATE: "true",
    HARK_SMTP_HOST: "127.0.0.1",
    HARK_SMTP_PORT: `${port}`,
    HARK_SMTP_TLS: "none",
    HARK_SMTP_FROM: "Support <hark@example.com>",
    HARK_SMTP_REPLY_TO: "reply@support.example.com",
  };
  const { server, keys, api, site } = await stage(test, "gleap-16", { env });
  const settings = { enableWebReplays: true, enableNetworkLogs: true };
  assert.equal((await api.put(`/projects/${keys.projectId}/sdk-config`, settings)).status, 200);
  const receiver = await receive(test);
  const hook = await api.post("/webhooks", { name: "Shop", url: receiver.url, events: ["message.created"] });
  assert.equal(hook.status, 200);

  const tab = await reporting(test, site);
  const { status, body: reported } = await tab.answered("/bugs/v2");
  assert.equal(status, 201);
  const ticket = await assertReadable(api, reported.id);
  await assertPlayable(test, { server, keys, ticket });

  const said = await api.post("/messages", { ticket: ticket.id, comment: "Is it better <b>now</b>?" });
  assert.equal(said.status, 200);
  await tab.page.locator(".gleap-notification-item", { hasText: "Is it better" }).waitFor();
  await until("the page knows the number", async () => (await tab.heard("unread-count-changed")).at(-1) === 1);
  assert.equal(mails.length, 0, "who is there may see it first");
  tab.assertClean();

  await tab.page.close();
  const reply = { replyMail: { afterSeconds: 0 } };
  assert.equal((await api.put(`/projects/${keys.projectId}/ticket-settings`, reply)).status, 200);
  assert.equal((await api.post("/messages", { ticket: ticket.id, comment: "We mended it" })).status, 200);
  await until("the mail arrives", () => mails.length === 1);
  assertMail(new Mail(mails[0]), { server, ticket });
  await until("it is noted as sent", async () => {
    const { body } = await api.get(`/messages?ticket=${ticket.id}`);
    return body.every(({ status, emailId }) => status === "sent" && emailId === body[0].emailId);
  });

  const attempts = () => receiver.heard.filter(({ body }) => JSON.parse(body).data.id === said.body.id);
  await until("the webhook was heard in the end", () => attempts().length === FAILURES + 1, RETRIES_WITHIN_MS);
  for (const attempt of attempts()) assertSigned(attempt, hook.body.secret);
  assert.equal(new Set(attempts().map(({ headers }) => headers["webhook-id"])).size, 1, "one event, told until it is heard");
  const { event, data } = JSON.parse(attempts().at(-1).body);
  assert.deepEqual([event, data.type, data.data.text, data.ticket], ["message.created", "TEXT", "Is it better <b>now</b>?", ticket.id]);
  let delivery;
  await until("what became of it is noted", async () => {
    const { body: deliveries } = await api.get(`/webhooks/${hook.body.id}/deliveries?sort=_id`);
    [delivery] = deliveries;
    return delivery.status === "delivered";
  });
  assert.deepEqual(delivery.attempts.map(({ status }) => status), [503, 503, 200]);
});

/** A page with a user in it crashes, and its SDK reports that. */
async function reporting(test, site) {
  const tab = await site.visit(test, "/cart");
  await tab.ready();
  await tab.call("identify", "user-1", { name: "Ada", email: "ada@example.com" });
  await tab.page.evaluate(async () => {
    console.warn("the cart is slow");
    await fetch("/checkout?item=1");
    document.querySelector("h1").textContent = "Cart";
  });
  await tab.call("trackEvent", "bought", { sku: "A1" });
  await tab.delivered("bought");
  await tab.page.evaluate(() => Gleap.getInstance().takeCurrentReplay());
  await tab.call("sendSilentCrashReport", "The cart broke", "HIGH", { screenshot: true });
  return tab;
}

/** The ticket says what broke, and its logs what happened before. */
async function assertReadable(api, id) {
  const { status, body: ticket } = await api.get(`/tickets/${id}`);
  assert.equal(status, 200);
  assert.deepEqual(
    [ticket.type, ticket.priority, ticket.formData.description, ticket.session.userId, ticket.hasWebReplay],
    ["CRASH", "HIGH", "The cart broke", "user-1", true],
  );
  const log = async (name) => (await api.get(`/tickets/${id}/${name}`)).body;
  assert.ok((await log("console-logs")).some(({ log, priority }) => log.includes("the cart is slow") && priority === "WARNING"));
  assert.ok((await log("network-logs")).some(({ url, response }) => url.includes("/checkout") && response.status === 200));
  assert.ok((await log("activity-logs")).some(({ name, data }) => name === "bought" && data.sku === "A1"));
  return ticket;
}

/** The replay is played in the dashboard: it shows the page as it became. */
async function assertPlayable(test, { server, keys, ticket }) {
  const dashboard = await Dashboard.open(test, server.url);
  await dashboard.signIn(keys.user.email, keys.user.password);
  await dashboard.heading("Overview").waitFor();
  const { page } = dashboard;
  await page.goto(page.url().replace(/overview.*/, `tickets/${ticket.id}?tab=replay`));
  const screen = page.frameLocator(".replay iframe");
  await screen.getByRole("heading").first().waitFor();
  await page.getByRole("button", { name: "Play" }).click();
  await screen.getByRole("heading", { name: "Cart" }).waitFor();
  dashboard.assertClean();
  await page.close();
}

/** Everything that mail clients and mail servers look at. */
function assertMail(mail, { server, ticket }) {
  const header = (name) => mail.header(name) ?? "";
  assert.match(header("From"), /<hark@example\.com>$/);
  assert.match(header("To"), /ada@example\.com/);
  assert.match(header("Message-ID"), /^<[0-9a-f]{24}@example\.com>$/);
  assert.equal(header("In-Reply-To"), `<ticket-${ticket.id}@example.com>`);
  assert.equal(header("References"), `<ticket-${ticket.id}@example.com>`);
  assert.match(header("Reply-To"), /^reply\+[a-z2-7]{53}@support\.example\.com$/);
  assert.ok(header("List-Unsubscribe").startsWith(`<${server.url}/unsubscribe/`), header("List-Unsubscribe"));
  assert.equal(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
  assert.match(header("Content-Type"), /^multipart\/alternative/);
  assert.ok(Math.abs(Date.now() - Date.parse(header("Date"))) < 60_000, header("Date"));
  for (const text of ["We mended it", "Is it better"]) assert.ok(mail.text.includes(text), text);
  assert.equal(mail.header("Bcc"), undefined);
}

/** The signature of Standard Webhooks: that of a receiver that knows the secret. */
function assertSigned({ headers, body }, secret) {
  const { "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": given } = headers;
  assert.ok(Math.abs(Date.now() / 1000 - Number(seconds)) < 120, seconds);
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest();
  const signatures = given.split(" ").map((signature) => Buffer.from(signature.replace(/^v1,/, ""), "base64"));
  assert.ok(signatures.some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected)), given);
}

/** A server that hears webhooks: of each event it fails to hear the first attempts. */
async function receive(test) {
  const heard = [];
  const http = createServer(async (request, response) => {
    const parts = await request.toArray();
    const { headers } = request;
    heard.push({ headers, body: Buffer.concat(parts).toString() });
    const attempts = heard.filter((other) => other.headers["webhook-id"] === headers["webhook-id"]).length;
    response.writeHead(attempts > FAILURES ? 200 : 503).end();
  }).listen(0, "127.0.0.1");
  test.after(() => http.close());
  await once(http, "listening");
  return { heard, url: `http://127.0.0.1:${http.address().port}/hook` };
}
