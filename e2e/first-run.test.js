// The first minutes of a new user: `hark serve --demo` prints commands to paste, and they work as printed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";

import { finished } from "./lib/program.js";
import { Server } from "./lib/server.js";
import { until } from "./lib/wait.js";

test("the commands that the first start prints work as printed, and again after the second", { timeout: 60_000 }, async (test) => {
  const server = await Server.empty(test, { args: ["--demo"] });
  const first = await visit(server);
  const second = await visit(server);

  assert.equal(second.session.id, first.session.id);
  assert.equal(second.session.gleapHash, first.session.gleapHash);
  assert.equal(second.session.createdAt, first.session.createdAt);
  const [before] = Object.values(first.session.eventData);
  const [after] = Object.values(second.session.eventData);
  assert.ok(after.count >= before.count);
  await server.assertHealthy();
});

/** Starts the server, pastes what it prints into a shell, and stops it. */
async function visit(server) {
  server.stdout = "";
  await server.start();
  await until("three commands are printed", () => commandsIn(server.stdout).length === 3);
  assert.ok(server.stdout.includes(server.url), "the address is printed");
  const [identify, track, lookup] = commandsIn(server.stdout);
  await paste(identify);
  await paste(track);
  const session = JSON.parse(await paste(lookup));
  await server.stop();

  assert.ok(session.userId, "the lookup finds the user that the first command identified");
  assert.ok(identify.includes(session.userId));
  const [event] = Object.keys(session.eventData);
  assert.ok(track.includes(event));
  return { session };
}

/** The commands in a text: each starts with `curl` and goes on while lines end with a backslash. */
function commandsIn(text) {
  return text.match(/^[ \t]*curl [^\n]*(?:(?<=\\)\n[^\n]*)*\n/gm) ?? [];
}

async function paste(command) {
  const { code, stdout, stderr } = await finished(spawn("bash", ["-c", command]));
  assert.equal(code, 0, `${command}: ${stderr}`);
  assert.doesNotMatch(stdout, /"statusCode"/, command);
  return stdout;
}
