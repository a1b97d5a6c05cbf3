// A folder that a demo fills is that of a server like any other, with the people, events and tickets of the last weeks.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { Api } from "./lib/api.js";
import { freePort, output, run, temporaryFolder } from "./lib/program.js";
import { Server, assertHealthy } from "./lib/server.js";

const DAY_MS = 86_400_000;

test("a demo has people, what they did in the last weeks, and tickets", { timeout: 120_000 }, async (test) => {
  const data = join(await temporaryFolder(test), "data");
  const started = Date.now();
  await output(["demo", "--data", data, "--sessions", "40", "--days", "20", "--tickets", "6"]);
  const again = await run(["demo", "--data", data]);
  assert.notEqual(again.code, 0, "a folder that is filled is not filled again");
  assert.match(again.stderr, /empty data folder/);
  await assertHealthy(data);

  const server = new Server(data, await freePort(), { args: ["--demo"] });
  test.after(() => server.kill());
  await server.start();
  const api = new Api(server.url, JSON.parse(await readFile(join(data, "demo-keys.json"), "utf8")));
  const { body: sessions } = await api.get("/sessions?limit=1000");
  assert.equal(sessions.length, 40);
  for (const { createdAt, email, eventData } of sessions) {
    const age = (started - Date.parse(createdAt)) / DAY_MS;
    assert.ok(age > -0.1 && age < 22, `made at the time of the story: ${createdAt}`);
    assert.ok(eventData.pageView.count > 0);
    assert.ok(email === undefined || email.endsWith("@example.com"));
  }
  assert.ok(new Set(sessions.map(({ createdAt }) => createdAt.slice(0, 10))).size > 5, "they came on different days");
  const { body: tickets } = await api.get("/tickets");
  assert.equal(tickets.totalCount, 6);
  const reporters = sessions.filter(({ countFeedbackReports }) => countFeedbackReports > 0);
  assert.ok(reporters.length > 0 && reporters.length <= 6);
});

test("a demo does not fill a server with accounts of its own", { timeout: 60_000 }, async (test) => {
  const data = join(await temporaryFolder(test), "data");
  await output(["setup", "--data", data]);
  const { code, stderr } = await run(["demo", "--data", data]);
  assert.notEqual(code, 0);
  assert.match(stderr, /accounts of its own/);
});
