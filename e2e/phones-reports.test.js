// Reports of apps: configuration, uploads and tickets, byte by byte as phones send them.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Api } from "./lib/api.js";
import { Phone, readable } from "./lib/phones.js";
import { chunked, request } from "./lib/raw.js";
import { Server } from "./lib/server.js";

const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from("JFIF"), Buffer.alloc(64, 7)]);

async function setUp(test, system) {
  const { server, keys } = await Server.withProject(test);
  const phone = await Phone.of(test, system, server, keys.sdkKey);
  await phone.session("/sessions", system === "ios" ? "" : { lang: "en", deviceType: "mobile", platform: system });
  return { server, keys, api: new Api(server.url, keys), phone };
}

/** Sends a body in parts as it is written and gives the answer. */
async function upload(phone, path, contentType, parts, status = 200) {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const headers = { ...phone.headers(path), "Content-Type": contentType, "Transfer-Encoding": "chunked" };
  return readable(await phone.connection.exchange(request("POST", path, headers), chunked(body, 100)), status);
}

async function fetched(url) {
  const answer = await fetch(url);
  return { status: answer.status, type: answer.headers.get("content-type"), headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

test("the configuration is for everybody who knows the key, in both spellings, without a redirect", async (test) => {
  const { keys, phone } = await setUp(test, "android");
  const bodies = [];
  for (const path of [`/config/${keys.sdkKey}/?lang=de`, `/config/${keys.sdkKey}?lang=de`]) {
    const answer = await phone.connection.exchange(request("GET", path, { "User-Agent": "Dalvik/2.1.0" }));
    bodies.push(readable(answer, 200));
  }
  assert.deepEqual(bodies[0], bodies[1]);
  const { flowConfig, projectActions } = bodies[0];
  assert.deepEqual(projectActions, {});
  assert.equal(flowConfig.feedbackButtonPosition, "BUTTON_NONE");
  assert.ok(flowConfig.networkLogPropsToIgnore.includes("Gleap-Hash"));
});

test("Android: a report with screenshot, replay and attachments", async (test) => {
  const { server, api, phone } = await setUp(test, "android");
  await phone.session("/sessions/identify", { userId: "user-1", email: "ada@example.com" });
  const boundary = "*****1700000000000*****";
  const part = (name, type) => `--${boundary}\r\nContent-Disposition: form-data; name="file";filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`;
  const multipart = `multipart/form-data;boundary=${boundary}`;
  const end = `--${boundary}--\r\n`;

  const shot = await upload(phone, "/uploads/sdk", multipart, [part("shot.png", "image/png"), PNG, "\r\n", end]);
  const steps = await upload(
    phone,
    "/uploads/sdksteps",
    multipart,
    [1, 2, 3].flatMap((step) => [part(`step ${step}.png`, "null"), PNG, `${step}\r\n`]).concat(end),
  );
  assert.equal(steps.fileUrls.length, 3);
  for (const [at, url] of steps.fileUrls.entries()) assert.deepEqual((await fetched(url)).bytes, Buffer.concat([PNG, Buffer.from(`${at + 1}`)]));
  const attached = await upload(phone, "/uploads/attachments", multipart, [part("note.txt", "text/plain"), "a note", "\r\n", end]);
  const { status, type, bytes } = await fetched(shot.fileUrl);
  assert.deepEqual([status, type], [200, "image/png"]);
  assert.deepEqual(bytes, PNG);
  assert.ok(shot.fileUrl.startsWith(`${server.url}/files/`));

  const date = new Date().toISOString();
  const frames = steps.fileUrls.map((url) => ({ url, screenname: "Main", date, interactions: [{ x: 1, y: 2, date, type: "TD" }] }));
  const [request, response] = [
    { headers: {}, payload: "<payload_too_large>" },
    { status: 500, statusText: "Server Error", responseText: "no" },
  ];
  const report = {
    outbound: "bugreporting",
    spamToken: "",
    screenshotUrl: shot.fileUrl,
    replay: { interval: 1000, frames },
    type: "BUG",
    isSilent: "true",
    priority: "HIGH",
    tags: ["cart"],
    attachments: [{ url: attached.fileUrls[0], name: "note.txt", type: "text/plain" }],
    formData: { description: "It hangs", reportedBy: "ada@example.com" },
    networkLogs: [{ type: "GET", url: "https://shop.example.com/cart", date, duration: 12, status: 500, success: false, request, response }],
    customEventLog: [{ name: "bought", date }],
    metaData: { deviceModel: "Pixel", batteryLevel: "80" },
    customData: { build: 7 },
    consoleLog: [{ log: "E/Shop: out of memory", date, priority: "ERROR" }],
  };
  const { shareToken } = await phone.post("/bugs/v2", report, 201);
  assert.match(shareToken, /^[\w-]+$/);

  const ticket = await onlyTicket(api);
  assert.deepEqual([ticket.type, ticket.priority, ticket.isSilent, ticket.tags], ["BUG", "HIGH", true, ["cart"]]);
  assert.equal(ticket.formData.description, "It hangs");
  assert.deepEqual(
    (await log(api, ticket, "console-logs")).map(({ log }) => log),
    ["E/Shop: out of memory"],
  );
  assert.equal((await log(api, ticket, "network-logs"))[0].status, 500);
  const { body: session } = await api.lookup("user-1");
  assert.equal(session.countFeedbackReports, 1);
});

test("iOS: one boundary for ever, names without quotes, and a report without uploads", async (test) => {
  const { api, phone } = await setUp(test, "ios");
  const part = (name) => `--BBBOUNDARY\r\nContent-Disposition: form-data; name=file; filename=${name}\r\nContent-Type: image/jpeg\r\n\r\n`;
  const multipart = "multipart/form-data; boundary=BBBOUNDARY";
  const shot = await upload(phone, "/uploads/sdk", multipart, [part("screenshot.jpeg"), JPEG, "\r\n--BBBOUNDARY--\r\n"]);
  const many = await upload(phone, "/uploads/attachments", multipart, [
    part("my holiday photo.jpeg"),
    JPEG,
    "\r\n",
    part("second.jpeg"),
    JPEG,
    "2",
    "\r\n--BBBOUNDARY--\r\n",
  ]);
  assert.deepEqual((await fetched(shot.fileUrl)).bytes, JPEG);
  assert.deepEqual(await Promise.all(many.fileUrls.map(async (url) => (await fetched(url)).bytes.length)), [JPEG.length, JPEG.length + 1]);

  const consoleLog = [{ log: "x [truncated]", date: "2026-01-31T10:05:00+02:00", priority: "INFO" }];
  const fields = { formData: { description: "Grüße" }, metaData: { batteryLevel: "0.8" }, customEventLog: [], customData: {} };
  const report = { type: "BUG", isSilent: false, priority: "MEDIUM", screenshotUrl: shot.fileUrl, consoleLog, ...fields };
  await phone.post("/bugs/v2", report, 201);
  const ticket = await onlyTicket(api);
  assert.deepEqual([ticket.type, ticket.isSilent, ticket.formData.description], ["BUG", false, "Grüße"]);
});

async function onlyTicket(api) {
  const { status, body } = await api.get("/tickets");
  assert.equal(status, 200, JSON.stringify(body));
  const tickets = body.tickets;
  assert.equal(tickets.length, 1);
  return tickets[0];
}

async function log(api, ticket, which) {
  const { status, body } = await api.get(`/tickets/${ticket.id}/${which}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}
