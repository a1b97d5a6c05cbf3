// The one way to the server: typed by its own description, signed in by a cookie that no script can read.
import createClient, { type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Session = Schemas["SessionBody"];
export type Ticket = Schemas["TicketBody"];
export type Activity = Schemas["ActivityBody"];
export type Import = Schemas["ImportBody"];
export type Project = Schemas["ProjectBody"];

/** The header beside which the cookie counts: pages of others cannot send it. */
export const PROOF = { "Hark-Dashboard": "1" };

/** What went wrong, in the words of the server. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors: string[],
    readonly requestId: string | undefined,
    readonly conflict: { key: string; sessionId: string } | undefined,
  ) {
    super(message);
  }
}

/** The server could not be reached at all. */
export class OfflineError extends Error {}

const proof: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(PROOF)) request.headers.set(name, value);
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw await errorOf(response);
    return response;
  },
  onError() {
    return new OfflineError("offline");
  },
};

export const api = createClient<paths>({ baseUrl: location.origin, credentials: "same-origin" });
api.use(proof);

export async function errorOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as Partial<Schemas["ErrorBody"]>;
  return new ApiError(
    response.status,
    body.code ?? "unknown",
    body.message ?? response.statusText,
    body.errors ?? [],
    body.requestId,
    body.conflict,
  );
}

/** The body of an answer; errors are thrown before it comes here. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** A request that the typed client cannot make: files up and down, and streams. */
export async function raw(path: string, project: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...PROOF, project, ...(init.headers as Record<string, string> | undefined) };
  let response;
  try {
    response = await fetch(path, { ...init, headers, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new OfflineError("offline");
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** The cursor of the next page, from the header `Link`. */
export function nextCursor(response: Response): string | undefined {
  const link = response.headers.get("link")?.match(/<([^>]+)>;\s*rel="next"/)?.[1];
  return link ? (new URL(link, location.origin).searchParams.get("cursor") ?? undefined) : undefined;
}

/** Saves what an address answers under a name. */
export async function download(path: string, project: string, name: string): Promise<void> {
  const blob = await (await raw(path, project)).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
