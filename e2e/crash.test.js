// The process ends in the middle of its work, again and again: what it acknowledged is there afterwards.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Api } from "./lib/api.js";
import { Server, WITHOUT_RATE_LIMITS } from "./lib/server.js";
import { together, until } from "./lib/wait.js";

const CRASHES = 20;
const CLIENTS = 16;
const USERS_PER_CLIENT = 8;

test("kill -9 in a storm of writes loses nothing that was acknowledged, 20 times", { timeout: 300_000 }, async (test) => {
  await inStorms(test, CRASHES, (server) => server.kill());
});

test("SIGTERM in a storm of writes ends with status 0 and loses nothing either", { timeout: 60_000 }, async (test) => {
  await inStorms(test, 3, (server) => server.stop());
});

/** Lets clients write, ends the server in the middle of it, and compares after its next start. */
async function inStorms(test, times, end) {
  const { server, keys } = await Server.withProject(test, { env: WITHOUT_RATE_LIMITS });
  const api = new Api(server.url, keys);
  const users = new Map();
  for (let storm = 0; storm < times; storm += 1) {
    const before = acknowledged(users);
    const writes = together(CLIENTS, (client) => write(api, users, storm, client));
    await until("the storm is on", () => acknowledged(users) >= before + 50 + 7 * storm);
    await end(server);
    await writes;
    await server.start();
    await compareAll(api, users);
  }
  await server.stop();
  await server.assertHealthy();
  test.diagnostic(`${acknowledged(users)} acknowledged writes to ${users.size} users`);
}

function acknowledged(users) {
  return [...users.values()].reduce((sum, user) => sum + user.identified + user.tracked, 0);
}

/** Writes to users that no other client writes to, new ones and old ones, until the server is gone. */
async function write(api, users, storm, client) {
  for (let round = 1; ; round += 1) {
    const userId = `user-${client}-${(storm + round) % USERS_PER_CLIENT}-${storm % 3}`;
    const user = users.get(userId) ?? { sent: 0, identified: 0, tracked: 0, trackedAtMost: 0 };
    users.set(userId, user);
    user.sent += 1;
    if (!(await accepted(api.identify({ userId, name: `name ${user.sent}`, written: user.sent })))) return;
    user.identified = user.sent;
    user.trackedAtMost += 1;
    const date = new Date().toISOString();
    if (!(await accepted(api.track({ userId, name: "written", date, data: { number: user.sent } })))) return;
    user.tracked += 1;
  }
}

/** Whether the server took a call; a connection that broke acknowledges nothing. */
async function accepted(call) {
  const answer = await call.catch(() => undefined);
  if (answer) assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer !== undefined;
}

async function compareAll(api, users) {
  for (const [userId, user] of users) {
    const { status, body: session } = await api.lookup(userId);
    if (user.identified === 0 && status === 404) continue; // its only call was cut off
    assert.equal(status, 200, userId);
    const { written } = session.customData;
    assertWithin(written, user.identified, user.sent, `${userId}: written`);
    assert.equal(session.name, `name ${written}`, `${userId}: half a write`);
    const count = session.eventData?.written?.count ?? 0;
    assertWithin(count, user.tracked, user.trackedAtMost, `${userId}: events`);
  }
}

function assertWithin(found, least, most, what) {
  assert.ok(least <= found && found <= most, `${what}: ${found} is not within ${least} … ${most}`);
}
