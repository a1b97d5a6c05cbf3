// Callers that mean harm: what they send must reach nobody else's data, no log, and no page, and hold up nobody.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";

import { API_TOKEN, Api } from "./lib/api.js";
import { Phone, readable } from "./lib/phones.js";
import { CLOSE, RawSocket, TEXT } from "./lib/raw-socket.js";
import { Connection, request } from "./lib/raw.js";
import { Server } from "./lib/server.js";
import { together, until } from "./lib/wait.js";

async function setUp(test, env) {
  const { server, keys } = await Server.withProject(test, { env });
  return { server, keys, api: new Api(server.url, keys), phone: () => Phone.of(test, "ios", server, keys.sdkKey) };
}

const socketPath = (key, { gleapId, gleapHash }) => `/ws?gleapId=${gleapId}&gleapHash=${gleapHash}&apiKey=${key}&sdkVersion=16.4.0`;

test("forged and foreign credentials open nothing and change nothing", async (test) => {
  const { server, keys, api, phone } = await setUp(test);
  const victim = await phone();
  await victim.session("/sessions", "");
  await victim.session("/sessions/identify", { userId: "user-1", name: "Ada", email: "ada@example.com" });
  const own = await phone();
  await own.session("/sessions", "");
  const { body: before } = await api.lookup("user-1");

  const [{ gleapId, gleapHash }, mine] = [victim.credential, own.credential];
  const forged = [
    { gleapId, gleapHash: "0".repeat(40) },
    { gleapId, gleapHash: gleapHash.slice(0, -1) },
    { gleapId, gleapHash: `${gleapHash}x` },
    { gleapId, gleapHash: gleapHash.toUpperCase() },
    { gleapId, gleapHash: mine.gleapHash },
    { gleapId: mine.gleapId, gleapHash },
    { gleapId: before.id, gleapHash: "' OR '1'='1" },
    { gleapId: "../" + gleapId, gleapHash: "%00" },
    { gleapId: "x".repeat(4000), gleapHash: "x".repeat(4000) },
  ];
  for (const credential of forged) {
    const thief = await phone();
    thief.credential = credential;
    await thief.post("/sessions/partialupdate", { data: { name: "Mallory" } }, 401);
    await thief.post("/sessions/ping", { events: [{ name: "forged" }], ws: true });
    const guest = await thief.post("/sessions", "");
    assert.ok(![gleapId, mine.gleapId].includes(guest.gleapId), JSON.stringify(credential));
    assert.equal(guest.email, undefined);
    const { answer } = await RawSocket.ask(test, server, socketPath(keys.sdkKey, credential).replaceAll(" ", "+"));
    assert.equal(answer.status, 401);
  }
  const { body: after } = await api.lookup("user-1");
  assert.deepEqual(after, before);
});

test("a credential is worth nothing in another project, nor with another key", async (test) => {
  const { server, keys, phone } = await setUp(test);
  const created = await server.commandOutput("project", "create", "--name", "Other");
  const otherKey = created.match(/[\w-]{32}(?![\w-])/g).find((key) => key !== keys.sdkKey && !API_TOKEN.test(key));
  const victim = await phone();
  await victim.session("/sessions", "");
  const there = new Phone(await Connection.to(test, server), "ios", otherKey);
  there.credential = victim.credential;
  await there.post("/sessions/partialupdate", { data: { name: "Mallory" } }, 401);
  assert.notEqual((await there.post("/sessions", "")).gleapId, victim.credential.gleapId);
  const { answer } = await RawSocket.ask(test, server, socketPath(otherKey, victim.credential));
  assert.equal(answer.status, 401);
  for (const key of ["", "x", keys.apiToken, keys.apiKey, `${keys.sdkKey}x`]) {
    const stranger = new Phone(await Connection.to(test, server), "ios", key);
    await stranger.post("/sessions", "", 401);
  }
});

test("a body cannot say who the caller is", async (test) => {
  const { api, phone } = await setUp(test);
  const victim = await phone();
  await victim.session("/sessions", "");
  const user = await victim.session("/sessions/identify", { userId: "user-1" });
  const thief = await phone();
  const guest = await thief.session("/sessions", "");
  const claims = {
    gleapId: user.gleapId,
    gleapHash: "chosen-by-me",
    id: "0".repeat(24),
    _id: "0".repeat(24),
    userId: "user-1",
    project: "0".repeat(24),
    organisation: "x",
    sessions: 99,
    blocked: true,
    tags: ["vip"],
  };
  const answer = await thief.session("/sessions/partialupdate", { data: claims });
  assert.deepEqual([answer.gleapId, answer.gleapHash, answer.userId], [guest.gleapId, guest.gleapHash, undefined]);
  const [session] = (await api.get(`/sessions?gleapId=${guest.gleapId}`)).body;
  assert.equal(session.userId, undefined);
  assert.deepEqual([session.blocked, session.sessions, session.tags], [false, 1, []]);
  assert.equal((await api.lookup("user-1")).body.gleapHash, user.gleapHash);
});

test("huge batches: the newest events of a call are kept, too large bodies are refused with CORS, and others go on", async (test) => {
  const { api, phone } = await setUp(test);
  const caller = await phone();
  await caller.session("/sessions", "");
  await caller.session("/sessions/identify", { userId: "user-1" });
  const events = Array.from({ length: 10_000 }, (_, number) => ({
    name: "flood",
    date: new Date(Date.now() - 10_000 + number).toISOString(),
    data: { number },
  }));
  await caller.post("/sessions/ping", { events, ws: true });
  const { flood } = (await api.lookup("user-1")).body.eventData;
  assert.deepEqual([flood.count, flood.lastData], [500, { number: 9_999 }]);

  const keys = Object.fromEntries(Array.from({ length: 5_000 }, (_, number) => [`key ${number}`, number]));
  assert.equal(Object.keys((await caller.session("/sessions/identify", { userId: "user-1", ...keys })).customData).length, 200);
  const deep = `{"userId":"user-1","deep":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
  const kept = await caller.session("/sessions/identify", deep);
  assert.deepEqual([kept.userId, kept.customData.deep], ["user-1", undefined]);

  const large = await phone();
  large.credential = caller.credential;
  const head = request("POST", "/sessions/ping", { ...large.headers("/sessions/ping"), "Content-Length": 9 << 20 });
  readable(await large.connection.exchange(head), 413);
  assert.equal((await caller.session("/sessions", "")).userId, "user-1");
});

test("callers that send a byte now and then hold up nobody", async (test) => {
  const { server, keys, phone } = await setUp(test);
  const slow = await together(200, async (number) => {
    const connection = await Connection.to(test, server);
    const headers = { "Api-Token": keys.sdkKey, "Content-Length": 1000 };
    connection.send(number % 2 === 0 ? request("POST", "/sessions", headers) : "POST /sessions HTTP/1.1\r\nHost:");
    return connection;
  });
  const caller = await phone();
  const took = [];
  for (let round = 0; round < 20; round += 1) {
    slow.forEach((connection) => connection.send(" "));
    const began = performance.now();
    await caller.session("/sessions", "");
    took.push(performance.now() - began);
  }
  took.sort((a, b) => a - b);
  assert.ok(took[10] < 250, `half of the calls took more than ${took[10]} ms`);
});

test("a flood of sockets: those of one session are bounded, refused ones cost little, junk is not looked at", async (test) => {
  const { server, keys, api, phone } = await setUp(test);
  const caller = await phone();
  await caller.session("/sessions", "");
  await caller.session("/sessions/identify", { userId: "user-1" });
  const path = socketPath(keys.sdkKey, caller.credential);
  const sockets = [];
  for (let number = 0; number < 200; number += 1) sockets.push(await RawSocket.open(test, server, path));
  const open = () => sockets.filter(({ connection }) => connection.isOpen);
  await until("the oldest are dropped", () => open().length === 20);
  assert.deepEqual(open(), sockets.slice(-20));

  const began = performance.now();
  await together(10, async () => {
    for (let number = 0; number < 20; number += 1) {
      const { answer } = await RawSocket.ask(test, server, path.replace(/gleapHash=[^&]*/, "gleapHash=null"));
      assert.equal(answer.status, 401);
    }
  });
  assert.ok(performance.now() - began < 5_000, "200 refusals");

  const [one, other] = sockets.slice(-2);
  one.send(TEXT, "PING");
  one.send(TEXT, '{"name":"update"}');
  one.send(TEXT, "x".repeat(120));
  other.connection.send(Buffer.alloc(16, 0xff));
  await until("what is no frame ends its own socket", () => !other.connection.isOpen);
  const { body: session } = await api.lookup("user-1");
  assert.equal((await api.put(`/sessions/${session.id}/unread`, { unread: 7 })).status, 200);
  for (let update = await one.update(); update.data.u !== 7; update = await one.update());
});

test("no secret is in the log, not at level debug with all requests", async (test) => {
  const { server, keys, api, phone } = await setUp(test, { HARK_LOG_LEVEL: "debug", HARK_LOG_REQUESTS: "all" });
  await api.put(`/projects/${keys.projectId}/identity-verification`, { mode: "required" });
  const caller = await phone();
  const guest = await caller.session("/sessions", "");
  const userHash = createHmac("sha256", keys.identitySecret).update("user-1").digest("hex");
  const wrong = createHmac("sha256", "wrong").update("user-1").digest("hex");
  await caller.post("/sessions/identify", { userId: "user-1", userHash: wrong }, 401);
  const user = await caller.session("/sessions/identify", { userId: "user-1", userHash, name: "Ada" });
  const socket = await RawSocket.open(test, server, socketPath(keys.sdkKey, user));
  await socket.update();
  const forged = { gleapId: user.gleapId, gleapHash: "forged-hash-of-somebody" };
  await RawSocket.ask(test, server, socketPath(keys.sdkKey, forged));
  await caller.post("/sessions/ping", { events: [{ name: "paid", date: new Date().toISOString() }], ws: false });
  await caller.post("/bugs/v2", { type: "CRASH", formData: { description: "boom" } }, 201);
  await caller.post(`/nowhere?gleapHash=${user.gleapHash}`, {}, 404);
  await caller.post("/sessions/partialupdate", "{ not json", 400);
  await server.stop();

  assert.match(server.log, /sessions\/identify/);
  for (const secret of [guest.gleapHash, userHash, wrong, forged.gleapHash, keys.identitySecret, keys.apiToken, keys.apiKey]) {
    assert.ok(!server.log.includes(secret), `${secret} is in the log`);
  }
});
