// The HTTP interface as a plain REST user sees it. Each call gives `{ status, headers, body }`.

/** What credentials look like in the output of the command line. */
export const API_TOKEN = /hark_at_[\w-]{43}/;
export const API_KEY = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;

export class Api {
  /** `keys` are those of `hark setup --json`: `{ projectId, apiKey, apiToken, sdkKey }`. */
  constructor(url, { projectId, apiKey, apiToken, sdkKey }) {
    Object.assign(this, { url, sdkKey });
    this.memberHeaders = { authorization: `Bearer ${apiKey}`, project: projectId };
    this.adminHeaders = { "api-token": apiToken };
  }

  identify(body) {
    return this.#send("POST", "/admin/identify", this.adminHeaders, body);
  }

  track(...events) {
    return this.#send("POST", "/admin/track", this.adminHeaders, { events });
  }

  adminAuth() {
    return this.#send("GET", "/admin/auth", this.adminHeaders);
  }

  lookup(userId) {
    return this.get(`/sessions/by-user-id/${encodeURIComponent(userId)}`);
  }

  /** `path` is that of REST v3, without `/v3`. */
  get(path) {
    return this.#send("GET", `/v3${path}`, this.memberHeaders);
  }

  post(path, body) {
    return this.#send("POST", `/v3${path}`, this.memberHeaders, body);
  }

  put(path, body) {
    return this.#send("PUT", `/v3${path}`, this.memberHeaders, body);
  }

  delete(path) {
    return this.#send("DELETE", `/v3${path}`, this.memberHeaders);
  }

  /** What a client SDK posts: without a prefix, and with the credential of its session once it has one. */
  client(path, body, { gleapId, gleapHash } = {}) {
    const credential = gleapId === undefined ? {} : { "gleap-id": gleapId, "gleap-hash": gleapHash };
    return this.#send("POST", path, { "api-token": this.sdkKey, ...credential }, body);
  }

  /** Server-sent events from now on, as `{ name, data }`, into a list that grows until the test ends. */
  async watch(test, path) {
    const stop = new AbortController();
    test.after(() => stop.abort());
    const answer = await fetch(`${this.url}/v3${path}`, { headers: this.memberHeaders, signal: stop.signal });
    const events = [];
    void collect(answer.body, events).catch(() => {}); // it ends by being stopped
    return { status: answer.status, events };
  }

  signIn(email, password) {
    return this.#send("POST", "/v3/auth/login", {}, { email, password });
  }

  async #send(method, path, headers, body) {
    const request = body === undefined ? { method, headers } : withJson(method, headers, body);
    const answer = await fetch(this.url + path, request);
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === "" ? undefined : JSON.parse(text) };
  }
}

async function collect(stream, events) {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + part).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const [, name, data] = block.match(/^event: (.*)\ndata: (.*)$/) ?? [];
      if (name) events.push({ name, data: JSON.parse(data).data });
    }
  }
}

function withJson(method, headers, body) {
  return { method, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
}
