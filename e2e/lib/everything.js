// A project in which every field that a session controls holds text that would run, was it taken for markup.
import assert from "node:assert/strict";

import { HOSTILE, report } from "./ready.js";

/** As recorded by a web page: it shows one text, and tries to run something. */
function recording() {
  const start = Date.now();
  const body = { type: 2, id: 5, tagName: "body", attributes: { onload: "top.hacked=1" }, childNodes: [{ type: 3, id: 7, textContent: HOSTILE }] };
  const html = { type: 2, id: 3, tagName: "html", attributes: {}, childNodes: [{ type: 2, id: 4, tagName: "head", attributes: {}, childNodes: [] }, body] };
  return {
    type: "rrweb",
    startDate: start,
    baseUrl: "https://shop.example.com",
    width: 1200,
    height: 700,
    isMobile: false,
    events: [
      { type: 4, timestamp: start, data: { href: "https://shop.example.com/", width: 1200, height: 700 } },
      { type: 2, timestamp: start + 1, data: { node: { type: 0, id: 1, childNodes: [html] }, initialOffset: { top: 0, left: 0 } } },
      { type: 3, timestamp: start + 900, data: { source: 3, id: 1, x: 0, y: 0 } },
    ],
  };
}

/** Fills a project, and gives the ids of a session and its ticket. */
export async function everything(ready) {
  const { api } = ready;
  const date = "2026-01-31T08:05:00.123Z";
  const ok = async (answer) => {
    const { status, body } = await answer;
    assert.ok(status < 300, JSON.stringify(body));
    return body;
  };
  const other = await ok(api.post("/sessions", { email: "other@example.com", name: HOSTILE, tags: [HOSTILE] }));
  const { id } = await ok(api.post("/sessions", { userId: HOSTILE, name: "Before" }));
  await ok(
    api.put(`/sessions/${id}`, {
      name: HOSTILE,
      companyName: HOSTILE,
      companyId: HOSTILE,
      plan: HOSTILE,
      value: 5,
      tags: [HOSTILE],
      customData: { [HOSTILE]: HOSTILE, seats: { [HOSTILE]: HOSTILE } },
      location: { city: HOSTILE, country: HOSTILE },
      lastPageView: { page: HOSTILE, date },
      outboundHistory: [{ outbound: HOSTILE, type: HOSTILE, sentAt: date, seenAt: date }],
      checklistTasks: { [HOSTILE]: { status: HOSTILE, completedSteps: [HOSTILE], startedAt: date } },
    }),
  );
  await ok(api.track({ userId: HOSTILE, name: HOSTILE, data: { [HOSTILE]: HOSTILE } }));
  await ok(api.post(`/sessions/${id}/memory`, { name: HOSTILE, content: HOSTILE }));
  await ok(api.post(`/sessions/${id}/merge`, { with: other.id }));
  const { id: ticket } = await report(ready, {
    formData: { description: HOSTILE, [HOSTILE]: HOSTILE },
    metaData: { [HOSTILE]: HOSTILE, deviceModel: HOSTILE },
    customData: { [HOSTILE]: HOSTILE },
    tags: [HOSTILE],
    attachments: [{ name: HOSTILE, url: `${ready.server.url}/static/hark.svg` }],
    consoleLog: [{ date: HOSTILE, priority: HOSTILE, log: HOSTILE }],
    networkLogs: [{ type: HOSTILE, url: HOSTILE, date, success: true, request: { payload: HOSTILE }, response: { status: 500, responseText: HOSTILE } }],
    customEventLog: [{ date, name: HOSTILE, data: { [HOSTILE]: HOSTILE } }],
    webReplay: recording(),
  });
  await ok(api.put(`/tickets/${ticket}`, { session: id, title: HOSTILE }));
  const file = (type) => ({ name: HOSTILE, url: `${ready.server.url}/static/hark.svg`, type });
  await ok(api.post("/messages", { ticket, session: id, comment: HOSTILE, attachments: [file("image/png"), file("text/plain")] }));
  return { session: id, ticket };
}

export const SESSION_TABS = ["timeline", "events", "tickets", "outbound", "memory", "history", "merges"];
export const TICKET_TABS = ["conversation", "report", "replay", "console", "network", "activity"];
export const SETTINGS_TABS = ["keys", "identity", "sdk", "members", "teams", "templates", "webhooks", "retention", "audit-log", "sign-ins"];

/** The addresses of all pages of a project. */
export const pagesOf = ({ session, ticket }) => [
  ...["overview", "start", "sessions", "tickets", "imports"],
  ...SESSION_TABS.map((tab) => `sessions/${session}?tab=${tab}`),
  ...TICKET_TABS.map((tab) => `tickets/${ticket}?tab=${tab}`),
  ...SETTINGS_TABS.map((tab) => `settings?tab=${tab}`),
];
