// A WebSocket as bytes on a connection, to see frames that no client shows.
import assert from "node:assert/strict";

import { Connection, request } from "./raw.js";

export const TEXT = 1;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** The mask of all frames that we send. */
const MASK = Buffer.from([1, 2, 3, 4]);

export class RawSocket {
  constructor(connection) {
    this.connection = connection;
  }

  /** Asks for an upgrade, and gives its answer too. */
  static async ask(test, server, path, headers = {}) {
    const connection = await Connection.to(test, server);
    const upgrade = { Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13" };
    const answer = await connection.exchange(request("GET", path, { ...upgrade, ...headers }));
    return { answer, socket: new RawSocket(connection) };
  }

  static async open(test, server, path, headers) {
    const { answer, socket } = await RawSocket.ask(test, server, path, headers);
    assert.equal(answer.status, 101, answer.text);
    return socket;
  }

  send(kind, text = "") {
    const payload = Buffer.from(text).map((byte, at) => byte ^ MASK[at % 4]);
    this.connection.send(Buffer.concat([Buffer.from([0x80 | kind, 0x80 | payload.length]), MASK, payload]));
  }

  /** The next frame of the server as `{ kind, text }`. */
  async frame() {
    const [first, second] = await this.connection.take(2);
    assert.equal(first & 0xf0, 0x80, "whole frames only");
    assert.ok(second < 128, "frames of a server have no mask");
    const length = second < 126 ? second : (await this.connection.take(second === 126 ? 2 : 8)).reduce((sum, byte) => sum * 256 + byte, 0);
    return { kind: first & 0x0f, text: (await this.connection.take(length)).toString() };
  }

  /** The next text frame as JSON; pings in between are answered. */
  async update() {
    for (;;) {
      const { kind, text } = await this.frame();
      if (kind === TEXT) return JSON.parse(text);
      assert.equal(kind, PING);
      this.send(PONG, text);
    }
  }
}
