// The published client drives the server, and every word of what it sent is looked up again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GleapAdmin } from "gleap-admin";

import { Api } from "./lib/api.js";
import { Server, WITHOUT_RATE_LIMITS } from "./lib/server.js";
import { together, until } from "./lib/wait.js";

const USERS = 1_000;
const EVENTS_PER_USER = 5;
// The client sends all events of 2.5 seconds in one request, of which the server takes so many.
const EVENTS_PER_REQUEST = 2_500;

/** What the customer's server knows of a user. */
function profile(n) {
  return {
    name: `Customer ${n} Ünïcødé 🙂`,
    email: `Customer.${n}@Example.com`,
    phone: `+4366012${String(n).padStart(5, "0")}`,
    avatar: `https://example.com/avatars/${n}.png?size=64&round=1`,
    value: n * 1.25 - 100,
    sla: n % 100,
    plan: n % 2 === 0 ? "pro" : "free",
    lang: "de",
    companyId: `company ${n % 37}`,
    companyName: `Company "${n % 37}" & Sons`,
  };
}

function customData(n) {
  return {
    seats: n,
    ratio: n / 7,
    debt: -n - 0.5,
    largest: Number.MAX_SAFE_INTEGER,
    trial: n % 3 === 0,
    empty: "",
    "two words": "line one\nline two\ttab \\ \"quoted\"",
    10: "a key of digits",
    roles: ["admin", { of: ["billing", n] }, []],
    address: { city: "Wien", geo: { latitude: 48.2, longitude: 16.37 }, none: {} },
  };
}

/** Ids of all shapes: most are plain, some need escapes in a path. */
function userId(n) {
  return n % 25 === 0 ? `team/${n}+a b%41?x=1#é🙂` : `user-${n}`;
}

function eventOf(n, number) {
  switch (number) {
    case 0:
      return ["signed in", { number, agent: `browser ${n}` }];
    case 1:
      return ["invoice paid", { number, amount: n / 3, lines: [{ sku: "a" }] }];
    case 2:
      return ["pageView", { page: `/invoices/${n}` }];
    case 3:
      return ["signed in", { number, agent: `app ${n}` }];
    default:
      return ["Übersicht geöffnet 🙂"];
  }
}

test("1,000 users and 5,000 events of gleap-admin are found again, word for word", { timeout: 180_000 }, async (test) => {
  const { server, keys } = await Server.withProject(test, { env: WITHOUT_RATE_LIMITS });
  const api = new Api(server.url, keys);
  const client = new GleapAdmin();
  test.after(() => client.stop());
  client.initialize(keys.apiToken, { apiUrl: server.url });

  const began = Date.now();
  await identifyAll(client);
  await updateEveryTenth(client);
  const summaries = await trackAll(client, api);
  const ended = Date.now();

  const project = { project: keys.projectId, organisation: keys.organisationId };
  await together(8, async (worker) => {
    for (let n = worker; n < USERS; n += 8) {
      const { status, body } = await api.lookup(userId(n));
      assert.equal(status, 200, userId(n));
      compare(body, n, { project, began, ended, summary: summaries[n] });
    }
  });
  await server.stop();
  await server.assertHealthy();
});

async function identifyAll(client) {
  await together(8, async (worker) => {
    for (let n = worker; n < USERS; n += 8) {
      const { companyId: id, companyName: name, ...properties } = profile(n);
      const sent = { ...properties, company: { id, name }, customData: customData(n) };
      assert.equal(await client.identify(userId(n), sent), true);
    }
  });
}

/** A later call changes what it names, removes what it sets to null, and leaves the rest. */
async function updateEveryTenth(client) {
  for (let n = 0; n < USERS; n += 10) {
    await client.identify(userId(n), { plan: "changed", customData: { seats: null, trial: "as text", added: n } });
  }
}

/** Tracks as the client does, and gives for each user what must be known of each event name. */
async function trackAll(client, api) {
  const summaries = Array.from({ length: USERS }, () => ({}));
  for (let sent = 0; sent < USERS * EVENTS_PER_USER; ) {
    for (const end = sent + EVENTS_PER_REQUEST; sent < end; sent += 1) {
      const n = sent % USERS;
      const [name, data] = eventOf(n, Math.floor(sent / USERS));
      const earliest = Date.now();
      client.trackEvent(userId(n), name, data);
      add(summaries[n], name, data, { earliest, latest: Date.now() });
    }
    await until(`${sent} events are stored`, async () => (await eventsStored(api)) === sent);
  }
  return summaries;
}

function add(summary, name, data, at) {
  const before = summary[name] ?? { count: 0, firstAt: at };
  summary[name] = { count: before.count + 1, firstAt: before.firstAt, lastAt: at, lastData: data };
}

async function eventsStored(api) {
  const { status, body: sessions } = await api.get("/sessions?limit=1000");
  assert.equal(status, 200);
  assert.equal(sessions.length, USERS);
  const counts = sessions.flatMap(({ eventData }) => Object.values(eventData ?? {}).map(({ count }) => count));
  return counts.reduce((sum, count) => sum + count, 0);
}

function compare(session, n, { project, began, ended, summary }) {
  const { _id, id, gleapId, gleapHash, eventData, customData: custom, lastPageView, ...rest } = session;
  assert.match(_id, /^[0-9a-f]{24}$/);
  assert.equal(id, _id);
  assert.match(gleapId, /^[0-9a-f]{24}$/);
  assert.ok(gleapHash.length >= 32, gleapHash);
  const { createdAt, updatedAt, firstActivity, lastActivity, ...attributes } = rest;
  for (const [name, date] of Object.entries({ createdAt, updatedAt, firstActivity, lastActivity })) {
    assertDate(date, { earliest: began, latest: ended }, name);
  }
  assert.deepEqual(attributes, expectedAttributes(n, project));
  assert.deepEqual(custom, expectedCustomData(n));
  assert.equal(lastPageView.page, `/invoices/${n}`);
  assert.equal(lastPageView.date, eventData.pageView.lastAt);
  compareEvents(eventData, summary);
}

function expectedAttributes(n, project) {
  const plan = n % 10 === 0 ? "changed" : profile(n).plan;
  // A server spoke for them: they did not visit yet.
  const counters = { sessions: 0, countFeedbackReports: 0, countFeedbackComments: 0 };
  const flags = { blocked: false, emailOnly: false, unsubscribed: false };
  return { ...project, userId: userId(n), ...profile(n), plan, ...counters, ...flags, tags: [], memory: [] };
}

function expectedCustomData(n) {
  if (n % 10 !== 0) return customData(n);
  const { seats, ...kept } = customData(n);
  return { ...kept, trial: "as text", added: n };
}

function compareEvents(eventData, summary) {
  assert.deepEqual(Object.keys(eventData).sort(), Object.keys(summary).sort());
  for (const [name, { count, firstAt, lastAt, lastData }] of Object.entries(summary)) {
    const found = eventData[name];
    assert.equal(found.count, count, name);
    assertDate(found.firstAt, firstAt, `${name}: firstAt`);
    assertDate(found.lastAt, lastAt, `${name}: lastAt`);
    assert.deepEqual(found.lastData, lastData, name);
    assert.equal("lastData" in found, lastData !== undefined, name);
  }
}

function assertDate(text, { earliest, latest }, name) {
  assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, name);
  const time = Date.parse(text);
  assert.ok(earliest <= time && time <= latest, `${name}: ${text} is not within ${earliest} … ${latest}`);
}
