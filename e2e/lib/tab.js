// A tab of a browser: what its page asks and gets, says on the console, and shows.
import assert from "node:assert/strict";

import { until } from "./wait.js";

/** The clients' timers: events go out every 2.5 seconds, and a socket is opened again 5 seconds after it closed. */
const EVENTS_WITHIN_MS = 10_000;
const SOCKET_WITHIN_MS = 7_000;

const NOBODY = "net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|CONNECTION_CLOSED|SOCKET_NOT_CONNECTED|EMPTY_RESPONSE)";

/** What Chromium itself writes on the console of a page whose calls reach nobody; for tests that cut the line. */
export const UNREACHABLE = [
  new RegExp(`^WebSocket connection to 'ws:[^']*' failed: Error (in connection establishment|during WebSocket handshake): ${NOBODY}$`),
  // Its words for an empty response to a handshake that was under way.
  /^WebSocket connection to 'ws:[^']*' failed: Connection closed before receiving a handshake response$/,
  new RegExp(`^Failed to load resource: ${NOBODY}$`),
];

export class Tab {
  /** Each `{ method, url, path, headers, body, status?, answer?, failure? }`, preflights included. */
  requests = [];
  /** Each `{ url, sent, received, isOpen }`; what is sent and received is text. */
  sockets = [];
  consoleErrors = [];
  pageErrors = [];

  constructor(page) {
    this.page = page;
  }

  static async open(visitor) {
    const tab = new Tab(await visitor.newPage());
    tab.#listen();
    await tab.#listenToPreflights(visitor);
    return tab;
  }

  #listen() {
    const { page } = this;
    page.on("console", (message) => message.type() === "error" && this.consoleErrors.push(message.text()));
    page.on("pageerror", (error) => this.pageErrors.push(String(error)));
    page.on("websocket", (socket) => this.#listenTo(socket));
    const calls = new Map();
    page.on("request", (request) => calls.set(request, this.#note(request)));
    page.on("requestfailed", (request) => (calls.get(request).failure = request.failure().errorText));
    page.on("requestfinished", async (request) => {
      const response = await request.response().catch(() => undefined); // the page may be closed
      const answer = await response?.text().catch(() => undefined); // or have left
      Object.assign(calls.get(request), { status: response?.status(), answer });
    });
  }

  #note(request) {
    const call = described(request.method(), request.url(), request.headers(), request.postData());
    this.requests.push(call);
    return call;
  }

  /** Chromium sends them on its own, and tells only its debugger. */
  async #listenToPreflights(visitor) {
    const debug = await visitor.newCDPSession(this.page);
    await debug.send("Network.enable");
    debug.on("Network.requestWillBeSent", ({ initiator, request }) => {
      if (initiator.type === "preflight") this.requests.push(described("OPTIONS", request.url, request.headers));
    });
  }

  #listenTo(socket) {
    const seen = { url: socket.url(), sent: [], received: [], isOpen: true };
    this.sockets.push(seen);
    socket.on("framesent", ({ payload }) => seen.sent.push(String(payload)));
    socket.on("framereceived", ({ payload }) => seen.received.push(String(payload)));
    socket.on("close", () => (seen.isOpen = false));
  }

  /** Calls a method of the SDK, and gives what its promise gives. */
  call(method, ...args) {
    return this.page.evaluate(([method, args]) => Gleap[method](...args), [method, args]);
  }

  /** The session as the SDK holds it. */
  session() {
    return this.page.evaluate(() => Gleap.getIdentity());
  }

  /** What the page heard from the SDK under a name. */
  heard(name) {
    return this.page.evaluate((name) => heard.filter((event) => event.name === name).map(({ data }) => data), name);
  }

  /** Requests to a path, without preflights. */
  to(path) {
    return this.requests.filter((call) => call.path === path && call.method !== "OPTIONS");
  }

  preflights() {
    return this.requests.filter(({ method }) => method === "OPTIONS");
  }

  /** Waits until so many requests to a path were answered, and gives the last answer as `{ status, body }`. */
  async answered(path, count = 1) {
    const done = () => this.to(path).filter(({ answer }) => answer !== undefined);
    await until(`${count} answers to ${path}`, () => done().length >= count);
    const { status, answer } = done().at(-1);
    return { status, body: JSON.parse(answer) };
  }

  openSockets() {
    return this.sockets.filter(({ isOpen }) => isOpen);
  }

  /** Waits until the SDK is at work: its socket is open, its config is there. */
  async ready() {
    await until("the SDK is initialized", async () => (await this.heard("initialized")).length > 0);
    await this.connected();
  }

  /** Waits until one socket is open that was told something, and gives it. */
  async connected() {
    const open = () => this.openSockets().filter(({ received }) => received.length > 0);
    await until("a socket is open", () => open().length > 0, SOCKET_WITHIN_MS);
    return open().at(-1);
  }

  /** Events that the page sent and the server took, in their order. */
  deliveredEvents() {
    const taken = this.to("/sessions/events").filter(({ status }) => status === 200);
    return taken.flatMap(({ body }) => JSON.parse(body).events);
  }

  /** Waits until the server took an event of a name so many times. */
  delivered(name, times = 1) {
    const count = () => this.deliveredEvents().filter((event) => event.name === name).length;
    return until(`${name} is delivered`, () => count() >= times, EVENTS_WITHIN_MS);
  }

  /** Nothing went wrong in the page but what matches one of `allowed`, and nobody else was called. */
  assertClean(...allowed) {
    const unexpected = this.consoleErrors.filter((text) => !allowed.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, [], "errors on the console");
    assert.deepEqual(this.pageErrors, [], "errors of the page");
    const elsewhere = this.requests.map(({ url }) => url).filter((url) => !isOurs(url));
    assert.deepEqual(elsewhere, [], "requests to others");
  }
}

function isOurs(url) {
  return /^(data|blob):/.test(url) || ["127.0.0.1", "shop.example.com"].includes(new URL(url).hostname);
}

function described(method, url, headers, body) {
  return { method, url, path: new URL(url).pathname, headers, body };
}
