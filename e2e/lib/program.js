// The program under test, run as a user would: by its command line.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BUILT = fileURLToPath(new URL("../../target/debug/hark", import.meta.url));

export const PROGRAM = process.env.HARK_BINARY ?? BUILT;

/** A folder of the test's own, removed when the test ends. */
export async function temporaryFolder(test) {
  const folder = await mkdtemp(join(tmpdir(), "hark-e2e-"));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A port of the loopback interface that was free a moment ago. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** Starts the program, or another. `options` are those of `child_process.spawn`; `env` is added to an environment without HARK_*. */
export function start(args, { env = {}, program = PROGRAM, ...options } = {}) {
  const ambient = Object.entries(process.env).filter(([name]) => !name.startsWith("HARK_"));
  return spawn(program, args, { env: { ...Object.fromEntries(ambient), ...env }, ...options });
}

/** Runs a command to its end and gives `{ code, stdout, stderr }`. */
export async function run(args, options) {
  return finished(start(args, { stdio: ["ignore", "pipe", "pipe"], ...options }));
}

/** Waits for the end of a process and gives what it printed. */
export async function finished(child) {
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (text) => (output[name] += text));
  }
  const [code] = await once(child, "close");
  return { code, ...output };
}

/** As `run`, for a command that must succeed: gives what it printed on standard output. */
export async function output(args, options) {
  const { code, stdout, stderr } = await run(args, options);
  if (code !== 0) {
    throw new Error(`hark ${args.join(" ")} ended with status ${code}: ${stderr}`);
  }
  return stdout;
}
