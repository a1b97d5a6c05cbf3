// A PostgreSQL of the test's own, which it may stop and start; and a way to it that may be cut.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { freePort } from "./program.js";

const call = promisify(execFile);
export const PASSWORD = "of-the-test";

export class Postgres {
  /** Runs until the test ends. */
  static async start(test) {
    const folder = await mkdtemp(join(tmpdir(), "hark-postgres-"));
    const postgres = new Postgres(folder, await freePort(), await programs());
    test.after(async () => {
      await postgres.#control("stop", "-m", "immediate").catch(() => {}); // it may have failed to start
      await rm(folder, { recursive: true, force: true });
    });
    await postgres.#make();
    await postgres.up();
    return postgres;
  }

  constructor(folder, port, bin) {
    Object.assign(this, { folder, port, bin });
  }

  /** The URL of its database, by another port when there is a way to it. */
  url(port = this.port) {
    return `postgres://hark:${PASSWORD}@127.0.0.1:${port}/postgres`;
  }

  async #make() {
    const password = join(this.folder, "password");
    await writeFile(password, PASSWORD);
    await chmod(this.folder, 0o755);
    if (process.getuid() === 0) {
      const { stdout } = await call("id", ["-u", "postgres"]);
      this.owner = Number(stdout);
      for (const path of [this.folder, password]) await chown(path, this.owner, 0);
    }
    const locale = ["-E", "UTF8", "--locale=C.UTF-8"];
    await this.#run("initdb", "-U", "hark", "-A", "scram-sha-256", `--pwfile=${password}`, ...locale);
  }

  /** Starts it. What a crash of the machine would lose does not matter here, what one of the program loses does. */
  up() {
    const options = `-p ${this.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${this.folder} -c fsync=off`;
    return this.#control("start", "-w", "-l", join(this.folder, "log"), "-o", options);
  }

  /** Ends it without a chance to finish anything, and starts it again. */
  async crash() {
    await this.#control("stop", "-m", "immediate");
    await this.up();
  }

  #control(...args) {
    return this.#run("pg_ctl", "-s", ...args);
  }

  // PostgreSQL refuses to run as root. Its server keeps what it inherits open, so nothing is waited for but the program itself.
  #run(program, ...args) {
    const command = [join(this.bin, program), "-D", join(this.folder, "data"), ...args];
    const [file, ...rest] = process.getuid() === 0 ? ["runuser", "-u", "postgres", "--", ...command] : command;
    return new Promise((resolve, reject) => {
      const child = execFile(file, rest, { cwd: this.folder });
      let said = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
      child.on("error", reject);
      child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${program}: ${said}`))));
    });
  }
}

/** The folder of the newest version that Debian's packages brought. */
async function programs() {
  const versions = await readdir("/usr/lib/postgresql");
  const newest = versions.sort((one, other) => Number(one) - Number(other)).at(-1);
  return `/usr/lib/postgresql/${newest}/bin`;
}

/** A way to a port that passes everything on until it is cut. */
export class Way {
  #sockets = new Set();

  static async to(test, target) {
    const way = new Way();
    const server = createServer((inside) => way.#open(inside, target)).listen(0, "127.0.0.1");
    await once(server, "listening");
    way.port = server.address().port;
    test.after(() => {
      server.close();
      way.cut();
    });
    return way;
  }

  #open(inside, target) {
    const outside = connect(target, "127.0.0.1");
    for (const [socket, other] of [[inside, outside], [outside, inside]]) {
      this.#sockets.add(socket);
      socket.pipe(other);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }

  /** Ends all connections; new ones may be made. */
  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }
}
