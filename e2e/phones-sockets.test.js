// Sockets of apps, frame by frame: what phones need and no client of a browser shows.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Api } from "./lib/api.js";
import { Phone } from "./lib/phones.js";
import { PING, PONG, RawSocket, TEXT } from "./lib/raw-socket.js";
import { Server } from "./lib/server.js";
import { until } from "./lib/wait.js";

async function setUp(test, env) {
  const { server, keys } = await Server.withProject(test, { env });
  const phone = await Phone.of(test, "android", server, keys.sdkKey);
  await phone.session("/sessions", { platform: "android" });
  const user = await phone.session("/sessions/identify", { userId: "user-1", name: "Ada" });
  const api = new Api(server.url, keys);
  const { body: session } = await api.lookup("user-1");
  const query = `?gleapId=${user.gleapId}&gleapHash=${user.gleapHash}&apiKey=${keys.sdkKey}&sdkVersion=15.3.1`;
  return { server, phone, api, session, query };
}

test("at /ws and at the root: told the unread count at once, pings answered, words never", async (test) => {
  const { server, query } = await setUp(test);
  for (const path of [`/ws${query}`, `/${query}`]) {
    const socket = await RawSocket.open(test, server, path);
    assert.deepEqual(await socket.update(), { name: "update", data: { a: [], u: 0 } });
    socket.send(TEXT, "PING");
    socket.send(TEXT, "9");
    socket.send(PING, "are you there");
    assert.deepEqual(await socket.frame(), { kind: PONG, text: "are you there" });
  }
});

test("a notification has all that phones need, after the first ping of the app", async (test) => {
  const { server, phone, api, session, query } = await setUp(test);
  await api.post(`/sessions/${session.id}/notifications`, { text: "Hi {{name}} & <b>all</b>", unread: 3 });
  const socket = await RawSocket.open(test, server, `/ws${query}`);
  assert.deepEqual((await socket.update()).data, { a: [], u: 3 });
  const events = [{ name: "sessionStarted", date: new Date().toISOString() }];
  assert.deepEqual(await phone.post("/sessions/ping", { events, time: 1.5, opened: false, ws: true }), { a: [], u: 3 });

  const { name, data } = await socket.update();
  assert.equal(name, "update");
  assert.equal(data.u, 3);
  const [{ actionType, format, outbound, createdAt, data: shown }] = data.a;
  assert.deepEqual([data.a.length, actionType, format], [1, "notification", ""]);
  assert.match(outbound, /^[0-9a-f]{24}$/);
  assert.ok(Date.parse(createdAt) <= Date.now());
  assert.deepEqual(shown, { text: "Hi Ada & ‹b›all‹/b›", sender: { name: "", profileImageUrl: "" } });
});

test("at its stop the server drops sockets without a close frame, after which Android would never come back", async (test) => {
  const { server, query } = await setUp(test);
  const socket = await RawSocket.open(test, server, `/ws${query}`);
  await socket.update();
  await server.stop();
  await until("the connection ends", () => !socket.connection.isOpen);
  assert.equal(socket.connection.unread.length, 0, "nothing was sent in farewell");
});

test("the server pings what is silent, and drops what does not answer", async (test) => {
  const { server, query } = await setUp(test, { HARK_LIVE_PING_INTERVAL_MS: "1000" });
  const [alive, dead] = [await RawSocket.open(test, server, `/ws${query}`), await RawSocket.open(test, server, `/ws${query}`)];
  await dead.update();
  await alive.update();
  for (let pings = 0; pings < 6; pings += 1) {
    const { kind, text } = await alive.frame();
    assert.equal(kind, PING);
    alive.send(PONG, text);
  }
  await until("the dead one is dropped", () => !dead.connection.isOpen, 3_000);
  assert.ok(alive.connection.isOpen);
});

test("what opens no session is refused before the upgrade", async (test) => {
  const { server, query } = await setUp(test);
  const refusals = [
    [query.replace(/gleapHash=[^&]*/, "gleapHash=null"), 401],
    [query.replace(/gleapId=[^&]*/, "gleapId=undefined"), 401],
    [query.replace(/apiKey=[^&]*/, "apiKey=unknown"), 401],
    ["", 401],
  ];
  for (const [refused, status] of refusals) {
    const { answer } = await RawSocket.ask(test, server, `/ws${refused}`);
    assert.equal(answer.status, status, refused);
  }
});
