// What was read of the server and is kept.
import { QueryClient, type InvalidateOptions, type InvalidateQueryFilters, type Query, type QueryKey } from "@tanstack/react-query";

/**
 * Has what changed read again also where it is only just being read for the first time: the answer on its way may be older than the change, and the library would take it
 * for the new one. It is read once more as soon as it is there.
 */
export class Queries extends QueryClient {
  readonly #awaited = new WeakSet<Query>();

  override invalidateQueries<Key extends QueryKey = QueryKey>(filters?: InvalidateQueryFilters<Key>, options?: InvalidateOptions): Promise<void> {
    const found = this.getQueryCache().findAll(filters);
    for (const query of found) if (query.state.fetchStatus === "fetching" && query.state.data === undefined) this.#readAfter(query);
    return super.invalidateQueries(filters, options);
  }

  #readAfter(query: Query): void {
    if (this.#awaited.has(query)) return;
    this.#awaited.add(query);
    const stop = this.getQueryCache().subscribe((event) => {
      const isGone = event.type === "removed";
      if (event.query !== query || (!isGone && query.state.fetchStatus === "fetching")) return;
      stop();
      this.#awaited.delete(query);
      if (!isGone) void super.invalidateQueries({ queryKey: query.queryKey, exact: true });
    });
  }
}
