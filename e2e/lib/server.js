// A server of the test's own: data folder, port, process.
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { database } from "./database.js";
import { finished, freePort, output, run, start, temporaryFolder } from "./program.js";

const READY_WITHIN_MS = 20_000;

/** Volume tests send more than the limits of the default configuration allow. */
export const WITHOUT_RATE_LIMITS = {
  HARK_LIMITS_ADMIN_REQUESTS_PER_MINUTE: "0",
  HARK_LIMITS_V3_REQUESTS_PER_MINUTE: "0",
};

export class Server {
  #child;
  log = "";
  stdout = "";

  constructor(data, port, { env = {}, args = [], program } = {}) {
    Object.assign(this, { data, port, env, args, program });
    this.url = `http://127.0.0.1:${port}`;
  }

  /** An empty server on the engine under test, not started yet, until the test ends. */
  static async empty(test, { env, args } = {}) {
    const where = await database();
    const server = new Server(join(await temporaryFolder(test), "data"), await freePort(), { env: { ...where.env, ...env }, args });
    test.after(async () => {
      await server.kill();
      await where.drop();
    });
    return server;
  }

  /** The same with a project, and started; `keys` is what `hark setup --json` printed. */
  static async withProject(test, options) {
    const server = await Server.empty(test, options);
    const keys = JSON.parse(await server.commandOutput("setup", "--json"));
    await server.start();
    return { server, keys };
  }

  async start() {
    const args = ["serve", "--data", this.data, "--listen", `127.0.0.1:${this.port}`, ...this.args];
    this.#child = start(args, { env: this.env, program: this.program, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout.setEncoding("utf8").on("data", (text) => (this.stdout += text));
    this.#child.stderr.setEncoding("utf8").on("data", (text) => (this.log += text));
    await this.#ready();
  }

  async #ready() {
    for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end; await sleep(20)) {
      assert.equal(this.#child.exitCode, null, `the server ended at its start: ${this.log}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      await answer?.arrayBuffer();
      if (answer?.ok) return;
    }
    assert.fail(`the server is not ready after ${READY_WITHIN_MS} ms: ${this.log}`);
  }

  /** Asks it to stop, as a service manager does; it must end by itself, in order. */
  async stop() {
    assert.equal(await this.#end("SIGTERM"), 0, `exit status after SIGTERM: ${this.log}`);
  }

  /** Ends it without a chance to finish anything. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** Stops the process where it is, as a machine that hangs does. */
  pause() {
    this.#child.kill("SIGSTOP");
  }

  /** Lets a paused process go on. */
  resume() {
    this.#child.kill("SIGCONT");
  }

  async #end(signal) {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return child?.exitCode;
    const closed = once(child, "close");
    child.kill(signal);
    const [code] = await closed;
    return code;
  }

  /** Runs a sub-command on this server's data folder and database. */
  command(...args) {
    return run([...args, "--data", this.data], { env: this.env });
  }

  /** As `command`, for one that must succeed: gives its standard output. */
  commandOutput(...args) {
    return output([...args, "--data", this.data], { env: this.env });
  }

  /** As `command`, for one that reads `input`. */
  commandReading(input, ...args) {
    const child = start([...args, "--data", this.data], { env: this.env });
    child.stdin.end(input);
    return finished(child);
  }

  /** Checks its database with `hark doctor`. */
  async assertHealthy() {
    const { code, stdout, stderr } = await this.command("doctor");
    assert.equal(code, 0, `hark doctor: ${stdout}${stderr}`);
  }
}
