// Uploads over a real connection, and what a backup keeps of them.
import assert from "node:assert/strict";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { Api } from "./lib/api.js";
import { freePort, temporaryFolder } from "./lib/program.js";
import { Server } from "./lib/server.js";

const PNG = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(300_000, 7)]);

test("a backup has the uploaded files, and restores them", { timeout: 60_000 }, async (test) => {
  const { server, keys } = await Server.withProject(test);
  const headers = await session(server.url, keys);
  const form = new FormData();
  form.append("file", new Blob([PNG]), "shot.png");
  const uploaded = await fetch(`${server.url}/uploads/sdk`, { method: "POST", headers, body: form });
  assert.equal(uploaded.status, 200);
  const { fileUrl } = await uploaded.json();
  const report = { formData: { description: "broken" }, screenshotUrl: fileUrl, webReplay: { events: [1] } };
  const reported = await fetch(`${server.url}/bugs/v2`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json;charset=UTF-8" },
    body: JSON.stringify(report),
  });
  assert.equal(reported.status, 201);
  const { id } = await reported.json();

  const file = join(await temporaryFolder(test), "backup.db");
  await server.commandOutput("backup", file);
  await server.stop();
  const restored = new Server(join(await temporaryFolder(test), "data"), await freePort());
  test.after(() => restored.kill());
  await mkdir(restored.data);
  await copyFile(join(server.data, "secret.key"), join(restored.data, "secret.key"));
  await restored.commandOutput("restore", file);
  await restored.start();

  const shot = await fetch(restored.url + new URL(fileUrl).pathname);
  assert.equal(shot.status, 200);
  assert.equal(shot.headers.get("content-type"), "image/png");
  assert.deepEqual(Buffer.from(await shot.arrayBuffer()), PNG);
  const replay = await fetch(`${restored.url}/v3/tickets/${id}/replay`, {
    headers: { Authorization: `Bearer ${keys.apiKey}`, project: keys.projectId },
  });
  assert.deepEqual(await replay.json(), { events: [1] });
  await restored.stop();
});

/** The headers of a client that has a session. */
async function session(url, keys) {
  const api = new Api(url, keys);
  assert.equal((await api.identify({ userId: "u" })).status, 200);
  const { body } = await api.lookup("u");
  return { "Api-Token": keys.sdkKey, "Gleap-Id": body.gleapId, "Gleap-Hash": body.gleapHash };
}
