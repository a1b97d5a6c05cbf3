// Two nodes over one PostgreSQL behind nginx, with the configuration of deploy/: what clients see while nodes are restarted, and what passes.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Api } from "./lib/api.js";
import { isInstalled, Nginx } from "./lib/nginx.js";
import { Postgres } from "./lib/postgres.js";
import { freePort, output, temporaryFolder } from "./lib/program.js";
import { chunked, Connection, request } from "./lib/raw.js";
import { RawSocket } from "./lib/raw-socket.js";
import { Server, WITHOUT_RATE_LIMITS } from "./lib/server.js";
import { together } from "./lib/wait.js";

const SKIPPED = isInstalled() ? false : "*** nginx is not installed: nothing was tried behind a proxy (apt-get install nginx-light) ***";
const VISITORS = 8;
const CALM_MS = 500;
const MEBIBYTE = 1024 * 1024;

if (SKIPPED) console.error(SKIPPED);

test("behind nginx", { timeout: 240_000, skip: SKIPPED }, async (test) => {
  const folder = await temporaryFolder(test);
  const postgres = await Postgres.start(test);
  const data = (node) => join(folder, `node-${node}`);
  const env = { ...WITHOUT_RATE_LIMITS, HARK_DATABASE: postgres.url(), HARK_TRUSTED_PROXY: "127.0.0.1", HARK_LIMITS_GUESTS_PER_MINUTE: "0", HARK_LIVE_NOTIFICATION_DELAY_MS: "0" };
  const keys = JSON.parse(await output(["setup", "--json", "--data", data(0)], { env }));
  const servers = [];
  for (const node of [0, 1]) {
    const shared = node === 0 ? {} : { HARK_SECRET_FILE: join(data(0), "secret.key") };
    const server = new Server(data(node), await freePort(), { env: { ...env, ...shared } });
    test.after(() => server.kill());
    await server.start();
    servers.push(server);
  }
  const nginx = await Nginx.before(test, servers);
  const api = new Api(nginx.url, keys);

  await test.test("clients see nothing of nodes that are restarted, and need not ask twice", async (test) => {
    let ends = false;
    let [asked, written] = [0, 0];
    const visit = async (visitor) => {
      const guest = await ok(api.client("/sessions", {}));
      const userId = `visitor-${visitor}`;
      await ok(api.client("/sessions/identify", { userId }, guest));
      for (let number = 0; !ends; number += 1) {
        const { body: session } = await api.lookup(userId);
        assert.equal(session.eventData?.seen?.count ?? 0, number, "what was acknowledged is shown, once");
        const events = [{ name: "seen", date: new Date().toISOString(), data: { number } }];
        await ok(api.client("/sessions/ping", { events, time: 1, opened: false, ws: true }, guest));
        await ok(api.client("/sessions/partialupdate", { data: { number } }, guest));
        [asked, written] = [asked + 1, written + 2];
      }
    };
    const visits = together(VISITORS, visit);
    const restarts = restartEach(servers).finally(() => (ends = true));
    const [, visited] = await Promise.allSettled([restarts, visits]); // so that no server is started when the test is over
    assert.equal(visited.reason, undefined, `${visited.reason} ${nginx.log}`);
    await restarts;
    assert.ok(written > 100, `only ${written} calls wrote`);
    test.diagnostic(`${asked} lookups and ${written} writes, none of which failed`);
  });

  await test.test("what is pushed arrives at a socket, whichever node it is on", async (test) => {
    const user = await ok(api.client("/sessions/identify", { userId: "user-1" }, await ok(api.client("/sessions", {}))));
    const { id } = (await api.lookup("user-1")).body;
    const query = `?gleapId=${user.gleapId}&gleapHash=${user.gleapHash}&apiKey=${keys.sdkKey}`;
    // Each connection goes to the next node.
    const sockets = [await RawSocket.open(test, nginx, `/ws${query}`), await RawSocket.open(test, nginx, `/${query}`)];
    for (const socket of sockets) await socket.update();
    assert.equal((await api.put(`/sessions/${id}/unread`, { unread: 4 })).status, 200);
    for (const socket of sockets) assert.equal((await socket.update()).data.u, 4);
  });

  await test.test("what a server says as it happens is not held back", async (test) => {
    const { id } = (await api.lookup("user-1")).body;
    const { status, events } = await api.watch(test, `/sessions/${id}/live`);
    assert.equal(status, 200);
    await sleep(CALM_MS);
    assert.equal((await api.identify({ userId: "user-1", name: "changed" })).status, 200);
    for (const end = Date.now() + 5_000; events.length === 0 && Date.now() < end; ) await sleep(20);
    assert.ok(events.length > 0, "a change is told while the answer goes on");
  });

  await test.test("addresses and bodies pass as they came, figures do not", async (test) => {
    const userId = "team/a b%2Fc";
    assert.equal((await api.identify({ userId })).status, 200);
    assert.equal((await api.lookup(userId)).body.userId, userId);
    const connection = await Connection.to(test, nginx);
    const body = JSON.stringify({ userId: "chunked", name: "x" });
    const head = request("POST", "/admin/identify", { ...api.adminHeaders, "Content-Type": "application/json", "Transfer-Encoding": "chunked" });
    const answer = await connection.exchange(head, chunked(body, 10));
    assert.equal(answer.status, 200, "a body without a length, as gleap-admin sends it");
    const file = new FormData();
    file.append("file", new Blob([new Uint8Array(8 * MEBIBYTE)], { type: "application/octet-stream" }), "large.bin");
    const guest = await ok(api.client("/sessions", {}));
    const headers = { "api-token": keys.sdkKey, "gleap-id": guest.gleapId, "gleap-hash": guest.gleapHash };
    const uploaded = await fetch(`${nginx.url}/uploads/sdk`, { method: "POST", headers, body: file });
    assert.equal(uploaded.status, 200, await uploaded.text());
    assert.equal((await fetch(`${nginx.url}/metrics`)).status, 403);
  });
});

async function restartEach(servers) {
  for (const server of [...servers, ...servers]) {
    await sleep(CALM_MS);
    await server.stop();
    await sleep(CALM_MS);
    await server.start();
  }
  await sleep(CALM_MS);
}

async function ok(answer) {
  const { status, body } = await answer;
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}
