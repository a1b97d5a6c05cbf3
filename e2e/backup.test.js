// A backup is taken while the server writes; it counts when what it restores is right.
import assert from "node:assert/strict";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { Api } from "./lib/api.js";
import { freePort, temporaryFolder } from "./lib/program.js";
import { Server, WITHOUT_RATE_LIMITS } from "./lib/server.js";
import { together, until } from "./lib/wait.js";

const WRITERS = 8;

test("a backup of a busy server restores everything that was acknowledged before it", { timeout: 240_000 }, async (test) => {
  const { server, keys } = await Server.withProject(test, { env: WITHOUT_RATE_LIMITS });
  const writers = startWriters(new Api(server.url, keys));
  await until("the server is busy", () => Math.min(...writers.written) >= 100);

  const file = join(await temporaryFolder(test), "backup.db");
  const acknowledged = [...writers.written];
  const { code, stderr } = await server.command("backup", file);
  assert.equal(code, 0, stderr);
  const { code: again } = await server.command("backup", file);
  assert.notEqual(again, 0, "a backup never overwrites a file");
  const sent = (await writers.stop()).map((written) => written + 1);

  const { code: refused, stderr: why } = await server.command("restore", file);
  assert.notEqual(refused, 0, "no restore under a running server");
  assert.match(why, /another process/i);
  await server.stop();

  const restored = new Server(join(await temporaryFolder(test), "data"), await freePort());
  test.after(() => restored.kill());
  await mkdir(restored.data);
  await copyFile(join(server.data, "secret.key"), join(restored.data, "secret.key"));
  await restored.commandOutput("restore", file);
  await restored.assertHealthy();
  await restored.start();
  const api = new Api(restored.url, keys);
  for (let writer = 0; writer < WRITERS; writer += 1) {
    await compare(api, writer, acknowledged[writer], sent[writer]);
  }
  await restored.stop();
});

/** Writers that identify a new user after the other, counting in `written` what was acknowledged. */
function startWriters(api) {
  const written = Array(WRITERS).fill(0);
  let running = true;
  const done = together(WRITERS, async (writer) => {
    while (running) {
      const { status } = await api.identify({ userId: userId(writer, written[writer]), email: `${userId(writer, written[writer])}@example.com` });
      assert.equal(status, 200);
      written[writer] += 1;
    }
  });
  const stop = async () => {
    running = false;
    await done;
    return written;
  };
  return { written, stop };
}

const userId = (writer, number) => `user-${writer}-${number}`;

/** A moment of the past: all users up to some number, whole, and none after it. */
async function compare(api, writer, atLeast, atMost) {
  let found = 0;
  for (let missing = false; found <= atMost && !missing; found += missing ? 0 : 1) {
    const { status, body } = await api.lookup(userId(writer, found));
    missing = status === 404;
    if (!missing) assert.equal(body.email, `${userId(writer, found)}@example.com`);
  }
  assert.ok(found >= atLeast, `writer ${writer}: ${found} users in the backup, ${atLeast} were acknowledged before it`);
}
