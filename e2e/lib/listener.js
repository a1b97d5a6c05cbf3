// A client that keeps a socket open while nodes fail, and what is pushed to it.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { RawSocket } from "./raw-socket.js";
import { until } from "./wait.js";

/** Of what waits for a session the newest 20 stay: so few are sent that a node which is paused for 30 s loses none. */
const PUSH_EVERY_MS = 2_500;
/** What is sent is pushed at once, and may be lost with a socket that breaks in this time. */
const PUSHED_WITHIN_MS = 5_000;
const ALIVE_WITHIN_MS = 1_000;
const RECONNECT_MS = 100;

export class Listener {
  /** How often each text arrived. */
  texts = new Map();
  /** Each acknowledged `{ text, sent }`. */
  pushed = [];
  /** When a socket of the session broke. */
  breaks = [];
  sockets = 0;
  #ends = false;

  constructor(test, servers, history, name) {
    Object.assign(this, { test, servers, history, name });
    test.after(() => (this.#ends = true));
  }

  /** A user with a socket on the first of the servers, and on another while that one is not there. */
  static async open(test, servers, history, name) {
    const listener = new Listener(test, servers, history, name);
    const guest = await history.done((node) => node.client("/sessions", {}));
    listener.credential = await history.done((node) => node.client("/sessions/identify", { userId: name }, guest));
    listener.id = (await history.done((node) => node.lookup(name))).id;
    listener.listening = listener.#listen().catch((error) => (listener.error = error));
    await until(`${name} has a socket`, () => listener.sockets > 0);
    return listener;
  }

  async #listen() {
    const { gleapId, gleapHash } = this.credential;
    const path = `/ws?gleapId=${gleapId}&gleapHash=${gleapHash}&apiKey=${this.history.nodes[0].sdkKey}`;
    for (; !this.#ends; await sleep(RECONNECT_MS)) {
      const server = await firstReady(this.servers);
      const socket = server && (await RawSocket.open(this.test, server, path).catch(() => undefined));
      if (socket) await this.#hear(socket);
    }
  }

  async #hear(socket) {
    this.sockets += 1;
    try {
      for (;;) {
        const { name, data } = await socket.update();
        assert.equal(name, "update");
        for (const { data: shown } of data.a) this.texts.set(shown.text, (this.texts.get(shown.text) ?? 0) + 1);
      }
    } catch (error) {
      if (socket.connection.isOpen) throw error;
      this.breaks.push(Date.now());
    }
  }

  /** Notifies the session until the history ends: every third time by way of a guest, who waits without a socket and is merged into it. */
  async pushAll() {
    for (let number = 0; !this.history.ends; number += 1) {
      const guest = number % 3 === 2 ? await this.history.done((node) => node.post("/sessions", { name: "Guest" })) : undefined;
      const text = await this.#notify(guest?.id ?? this.id, number);
      if (guest) await this.history.mergeInto(this.id, guest.id);
      this.pushed.push({ text, sent: Date.now() });
      await sleep(PUSH_EVERY_MS);
    }
  }

  /** A call that nobody answered may be done all the same: each has a text of its own. */
  async #notify(session, number) {
    let [text, attempt] = ["", 0];
    await this.history.done((node) => {
      text = `${this.name} ${number} attempt ${++attempt}`;
      return node.post(`/sessions/${session}/notifications`, { text });
    });
    return text;
  }

  /** Once nothing fails any more: all arrived, once; but for what was on its way when a socket broke. Gives how much that was. */
  async compare() {
    const last = await this.#notify(this.id, "last");
    await until(`the last notification of ${this.name} arrives`, () => this.error || this.texts.has(last));
    assert.ifError(this.error);
    const lost = this.pushed.filter(({ text }) => !this.texts.has(text));
    const excused = ({ sent }) => this.breaks.some((at) => at >= sent - PUSHED_WITHIN_MS && at <= sent + PUSHED_WITHIN_MS);
    assert.deepEqual(lost.filter((push) => !excused(push)), [], `lost while a socket of ${this.name} was open, which broke at ${this.breaks}`);
    for (const [text, times] of this.texts) assert.equal(times, 1, `"${text}" was pushed ${times} times`);
    return lost.length;
  }
}

/** The first server that says it is ready, as proxies ask. */
async function firstReady(servers) {
  for (const server of servers) {
    const answer = await fetch(`${server.url}/readyz`, { signal: AbortSignal.timeout(ALIVE_WITHIN_MS) }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => {});
    if (answer?.ok) return server;
  }
  return undefined;
}
