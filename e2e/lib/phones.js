// What apps put on the wire: how each system spells its headers, and what it reads of an answer.
import assert from "node:assert/strict";

import { Connection, request } from "./raw.js";

const SYSTEMS = {
  // Session calls, and all others, are spelled differently.
  android: {
    session: ["Api-Token", "Gleap-Id", "Gleap-Hash"],
    other: ["api-token", "gleap-id", "gleap-hash"],
    agent: "Dalvik/2.1.0 (Linux; U; Android 14)",
  },
  ios: {
    session: ["Api-Token", "Gleap-Id", "Gleap-Hash"],
    other: ["Api-Token", "Gleap-Id", "Gleap-Hash"],
    agent: "Shop/1 CFNetwork/1490.0.4 Darwin/23.2.0",
  },
};
const SESSION_PATHS = ["/sessions", "/sessions/identify", "/sessions/partialupdate"];

export class Phone {
  credential = {};

  constructor(connection, system, key) {
    Object.assign(this, { connection, key, system: SYSTEMS[system] });
  }

  static async of(test, system, server, key) {
    return new Phone(await Connection.to(test, server), system, key);
  }

  /** Headers in the spelling of the system; a phone without a session sends no id. */
  headers(path) {
    const names = SESSION_PATHS.includes(path) ? this.system.session : this.system.other;
    const values = [this.key, this.credential.gleapId, this.credential.gleapHash];
    return Object.fromEntries(names.map((name, at) => [name, values[at]]).filter(([, value]) => value !== undefined));
  }

  /** Posts JSON, or text as it is, and gives the answer as the app reads it. */
  async post(path, body, status = 200) {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const headers = { ...this.headers(path), "Content-Type": "application/json", Accept: "application/json", "User-Agent": this.system.agent };
    const length = { "Content-Length": Buffer.byteLength(text) };
    const answer = await this.connection.exchange(request("POST", path, { ...headers, ...length, Connection: "Keep-Alive" }, text));
    return readable(answer, status);
  }

  /** As `post`; the answer is the session that the phone has from now on. */
  async session(path, body) {
    const session = await this.post(path, body);
    assert.match(session.gleapId, /^[\w-]+$/);
    assert.match(session.gleapHash, /^[\w-]+$/);
    this.credential = session;
    return session;
  }
}

/** What an app can read: exactly this status, and JSON on one line without `null`. */
export function readable({ status, headers, text }, expected) {
  assert.equal(status, expected, text);
  assert.match(headers.get("content-type"), /^application\/json/);
  assert.equal(headers.get("access-control-allow-origin"), "*");
  assert.ok(!text.includes("\n"), text);
  return JSON.parse(text, (key, value) => (assert.notEqual(value, null, `${key} in ${text}`), value));
}
