// What is asked of the server for the inbox.
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback } from "react";

import { api, data, nextCursor, type Schemas, type Ticket } from "../../api/client";
import { useText, type Key } from "../../i18n";
import { en } from "../../i18n/en";
import { both } from "../../shell/filter";
import { useMe, useProjectId } from "../../shell/project";
import { conditionsOf, type View } from "./views";

const TICKETS_PER_PAGE = 50;

/** The title of a status or type: of a built-in one in the language of the viewer, unless the project calls it something else. */
function titled<T extends { key: string; title: string }>(kind: "status" | "type", one: T, t: (key: Key) => string): T {
  const known = `${kind}.${one.key}` as Key;
  return en[known] === one.title ? { ...one, title: t(known) } : one;
}

/** The statuses and types of tickets of the project. */
export function useTicketSettings() {
  const { t } = useText();
  const projectId = useProjectId();
  return useQuery({
    queryKey: ["ticket-settings", projectId],
    queryFn: () => data(api.GET("/v3/projects/{projectId}/ticket-settings", { params: { path: { projectId }, header: { project: projectId } } })),
    staleTime: 60_000,
    select: useCallback(
      (settings: Schemas["TicketSettingsBody"]) => ({
        ...settings,
        statuses: settings.statuses.map((one) => titled("status", one, t)),
        types: settings.types.map((one) => titled("type", one, t)),
      }),
      [t],
    ),
  });
}

/** What the project calls a status or type. */
export const titleIn = (known: { key: string; title: string }[] | undefined, key: string) => known?.find((one) => one.key === key)?.title ?? key;

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
