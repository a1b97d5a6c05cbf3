// A server moves from its file to PostgreSQL and back: what clients see is the same, and their keys go on working.
import assert from "node:assert/strict";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { Api } from "./lib/api.js";
import { PASSWORD, Postgres } from "./lib/postgres.js";
import { freePort, run, temporaryFolder } from "./lib/program.js";
import { Server, WITHOUT_RATE_LIMITS } from "./lib/server.js";

const USERS = 40;

test("everything goes to PostgreSQL and back", { timeout: 240_000 }, async (test) => {
  const { server, keys } = await Server.withProject(test, { env: WITHOUT_RATE_LIMITS });
  const postgres = await Postgres.start(test);
  const HARK_DATABASE = postgres.url();
  const api = new Api(server.url, keys);
  for (let user = 0; user < USERS; user += 1) {
    const userId = `user-${user}`;
    assert.equal((await api.identify({ userId, name: `Name ${user}`, email: `${user}@example.com`, plan: "team", seats: user })).status, 200);
    const event = { userId, name: "came", date: new Date().toISOString(), data: { user } };
    assert.equal((await api.track(event)).status, 200);
  }
  const before = await shown(api);

  const running = await server.command("copy", "--from", "sqlite:", "--to", HARK_DATABASE);
  assert.equal(running.code, 1);
  assert.match(running.stderr, /another process has .*hark\.db open: stop it/);
  await server.stop();
  const there = await server.command("copy", "--from", "sqlite:", "--to", HARK_DATABASE);
  assert.equal(there.code, 0, there.stderr);
  assert.match(there.stdout, /rows of documents, identity keys and indexes are the same in sqlite:.*hark\.db and postgres:\/\/127\.0\.0\.1/);
  assert.match(there.stdout, /secret\.key/);
  assert.doesNotMatch(there.stdout + there.stderr, new RegExp(PASSWORD));
  const twice = await server.command("copy", "--from", "sqlite:", "--to", HARK_DATABASE);
  assert.equal(twice.code, 1);
  assert.match(twice.stderr, /holds documents already/);

  const moved = new Server(server.data, await freePort(), { env: { ...WITHOUT_RATE_LIMITS, HARK_DATABASE } });
  test.after(() => moved.kill());
  await moved.start();
  const over = new Api(moved.url, keys);
  assert.deepEqual(await shown(over), before);
  assert.equal((await over.identify({ userId: "user-late", name: "Late" })).status, 200);
  const later = await shown(over);
  await moved.stop();

  const data = join(await temporaryFolder(test), "data");
  await mkdir(data);
  await copyFile(join(server.data, "secret.key"), join(data, "secret.key"));
  const back = await run(["copy", "--to", `sqlite:${join(data, "hark.db")}`, "--data", server.data], { env: { HARK_DATABASE } });
  assert.equal(back.code, 0, back.stderr);
  const again = new Server(data, await freePort(), { env: WITHOUT_RATE_LIMITS });
  test.after(() => again.kill());
  await again.start();
  const home = new Api(again.url, keys);
  assert.deepEqual(await shown(home), later);
  assert.equal((await home.lookup("user-late")).body.name, "Late");
});

/** What a client sees: all sessions, some of them found in other ways, and what happened. */
async function shown(api) {
  const paths = ["/sessions?limit=1000&sort=userId", "/sessions/search?searchTerm=name", "/sessions?customData.seats=7"];
  const answers = await Promise.all(paths.map((path) => api.get(path)));
  for (const { status, body } of answers) {
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(body.length > 0, JSON.stringify(body));
  }
  const one = await api.lookup("user-3");
  return [...answers.map(({ body }) => body), one.body, one.headers.get("etag")];
}
