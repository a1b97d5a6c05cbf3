// What the server has pages show: notifications and settings. Texts of people must never become part of a page.
import assert from "node:assert/strict";

import { stage, withEachSdk } from "./lib/pages.js";
import { until } from "./lib/wait.js";

const MARKUP = [
  "<img src=x onerror=\"document.title='taken'\">",
  "<script>document.title='taken'</script>",
  "<svg/onload=document.title='taken'>",
  "<iframe srcdoc=\"<script>parent.document.title='taken'</script>\">",
  '"><b id=taken>',
];

withEachSdk("markup in names, texts and pictures is shown, not run", async (test, version) => {
  const { api, site } = await stage(test, version);
  const tab = await site.visit(test);
  await tab.ready();
  await tab.delivered("pageView");
  for (const [number, markup] of MARKUP.entries()) {
    // A name is cut at its first space.
    const name = markup.replaceAll(" ", "/");
    const user = await tab.call("identify", "user-1", { name });
    assert.equal(user.name, name, "the customer's own data comes back as it was");
    const { body: session } = await api.lookup("user-1");
    assert.equal(session.name, name);
    const sender = { name: markup, profileImageUrl: `${site.url}/p.png?${markup}` };
    const { status } = await api.post(`/sessions/${session.id}/notifications`, {
      text: `${number}: Hi {{name}} ${markup}`,
      sender,
      unread: number + 1,
    });
    assert.equal(status, 200);

    const item = tab.page.locator(".gleap-notification-item", { hasText: `${number}: Hi ` });
    await item.waitFor();
    const made = await item.evaluate((element) =>
      [...element.querySelectorAll("*")].map(({ tagName, className }) => `${tagName} ${className}`.trim()),
    );
    const own = ["IMG", "DIV gleap-notification-item-container", "DIV gleap-notification-item-sender", "DIV gleap-notification-item-content"];
    assert.deepEqual(made, own, markup);
    const attributes = await item.locator("img").evaluate((image) => image.getAttributeNames());
    assert.deepEqual(attributes, ["src"], markup);
  }
  assert.equal(await tab.page.title(), "Shop");
  assert.equal(await tab.page.locator("#taken").count(), 0);
  tab.assertClean();
});

withEachSdk("notifications wait for a page that can show them, and are pushed once", async (test, version) => {
  const { api, site } = await stage(test, version);
  await api.identify({ userId: "user-1", name: "Ada" });
  const { body: session } = await api.lookup("user-1");
  const waiting = await api.post(`/sessions/${session.id}/notifications`, {
    text: "While you were away",
    conversation: { shareToken: "t1" },
    unread: 1,
  });
  assert.equal(waiting.body.pushed, false);

  const tab = await site.visit(test);
  await tab.call("identify", "user-1", { name: "Ada" });
  await tab.page.locator(".gleap-notification-item", { hasText: "While you were away" }).waitFor();
  assert.equal((await tab.heard("unread-count-changed")).at(-1), 1);
  const pushes = () =>
    tab.sockets
      .flatMap(({ received }) => received)
      .map((text) => JSON.parse(text))
      .filter(({ data }) => data.a.length > 0);
  assert.equal(pushes().length, 1);

  assert.equal((await api.put(`/sessions/${session.id}/unread`, { unread: 0 })).status, 200);
  await tab.page.waitForFunction(() => heard.some(({ name, data }) => name === "unread-count-changed" && data === 0));
  await tab.page.reload();
  await tab.ready();
  await tab.call("trackEvent", "again", {});
  await tab.delivered("again");
  assert.equal(pushes().length, 1, "it was pushed before");
  tab.assertClean();
});

withEachSdk("settings of the project hold in the page: no button at first, then one", async (test, version) => {
  const { keys, api, site } = await stage(test, version);
  const tab = await site.visit(test);
  await tab.ready();
  const { body: first } = await tab.answered(`/config/${keys.sdkKey}`);
  assert.equal(first.flowConfig.feedbackButtonPosition, "BUTTON_NONE");
  const button = tab.page.locator(".bb-feedback-button");
  assert.equal(await button.isVisible(), false);

  const changed = { feedbackButtonPosition: "BOTTOM_LEFT", color: "#0B7A75", buttonColor: "#0B7A75" };
  assert.equal((await api.put(`/projects/${keys.projectId}/sdk-config`, changed)).status, 200);
  await tab.page.reload();
  await tab.ready();
  await button.waitFor();
  const { x } = await button.boundingBox();
  assert.ok(x < 300, `at the left: ${x}`);
  const css = await tab.page.evaluate(() => [...document.querySelectorAll("style")].map(({ textContent }) => textContent).join("\n"));
  assert.ok(css.includes("#0B7A75"), "in the colour of the project");
  tab.assertClean();
});

withEachSdk("a developer sees live what a page does", async (test, version) => {
  const { api, site } = await stage(test, version);
  const tab = await site.visit(test, "/live");
  await tab.ready();
  await tab.delivered("pageView");
  const [{ id }] = (await api.get(`/sessions?gleapId=${(await tab.session()).gleapId}`)).body;
  const { status, events } = await api.watch(test, `/sessions/${id}/live`);
  assert.equal(status, 200);
  const seen = (name, fits) => until(`${name} is told`, () => events.some((event) => event.name === name && fits(event.data ?? {})));
  await seen("hello", ({ session, sockets }) => session === id && sockets === 1);

  await tab.call("identify", "user-1", { name: "Ada" });
  await seen("identified", () => true);
  await tab.call("trackEvent", "bought", { sku: "A1" });
  await seen("event", ({ name, data }) => name === "bought" && data.sku === "A1");
  await tab.call("trackEvent", "too large", { text: "x".repeat(10_000) });
  await seen("refused", ({ errors }) => errors.some((error) => error.includes("8192")));
  await tab.call("sendSilentCrashReport", "boom");
  await seen("report", () => true);
  await tab.page.close();
  await seen("disconnected", ({ sockets }) => sockets === 0);
  tab.assertClean();
});
