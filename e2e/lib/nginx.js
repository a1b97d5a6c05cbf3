// nginx in front of nodes, with the configuration of deploy/ but for addresses and folders.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { freePort, start, temporaryFolder } from "./program.js";
import { until } from "./wait.js";

const PROGRAM = "/usr/sbin/nginx";
const CONFIGURATION = fileURLToPath(new URL("../../deploy/nginx.conf", import.meta.url));
const NODES = /( *server )hark-1:8080( .*;\n) *server hark-2:8080 .*;\n/;
const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

export const isInstalled = () => existsSync(PROGRAM);

export class Nginx {
  /** Runs in front of nodes until the test ends. */
  static async before(test, servers) {
    const folder = await temporaryFolder(test);
    const nginx = new Nginx();
    nginx.port = await freePort();
    nginx.url = `http://127.0.0.1:${nginx.port}`;
    nginx.file = join(folder, "nginx.conf");
    for (const name of ["logs", ...TEMPORARY]) await mkdir(join(folder, name));
    await writeFile(nginx.file, await configuration(folder, nginx.port, servers));
    await promisify(execFile)(PROGRAM, ["-t", "-q", "-p", folder, "-c", nginx.file]);
    const child = start(["-p", folder, "-c", nginx.file, "-g", "daemon off;"], { program: PROGRAM, stdio: ["ignore", "ignore", "pipe"] });
    nginx.log = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (nginx.log += text));
    test.after(async () => {
      const closed = once(child, "close");
      child.kill("SIGTERM");
      await closed;
    });
    await until("nginx answers", () => fetch(`${nginx.url}/healthz`).then(({ ok }) => ok, () => false));
    return nginx;
  }
}

/** That of deploy/, as a user without rights may run it, and on this machine. */
async function configuration(folder, port, servers) {
  const changes = [
    ["pid /run/nginx.pid;", `pid ${join(folder, "nginx.pid")};`],
    ["http {", `http {\n${TEMPORARY.map((name) => `    ${name}_temp_path ${join(folder, name)};`).join("\n")}`],
    ["listen 8080;", `listen 127.0.0.1:${port};`],
    [NODES, (_, before, after) => servers.map(({ port }) => `${before}127.0.0.1:${port}${after}`).join("")],
  ];
  if (process.getuid() === 0) changes.push(["worker_processes auto;", "worker_processes auto;\nuser root;"]);
  let text = await readFile(CONFIGURATION, "utf8");
  for (const [there, here] of changes) {
    const changed = text.replace(there, here);
    if (changed === text) throw new Error(`deploy/nginx.conf does not have ${there}`);
    text = changed;
  }
  return text;
}
