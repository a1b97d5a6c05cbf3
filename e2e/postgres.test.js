// PostgreSQL as operators have it: reached over TLS with an authority of their own, and with pgbouncer between.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, chown, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { Api } from "./lib/api.js";
import { PASSWORD, Postgres } from "./lib/postgres.js";
import { freePort, output, run, temporaryFolder } from "./lib/program.js";
import { Server, WITHOUT_RATE_LIMITS } from "./lib/server.js";
import { together, until } from "./lib/wait.js";

const call = promisify(execFile);

/** A server over a database of PostgreSQL, with a project. */
async function serverOver(test, env) {
  const data = join(await temporaryFolder(test), "data");
  const keys = JSON.parse(await output(["setup", "--json", "--data", data], { env }));
  const server = new Server(data, await freePort(), { env: { ...WITHOUT_RATE_LIMITS, ...env } });
  test.after(() => server.kill());
  await server.start();
  return { server, api: new Api(server.url, keys) };
}

test("TLS: the server must be who the URL says, by an authority of one's own", { timeout: 240_000 }, async (test) => {
  const postgres = await Postgres.start(test);
  const [own, other] = [await authority(test), await authority(test)];
  await serveTlsAlone(postgres, own);
  const reach = (query, host = "127.0.0.1") => {
    const env = { HARK_DATABASE: postgres.url().replace("127.0.0.1", host) + query };
    return run(["migrate", "--data", join(own, "data")], { env });
  };
  const plain = await reach("?sslmode=disable");
  assert.notEqual(plain.code, 0, "the server takes no connections without TLS");
  assert.match(plain.stderr, /no pg_hba.conf entry|no encryption/);
  const wrong = await reach(`?sslmode=verify-full&sslrootcert=${other}/ca.pem`);
  assert.notEqual(wrong.code, 0, "its authority is another");
  assert.match(wrong.stderr, /certificate|UnknownIssuer/i);
  assert.doesNotMatch(plain.stderr + wrong.stderr, new RegExp(PASSWORD), "no error shows the password");
  const misnamed = await reach(`?sslmode=verify-full&sslrootcert=${own}/ca.pem`, "localhost");
  assert.notEqual(misnamed.code, 0, "the certificate is for another name");

  for (const query of ["?sslmode=require", `?sslmode=verify-full&sslrootcert=${own}/ca.pem`]) {
    const { code, stderr } = await reach(query);
    assert.equal(code, 0, stderr);
  }
  const { api } = await serverOver(test, { HARK_DATABASE: `${postgres.url()}?sslmode=verify-full&sslrootcert=${own}/ca.pem` });
  assert.equal((await api.identify({ userId: "user-1", name: "Over TLS" })).status, 200);
  assert.equal((await api.lookup("user-1")).body.name, "Over TLS");
});

/** A folder with `ca.pem`, and a certificate of it for 127.0.0.1. */
async function authority(test) {
  const folder = await temporaryFolder(test);
  const openssl = (...args) => call("openssl", args, { cwd: folder });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority.example.com", "-days", "2");
  await openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=db.example.com");
  await writeFile(join(folder, "names"), "subjectAltName=IP:127.0.0.1\n");
  const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"];
  await openssl("x509", "-req", "-in", "server.csr", ...signed, "-out", "server.crt");
  return folder;
}

async function serveTlsAlone(postgres, own) {
  const data = join(postgres.folder, "data");
  for (const name of ["server.crt", "server.key"]) {
    const file = join(data, name);
    await writeFile(file, await readFile(join(own, name)), { mode: 0o600 });
    if (postgres.owner !== undefined) await chown(file, postgres.owner, 0);
  }
  await appendFile(join(data, "postgresql.conf"), "\nssl = on\n");
  await writeFile(join(data, "pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n");
  await postgres.crash();
}

const BOUNCER = "/usr/sbin/pgbouncer";
const CLIENTS = 8;
const WRITES = 20;

test("pgbouncer in transaction mode may stand between", { timeout: 240_000 }, async (test) => {
  if (!existsSync(BOUNCER)) {
    test.skip("*** pgbouncer is not installed (apt-get install pgbouncer) ***");
    return;
  }
  const postgres = await Postgres.start(test);
  const port = await bouncer(test, postgres);
  const env = { HARK_DATABASE: postgres.url(port), HARK_POSTGRES_PREPARED: "false" };
  const { server, api } = await serverOver(test, env);
  await together(CLIENTS, async (client) => {
    for (let write = 1; write <= WRITES; write += 1) {
      assert.equal((await api.identify({ userId: `user-${client}`, name: `name ${write}` })).status, 200);
      const event = { userId: `user-${client}`, name: "written", date: new Date().toISOString(), data: { write } };
      assert.equal((await api.track(event)).status, 200);
      const { body } = await api.lookup(`user-${client}`);
      assert.deepEqual([body.name, body.eventData.written.count], [`name ${write}`, write]);
      assert.equal((await api.get("/sessions?limit=5&sort=-lastActivity&name=nobody")).status, 200);
    }
  });
  await server.stop();
  await server.assertHealthy();
});

/** Fewer connections to the database than clients have; gives the port. */
async function bouncer(test, postgres) {
  const port = await freePort();
  const settings = join(postgres.folder, "pgbouncer.ini");
  const users = join(postgres.folder, "users");
  await writeFile(users, `"hark" "${PASSWORD}"\n`);
  await writeFile(
    settings,
    `[databases]
* = host=127.0.0.1 port=${postgres.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
default_pool_size = 4
`,
  );
  const [file, ...args] = process.getuid() === 0 ? ["runuser", "-u", "postgres", "--", BOUNCER, settings] : [BOUNCER, settings];
  const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"] });
  test.after(() => child.kill());
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  await until("pgbouncer listens", () => said.includes("listening on"));
  return port;
}
