// The published web SDK in a browser, unmodified, against a server on another origin: each thing it does, in its order.
import assert from "node:assert/strict";

import { newVisitor } from "./lib/browser.js";
import { stage, withEachSdk } from "./lib/pages.js";
import { UNREACHABLE } from "./lib/tab.js";
import { until } from "./lib/wait.js";

withEachSdk("start, identify, track, notification, report, restart, logout", async (test, version) => {
  const { server, keys, api, site } = await stage(test, version);
  const tab = await site.visit(test, "/shop?item=1");

  const { body: guest } = await tab.answered("/sessions");
  assert.equal(tab.preflights()[0].path, "/sessions");
  assert.equal(tab.to("/sessions")[0].headers["gleap-id"], undefined);
  assert.equal(guest.userId, undefined);

  await tab.ready();
  const query = new URL(tab.sockets[0].url).searchParams;
  assert.deepEqual([query.get("gleapId"), query.get("gleapHash"), query.get("apiKey")], [guest.gleapId, guest.gleapHash, keys.sdkKey]);
  assert.deepEqual(await tab.answered(`/config/${keys.sdkKey}/tooltips`), { status: 200, body: [] });
  const { status, body: config } = await tab.answered(`/config/${keys.sdkKey}`);
  assert.equal(status, 200);
  assert.ok(config.flowConfig && config.projectActions);

  await tab.delivered("pageView");
  assert.deepEqual(
    tab.deliveredEvents().map(({ name }) => name),
    ["sessionStarted", "pageView"],
  );
  const seen = await sessionOf(api, guest);
  assert.equal(seen.lastPageView.page, `${site.url}/shop?item=1`);
  assert.equal(seen.sessions, 1);
  assert.equal(seen.platform, "web");
  assert.equal(seen.deviceType, "desktop");
  assert.equal(seen.lang, "en-us");

  const profile = { name: "Ada Lovelace", email: "ada@example.com", value: 19.95, customData: { a: 1, roles: ["admin"] } };
  const user = await tab.call("identify", "user-1", profile);
  assert.equal(user.gleapId, guest.gleapId, "the guest became the user");
  assert.equal(await tab.call("isUserIdentified"), true);
  const { body: stored } = await api.lookup("user-1");
  const { name, email, value, customData } = stored;
  assert.deepEqual({ name, email, value, customData }, profile);
  await tab.call("identify", "user-1", profile);
  assert.equal(tab.to("/sessions/identify").length, 1, "the same again makes no request");

  await tab.call("trackEvent", "bought", { sku: "A1" });
  await tab.delivered("bought");
  const { eventData } = (await api.lookup("user-1")).body;
  assert.deepEqual([eventData.bought.count, eventData.bought.lastData, eventData.sessionStarted.count], [1, { sku: "A1" }, 1]);

  const notification = { text: "Hi {{name}}, welcome", sender: { name: "Shop" }, unread: 1 };
  assert.equal((await api.post(`/sessions/${stored.id}/notifications`, notification)).status, 200);
  await tab.page.locator(".gleap-notification-item", { hasText: "Hi Ada, welcome" }).waitFor();
  assert.equal((await tab.heard("unread-count-changed")).at(-1), 1);

  await tab.call("sendSilentCrashReport", "boom", "HIGH");
  const report = await tab.answered("/bugs/v2");
  assert.equal(report.status, 201);
  assert.ok(report.body.shareToken);
  const { body: tickets } = await api.get("/tickets?limit=10");
  const [ticket] = tickets.tickets;
  assert.equal(ticket.type, "CRASH");

  await server.stop();
  await server.start();
  await tab.connected();
  await tab.call("trackEvent", "back", {});
  await tab.delivered("back");
  assert.equal((await tab.session()).userId, "user-1");
  assert.equal((await api.lookup("user-1")).body.eventData.back.count, 1);

  const before = tab.sockets.length;
  await tab.call("clearIdentity");
  await until("the page has a new session", async () => (await tab.session())?.gleapId !== guest.gleapId && tab.to("/sessions").length === 2);
  assert.equal(tab.to("/sessions")[1].headers["gleap-id"], undefined);
  await until("the new session has a socket of its own", () => tab.sockets.length > before && tab.openSockets().length === 1);
  assert.equal(await tab.call("isUserIdentified"), false);
  tab.assertClean(...UNREACHABLE);
});

/** What REST knows of the session of a credential. */
async function sessionOf(api, { gleapId }) {
  const { status, body } = await api.get(`/sessions?gleapId=${gleapId}`);
  assert.equal(status, 200);
  assert.equal(body.length, 1);
  return body[0];
}

withEachSdk("a returning visitor is known, by cookie as by local storage, and asks no more than needed", async (test, version) => {
  const { api, site } = await stage(test, version);
  for (const origin of [site.url, site.named]) {
    const tab = await site.openTab(await newVisitor(test), "/", origin);
    const { body: guest } = await tab.answered("/sessions");
    await tab.ready();
    const createdAt = "2024-05-01T10:00:00.000Z";
    await identify(tab, createdAt);
    await tab.page.reload();
    await tab.ready();

    const { body: again } = await tab.answered("/sessions", 2);
    assert.equal(tab.to("/sessions")[1].headers["gleap-id"], guest.gleapId);
    assert.equal(again.gleapId, guest.gleapId);
    await identify(tab, createdAt);
    assert.equal(tab.to("/sessions/identify").length, 1, "a date and custom data come back as they were sent");
    assert.equal((await sessionOf(api, guest)).createdAt, createdAt);
    const asked = tab.preflights().map(({ url }) => url);
    assert.equal(new Set(asked).size, asked.length, `a preflight is remembered: ${asked}`);
    tab.assertClean();
  }
});

/** With a `Date` of the page. */
function identify(tab, createdAt) {
  const body = (date) => Gleap.identify(`user at ${location.hostname}`, { name: "Ada", createdAt: new Date(date), customData: { seats: 3 } });
  return tab.page.evaluate(body, createdAt);
}

withEachSdk("attributes of a guest change, and the language with its texts", async (test, version) => {
  const { keys, api, site } = await stage(test, version);
  const tab = await site.visit(test);
  await tab.ready();
  const guest = await tab.session();
  const updated = await tab.call("updateContact", { plan: "pro", value: 7, customData: { role: "owner" } });
  assert.deepEqual([updated.gleapId, updated.userId, updated.plan, updated.customData], [guest.gleapId, undefined, "pro", { role: "owner" }]);

  await tab.call("setLanguage", "de");
  await until("the language is told", () => tab.to("/sessions/partialupdate").filter(({ status }) => status === 200).length === 2);
  await until("the texts are asked for", () =>
    tab.to(`/config/${keys.sdkKey}`).some(({ url, status }) => url.endsWith("?lang=de") && status === 200),
  );
  const session = await sessionOf(api, guest);
  assert.deepEqual([session.lang, session.plan, session.value, session.customData], ["de", "pro", 7, { role: "owner" }]);
  tab.assertClean();
});
