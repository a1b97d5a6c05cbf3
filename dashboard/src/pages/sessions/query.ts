// What is asked of the server for the table of sessions.
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { api, data, nextCursor, type Session } from "../../api/client";

const SESSIONS_PER_PAGE = 100;

/** The sessions that match a term, the best first. */
export function useSearch(projectId: string, term: string, limit: number) {
  return useQuery({
    queryKey: ["sessions", projectId, "search", term, limit],
    enabled: term !== "",
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const query = { searchTerm: term, limit };
      return data(api.GET("/v3/sessions/search", { params: { header: { project: projectId }, query }, signal }));
    },
  });
}

/** Pages of sessions, each from where the one before ended: the same cost however far down. */
export function useSessions(projectId: string, filter: string | undefined, sort: string | undefined, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ["sessions", projectId, "list", filter, sort],
    enabled,
    initialPageParam: undefined as string | undefined,
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: SESSIONS_PER_PAGE, cursor: pageParam, filter, sort };
      const { data, response } = await api.GET("/v3/sessions", { params: { header: { project: projectId }, query }, signal });
      return { sessions: data as Session[], next: nextCursor(response) };
    },
    getNextPageParam: (page) => page.next,
  });
}

/** How many there are: asked beside the pages, so that the first one waits for nothing. */
export function useSessionCount(projectId: string, filter: string | undefined, enabled: boolean) {
  return useQuery({
    queryKey: ["sessions", projectId, "total", filter],
    enabled,
    queryFn: async ({ signal }) => {
      const query = { limit: 1, withCount: true, filter };
      const answer = await data(api.GET("/v3/sessions", { params: { header: { project: projectId }, query }, signal }));
      return (answer as { totalCount: number }).totalCount;
    },
  });
}
