// What was written to nodes that fail, and acknowledged; and calls that are held to it: what was acknowledged is there, on every node, from
// the moment that it was.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** A user has room for 200 attributes. */
const WRITES_PER_USER = 60;
const ANSWER_WITHIN_MS = 4_000;
const ACKNOWLEDGED_WITHIN_MS = 60_000;
/** What is answered while the database is out of reach; client SDKs, which forget who they are after the one, get the other. */
const COME_AGAIN = 503;
const COME_AGAIN_CLIENT = 429;

export class History {
  users = new Map();
  acknowledged = 0;
  merges = 0;
  reads = 0;
  failures = 0;
  ends = false;

  /** `nodes` are `Api`s; some may be gone while others answer. */
  constructor(nodes) {
    this.nodes = nodes;
  }

  user(userId) {
    if (!this.users.has(userId)) this.users.set(userId, { keys: new Set(), events: 0, merged: [], guests: [] });
    return this.users.get(userId);
  }

  /** Calls any node, and another when it does not answer or asks to come again, as clients do. */
  async call(what) {
    for (const end = Date.now() + ACKNOWLEDGED_WITHIN_MS; Date.now() < end; await sleep(50)) {
      const node = this.nodes[Math.floor(Math.random() * this.nodes.length)];
      const answer = await within(what(node));
      if (answer && answer.status < 500 && answer.status !== COME_AGAIN_CLIENT) return answer;
      if (answer) assert.ok([COME_AGAIN, COME_AGAIN_CLIENT].includes(answer.status), JSON.stringify(answer.body));
      this.failures += 1;
    }
    assert.fail("no node answered");
  }

  /** As `call`, for what must succeed: gives the body of the answer. */
  async done(what) {
    const { status, body } = await this.call(what);
    assert.ok(status < 300, `${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** Writes that may be sent more than once, and may even be done late: a key that nobody else sets, and an event. */
  async write(userId, key) {
    await this.done((node) => node.identify({ userId, [key]: key }));
    this.user(userId).keys.add(key);
    this.acknowledged += 1;
    const event = { userId, name: "written", date: new Date().toISOString(), data: { key } };
    await this.done((node) => node.track(event));
    this.user(userId).events += 1;
  }

  /** A client begins as a guest, does something, and then says that it is a user who is known. */
  async mergeClient(userId, key) {
    const guest = await this.done((node) => node.client("/sessions", {}));
    await this.done((node) => node.client("/sessions/partialupdate", { data: { [key]: key } }, guest));
    const events = [{ name: "written", date: new Date().toISOString(), data: { key } }];
    await this.done((node) => node.client("/sessions/ping", { events, time: 1, opened: false, ws: true }, guest));
    const session = await this.done((node) => node.client("/sessions/identify", { userId }, guest));
    assert.equal(session.userId, userId);
    this.user(userId).guests.push(guest);
    this.#merged(userId, key, 1);
  }

  /** A member makes a session without a user id, and merges it into that of a user. */
  async mergeSession(userId, key) {
    const guest = await this.done((node) => node.post("/sessions", { name: "Guest", customData: { [key]: key } }));
    await this.mergeInto((await this.read(userId)).id, guest.id);
    this.user(userId).merged.push(guest.id);
    this.#merged(userId, key, 0);
  }

  /** A call that nobody answered may have merged them: then the next one is told so. */
  async mergeInto(survivor, id) {
    const { failures } = this;
    const { status, body } = await this.call((node) => node.post(`/sessions/${survivor}/merge`, { with: id }));
    const was = status === 409 && body.code === "merge_already" && body.message.includes(survivor);
    assert.ok(status === 200 || (was && this.failures > failures), `${status} ${JSON.stringify(body)}`);
  }

  #merged(userId, key, events) {
    const user = this.user(userId);
    user.keys.add(key);
    user.events += events;
    this.merges += 1;
  }

  /** What had been acknowledged before the question is in the answer, also when it asks for a session that was merged. */
  async read(userId) {
    const { keys, events, merged } = this.user(userId);
    const [expected, least, gone] = [[...keys], events, merged.at(-1)];
    const shown = [await this.done((node) => node.lookup(userId))];
    if (gone) shown.push(await this.done((node) => node.get(`/sessions/${gone}`)));
    this.reads += shown.length;
    for (const body of shown) {
      assert.equal(body.userId, userId);
      for (const key of expected) assert.equal(body.customData[key], key, `${userId} does not show ${key}`);
      const { count = 0 } = body.eventData?.written ?? {};
      assert.ok(count >= least, `${userId} shows ${count} of ${least} events`);
    }
    return shown[0];
  }

  /** Writes, merges and reads until the history ends; `client` is a number of its own. */
  async load(client) {
    for (let number = 0; !this.ends; number += 1) {
      const round = Math.floor(number / WRITES_PER_USER);
      const userId = number % 3 > 0 ? `own-${client}-${round}` : `shared-${client % 2}-${round}`;
      const key = `k${client}n${number}`;
      await this.write(userId, key);
      if (number % 4 === 1) await this.mergeClient(userId, `${key}c`);
      if (number % 4 === 3) await this.mergeSession(userId, `${key}s`);
      await this.read(userId);
    }
  }

  /** In the end every node shows the same, and nothing but what was written. */
  async compareAll() {
    for (const [userId, user] of this.users) {
      const ids = new Set();
      for (const node of this.nodes) {
        const { status, body } = await node.lookup(userId);
        assert.equal(status, 200, userId);
        ids.add(body.id);
        assert.deepEqual(new Set(Object.keys(body.customData)), user.keys, userId);
        assert.equal(body.eventData.written.count, user.events, `${userId}: events lost or counted twice`);
        await compareMerged(node, user, body);
      }
      assert.equal(ids.size, 1, `${userId} is one session`);
    }
  }
}

/** What was merged is found under its survivor, by its id and by its credential. */
async function compareMerged(node, user, survivor) {
  for (const id of user.merged) assert.equal((await node.get(`/sessions/${id}`)).body.id, survivor.id);
  for (const guest of user.guests) {
    assert.equal((await node.client("/sessions", {}, guest)).body.gleapId, survivor.gleapId);
  }
}

/** The answer, or nothing when it takes too long or the connection breaks. */
function within(answer) {
  return Promise.race([answer.catch(() => undefined), sleep(ANSWER_WITHIN_MS, undefined, { ref: false })]);
}
