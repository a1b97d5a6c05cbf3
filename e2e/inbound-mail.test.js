// Answers to mails, from the mail that the program sends to the message that an answer becomes.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Api } from "./lib/api.js";
import { Mail, mailbox } from "./lib/mailbox.js";
import { run } from "./lib/program.js";
import { Server } from "./lib/server.js";
import { until } from "./lib/wait.js";

const SECRET = "0123456789abcdef0123456789abcdef";
/** What a pipe ends with, as mail servers read it. */
const NO_USER = 67;
const TRY_AGAIN = 75;

/** A server whose mails go to a mailbox, and the first mail of a conversation. */
async function answerable(test) {
  const { port, mails } = await mailbox(test);
  const env = {
    HARK_SMTP_HOST: "127.0.0.1",
    HARK_SMTP_PORT: `${port}`,
    HARK_SMTP_TLS: "none",
    HARK_SMTP_FROM: "Support <hark@example.com>",
    HARK_SMTP_REPLY_TO: "reply@support.example.com",
    HARK_SMTP_INBOUND_SECRET: SECRET,
  };
  const { server, keys } = await Server.withProject(test, { env });
  const api = new Api(server.url, keys);
  await api.put(`/projects/${keys.projectId}/ticket-settings`, { replyMail: { afterSeconds: 0 } });
  const { body: user } = await api.identify({ userId: "user-1", email: "ada@example.com" });
  const { body: ticket } = await api.post("/tickets", { session: user.sessionId, title: "It broke" });
  await api.post("/messages", { ticket: ticket.id, comment: "Try again" });
  await until("the mail arrives", () => mails.length === 1);
  return { server, api, ticket, mails, mail: new Mail(mails[0]) };
}

/** Hands a mail over as the pipe of a mail server does. */
function pipe(server, mail, ...args) {
  return server.commandReading(mail, "inbound-mail", ...args);
}

function answer(to, id, text) {
  return [`From: Ada <ada@example.com>`, `To: ${to}`, `Subject: Re: It broke`, `Message-ID: <${id}>`, "", text, ""].join("\r\n");
}

async function texts(api, ticket) {
  const { body } = await api.get(`/messages?ticket=${ticket.id}`);
  return body.map(({ type, data }) => `${type}: ${data.text}`);
}

test("an answer to a mail comes into the conversation through the pipe of a mail server", async (test) => {
  const { server, api, ticket, mails, mail } = await answerable(test);
  const address = mail.header("Reply-To");
  assert.match(address, /^reply\+[a-z2-7]{53}@support\.example\.com$/);
  const quoted = "It works, thank you.\r\n\r\nOn Mon, 2 Mar 2026 Support <hark@example.com> wrote:\r\n> Try again";
  const taken = await pipe(server, answer(address, "a1@mail.example.com", quoted));
  assert.equal(taken.code, 0, taken.stderr);
  assert.match(taken.stdout, new RegExp(`^message [0-9a-f]{24} in ticket ${ticket.id}\n$`));
  assert.deepEqual(await texts(api, ticket), ["TEXT: Try again", "USER_TEXT: It works, thank you."]);

  const again = await pipe(server, answer(address, "a1@mail.example.com", quoted));
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /^came before/);
  const away = await pipe(server, `Auto-Submitted: auto-replied\r\n${answer(address, "a2@mail.example.com", "I am away")}`);
  assert.deepEqual([away.code, away.stdout], [0, "ignored: auto_submitted\n"]);
  const blind = answer("undisclosed-recipients:;", "a3@mail.example.com", "And another thing");
  assert.equal((await pipe(server, blind)).code, NO_USER);
  assert.equal((await pipe(server, blind, "--recipient", address.toUpperCase())).code, 0);
  assert.equal((await texts(api, ticket)).at(-1), "USER_TEXT: And another thing");

  await api.post("/messages", { ticket: ticket.id, comment: "Good to hear" });
  await until("the next mail arrives", () => mails.length === 2);
  assert.equal(new Mail(mails[1]).header("In-Reply-To"), "<a3@mail.example.com>");
  await server.stop();
  const later = await pipe(server, answer(address, "a4@mail.example.com", "Too early"));
  assert.equal(later.code, TRY_AGAIN, "the mail server keeps it while no server runs");
  assert.match(later.stderr, /no server runs/);
  await server.assertHealthy();
});

test("a program hands a mail over by HTTP", async (test) => {
  const { server, api, ticket, mail } = await answerable(test);
  const body = answer(mail.header("Reply-To"), "a1@mail.example.com", "By a program");
  const post = (headers) => fetch(`${server.url}/inbound-mail`, { method: "POST", body, headers });
  assert.equal((await post({ "content-type": "message/rfc822" })).status, 401);
  const taken = await post({ "content-type": "message/rfc822", authorization: `Bearer ${SECRET}` });
  assert.equal(taken.status, 200);
  const { outcome, message } = await taken.json();
  assert.equal(outcome, "taken");
  const { body: messages } = await api.get(`/messages?ticket=${ticket.id}`);
  assert.equal(messages[1].id, message);
  assert.equal(messages[1].session.userId, "user-1");
});

test("whatever is wrong here, a mail server tries again", async () => {
  const nowhere = await run(["inbound-mail", "--data", "/nowhere"]);
  assert.equal(nowhere.code, TRY_AGAIN);
  const wrong = await run(["inbound-mail"], { env: { HARK_SMTP_PORT: "many" } });
  assert.equal(wrong.code, TRY_AGAIN);
  assert.match(wrong.stderr, /smtp\.port/);
});
