// Apps on phones and desktops: their requests byte by byte, since their clients cannot run here.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Api } from "./lib/api.js";
import { Phone, readable } from "./lib/phones.js";
import { Connection, chunked, request } from "./lib/raw.js";
import { Server } from "./lib/server.js";
import { until } from "./lib/wait.js";

async function setUp(test, system) {
  const { server, keys } = await Server.withProject(test);
  return { server, keys, api: new Api(server.url, keys), phone: await Phone.of(test, system, server, keys.sdkKey) };
}

/** What is known of the events of a user. */
async function eventsOf(api, userId) {
  const { status, body } = await api.lookup(userId);
  assert.equal(status, 200);
  return body.eventData ?? {};
}

test("Android: starts, identifies, changes attributes, sends events and comes back", async (test) => {
  const { api, phone } = await setUp(test, "android");
  const start = { lang: "de", deviceType: "mobile", platform: "android" };
  const guest = await phone.session("/sessions", start);
  assert.equal(guest.userId, undefined);

  const flat = { name: "Ada", email: "ada@example.com", value: 19.5, plan: "pro", seats: 3, admin: true, ...start };
  const user = await phone.session("/sessions/identify", { ...flat, userId: "user-1", userHash: "not-asked-for" });
  assert.equal(user.gleapId, guest.gleapId);
  assert.deepEqual(user.customData, { seats: 3, admin: true });
  assert.equal(user.value, 19.5);

  const updated = await phone.session("/sessions/partialupdate", { data: { plan: "free", seats: 4 }, type: "android", sdkVersion: "15.3.1" });
  assert.equal(updated.plan, "free");
  assert.deepEqual(updated.customData, { seats: 4, admin: true });

  const date = new Date(Date.now() - 60_000).toISOString();
  const events = [
    { name: "sessionStarted", date },
    { name: "pageView", date, data: { page: "MainActivity" } },
    { name: "bought", date, data: { sku: "A1" } },
  ];
  const told = await phone.post("/sessions/ping", { events, time: 12.25, opened: false, ws: true, sdkVersion: "15.3.1" });
  assert.deepEqual(told, { a: [], u: 0 });

  const { body: session } = await api.lookup("user-1");
  assert.equal(session.eventData.bought.lastAt, date);
  assert.deepEqual(session.lastPageView, { page: "MainActivity", date });
  assert.deepEqual([session.platform, session.deviceType, session.lang], ["android", "mobile", "de"]);
  assert.deepEqual(await phone.session("/sessions", start), updated);
});

test("Android sends events again when the answer was lost, and they count once", async (test) => {
  const { server, api, phone } = await setUp(test, "android");
  await phone.session("/sessions", { lang: "en", platform: "android" });
  await phone.session("/sessions/identify", { userId: "user-1" });
  const date = new Date().toISOString();
  const click = { name: "clicked", date, data: { x: 1 } };
  const text = JSON.stringify({ events: [click, click, { name: "left", date }], time: 1.5, opened: false, ws: true });
  const ping = request("POST", "/sessions/ping", { ...phone.headers("/sessions/ping"), "Content-Length": text.length }, text);

  const cut = await Connection.to(test, server);
  cut.send(ping);
  await until("the events are stored", async () => (await eventsOf(api, "user-1")).left?.count === 1);
  cut.destroy();
  for (let again = 0; again < 3; again += 1) readable(await phone.connection.exchange(ping), 200);

  const stored = await eventsOf(api, "user-1");
  assert.equal(stored.clicked.count, 2, "two clicks of one batch are two");
  assert.equal(stored.left.count, 1);
});

test("iOS: starts without a body, writes dates in its own way, sends null for a hash it does not have", async (test) => {
  const { api, phone } = await setUp(test, "ios");
  const guest = await phone.session("/sessions", "");
  const identify = '{"name":"Grace","userId":"user-2","userHash":null,"role":"admin","lang":"en","platform":"iOS","deviceType":"tablet"}';
  const user = await phone.session("/sessions/identify", identify);
  assert.equal(user.gleapId, guest.gleapId);
  assert.deepEqual(user.customData, { role: "admin" });

  const [east, west] = [aMinuteAgo(120), aMinuteAgo(-330)];
  const events = [
    { name: "sessionStarted", date: east.local },
    { name: "paid", date: west.local, data: { amount: 1 } },
  ];
  const told = await phone.post("/sessions/ping", { time: 4.5, events, opened: false, ws: true, type: "ios", sdkVersion: "15.3.4" });
  assert.deepEqual(told, { a: [], u: 0 });
  const stored = await eventsOf(api, "user-2");
  assert.equal(stored.sessionStarted.lastAt, east.utc);
  assert.equal(stored.paid.lastAt, west.utc);

  const flat = await phone.session("/sessions/partialupdate", {
    data: { role: "owner", phone: "+43 1 234" },
    ws: true,
    type: "ios",
    sdkVersion: "15.3.4",
  });
  assert.equal(flat.phone, "+43 1 234");
  assert.deepEqual(flat.customData, { role: "owner" });
  const { body: session } = await api.lookup("user-2");
  assert.deepEqual([session.platform, session.deviceType], ["iOS", "tablet"]);
});

/** A minute ago as iOS writes it in a time zone so many minutes east, and as it is stored. */
function aMinuteAgo(minutesEast) {
  const seconds = Math.floor(Date.now() / 1000) - 60;
  const local = new Date((seconds + minutesEast * 60) * 1000).toISOString().slice(0, 19);
  const offset = [Math.floor(Math.abs(minutesEast) / 60), Math.abs(minutesEast) % 60].map((part) => String(part).padStart(2, "0"));
  return { local: `${local}${minutesEast < 0 ? "-" : "+"}${offset.join(":")}`, utc: new Date(seconds * 1000).toISOString() };
}

test("iOS without a socket gets what waits for it in the answer to its pings", async (test) => {
  const { api, phone } = await setUp(test, "ios");
  await phone.session("/sessions", "");
  await phone.session("/sessions/identify", { userId: "user-1", name: "Ada Lovelace" });
  const { body: session } = await api.lookup("user-1");
  await api.post(`/sessions/${session.id}/notifications`, { text: "Hi {{name}} <3", unread: 2 });

  const ping = (ws) => phone.post("/sessions/ping", { time: 3.5, events: [], opened: false, ws, type: "ios", sdkVersion: "15.3.4" });
  const { a, u } = await ping(false);
  assert.equal(u, 2);
  assert.equal(a.length, 1);
  assert.equal(a[0].actionType, "notification");
  assert.equal(a[0].format, "");
  assert.equal(a[0].data.text, "Hi Ada ‹3");
  assert.deepEqual(await ping(false), { a: [], u: 2 });
});

test("the desktop client: nested custom data, null, and a clock in milliseconds", async (test) => {
  const { api, phone } = await setUp(test, "ios");
  await phone.session("/sessions", { lang: "en", deviceType: "desktop", platform: "windows" });
  const identify =
    '{"userId":"user-3","name":"Joan","email":null,"customData":{"team":"blue","seats":null},"platform":"windows","deviceType":"desktop"}';
  const user = await phone.session("/sessions/identify", identify);
  assert.deepEqual(user.customData, { team: "blue" });
  assert.equal(user.email, undefined);
  const events = [{ name: "opened", date: "2026-01-31T08:05:00.1234567Z", data: null }];
  await phone.post("/sessions/ping", { events, time: Date.now(), opened: false, ws: true, type: "windows", sdkVersion: "1.0.0" });
  assert.ok((await eventsOf(api, "user-3")).opened.count === 1);
});

test("headers in any case, bodies in chunks, words for nothing: all the same to the server", async (test) => {
  const { keys, api, phone } = await setUp(test, "android");
  await phone.session("/sessions", { platform: "android" });
  const body = JSON.stringify({ userId: "user-1", name: "Ünïcødé 🙂" });
  const { gleapId, gleapHash } = phone.credential;
  const spellings = [
    ["Api-Token", "Gleap-Id", "Gleap-Hash"],
    ["api-token", "gleap-id", "gleap-hash"],
    ["API-TOKEN", "GLEAP-ID", "GLEAP-HASH"],
  ];
  for (const [token, id, hash] of spellings) {
    const headers = { [token]: keys.sdkKey, [id]: gleapId, [hash]: gleapHash, "Content-Type": "application/json", "Transfer-Encoding": "chunked" };
    const answer = await phone.connection.exchange(request("POST", "/sessions/identify", headers), chunked(body, 7));
    assert.equal(readable(answer, 200).gleapId, gleapId);
  }
  assert.equal((await api.lookup("user-1")).body.name, "Ünïcødé 🙂");

  const guests = new Set();
  for (const nothing of ["null", "undefined", ""]) {
    const headers = { "Api-Token": keys.sdkKey, "Gleap-Id": nothing, "Gleap-Hash": nothing, "Content-Length": 0 };
    guests.add(readable(await phone.connection.exchange(request("POST", "/sessions", headers)), 200).gleapId);
  }
  assert.equal(guests.size, 3, "each is a new guest");
  assert.ok(!guests.has(gleapId));
});

test("a credential that opens nothing gets a new guest, and events for it are dropped, both with 200", async (test) => {
  const { phone } = await setUp(test, "android");
  phone.credential = { gleapId: "0".repeat(24), gleapHash: "forged" };
  const events = [{ name: "lost", date: new Date().toISOString() }];
  assert.deepEqual(await phone.post("/sessions/ping", { events, time: 1, opened: false, ws: true }), { a: [], u: 0 });
  const guest = await phone.session("/sessions", { platform: "android" });
  assert.notEqual(guest.gleapId, "0".repeat(24));
});

test("a bad event costs neither its neighbours nor the batch", async (test) => {
  const { api, phone } = await setUp(test, "android");
  await phone.session("/sessions", { platform: "android" });
  await phone.session("/sessions/identify", { userId: "user-1" });
  const events = [
    null,
    7,
    "event",
    [],
    {},
    { name: "" },
    { name: "x".repeat(257) },
    { name: 5 },
    { name: "too large", data: "x".repeat(8200) },
    { name: "no date" },
    { name: "odd date", date: "Mon Nov 23 2026 10:00:00 GMT+0100" },
    { name: "number", date: 5 },
    { name: "good", date: new Date().toISOString() },
  ];
  await phone.post("/sessions/ping", { events, ws: "yes", time: "soon", opened: null });
  assert.deepEqual(Object.keys(await eventsOf(api, "user-1")).sort(), ["good", "no date", "number", "odd date"]);
});

test("an identity that is refused says so in the words that phones look for, and the guest goes on", async (test) => {
  const { keys, api, phone } = await setUp(test, "ios");
  await api.put(`/projects/${keys.projectId}/identity-verification`, { mode: "required" });
  const guest = await phone.session("/sessions", "");
  for (const userHash of [null, "", "0".repeat(64)]) {
    const refused = await phone.post("/sessions/identify", { userId: "user-1", userHash }, 401);
    assert.ok(refused.error && refused.errors.length > 0, JSON.stringify(refused));
  }
  assert.equal((await phone.session("/sessions", "")).gleapId, guest.gleapId);
});
