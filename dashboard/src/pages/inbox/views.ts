// The views of the inbox: which tickets each shows.
import type { Key } from "../../i18n";
import type { ListSearch } from "../../router";

export const VIEWS = ["mine", "unassigned", "open", "snoozed", "closed", "archived", "all"] as const;
export type View = (typeof VIEWS)[number] | `team:${string}`;

export const DEFAULT_VIEW: View = "open";

/** The view that an address names; all open tickets when it names none. */
export function viewOf(text: string | undefined): View {
  const isKnown = text?.startsWith("team:") || VIEWS.some((view) => view === text);
  return isKnown ? (text as View) : DEFAULT_VIEW;
}

/** The name of a view that is not one of a team. */
export const titleOf = (view: (typeof VIEWS)[number]): Key => `inbox.view.${view}`;

/**
 * The conditions of a view, as the server reads them. `me` is the viewer, `closed` are the statuses that count as done.
 */
export function conditionsOf(view: View, me: string, closed: string[]): object {
  const open = { archived: false, snoozed: false, status: { $nin: closed } };
  if (view.startsWith("team:")) return { processingTeam: view.slice("team:".length), ...open };
  switch (view) {
    case "mine":
      return { processingUser: me, ...open };
    case "unassigned":
      return { processingUser: { $exists: false }, ...open };
    case "snoozed":
      return { archived: false, snoozed: true };
    case "closed":
      return { archived: false, status: { $in: closed } };
    case "archived":
      return { archived: true };
    case "all":
      return {};
    default:
      return open;
  }
}

/** What of an address stays when another ticket is opened: the list beside it. */
export const keptIn = ({ view, q, filter }: ListSearch): ListSearch => ({ view, q, filter });
