// What is asked of the server for the inbox.
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { api, data, nextCursor, type Ticket } from "../../api/client";
import { both } from "../../shell/filter";
import { useMe, useProjectId } from "../../shell/project";
import { conditionsOf, type View } from "./views";

const TICKETS_PER_PAGE = 50;

/** The statuses and types of tickets of the project. */
export function useTicketSettings() {
  const projectId = useProjectId();
  return useQuery({
    queryKey: ["ticket-settings", projectId],
    queryFn: () => data(api.GET("/v3/projects/{projectId}/ticket-settings", { params: { path: { projectId }, header: { project: projectId } } })),
    staleTime: 60_000,
  });
}

/** The conditions of a view; nothing until it is known whose and what they are. */
export function useConditions(view: View): string | undefined {
  const me = useMe();
  const settings = useTicketSettings();
  if (!me.data || !settings.data) return undefined;
  const closed = settings.data.statuses.filter((status) => status.closed).map(({ key }) => key);
  return JSON.stringify(conditionsOf(view, me.data.id, closed));
}

/** The tickets of a view that match `narrowed`, those in which something was said last first. A search looks through all views. */
export function useInbox(view: string | undefined, narrowed: string | undefined, term: string) {
  const filter = view && both(view, narrowed);
  const project = useProjectId();
  const header = { project };
  return useInfiniteQuery({
    queryKey: ["tickets", project, "inbox", term === "" ? filter : narrowed, term],
    enabled: filter !== undefined || term !== "",
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      if (term !== "") {
        const found = await data(api.GET("/v3/tickets/extendedsearch", { params: { header, query: { searchTerm: term, filter: narrowed } }, signal }));
        return { tickets: found.tickets as Ticket[], total: found.totalCount, next: undefined };
      }
      const query = { limit: TICKETS_PER_PAGE, cursor: pageParam, filter, sort: "-lastNotification" };
      const { data: page, response } = await api.GET("/v3/tickets", { params: { header, query }, signal });
      return { tickets: page?.tickets ?? [], total: page?.totalCount ?? 0, next: nextCursor(response) };
    },
    getNextPageParam: (page) => page.next,
  });
}

/** How many tickets of a view the team has not seen yet. Nothing where that costs too much to count. */
export function useUnread(view: View): number | undefined {
  const project = useProjectId();
  const conditions = useConditions(view);
  const filter = conditions && JSON.stringify({ ...(JSON.parse(conditions) as object), notificationsUnread: true });
  const unread = useQuery({
    queryKey: ["counts", project, "unread", filter],
    enabled: filter !== undefined,
    queryFn: async ({ signal }) => (await data(api.GET("/v3/tickets/ticketscount", { params: { header: { project }, query: { filter } }, signal }))).count,
    staleTime: 30_000,
    retry: false,
  });
  return unread.data;
}
