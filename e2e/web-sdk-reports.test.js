// Reports of pages: what the SDK collected arrives as a ticket with its logs, and no secret is among it.
import assert from "node:assert/strict";

import { Messenger, serveMessenger } from "./lib/messenger.js";
import { stage, withEachSdk } from "./lib/pages.js";
import { until } from "./lib/wait.js";

withEachSdk("a silent crash report with console, network and event logs and a replay", async (test, version) => {
  const { server, keys, api, site } = await stage(test, version);
  const settings = { enableWebReplays: true, enableNetworkLogs: true, networkLogPropsToIgnore: ["password"] };
  assert.equal((await api.put(`/projects/${keys.projectId}/sdk-config`, settings)).status, 200);
  const tab = await site.visit(test, "/cart");
  await tab.ready();
  const user = await tab.call("identify", "user-1", { name: "Ada", email: "ada@example.com" });
  await tab.page.evaluate(async () => {
    console.warn("the cart is slow");
    console.log("my session", Gleap.getIdentity().gleapHash);
    const headers = { authorization: "Bearer top-secret-1", "x-request": "kept" };
    await fetch("/checkout?item=1", { method: "POST", headers, body: JSON.stringify({ item: 1, password: "top-secret-2" }) });
    await fetch("/plain");
    document.querySelector("h1").textContent = "Cart";
  });
  await tab.page.click("#buy");
  await tab.call("setCustomData", "build", "7");
  await tab.call("setTicketAttribute", "area", "cart");
  await tab.call("setTags", ["cart", "slow"]);
  await tab.call("trackEvent", "bought", { sku: "A1" });
  await tab.delivered("bought");
  // As the widget does when somebody begins to write a report.
  await tab.page.evaluate(() => Gleap.getInstance().takeCurrentReplay());
  await tab.call("sendSilentCrashReport", "boom <b>", "HIGH", { screenshot: true });
  const { status, body: report } = await tab.answered("/bugs/v2");
  assert.equal(status, 201);
  assert.ok(report.shareToken);

  const { ticket, log } = await onlyTicket(api);
  const { type, priority, isSilent, formData, tags } = ticket;
  assert.deepEqual([type, priority, isSilent, tags], ["CRASH", "HIGH", true, ["cart", "slow"]]);
  assert.deepEqual(formData, { area: "cart", description: "boom <b>", reportedBy: "ada@example.com" });
  assert.deepEqual(ticket.customData, { build: "7" });
  assert.equal(ticket.metaData.currentUrl, `${site.url}/cart`);
  const { body: session } = await api.lookup("user-1");
  assert.equal(session.countFeedbackReports, 1);

  assert.ok((await log("console-logs")).some(({ log }) => log.startsWith("my session")));
  assert.ok((await log("console-logs")).some(({ log, priority }) => log.includes("the cart is slow") && priority === "WARNING"));
  const network = await log("network-logs");
  const checkout = network.find(({ url }) => url.includes("/checkout"));
  assert.equal(checkout.response.status, 200);
  assert.ok(network.some(({ url }) => url.includes("/plain")));
  assert.ok(!network.some(({ url }) => url.startsWith(server.url)), "calls of the SDK itself are left out");
  assert.ok((await log("activity-logs")).some(({ name, data }) => name === "bought" && data.sku === "A1"));
  const replay = await log("replay");
  assert.ok(replay.events.length > 0);
  assert.equal(ticket.hasWebReplay, true);
  const sent = JSON.parse(tab.to("/bugs/v2")[0].body);
  assert.deepEqual(replay, sent.webReplay, "word for word");

  const everything = JSON.stringify([ticket, network, await log("console-logs"), await log("activity-logs")]);
  for (const secret of ["top-secret-1", "top-secret-2", user.gleapHash]) assert.ok(!everything.includes(secret), secret);
  tab.assertClean();
});

withEachSdk("a screen recording from the widget: recorded, uploaded, part of the ticket", async (test, version) => {
  const messenger = await serveMessenger(test);
  const { server, api, site } = await stage(test, version, { before: `Gleap.setFrameUrl(${JSON.stringify(messenger)});` });
  const tab = await site.visit(test);
  await tab.ready();
  await tab.call("identify", "user-1", { name: "Ada" });
  const widget = await Messenger.openIn(tab);
  await widget.say("notify-event", { type: "flow-started", data: {} });
  await widget.say("start-screen-drawing", "capture");
  const record = tab.page.locator(".bb-capture-toolbar-item[data-type='recording']");
  await record.click();
  await tab.page.locator(".bb-capture-editor-recording").waitFor({ state: "attached" });
  await tab.page.waitForTimeout(1_000);
  await record.click();
  await tab.page.locator(".bb-capture-preview-sendbutton").click();

  const formData = { description: "See the film" };
  await widget.say("send-feedback", { formData, action: { feedbackType: "BUG", excludeData: {} }, outboundId: "bugreporting" });
  await until("the widget is told that it was sent", async () => (await widget.told("feedback-sent")).length > 0);
  const [{ shareToken }] = await widget.told("feedback-sent");
  assert.ok(shareToken);
  const { status, body: uploaded } = await tab.answered("/uploads/sdk");
  assert.equal(status, 200);
  assert.ok(uploaded.fileUrl.startsWith(`${server.url}/files/`));

  const { ticket, log } = await onlyTicket(api);
  assert.equal(ticket.type, "BUG");
  assert.equal(ticket.formData.description, "See the film");
  assert.equal(ticket.screenRecordingUrl, uploaded.fileUrl);
  assert.match((await log("snapshot")).html, /<h1>Shop<\/h1>/, "the page stands for a picture of it");
  const film = await fetch(uploaded.fileUrl);
  assert.deepEqual([film.status, film.headers.get("content-type"), film.headers.get("x-content-type-options")], [200, "video/webm", "nosniff"]);
  const bytes = Buffer.from(await film.arrayBuffer());
  assert.ok(bytes.length > 1_000 && bytes.subarray(0, 4).equals(Buffer.from([0x1a, 0x45, 0xdf, 0xa3])), "a film");
  tab.assertClean();
});

/** The ticket, and what gives each of its logs. */
async function onlyTicket(api) {
  const { status, body } = await api.get("/tickets");
  assert.equal(status, 200);
  const tickets = body.tickets;
  assert.equal(tickets.length, 1);
  const [ticket] = tickets;
  const log = async (which) => {
    const { status, body } = await api.get(`/tickets/${ticket.id}/${which}`);
    assert.equal(status, 200, which);
    return body;
  };
  return { ticket, log };
}
