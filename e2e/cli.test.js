// The command line works beside a running server, and what it does holds at once.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { API_KEY, API_TOKEN, Api } from "./lib/api.js";
import { IS_POSTGRES } from "./lib/database.js";
import { mailbox } from "./lib/mailbox.js";
import { temporaryFolder } from "./lib/program.js";
import { Server } from "./lib/server.js";
import { until } from "./lib/wait.js";

const OBJECT_ID = /\b[0-9a-f]{24}\b/g;

test("an API key works once it is created, and no longer once it is revoked", async (test) => {
  const { server, keys } = await Server.withProject(test);
  const inProject = ["--project", keys.projectId];
  const before = await keyIds(server, inProject);
  const created = await server.command("token", "create", ...inProject, "--name", "reporting", "--role", "viewer");
  const [apiKey] = created.stdout.match(API_KEY);
  const api = new Api(server.url, { ...keys, apiKey });
  assert.equal((await api.lookup("nobody")).status, 404);

  const listed = await server.commandOutput("token", "list", ...inProject);
  assert.match(listed, /reporting/);
  assert.doesNotMatch(listed, API_KEY, "a list shows no secret");
  const [id] = (await keyIds(server, inProject)).filter((id) => !before.includes(id));
  assert.ok(created.stderr.includes(id), "the id to revoke it by is told with the key");

  await server.commandOutput("token", "revoke", id);
  assert.equal((await api.lookup("nobody")).status, 401);
  assert.equal((await new Api(server.url, keys).lookup("nobody")).status, 404, "other keys go on");
  await server.stop();
  await server.start();
  assert.equal((await api.lookup("nobody")).status, 401, "it stays revoked");
});

/** First id of each line of `hark token list`: those of the keys. */
async function keyIds(server, inProject) {
  const lines = (await server.commandOutput("token", "list", ...inProject)).split("\n");
  return lines.flatMap((line) => line.match(OBJECT_ID)?.[0] ?? []);
}

test("a key reads only what its scope says", async (test) => {
  const { server, keys } = await Server.withProject(test);
  const create = ["token", "create", "--project", keys.projectId, "--name", "tickets", "--scope", "tickets:read"];
  const [apiKey] = (await server.commandOutput(...create)).match(API_KEY);
  const { status, body } = await new Api(server.url, { ...keys, apiKey }).lookup("nobody");
  assert.equal(status, 403);
  assert.match(body.message, /sessions:read/);
});

test("a project that is created has keys of its own and sees nothing of others", async (test) => {
  const { server, keys } = await Server.withProject(test);
  await new Api(server.url, keys).identify({ userId: "user-1", name: "Ours" });

  const created = await server.commandOutput("project", "create", "--name", "Second project");
  const [apiToken] = created.match(API_TOKEN);
  const projects = await server.commandOutput("project", "list");
  assert.match(projects, /Second project/);
  const projectId = projects.match(OBJECT_ID).find((id) => id !== keys.projectId);
  assert.ok(created.includes(projectId));

  const made = await server.commandOutput("token", "create", "--project", projectId, "--name", "all");
  const second = new Api(server.url, { projectId, apiToken, apiKey: made.match(API_KEY)[0] });
  assert.equal((await second.lookup("user-1")).status, 404);
  assert.equal((await second.identify({ userId: "user-1", name: "Theirs" })).status, 200);
  assert.equal((await second.lookup("user-1")).body.name, "Theirs");
  assert.equal((await new Api(server.url, keys).lookup("user-1")).body.name, "Ours");
  const stranger = new Api(server.url, { ...keys, projectId });
  assert.equal((await stranger.lookup("user-1")).status, 403);
});

test("a rotated API token stays valid until the next rotation", async (test) => {
  const { server, keys } = await Server.withProject(test);
  const rotate = async () => {
    const [apiToken] = (await server.commandOutput("project", "rotate", "--project", keys.projectId, "--api-token")).match(API_TOKEN);
    return apiToken;
  };
  const isValid = async (apiToken) => (await new Api(server.url, { ...keys, apiToken }).adminAuth()).status === 200;

  const second = await rotate();
  assert.ok(await isValid(keys.apiToken));
  assert.ok(await isValid(second));
  const third = await rotate();
  assert.ok(!(await isValid(keys.apiToken)));
  assert.ok(await isValid(second));
  assert.ok(await isValid(third));
});

test("a member that is created signs in", async (test) => {
  const { server, keys } = await Server.withProject(test);
  const args = ["member", "create", "--email", "new.user@example.com", "--project", keys.projectId, "--role", "viewer"];
  const { code, stderr } = await server.commandReading("correct horse battery staple\n", ...args, "--password-stdin");
  assert.equal(code, 0, stderr);

  const api = new Api(server.url, keys);
  assert.equal((await api.signIn("new.user@example.com", "wrong horse battery staple")).status, 401);
  const { status, body } = await api.signIn("New.User@example.com", "correct horse battery staple");
  assert.equal(status, 200);
  assert.equal(body.user.email, "new.user@example.com");
  const member = new Api(server.url, { ...keys, apiKey: body.token });
  assert.equal((await member.lookup("nobody")).status, 404);
});

test("commands that cannot be done say why and end with a status above 0", async (test) => {
  const { server } = await Server.withProject(test);
  const unknown = "0123456789abcdef01234567";
  for (const args of [
    ["token", "create", "--project", unknown, "--name", "x"],
    ["token", "revoke", unknown],
    ["member", "create", "--email", "new.user@example.com", "--project", unknown],
  ]) {
    const { code, stderr } = await server.command(...args);
    assert.notEqual(code, 0, args.join(" "));
    assert.ok(stderr.includes(unknown), `${args.join(" ")}: ${stderr}`);
  }
});

test("an import into a running server names bad lines, leaves them out with --partial alone, and may be repeated", async (test) => {
  const { server, keys } = await Server.withProject(test);
  const lines = [
    '{"userId":"user-1","name":"New","customData":{"seats":3}}',
    '{"userId":"user-2",',
    "",
    '{"name":"Nobody"}',
    '{"email":"user-3@example.com","userId":"user-3","sessions":7,"createdAt":"2025-01-31T08:05:00.123Z"}',
  ];
  const file = join(await temporaryFolder(test), "sessions.ndjson");
  await writeFile(file, lines.join("\n"));
  const api = new Api(server.url, keys);
  await api.identify({ userId: "user-1", name: "Old", customData: { seats: 1, kept: true } });

  const run = (...more) => server.command("import", file, "--project", keys.projectId, ...more);
  const assertNamed = (stderr) => {
    assert.match(stderr, /^line 2: /m);
    assert.match(stderr, /^line 4: .*userId/m);
  };
  const whole = await run();
  assert.equal(whole.code, 1);
  assertNamed(whole.stderr);
  assert.match(whole.stderr, /nothing was imported: 2 of 4 lines are wrong.*--partial/);
  assert.equal((await api.lookup("user-3")).status, 404);
  const dry = await run("--dry-run");
  assert.equal(dry.code, 1);
  assertNamed(dry.stderr);
  assert.match(dry.stdout, /dry run: nothing was written; of 4 lines: 1 sessions created, 1 updated, 2 lines left out/);
  for (const created of [1, 0]) {
    const { code, stdout, stderr } = await run("--partial");
    assert.equal(code, 0, "they may be left out");
    assertNamed(stderr);
    assert.match(stdout, new RegExp(`${created} sessions created, ${2 - created} updated, 2 lines left out`));
  }
  const { body: log } = await api.get(`/projects/${keys.projectId}/audit-log`);
  const imports = log.entries.filter(({ action }) => action === "import.created");
  assert.deepEqual(
    imports.map(({ by, details }) => [by, details.name]),
    [1, 2].map(() => [undefined, "sessions.ndjson"]),
    "of those that wrote something",
  );
  const first = (await api.lookup("user-1")).body;
  assert.deepEqual([first.name, first.customData], ["New", { seats: 3, kept: true }]);
  const third = (await api.lookup("user-3")).body;
  assert.deepEqual([third.sessions, third.createdAt], [7, "2025-01-31T08:05:00.123Z"]);
  await server.assertHealthy();
});

test("setup changes nothing on a server that has a project", async (test) => {
  const { server, keys } = await Server.withProject(test);
  const again = JSON.parse(await server.commandOutput("setup", "--json"));
  for (const key of ["organisationId", "projectId", "sdkKey", "identitySecret"]) {
    assert.equal(again[key], keys[key], key);
  }
  assert.equal((await new Api(server.url, keys).lookup("nobody")).status, 404, "the keys still hold");
});

// Over PostgreSQL it is another node.
test("a second server on the same data folder is refused", { skip: IS_POSTGRES }, async (test) => {
  const { server } = await Server.withProject(test);
  const { code, stderr } = await server.command("serve", "--listen", "127.0.0.1:0");
  assert.notEqual(code, 0);
  assert.match(stderr, /another process/);
});

test("hark identity signs user ids with the newest secret and sets the mode, beside a running server and without one", async (test) => {
  const { server, keys } = await Server.withProject(test);
  const inProject = ["--project", keys.projectId];
  const expected = (secret, userId) => createHmac("sha256", secret).update(userId).digest("hex");
  const sign = async (userId) => (await server.commandOutput("identity", "sign", ...inProject, userId)).trim();
  assert.equal(await sign("user/ü 1"), expected(keys.identitySecret, "user/ü 1"));

  const path = `/v3/projects/${keys.projectId}/identity-verification`;
  const headers = { Authorization: `Bearer ${keys.apiKey}`, project: keys.projectId };
  const mode = async () => (await (await fetch(server.url + path, { headers })).json()).mode;
  assert.equal(await mode(), "off");
  assert.match(await server.commandOutput("identity", "mode", ...inProject, "required"), /required/);
  assert.equal(await mode(), "required", "a running server knows at once");

  const rotated = (await server.commandOutput("project", "rotate", ...inProject, "--identity-secret")).trim();
  assert.equal(await sign("user-1"), expected(rotated, "user-1"));
  for (const secret of [keys.identitySecret, rotated]) {
    const body = JSON.stringify({ userId: "user-1", userHash: expected(secret, "user-1") });
    const checked = await fetch(`${server.url}${path}/check`, { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body });
    assert.deepEqual(await checked.json(), { valid: true });
  }

  const { code, stderr } = await server.command("identity", "sign", ...inProject, "null");
  assert.notEqual(code, 0);
  assert.match(stderr, /USER_ID/);
  await server.stop();
  assert.equal(await sign("user-1"), expected(rotated, "user-1"));
  await server.commandOutput("identity", "mode", ...inProject, "off");
  await server.start();
  assert.equal(await mode(), "off");
});

test("a location database that is none is refused at the start", async (test) => {
  const { server } = await Server.withProject(test);
  await server.stop();
  const file = join(await temporaryFolder(test), "text.mmdb");
  await writeFile(file, "no database");
  const { code, stderr } = await server.command("serve", "--geoip", file);
  assert.notEqual(code, 0);
  assert.ok(stderr.includes(file) && stderr.includes("--geoip"), stderr);
});

test("jobs that were given up are listed and tried again, beside a running server and without one", async (test) => {
  const box = await mailbox(test);
  const env = { HARK_SMTP_HOST: "127.0.0.1", HARK_SMTP_PORT: `${box.port}`, HARK_SMTP_TLS: "none", HARK_SMTP_FROM: "team@example.com" };
  const { server, keys } = await Server.withProject(test, { env });
  const api = new Api(server.url, keys);
  const dead = async () => (await server.commandOutput("jobs", "list")).split("\n").filter(Boolean);
  const invite = async (email) => {
    const { status, body } = await api.post("/invitations/projects", { emails: [email], role: "agent" });
    assert.equal(status, 200, JSON.stringify(body));
  };

  assert.deepEqual(await dead(), []);
  box.refuses = true;
  await invite("ada@example.com");
  await until("the job is given up", async () => (await dead()).length === 1);
  const [line] = await dead();
  assert.match(line, /^[0-9a-f]{24}  invitation_mail  -  \d{4}-\d\d-\d\dT\S+Z  1 run  the mail server answered 550$/);
  const [id] = line.match(OBJECT_ID);

  box.refuses = false;
  assert.equal(await server.commandOutput("jobs", "retry", id), "1 job is due again\n");
  await until("the mail arrives", () => box.mails.length === 1);
  assert.deepEqual(await dead(), []);
  const again = await server.command("jobs", "retry", id);
  assert.notEqual(again.code, 0);
  assert.ok(again.stderr.includes(id) && again.stderr.includes("hark jobs list"), again.stderr);

  box.refuses = true;
  await invite("grace@example.com");
  await invite("joan@example.com");
  await until("both are given up", async () => (await dead()).length === 2);
  await server.stop();
  assert.equal((await dead()).length, 2);
  assert.equal(await server.commandOutput("jobs", "retry", "--all"), "2 jobs are due again\n");
  assert.deepEqual(await dead(), []);
  box.refuses = false;
  await server.start();
  await until("the mails arrive", () => box.mails.length === 3);
  await server.assertHealthy();
});
