// Servers for tests of the dashboard: empty, set up, with people signed in.
import assert from "node:assert/strict";

import { Api } from "./api.js";
import { Dashboard, OWNER, PASSWORD } from "./dashboard.js";
import { Server } from "./server.js";

/** Text that would run, was it taken for markup. */
export const HOSTILE = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;

/** An empty server. `env` has options of it. */
export async function emptyServer(test, env) {
  const server = await Server.empty(test, { env });
  await server.start();
  return server;
}

/** A server that was set up, with its keys. */
export async function readyServer(test, env) {
  const server = await emptyServer(test, env);
  const body = { organisation: "Example Ltd", project: "Shop", email: OWNER, password: PASSWORD };
  const made = await fetch(`${server.url}/v3/setup`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  assert.equal(made.status, 200);
  const keys = await made.json();
  return { server, keys, api: new Api(server.url, keys) };
}

/** The same, with a person signed in. `options` are those of the browser. */
export async function signedIn(test, options, env) {
  const ready = await readyServer(test, env);
  const dashboard = await Dashboard.open(test, ready.server.url, options);
  await dashboard.signIn();
  await dashboard.heading("Overview").waitFor();
  return { ...ready, dashboard, page: dashboard.page };
}

/** Another member of the project, signed in with a browser of their own. */
export async function colleague(test, { server, keys }, { email = "agent@example.com", role = "agent", ...options } = {}) {
  const args = ["member", "create", "--email", email, "--project", keys.projectId, "--role", role, "--password-stdin"];
  const { code, stderr } = await server.commandReading(`${PASSWORD}\n`, ...args);
  assert.equal(code, 0, stderr);
  const dashboard = await Dashboard.open(test, server.url, options);
  await dashboard.signIn(email);
  await dashboard.heading("Overview").waitFor();
  return dashboard;
}

/** Sends a report as a page of the project does, and gives the id of its ticket. */
export async function report({ server, keys }, body) {
  const headers = { "api-token": keys.sdkKey, "content-type": "application/json" };
  const session = await (await fetch(`${server.url}/sessions`, { method: "POST", headers, body: "{}" })).json();
  const credential = { "gleap-id": session.gleapId, "gleap-hash": session.gleapHash };
  const sent = await fetch(`${server.url}/bugs/v2`, { method: "POST", headers: { ...headers, ...credential }, body: JSON.stringify({ type: "BUG", priority: "LOW", ...body }) });
  assert.equal(sent.status, 201);
  return { id: (await sent.json()).id, credential };
}
