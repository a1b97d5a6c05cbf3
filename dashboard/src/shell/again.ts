// Reading again what somebody else changed.
import type { Query, QueryClient, QueryKey } from "@tanstack/react-query";

const awaited = new WeakSet<Query>();

/**
 * Has all that is shown under a key read again. What is only just being read for the first time may have been answered before the change, and the library would take that
 * answer for the new one: it is read once more as soon as it is there.
 */
export function readAgain(queries: QueryClient, queryKey: QueryKey): void {
  const unread = queries.getQueryCache().findAll({ queryKey, fetchStatus: "fetching", predicate: ({ state }) => state.data === undefined });
  for (const query of unread) if (!awaited.has(query)) afterFirst(queries, query);
  void queries.invalidateQueries({ queryKey });
}

function afterFirst(queries: QueryClient, query: Query): void {
  awaited.add(query);
  const stop = queries.getQueryCache().subscribe((event) => {
    if (event.query !== query || (event.type !== "removed" && query.state.fetchStatus === "fetching")) return;
    stop();
    awaited.delete(query);
    if (event.type !== "removed") void queries.invalidateQueries({ queryKey: query.queryKey, exact: true });
  });
}
