// What is asked of the server for the table of sessions.
import { keepPreviousData, queryOptions, useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { api, data, nextCursor, type Session } from "../../api/client";
import { FIRST, follow, kept, type Starts } from "./chain";

const SESSIONS_PER_PAGE = 100;
/** Pages that are kept on each side of the one that is looked at. */
const PAGES_BESIDE = 2;
/** How long a page is kept that was left. */
const LEFT_MS = 1_000;
/** How long the results of a search are kept that is over: who types makes many. */
const FOUND_MS = 30_000;

/** The sessions that match a term, the best first. */
export function useSearch(projectId: string, term: string, limit: number) {
  return useQuery({
    queryKey: ["sessions", projectId, "search", term, limit],
    enabled: term !== "",
    gcTime: FOUND_MS,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const query = { searchTerm: term, limit };
      return data(api.GET("/v3/sessions/search", { params: { header: { project: projectId }, query }, signal }));
    },
  });
}

interface SessionPage {
  sessions: Session[];
  next: string | undefined;
}

/**
 * One page. Not made where it is used: its function would hold what a page before it answered, whose function holds the one before that, and so on to the
 * top of the list.
 */
function pageQuery(projectId: string, filter: string | undefined, sort: string | undefined, cursor: string | undefined) {
  return {
    queryKey: ["sessions", projectId, "list", filter, sort, cursor],
    // The first is there at once for who comes back.
    ...(cursor !== undefined && { gcTime: LEFT_MS }),
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<SessionPage> => {
      const query = { limit: SESSIONS_PER_PAGE, cursor, filter, sort };
      const { data, response } = await api.GET("/v3/sessions", { params: { header: { project: projectId }, query }, signal });
      return { sessions: data as Session[], next: nextCursor(response) };
    },
  };
}

/** The page that a list begins with. */
export const firstPageQuery = (projectId: string, filter: string | undefined, sort: string | undefined) => pageQuery(projectId, filter, sort, undefined);

interface Known {
  list: string;
  starts: Starts;
  /** Rows of the last page that is known, as it was seen last. */
  ending: number;
}

export interface Listed {
  /** The rows of the pages that are kept, from number `offset` on; `undefined` for one that did not arrive yet. */
  rows: (Session | undefined)[];
  offset: number;
  /** Rows that are known to be there. */
  count: number;
  isPending: boolean;
  error: unknown;
  refetch: () => void;
}

/**
 * The sessions of a list around the row `near`. Further pages are asked for as they come near, and forgotten as they are left: the table takes as much
 * memory wherever it is.
 */
export function useSessions(projectId: string, filter: string | undefined, sort: string | undefined, enabled: boolean, near: number): Listed {
  const list = JSON.stringify([projectId, filter, sort]);
  const [known, setKnown] = useState<Known>({ list, starts: FIRST, ending: 0 });
  const { starts, ending } = known.list === list ? known : { starts: FIRST, ending: 0 };
  const numbers = kept(starts, Math.floor(near / SESSIONS_PER_PAGE), PAGES_BESIDE);
  const shown = useRef<ReadonlyMap<number, SessionPage>>(new Map());
  const pages = useQueries({
    queries: numbers.map((number) => ({ ...pageQuery(projectId, filter, sort, starts[number]), enabled, placeholderData: shown.current.get(number) })),
  });
  const first = numbers[0] ?? 0;
  const last = starts.length - 1;
  useEffect(() => {
    shown.current = new Map(pages.flatMap(({ data }, index) => (data ? [[first + index, data] as const] : [])));
    const arrived = pages.map(({ data, isPlaceholderData }) => (isPlaceholderData ? undefined : data));
    const now: Known = { list, starts: follow(starts, first, arrived), ending: 0 };
    const isEndKnown = now.starts.length === starts.length;
    if (isEndKnown) now.ending = arrived[last - first]?.sessions.length ?? ending;
    if (now.starts !== known.starts || now.ending !== known.ending) setKnown(now);
  });
  return {
    rows: pages.flatMap(({ data }, index) => rowsOf(data, first + index === last)),
    offset: first * SESSIONS_PER_PAGE,
    count: last * SESSIONS_PER_PAGE + (pages[last - first]?.data?.sessions.length ?? ending),
    isPending: last === 0 && pages[0]?.data === undefined && !pages[0]?.error,
    error: pages.find(({ error, data }) => error && !data)?.error,
    refetch: () => pages.filter(({ error }) => error).forEach(({ refetch }) => void refetch()),
  };
}

/** Of a page that is not the last one as many as it has, whether they arrived or not. */
function rowsOf(page: SessionPage | undefined, isLast: boolean): (Session | undefined)[] {
  const sessions = page?.sessions ?? [];
  return isLast ? sessions : Array.from({ length: SESSIONS_PER_PAGE }, (_, index) => sessions[index]);
}

/** How many there are: asked beside the pages, so that the first one waits for nothing. */
export const countQuery = (projectId: string, filter: string | undefined) =>
  queryOptions({
    queryKey: ["sessions", projectId, "total", filter],
    queryFn: async ({ signal }) => {
      const query = { limit: 1, withCount: true, filter };
      const answer = await data(api.GET("/v3/sessions", { params: { header: { project: projectId }, query }, signal }));
      return (answer as { totalCount: number }).totalCount;
    },
  });

export const useSessionCount = (projectId: string, filter: string | undefined, enabled: boolean) => useQuery({ ...countQuery(projectId, filter), enabled });
