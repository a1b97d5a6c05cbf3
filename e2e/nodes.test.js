// Three nodes over one PostgreSQL, under load, while nodes are killed and paused, connections are cut, PostgreSQL crashes, and the clock of a
// node is five minutes ahead. What was acknowledged is there, on every node, from the moment that it was.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Api } from "./lib/api.js";
import { Postgres, Way } from "./lib/postgres.js";
import { freePort, output, run, temporaryFolder } from "./lib/program.js";
import { Server, WITHOUT_RATE_LIMITS } from "./lib/server.js";
import { together } from "./lib/wait.js";

const NODES = 3;
/** Each writes to users of its own, and to those that it shares with another. */
const CLIENTS = 6;
/** A user has room for 200 attributes. */
const WRITES_PER_USER = 60;
/** Longer than a transaction whose process is silent is waited for. */
const PAUSE_MS = 12_000;
const CALM_MS = 3_000;
const DELIVERY_MS = 200;
/** A job that began so long before the first failure was done by then. */
const SURE_MS = 1_500;
const ANSWER_WITHIN_MS = 4_000;
const ACKNOWLEDGED_WITHIN_MS = 60_000;
const FAKETIME = ["x86_64", "aarch64"].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`);

test("nodes that fail lose and hide nothing that was acknowledged", { timeout: 240_000 }, async (test) => {
  const { postgres, ways, servers, keys } = await threeNodes(test);
  const history = new History(servers.map((server) => new Api(server.url, keys)));
  const receiver = await Receiver.start(test);
  const hook = { name: "test", url: receiver.url, events: ["session.created", "session.identified"] };
  const made = await history.nodes[0].post("/webhooks", hook);
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const load = together(CLIENTS, (client) => write(history, client));
  const calm = () => sleep(CALM_MS);
  await calm();
  await calm();
  const told = receiver.told(Date.now() - SURE_MS);
  await servers[0].kill();
  await calm();
  await servers[0].start();
  ways[1].cut();
  await calm();
  await postgres.crash();
  await calm();
  servers[1].pause();
  await sleep(PAUSE_MS);
  servers[1].resume();
  await calm();
  await servers[2].kill();
  await servers[2].start();
  ways.forEach((way) => way.cut());
  await calm();
  history.ends = true;
  await load;

  await history.compareAll();
  assert.ok(told.length > 0, "jobs were done");
  for (const { id, times } of told) assert.equal(times, 1, `the job ${id} was done ${times} times while nothing failed`);
  for (const server of servers) await server.stop();
  const { code, stdout, stderr } = await run(["doctor", "--data", servers[0].data], { env: servers[0].env });
  assert.equal(code, 0, `hark doctor: ${stdout}${stderr}`);
  assert.ok(history.acknowledged > 100, `only ${history.acknowledged} writes were acknowledged`);
  test.diagnostic(`${history.acknowledged} writes to ${history.users.size} users, ${history.reads} reads, ${history.failures} calls that failed, ${receiver.deliveries.size} jobs`);
});

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

/** What was written and acknowledged, and the calls that are held to it. */
class History {
  users = new Map();
  acknowledged = 0;
  reads = 0;
  failures = 0;
  ends = false;

  constructor(nodes) {
    this.nodes = nodes;
  }

  user(userId) {
    if (!this.users.has(userId)) this.users.set(userId, { keys: new Set(), events: 0 });
    return this.users.get(userId);
  }

  /** Calls any node, and another when it does not answer or asks to come again, as clients do. */
  async call(what) {
    for (const end = Date.now() + ACKNOWLEDGED_WITHIN_MS; Date.now() < end; await sleep(50)) {
      const node = this.nodes[Math.floor(Math.random() * this.nodes.length)];
      const answer = await within(what(node));
      if (answer && answer.status < 500) return answer;
      if (answer) assert.equal(answer.status, 503, JSON.stringify(answer.body));
      this.failures += 1;
    }
    assert.fail("no node answered");
  }

  /** A write that may be sent more than once, and may even be done late: it sets a key that nobody else sets. */
  async write(userId, key) {
    const identified = await this.call((node) => node.identify({ userId, [key]: key }));
    assert.equal(identified.status, 200, JSON.stringify(identified.body));
    this.user(userId).keys.add(key);
    this.acknowledged += 1;
    const event = { userId, name: "written", date: new Date().toISOString(), data: { key } };
    const tracked = await this.call((node) => node.track(event));
    assert.equal(tracked.status, 200, JSON.stringify(tracked.body));
    this.user(userId).events += 1;
  }

  /** What had been acknowledged before the question is in the answer. */
  async read(userId) {
    const [...expected] = this.user(userId).keys;
    const { status, body } = await this.call((node) => node.lookup(userId));
    this.reads += 1;
    assert.equal(status, 200, `${userId}: ${JSON.stringify(body)}`);
    for (const key of expected) assert.equal(body.customData[key], key, `${userId} does not show ${key}`);
    return body;
  }

  async compareAll() {
    for (const [userId, user] of this.users) {
      const ids = new Set();
      for (const node of this.nodes) {
        const { status, body } = await node.lookup(userId);
        assert.equal(status, 200, userId);
        ids.add(body.id);
        assert.deepEqual(new Set(Object.keys(body.customData)), user.keys, userId);
        assert.equal(body.eventData.written.count, user.events, `${userId}: events lost or counted twice`);
      }
      assert.equal(ids.size, 1, `${userId} is one session`);
    }
  }
}

/** The answer, or nothing when it takes too long or the connection breaks. */
function within(answer) {
  return Promise.race([answer.catch(() => undefined), sleep(ANSWER_WITHIN_MS, undefined, { ref: false })]);
}

/** Writes and reads until the history ends. */
async function write(history, client) {
  for (let number = 0; !history.ends; number += 1) {
    const round = Math.floor(number / WRITES_PER_USER);
    const own = number % 3 > 0;
    const userId = own ? `own-${client}-${round}` : `shared-${client % 2}-${round}`;
    await history.write(userId, `k${client}n${number}`);
    await history.read(userId);
  }
}
