// Many clients write to the same new users at the same moment: one session each, and nothing lost.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Api } from "./lib/api.js";
import { IS_POSTGRES } from "./lib/database.js";
import { Server, WITHOUT_RATE_LIMITS } from "./lib/server.js";
import { together } from "./lib/wait.js";

const CLIENTS = 64;
const CALLS_PER_USER = 100;
/** PostgreSQL takes one change of a user after the other from many connections, and six times as long for it. */
const USERS = IS_POSTGRES ? 25 : 100;
const CALLS = USERS * CALLS_PER_USER;

const userOf = (call) => `user-${Math.floor(call / CALLS_PER_USER)}`;
const nameOf = (call) => `name ${call}`;
const emailOf = (call) => `${userOf(call)}.${call % 3}@example.com`;

test("64 clients that identify the same new users make one session of each, and a complete history", { timeout: 180_000 }, async (test) => {
  const { server, keys } = await Server.withProject(test, { env: WITHOUT_RATE_LIMITS });
  const api = new Api(server.url, keys);

  // Calls are dealt out in order, so all clients are at the same user: the hardest case.
  let next = 0;
  await together(CLIENTS, async () => {
    for (let call = next++; call < CALLS; call = next++) {
      const { status, body } = await api.identify({ userId: userOf(call), name: nameOf(call), email: emailOf(call) });
      assert.equal(status, 200, `call ${call}: ${JSON.stringify(body)}`);
    }
  });

  const { status, body: sessions } = await api.get("/sessions?limit=1000");
  assert.equal(status, 200);
  assert.equal(sessions.length, USERS);
  assert.equal(new Set(sessions.map(({ userId }) => userId)).size, USERS);
  for (const session of sessions) {
    await compareHistory(api, session);
  }
  await server.stop();
  await server.assertHealthy();
});

async function compareHistory(api, session) {
  const { status, body } = await api.get(`/sessions/${session.id}/identity-history`);
  assert.equal(status, 200);
  const newestFirst = body.history.map(({ at }) => at);
  assert.deepEqual(newestFirst, newestFirst.toSorted().reverse());
  const oldestFirst = IS_POSTGRES ? inOrder(body.history) : body.history.toReversed();
  assert.equal(oldestFirst.length, body.history.length, session.userId);
  for (const { by } of oldestFirst) {
    assert.deepEqual(by, { source: "admin", method: "POST", originalUrl: "/admin/identify", hasApiKey: true });
  }
  for (const key of ["userId", "email", "name"]) {
    assertChain(oldestFirst.flatMap(({ changes }) => changes[key] ?? []), session[key], `${session.userId}: ${key}`);
  }
  assertEachCallIsThere(oldestFirst, session.userId);
}

/** Over PostgreSQL units run at once, and their instants are those at which they began: names, each of which is given once, say what came after what. */
function inOrder(history) {
  const after = new Map(history.map((entry) => [entry.changes.name.from, entry]));
  const ordered = [];
  for (let entry = after.get(undefined); entry; entry = after.get(entry.changes.name.to)) ordered.push(entry);
  return ordered;
}

/** Each change starts from where the one before it ended; the last one is what the session shows. */
function assertChain(changes, now, what) {
  let before;
  for (const { from, to } of changes) {
    assert.equal(from, before, what);
    assert.notEqual(to, from, what);
    before = to;
  }
  assert.equal(before, now, what);
}

/** Every call gave the user a name of its own, so every call has an entry. */
function assertEachCallIsThere(history, userId) {
  const calls = Array.from({ length: CALLS }, (_, call) => call).filter((call) => userOf(call) === userId);
  const names = history.map(({ changes }) => changes.name.to);
  assert.deepEqual(names.toSorted(), calls.map(nameOf).toSorted());
  assert.equal(history.filter(({ changes }) => changes.userId).length, 1, userId);
  assert.equal(history[0].changes.userId?.to, userId);
}
