// Where a server of a test keeps its documents: in its data folder, or with `HARK_TEST_ENGINE=postgres` in a database of its own on the
// PostgreSQL that `scripts/with-postgres` started.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";

const { HARK_TEST_ENGINE, HARK_TEST_POSTGRES_URL } = process.env;

export const IS_POSTGRES = HARK_TEST_ENGINE === "postgres";

const psql = (command) => promisify(execFile)("psql", [HARK_TEST_POSTGRES_URL, "-qc", command]);

/** The options that name it, and what removes it. */
export async function database() {
  if (!IS_POSTGRES) return { env: {}, drop: () => {} };
  const name = `e2e_${randomUUID().replaceAll("-", "")}`;
  await psql(`CREATE DATABASE ${name}`);
  const env = { HARK_DATABASE: HARK_TEST_POSTGRES_URL.replace(/[^/]*$/, name) };
  return { env, drop: () => psql(`DROP DATABASE ${name} WITH (FORCE)`) };
}
