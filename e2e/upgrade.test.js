// From an older version to this one while clients go on: nodes are replaced one after the other over PostgreSQL, and a file is opened by the
// newer program. `HARK_TEST_OLD_PROGRAM` names the older one, built of a commit with an older schema; without it nothing is tested here.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Api } from "./lib/api.js";
import { History } from "./lib/history.js";
import { Listener } from "./lib/listener.js";
import { Postgres } from "./lib/postgres.js";
import { freePort, output, run, temporaryFolder } from "./lib/program.js";
import { Server, WITHOUT_RATE_LIMITS } from "./lib/server.js";
import { together, until } from "./lib/wait.js";

const OLD = process.env.HARK_TEST_OLD_PROGRAM;
const SKIPPED = OLD ? false : "*** HARK_TEST_OLD_PROGRAM is not set: no older version was upgraded ***";
const CLIENTS = 4;
const CALM_MS = 3_000;
const OPTIONS = {
  ...WITHOUT_RATE_LIMITS,
  HARK_POSTGRES_CONNECTIONS_MAX: "6",
  HARK_LIMITS_GUESTS_PER_MINUTE: "0",
  HARK_LIVE_NOTIFICATION_DELAY_MS: "0",
};

if (SKIPPED) console.error(SKIPPED);

test("nodes are replaced one after the other, and clients see nothing of it", { timeout: 240_000, skip: SKIPPED }, async (test) => {
  const folder = await temporaryFolder(test);
  const postgres = await Postgres.start(test);
  const key = join(folder, "old-1", "secret.key");
  const env = { ...OPTIONS, HARK_DATABASE: postgres.url(), HARK_SECRET_FILE: key };
  const server = async (name, program) => {
    const made = new Server(join(folder, name), await freePort(), { env, program });
    test.after(() => made.kill());
    return made;
  };
  const first = { env: { ...OPTIONS, HARK_DATABASE: postgres.url() }, program: OLD };
  const keys = JSON.parse(await output(["setup", "--json", "--data", join(folder, "old-1")], first));
  const old = [await server("old-1", OLD), await server("old-2", OLD)];
  const young = [await server("new-1"), await server("new-2")];
  for (const node of old) await node.start();

  const history = new History(old.map((node) => new Api(node.url, keys)));
  const tickets = new Tickets(history);
  // A client asks whichever node is ready, as behind a proxy.
  const listeners = await together(2, (n) => Listener.open(test, [old[n], ...young, old[1 - n]], history, `listener-${n}`));
  const load = Promise.all([
    ...Array.from({ length: CLIENTS }, (_, client) => history.load(client)),
    ...listeners.map((listener) => listener.pushAll()),
    tickets.load(),
  ]);
  const replacing = replace(old, young, history, keys).finally(() => (history.ends = true));
  await Promise.allSettled([replacing, load]); // so that no server is started when the test is over
  await Promise.all([replacing, load]);

  await history.compareAll();
  await tickets.compareAll();
  for (const listener of listeners) await listener.compare();
  const refused = await run(["migrate", "--data", old[0].data], { env, program: OLD });
  assert.notEqual(refused.code, 0, "the older program refuses the newer database");
  assert.match(refused.stderr, /use the newer program/);
  // What older nodes did not know of what they wrote, a newer one fills in when it starts, or in some minutes.
  await young[0].stop();
  await young[0].start();
  let report;
  await until("the database is as if no older node had written", async () => (report = await run(["doctor", "--data", young[0].data], { env })).code === 0).catch((error) => {
    throw new Error(`${error.message}: ${report.stdout}${report.stderr}`);
  });
  assert.ok(history.acknowledged > 100, `only ${history.acknowledged} writes were acknowledged`);
  test.diagnostic(
    `${history.acknowledged} writes, ${history.merges} merges, ${history.reads} reads, ${tickets.made.length} tickets, ${history.failures} calls that were sent again`,
  );
});

/** Newer nodes come in beside older ones, which then go. */
async function replace(old, young, history, keys) {
  const calm = () => sleep(CALM_MS);
  for (const n of [0, 1]) {
    await calm();
    await young[n].start(); // the first one migrates
    history.nodes.push(new Api(young[n].url, keys));
    await calm();
    await old[n].stop();
    history.nodes = history.nodes.filter(({ url }) => url !== old[n].url);
  }
  await calm();
}

/** Tickets with something said in them, written by way of any node. */
class Tickets {
  made = [];

  constructor(history) {
    this.history = history;
  }

  async load() {
    for (let number = 0; !this.history.ends; number += 1) {
      const [title, comment] = [`ticket ${number}`, `comment ${number}`];
      const { id } = await this.history.done((node) => node.post("/tickets", { title: "new", type: "BUG" }));
      await this.history.done((node) => node.post("/messages", { ticket: id, comment }));
      await this.history.done((node) => node.put(`/tickets/${id}`, { title }));
      this.made.push({ id, title, comment });
    }
  }

  async compareAll() {
    assert.ok(this.made.length > 10, `only ${this.made.length} tickets were made`);
    for (const { id, title, comment } of this.made) {
      for (const node of this.history.nodes) {
        assert.equal((await node.get(`/tickets/${id}`)).body.title, title);
        const said = JSON.stringify((await node.get(`/messages?ticket=${id}`)).body);
        assert.ok(said.includes(comment), said);
      }
    }
  }
}

test("a file that an older version wrote is opened by this one", { timeout: 60_000, skip: SKIPPED }, async (test) => {
  const data = join(await temporaryFolder(test), "data");
  const keys = JSON.parse(await output(["setup", "--json", "--data", data], { program: OLD }));
  const serve = async (program) => {
    const server = new Server(data, await freePort(), { env: OPTIONS, program });
    test.after(() => server.kill());
    await server.start();
    return server;
  };
  const old = await serve(OLD);
  const history = new History([new Api(old.url, keys)]);
  const tickets = new Tickets(history);
  const load = Promise.all([history.load(0), tickets.load()]);
  await sleep(CALM_MS);
  history.ends = true;
  await load;
  await old.stop();
  const young = await serve();
  history.nodes = [new Api(young.url, keys)];
  await history.compareAll();
  await tickets.compareAll();
  await young.stop();
  await young.assertHealthy();
});
