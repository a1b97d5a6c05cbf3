// HTTP as bytes on a connection: requests are sent as they are written, spelling and all.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { once } from "node:events";

export class Connection {
  #received = Buffer.alloc(0);
  #socket;
  #wake = () => {};

  /** A connection to `server`, closed when the test ends. */
  static async to(test, server) {
    const connection = new Connection();
    const socket = (connection.#socket = connect(server.port, "127.0.0.1"));
    socket.on("data", (bytes) => connection.#receive(bytes));
    socket.on("close", () => connection.#wake());
    socket.on("error", () => socket.destroy());
    test.after(() => socket.destroy());
    await once(socket, "connect");
    return connection;
  }

  #receive(bytes) {
    this.#received = Buffer.concat([this.#received, bytes]);
    this.#wake();
  }

  send(...parts) {
    parts.forEach((part) => this.#socket.write(part));
  }

  /** Breaks it, without waiting for what may come. */
  destroy() {
    this.#socket.destroy();
  }

  get isOpen() {
    return !this.#socket.destroyed && !this.#socket.readableEnded;
  }

  /** What was received and not taken yet. */
  get unread() {
    return this.#received;
  }

  /** Sends a request and gives its answer as `{ status, headers, text }`; names of headers are in lower case. */
  async exchange(...parts) {
    this.send(...parts);
    return this.answer();
  }

  async answer() {
    const head = (await this.until("\r\n\r\n")).toString("latin1");
    const [first, ...lines] = head.trimEnd().split("\r\n");
    const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
    const body = headers.get("transfer-encoding") === "chunked" ? await this.#chunks() : await this.take(Number(headers.get("content-length") ?? 0));
    return { status: Number(first.split(" ")[1]), headers, text: body.toString() };
  }

  async #chunks() {
    const parts = [];
    for (;;) {
      const length = parseInt((await this.until("\r\n")).toString(), 16);
      parts.push((await this.take(length + 2)).subarray(0, length));
      if (length === 0) return Buffer.concat(parts);
    }
  }

  /** The bytes up to and with a mark. */
  async until(mark) {
    while (!this.#received.includes(mark)) await this.#more();
    return this.take(this.#received.indexOf(mark) + mark.length);
  }

  /** So many bytes. */
  async take(length) {
    while (this.#received.length < length) await this.#more();
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  async #more() {
    assert.ok(this.isOpen, `the connection ended after: ${this.#received}`);
    await new Promise((resolve) => (this.#wake = resolve));
  }
}

/** A request as text: `headers` is an object in the spelling and order of the client. */
export function request(method, path, headers, body = "") {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nHost: hark.example.com\r\n${lines.join("")}\r\n${body}`;
}

/** A body in chunks of so many bytes. */
export function chunked(body, size) {
  const bytes = Buffer.from(body);
  const parts = [];
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}
