// The network between a client and the server: it can be cut, mended, and answer in place of the server.
import { connect, createServer } from "node:net";
import { once } from "node:events";

export class Line {
  #listener;
  #sockets = new Set();
  #isCut = false;
  #instead;

  /** A line to `server`, until the test ends; `url` is its near end. */
  static async to(test, server) {
    const line = new Line();
    line.server = server;
    line.#listener = createServer((near) => line.#join(near)).listen(0, "127.0.0.1");
    await once(line.#listener, "listening");
    line.url = `http://127.0.0.1:${line.#listener.address().port}`;
    test.after(() => {
      line.cut();
      line.#listener.close();
    });
    return line;
  }

  /** Breaks all connections; none comes about until it is mended. */
  cut() {
    this.#isCut = true;
    this.dropAll();
  }

  dropAll() {
    this.#sockets.forEach((socket) => socket.destroy());
  }

  mend() {
    this.#isCut = false;
  }

  /** The next request that begins with `start` gets `answer` and never reaches the server, as when a proxy has no server. */
  answerOnce(start, answer) {
    this.#instead = { start, answer };
  }

  #join(near) {
    if (this.#isCut) return near.destroy();
    const far = connect(this.server.port, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      this.#sockets.add(one);
      one.on("close", () => (this.#sockets.delete(one), other.destroy()));
      one.on("error", () => other.destroy());
    }
    near.on("data", (bytes) => this.#forward(bytes, near, far));
    far.on("data", (bytes) => near.write(bytes));
  }

  #forward(bytes, near, far) {
    if (!this.#instead || !bytes.toString("latin1").startsWith(this.#instead.start)) return far.write(bytes);
    near.end(this.#instead.answer);
    this.#instead = undefined;
  }
}
