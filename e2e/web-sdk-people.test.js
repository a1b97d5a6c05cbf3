// Who somebody is, in a browser: tabs, logout, another user, a guest who turns out to be known, proof of identity.
import assert from "node:assert/strict";

import { stage, withEachSdk } from "./lib/pages.js";
import { until } from "./lib/wait.js";

withEachSdk("two tabs of one person are one session, and both are told", async (test, version) => {
  const { api, site } = await stage(test, version);
  const one = await site.visit(test, "/one");
  await one.ready();
  const other = await site.openTab(one.page.context(), "/two");
  await other.ready();
  assert.equal((await other.session()).gleapId, (await one.session()).gleapId);

  await one.call("identify", "user-1", { name: "Ada" });
  for (const [tab, name] of [
    [one, "of one"],
    [other, "of the other"],
  ]) {
    await tab.call("trackEvent", name, {});
    await tab.delivered(name);
  }
  const { body: session } = await api.lookup("user-1");
  assert.equal(session.eventData["of one"].count, 1);
  assert.equal(session.eventData["of the other"].count, 1);
  assert.equal(session.eventData.pageView.count, 2);
  assert.equal(session.sessions, 1, "two tabs are one visit");

  await api.post(`/sessions/${session.id}/notifications`, { text: "Sale", unread: 3 });
  for (const tab of [one, other]) {
    await tab.page.locator(".gleap-notification-item", { hasText: "Sale" }).waitFor();
    assert.equal((await tab.heard("unread-count-changed")).at(-1), 3);
    tab.assertClean();
  }
});

withEachSdk("after a logout somebody else is somebody else, and no word of the first", async (test, version) => {
  const { api, site } = await stage(test, version);
  const tab = await site.visit(test);
  await tab.ready();
  const ada = await tab.call("identify", "user-1", { name: "Ada", email: "ada@example.com", customData: { role: "admin" } });
  await tab.call("trackEvent", "of Ada", {});
  await tab.delivered("of Ada");

  await tab.call("clearIdentity");
  const { body: guest } = await tab.answered("/sessions", 2);
  const grace = await tab.call("identify", "user-2", { name: "Grace" });
  assert.equal(grace.gleapId, guest.gleapId);
  assert.notEqual(grace.gleapId, ada.gleapId);
  await tab.connected();
  await tab.call("trackEvent", "of Grace", {});
  await tab.delivered("of Grace");

  // Without a logout in between, the page still has the credential of Grace.
  const again = await tab.call("identify", "user-1", { name: "Ada" });
  assert.equal(again.gleapId, ada.gleapId);
  assert.deepEqual(again.customData, { role: "admin" });
  await until("the socket is that of Ada", () => tab.openSockets().some(({ url }) => url.includes(ada.gleapId)));

  const [first, second] = await Promise.all(["user-1", "user-2"].map(async (id) => (await api.lookup(id)).body));
  assert.notEqual(first.id, second.id);
  assert.deepEqual([first.name, second.name], ["Ada", "Grace"]);
  assert.equal(first.eventData["of Grace"], undefined);
  assert.equal(second.eventData["of Ada"], undefined);
  assert.equal(second.email, undefined);
  assert.equal(second.customData?.role, undefined);
  tab.assertClean();
});

withEachSdk("a guest who turns out to be known brings along what they did; their other tab goes on", async (test, version) => {
  const { api, site } = await stage(test, version);
  await api.identify({ userId: "user-1", name: "Ada", email: "ada@example.com", plan: "pro" });
  const { body: known } = await api.lookup("user-1");

  const one = await site.visit(test, "/one");
  await one.ready();
  const other = await site.openTab(one.page.context(), "/two");
  await other.ready();
  const guest = await one.session();
  await one.call("trackEvent", "as a guest", { cart: 3 });
  await one.delivered("as a guest");

  const user = await one.call("identify", "user-1", { name: "Ada" });
  assert.equal(user.gleapId, known.gleapId);
  assert.equal(user.plan, "pro");
  await until("the socket is that of the user", () => one.openSockets().some(({ url }) => url.includes(known.gleapId)));
  assert.equal((await api.lookup("user-1")).body.eventData["as a guest"].lastData.cart, 3);
  assert.deepEqual((await api.get(`/sessions?gleapId=${guest.gleapId}`)).body, []);

  await other.call("trackEvent", "with the old credential", {});
  await other.delivered("with the old credential");
  assert.equal(other.to("/sessions/events").at(-1).headers["gleap-id"], guest.gleapId);
  const { body: session } = await api.lookup("user-1");
  assert.equal(session.eventData["with the old credential"].count, 1);

  await one.call("trackEvent", "as the user", {});
  await one.delivered("as the user");
  await api.post(`/sessions/${session.id}/notifications`, { text: "For both", unread: 2 });
  for (const tab of [one, other]) {
    await tab.page.locator(".gleap-notification-item", { hasText: "For both" }).waitFor();
    tab.assertClean();
  }
});

withEachSdk("proof of identity: right it is taken, wrong or missing it is refused and the guest goes on", async (test, version) => {
  const { server, keys, api, site } = await stage(test, version);
  const proof = async (userId) => (await server.commandOutput("identity", "sign", "--project", keys.projectId, userId)).trim();
  assert.equal((await api.put(`/projects/${keys.projectId}/identity-verification`, { mode: "required" })).status, 200);
  const tab = await site.visit(test);
  await tab.ready();
  const guest = await tab.session();

  const wrong = [undefined, "", "0".repeat(64), await proof("user-2")];
  for (const userHash of wrong) {
    await assert.rejects(tab.call("identify", "user-1", { name: "Mallory" }, userHash), `${userHash}`);
  }
  await tab.answered("/sessions/identify", wrong.length);
  assert.deepEqual(
    tab.to("/sessions/identify").map(({ status }) => status),
    wrong.map(() => 401),
  );
  assert.equal((await api.lookup("user-1")).status, 404);
  assert.equal((await tab.session()).gleapId, guest.gleapId);
  await tab.call("trackEvent", "still here", {});
  await tab.delivered("still here");

  const user = await tab.call("identify", "user-1", { name: "Ada" }, await proof("user-1"));
  assert.equal(user.userId, "user-1");
  assert.equal((await api.lookup("user-1")).body.eventData["still here"].count, 1);
  tab.assertClean(/^Failed to load resource: the server responded with a status of 401 \(Unauthorized\)$/);
});
