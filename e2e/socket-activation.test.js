// Under a service manager that holds the socket, a restart makes clients wait and refuses none.
import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Api } from "./lib/api.js";
import { PROGRAM, freePort, output, start, temporaryFolder } from "./lib/program.js";
import { until } from "./lib/wait.js";

const HOLDER = fileURLToPath(new URL("./lib/held_socket.py", import.meta.url));

test("no request is lost while the server restarts on a socket that is held", { timeout: 60_000 }, async (test) => {
  const data = join(await temporaryFolder(test), "data");
  const keys = JSON.parse(await output(["setup", "--json", "--data", data]));
  const port = await freePort();
  const holder = start([HOLDER, `${port}`, PROGRAM, "serve", "--data", data], { program: "python3", stdio: ["ignore", "pipe", "ignore"] });
  test.after(async () => {
    holder.kill("SIGTERM");
    await once(holder, "close");
  });
  const runs = [];
  createInterface({ input: holder.stdout }).on("line", (pid) => runs.push(Number(pid)));
  await until("it runs", () => runs.length === 1);
  const api = new Api(`http://127.0.0.1:${port}`, keys);
  assert.equal((await api.identify({ userId: "user-1" })).status, 200, "it serves on the socket that it was given");

  for (const restart of [1, 2]) {
    process.kill(runs.at(-1), "SIGTERM");
    // Each on a connection of its own: nobody retries.
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => lookup(api, n)));
    assert.deepEqual(new Set(answers), new Set([200]), `restart ${restart}`);
    await until("the next run began", () => runs.length > restart);
  }
});

async function lookup(api, n) {
  await new Promise((resolve) => setTimeout(resolve, n * 25));
  const answer = get(`${api.url}/v3/sessions/by-user-id/user-1`, { headers: api.memberHeaders, agent: false });
  const [response] = await once(answer, "response");
  response.resume();
  return response.statusCode;
}
