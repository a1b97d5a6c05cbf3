// The client of customers' servers ignores statuses, so a wrong token must be seen on this side.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GleapAdmin } from "gleap-admin";

import { API_TOKEN, Api } from "./lib/api.js";
import { Server } from "./lib/server.js";
import { until } from "./lib/wait.js";

const WRONG = "hark_at_wrong0-the-rest-of-a-token-is-never-shown000";
const ALSO_WRONG = "hark_at_wrong1-the-rest-of-a-token-is-never-shown111";

/** Lines of the log that tell of this token by its first characters. */
function linesAbout(server, token) {
  return server.log.split("\n").filter((line) => line.includes(token.slice(0, "hark_at_wrong0".length)));
}

test("a right token is told so, a wrong one gets 401 and one line a minute", async (test) => {
  const { server, keys } = await Server.withProject(test);
  assert.equal((await new Api(server.url, keys).adminAuth()).status, 200);

  for (const apiToken of [WRONG, ALSO_WRONG]) {
    const intruder = new Api(server.url, { ...keys, apiToken });
    const event = { userId: "user-1", name: "signed in", date: new Date().toISOString() };
    for (let call = 0; call < 5; call += 1) {
      assertUnauthorized(await intruder.adminAuth(), apiToken);
      assertUnauthorized(await intruder.identify({ userId: "user-1" }), apiToken);
      assertUnauthorized(await intruder.track(event), apiToken);
    }
    await until("the wrong token is in the log", () => linesAbout(server, apiToken).length > 0);
  }
  await server.stop();
  assert.equal(linesAbout(server, WRONG).length, 1, server.log);
  assert.equal(linesAbout(server, ALSO_WRONG).length, 1, server.log);
  assert.ok(!server.log.includes("never-shown"), "a token is logged by its first characters only");
});

function assertUnauthorized({ status, headers, body }, token) {
  assert.equal(status, 401);
  assert.ok(headers.has("www-authenticate"));
  assert.equal(body.statusCode, 401);
  assert.ok(body.message && body.code && body.requestId);
  assert.ok(!JSON.stringify(body).includes(token));
}

test("gleap-admin with a wrong token notices nothing, and nothing is stored", async (test) => {
  const { server, keys } = await Server.withProject(test);
  const client = new GleapAdmin();
  test.after(() => client.stop());
  client.initialize(WRONG, { apiUrl: server.url });

  assert.equal(await client.identify("user-1", { name: "Nobody" }), true);
  client.trackEvent("user-1", "signed in");
  const refused = () => server.log.includes("/admin/track");
  await until("the events are sent and refused", refused);

  const { status, body } = await new Api(server.url, keys).lookup("user-1");
  assert.equal(status, 404);
  assert.equal(body.code, "session_not_found");
});

test("a token of another project reaches that project only", async (test) => {
  const { server, keys } = await Server.withProject(test);
  const [apiToken] = (await server.commandOutput("project", "create", "--name", "Other")).match(API_TOKEN);
  const { status } = await new Api(server.url, { ...keys, apiToken }).identify({ userId: "user-1", name: "Theirs" });
  assert.equal(status, 200);
  assert.equal((await new Api(server.url, keys).lookup("user-1")).status, 404);
});
