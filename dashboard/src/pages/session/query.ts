// One session and what belongs to it.
import { useQuery, useQueryClient } from "@tanstack/react-query";

import { api, data, type Session } from "../../api/client";

export interface Versioned {
  session: Session;
  /** The version that was read: a change names it, so that it overwrites nobody's. */
  etag: string;
}

export const sessionKey = (projectId: string, sessionId: string) => ["session", projectId, sessionId];

export async function readSession(projectId: string, sessionId: string): Promise<Versioned> {
  const params = { path: { sessionId }, header: { project: projectId } };
  const { data, response } = await api.GET("/v3/sessions/{sessionId}", { params, cache: "no-store" });
  return { session: data as Session, etag: response.headers.get("etag") ?? "" };
}

export function useSession(projectId: string, sessionId: string) {
  return useQuery({ queryKey: sessionKey(projectId, sessionId), queryFn: () => readSession(projectId, sessionId) });
}

/** Reads everything of the session again. */
export function useRefresh(projectId: string, sessionId: string): () => void {
  const queries = useQueryClient();
  return () => {
    void queries.invalidateQueries({ queryKey: sessionKey(projectId, sessionId) });
    void queries.invalidateQueries({ queryKey: ["sessions", projectId] });
  };
}

/** Changes a session that is still of the version that was shown. */
export async function updateSession(projectId: string, sessionId: string, body: object, etag?: string): Promise<Session> {
  const headers = etag ? { "If-Match": etag } : {};
  const params = { path: { sessionId }, header: { project: projectId } };
  return data(api.PUT("/v3/sessions/{sessionId}", { params, body, headers }));
}
