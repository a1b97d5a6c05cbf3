// Three nodes over one PostgreSQL, under load, while nodes are killed and paused, connections are cut, PostgreSQL crashes, and the clock of a
// node is five minutes ahead. What was acknowledged is there, on every node, from the moment that it was; what was merged is found under its
// survivor, and what is pushed arrives at sockets, on whichever node they are.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Api } from "./lib/api.js";
import { History } from "./lib/history.js";
import { Listener } from "./lib/listener.js";
import { isInstalled, Nginx } from "./lib/nginx.js";
import { Postgres, Way } from "./lib/postgres.js";
import { freePort, output, temporaryFolder } from "./lib/program.js";
import { Server, WITHOUT_RATE_LIMITS } from "./lib/server.js";
import { together } from "./lib/wait.js";

const NODES = 3;
/** Each writes to users of its own, and to those that it shares with others. */
const CLIENTS = 6;
/** Longer than a transaction whose process is silent is waited for, and than a lease of a job is renewed. */
const PAUSE_MS = 30_000;
const CALM_MS = 3_000;
const DELIVERY_MS = 200;
/** A job that began so long before the first failure was done by then. */
const SURE_MS = 1_500;
const FAKETIME = ["x86_64", "aarch64"].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`);

test("nodes that fail lose and hide nothing that was acknowledged", { timeout: 240_000 }, async (test) => {
  const { postgres, ways, servers, keys } = await threeNodes(test);
  const history = new History([...servers, ...(await proxies(test, servers))].map((server) => new Api(server.url, keys)));
  const receiver = await Receiver.start(test);
  const hook = { name: "test", url: receiver.url, events: ["session.created", "session.identified"] };
  const made = await history.nodes[0].post("/webhooks", hook);
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const listeners = await together(NODES, (node) => Listener.open(test, inTurn(servers, node), history, `listener-${node}`));
  const load = Promise.all([
    ...Array.from({ length: CLIENTS }, (_, client) => history.load(client)),
    ...listeners.map((listener) => listener.pushAll()),
  ]);
  const failures = fail({ postgres, ways, servers, receiver }).finally(() => (history.ends = true));
  await Promise.allSettled([failures, load]); // so that no server is started when the test is over
  const [told] = await Promise.all([failures, load]);

  await history.compareAll();
  let excused = 0;
  for (const listener of listeners) excused += await listener.compare();
  assert.ok(told.length > 0, "jobs were done");
  for (const { id, times } of told) assert.equal(times, 1, `the job ${id} was done ${times} times while nothing failed`);
  for (const server of servers) await server.stop();
  await servers[0].assertHealthy();
  assert.ok(history.acknowledged > 60, `only ${history.acknowledged} writes were acknowledged`);
  assert.ok(history.merges > 20, `only ${history.merges} sessions were merged`);
  const sum = (count) => listeners.map(count).reduce((one, other) => one + other);
  test.diagnostic(
    `${history.acknowledged} writes to ${history.users.size} users, ${history.merges} merges, ${history.reads} reads, ` +
      `${history.failures} calls that failed, ${receiver.deliveries.size} jobs, ${sum(({ pushed }) => pushed.length)} notifications ` +
      `to ${sum(({ sockets }) => sockets)} sockets, of which ${excused} were lost with their socket`,
  );
});

/** All that may happen to nodes, most of it while one of them is paused. Gives the jobs that were done before. */
async function fail({ postgres, ways, servers, receiver }) {
  const calm = () => sleep(CALM_MS);
  await calm();
  await calm();
  const told = receiver.told(Date.now() - SURE_MS);
  servers[1].pause();
  const pause = sleep(PAUSE_MS);
  await calm();
  await servers[0].kill();
  await calm();
  await servers[0].start();
  ways.forEach((way) => way.cut());
  await calm();
  await postgres.crash();
  await calm();
  await servers[2].kill();
  await servers[2].start();
  ways[0].cut();
  await pause;
  servers[1].resume();
  await calm();
  ways.forEach((way) => way.cut());
  await calm();
  return told;
}

/** The servers, beginning with that of a number. */
function inTurn(servers, first) {
  return [...servers.slice(first), ...servers.slice(0, first)];
}

async function threeNodes(test) {
  const folder = await temporaryFolder(test);
  const postgres = await Postgres.start(test);
  const ways = await together(NODES, () => Way.to(test, postgres.port));
  const data = (node) => join(folder, `node-${node}`);
  const env = (node) => ({
    ...WITHOUT_RATE_LIMITS,
    HARK_DATABASE: postgres.url(ways[node].port),
    HARK_SECRET_FILE: join(data(0), "secret.key"),
    HARK_POSTGRES_CONNECTIONS_MAX: "6",
    HARK_OUTGOING_ALLOW_PRIVATE: "true",
    HARK_LIMITS_GUESTS_PER_MINUTE: "0",
    HARK_LIVE_NOTIFICATION_DELAY_MS: "0",
  });
  // The first one makes its key where it always does.
  const { HARK_SECRET_FILE: _, ...first } = env(0);
  const keys = JSON.parse(await output(["setup", "--json", "--data", data(0)], { env: first }));
  const ahead = clockAhead(test);
  const servers = [];
  for (let node = 0; node < NODES; node += 1) {
    const skewed = node === NODES - 1 ? ahead : {};
    const server = new Server(data(node), await freePort(), { env: { ...env(node), ...skewed } });
    test.after(() => server.kill());
    await server.start();
    servers.push(server);
  }
  return { postgres, ways, servers, keys };
}

/** Calls go by way of nginx too, and then to whichever node it chooses. */
async function proxies(test, servers) {
  if (isInstalled()) return [await Nginx.before(test, servers)];
  test.diagnostic("*** nothing goes by way of a proxy: nginx is not installed (apt-get install nginx-light) ***");
  return [];
}

/** What makes a clock be five minutes ahead; the time that passes is measured as ever. */
function clockAhead(test) {
  const library = FAKETIME.find((file) => existsSync(file));
  if (library === undefined) {
    test.diagnostic("*** all clocks are right: libfaketime is not installed (apt-get install libfaketime) ***");
    return {};
  }
  return { LD_PRELOAD: library, FAKETIME: "+5m", FAKETIME_DONT_FAKE_MONOTONIC: "1" };
}

/** Hears what webhooks tell: each delivery is a job. */
class Receiver {
  deliveries = new Map();

  static async start(test) {
    const receiver = new Receiver();
    const server = createServer((request, response) => receiver.#hear(request, response)).listen(0, "127.0.0.1");
    await once(server, "listening");
    receiver.url = `http://127.0.0.1:${server.address().port}/`;
    test.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return receiver;
  }

  async #hear(request, response) {
    const id = request.headers["webhook-id"];
    const delivery = this.deliveries.get(id) ?? { id, times: 0, first: Date.now() };
    delivery.times += 1;
    this.deliveries.set(id, delivery);
    for await (const _ of request); // all of it
    // As long as other nodes need to find the job, when they look for it.
    await sleep(DELIVERY_MS);
    response.end();
  }

  /** What was first told before an instant, as it is by now. */
  told(before) {
    return [...this.deliveries.values()].filter(({ first }) => first < before);
  }
}
