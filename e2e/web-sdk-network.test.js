// A browser whose network or server goes away and comes back.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { Line } from "./lib/line.js";
import { stage, withEachSdk } from "./lib/pages.js";
import { UNREACHABLE } from "./lib/tab.js";
import { until } from "./lib/wait.js";

withEachSdk("offline and back: what happened meanwhile arrives, once", async (test, version) => {
  const { api, line, site } = await stage(test, version, { through: Line.to });
  const tab = await site.visit(test);
  await tab.ready();
  await tab.call("identify", "user-1", { name: "Ada" });
  await tab.delivered("pageView");

  line.cut();
  await until("the socket is closed", () => tab.openSockets().length === 0);
  for (const number of [1, 2, 3]) await tab.call("trackEvent", "offline", { number });
  await assert.rejects(tab.call("updateContact", { plan: "lost" }));
  await sleep(6_000); // two rounds of events, one of the socket
  assert.equal(tab.deliveredEvents().filter(({ name }) => name === "offline").length, 0);

  line.mend();
  await tab.delivered("offline", 3);
  const { body: session } = await api.lookup("user-1");
  assert.deepEqual([session.eventData.offline.count, session.eventData.offline.lastData], [3, { number: 3 }]);
  assert.equal(session.plan, undefined);
  assert.equal((await tab.call("updateContact", { plan: "pro" })).plan, "pro");
  assert.equal((await tab.session()).userId, "user-1");
  tab.assertClean(...UNREACHABLE);
});

for (const [how, end] of [
  ["stopped", "stop"],
  ["killed", "kill"],
]) {
  withEachSdk(`the server is ${how} and starts again: the socket is back, and nobody is forgotten`, async (test, version) => {
    const { server, api, site } = await stage(test, version);
    const tab = await site.visit(test);
    await tab.ready();
    await tab.call("identify", "user-1", { name: "Ada" });
    await tab.delivered("pageView");
    const before = await tab.session();

    await server[end]();
    await until("the socket is closed", () => tab.openSockets().length === 0);
    await tab.call("trackEvent", "meanwhile", {});
    await server.start();
    await tab.connected();
    await tab.delivered("meanwhile");
    await tab.call("trackEvent", "afterwards", {});
    await tab.delivered("afterwards");

    const { body: session } = await api.lookup("user-1");
    for (const name of ["pageView", "meanwhile", "afterwards"]) assert.equal(session.eventData[name].count, 1, name);
    assert.deepEqual(await tab.session(), before);
    await api.post(`/sessions/${session.id}/notifications`, { text: "We are back", unread: 1 });
    await tab.page.locator(".gleap-notification-item", { hasText: "We are back" }).waitFor();

    await tab.page.reload();
    await tab.ready();
    assert.equal((await tab.session()).gleapId, before.gleapId);
    tab.assertClean(...UNREACHABLE);
  });
}

withEachSdk("one 503 of a proxy: these clients forget who they are, and go on as a new guest", async (test, version) => {
  const { line, site } = await stage(test, version, { through: Line.to });
  const tab = await site.visit(test);
  await tab.ready();
  const before = await tab.session();

  line.dropAll();
  line.answerOnce("POST /sessions ", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  await tab.page.reload();
  await tab.ready();
  await until("there is a new guest", async () => ![undefined, before.gleapId].includes((await tab.session())?.gleapId));
  await tab.call("trackEvent", "on it goes", {});
  await tab.delivered("on it goes");
  assert.equal(tab.to("/sessions/events").at(-1).headers["gleap-id"], (await tab.session()).gleapId);
  tab.assertClean(
    /^Access to XMLHttpRequest at 'http:.*\/sessions' from origin 'http:.*' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource\.$/,
    /^Failed to load resource: net::ERR_FAILED$/,
  );
});
