// A folder that a demo fills is that of a server like any other, with the people, events and tickets of the last weeks.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { Api } from "./lib/api.js";
import { Server } from "./lib/server.js";

const DAY_MS = 86_400_000;

test("a demo has people, what they did in the last weeks, and tickets with conversations", { timeout: 240_000 }, async (test) => {
  const server = await Server.empty(test, { args: ["--demo"] });
  const started = Date.now();
  await server.commandOutput("demo", "--sessions", "40", "--days", "20", "--tickets", "30");
  const again = await server.command("demo");
  assert.notEqual(again.code, 0, "a folder that is filled is not filled again");
  assert.match(again.stderr, /empty data folder/);
  await server.assertHealthy();

  await server.start();
  const api = new Api(server.url, JSON.parse(await readFile(join(server.data, "demo-keys.json"), "utf8")));
  const { body: sessions } = await api.get("/sessions?limit=1000");
  assert.equal(sessions.length, 40);
  for (const { createdAt, email, eventData } of sessions) {
    const age = (started - Date.parse(createdAt)) / DAY_MS;
    assert.ok(age > -0.1 && age < 22, `made at the time of the story: ${createdAt}`);
    assert.ok(eventData.pageView.count > 0);
    assert.ok(email === undefined || email.endsWith("@example.com"));
  }
  assert.ok(new Set(sessions.map(({ createdAt }) => createdAt.slice(0, 10))).size > 5, "they came on different days");
  const { body: tickets } = await api.get("/tickets?limit=100");
  assert.equal(tickets.totalCount, 30);
  const reporters = sessions.filter(({ countFeedbackReports }) => countFeedbackReports > 0);
  assert.ok(reporters.length > 0 && reporters.length <= 30);
  await assertTalkedAbout(api, tickets.tickets, sessions, started);
});

/** Most tickets have a conversation, and what tickets and sessions tell of it is true. */
async function assertTalkedAbout(api, tickets, sessions, started) {
  const kinds = new Map();
  const said = new Map();
  let talkedAbout = 0;
  for (const { id, createdAt, latestComment, session, sessionNotificationsUnread } of tickets) {
    const { body: messages } = await api.get(`/messages?ticket=${id}`);
    const heard = messages.filter(({ type }) => type !== "NOTE");
    assert.equal(latestComment?.id, heard.at(-1)?.id, "the latest comment is the last that is no note");
    assert.equal(sessionNotificationsUnread, false, "nobody is sent a mail");
    if (messages.length > 0) talkedAbout += 1;
    let before = Date.parse(createdAt);
    for (const message of messages) {
      kinds.set(message.type, (kinds.get(message.type) ?? 0) + 1);
      const at = Date.parse(message.createdAt);
      assert.ok(before < at && at < started + 60_000, `said in order, and not in the future: ${message.createdAt}`);
      before = at;
      if (message.type === "USER_TEXT") said.set(message.session.id, (said.get(message.session.id) ?? 0) + 1);
      else assert.match(message.user.email, /^(kim|noor)@example\.com$/);
    }
    assert.ok(messages.every(({ type, session: author }) => type !== "USER_TEXT" || author.id === session.id), "who reported it answers");
  }
  assert.ok(talkedAbout > 15, `most are talked about: ${talkedAbout} of 30`);
  for (const kind of ["TEXT", "USER_TEXT", "NOTE"]) assert.ok(kinds.get(kind) > 0, kind);
  for (const { id, countFeedbackComments } of sessions) assert.equal(countFeedbackComments ?? 0, said.get(id) ?? 0, "what it said is counted");
  assert.ok(tickets.some(({ status }) => status === "DONE") && tickets.some(({ status }) => status === "OPEN"));
}

test("a demo does not fill a server with accounts of its own", { timeout: 60_000 }, async (test) => {
  const server = await Server.empty(test);
  await server.commandOutput("setup");
  const { code, stderr } = await server.command("demo");
  assert.notEqual(code, 0);
  assert.match(stderr, /accounts of its own/);
});
