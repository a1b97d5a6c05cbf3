// All pages. Each is a file of its own that is loaded when it is first shown.
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Navigate, Outlet } from "@tanstack/react-router";

import { countQuery, firstPageQuery } from "./pages/sessions/query";
import { ErrorBoundary, NotFound } from "./shell/Fault";
import { queryOf } from "./shell/filter";
import { Home } from "./shell/Home";
import { part } from "./shell/part";
import { Loading } from "./shell/parts";
import { projectsQuery } from "./shell/project";

/** Everything that a list is, so that an address shows it again. */
export interface ListSearch {
  q?: string;
  filter?: string;
  sort?: string;
  tab?: string;
  view?: string;
  days?: string;
  timezone?: string;
  to?: string;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const validateSearch = (search: Record<string, unknown>): ListSearch => ({
  q: text(search["q"]),
  filter: text(search["filter"]),
  sort: text(search["sort"]),
  tab: text(search["tab"]),
  view: text(search["view"]),
  days: text(search["days"]),
  timezone: text(search["timezone"]),
  to: text(search["to"]),
});

interface Context {
  queries: QueryClient;
}

const rootRoute = createRootRouteWithContext<Context>()({ component: Outlet, errorComponent: ErrorBoundary, notFoundComponent: NotFound, validateSearch });
const page = (load: () => Promise<Record<string, unknown>>, name: string) => lazyRouteComponent((() => part(load)) as never, name as never);
const at = <P extends string>(path: P, load: () => Promise<Record<string, unknown>>, name: string) =>
  createRoute({ getParentRoute: () => rootRoute, path, component: page(load, name) });

const home = createRoute({ getParentRoute: () => rootRoute, path: "/", component: Home });
const all = createRoute({ getParentRoute: () => rootRoute, path: "/p", component: Home });
const signIn = at("/sign-in", () => import("./pages/SignIn"), "SignIn");
const invitation = at("/invitation", () => import("./pages/Invitation"), "Invitation");
const setup = at("/setup", () => import("./pages/Setup"), "Setup");

const project = createRoute({
  getParentRoute: () => rootRoute,
  path: "/p/$projectId",
  // Asked for while the page's own file is on its way; nothing waits for it here.
  loader: ({ context }) => void context.queries.prefetchQuery(projectsQuery),
  component: page(() => import("./shell/Shell"), "Shell"),
});
const inProject = <P extends string>(path: P, load: () => Promise<Record<string, unknown>>, name: string) =>
  createRoute({ getParentRoute: () => project, path, component: page(load, name), errorComponent: ErrorBoundary });

const index = createRoute({
  getParentRoute: () => project,
  path: "/",
  component: function ToOverview() {
    const { projectId } = project.useParams();
    return <Navigate to="/p/$projectId/overview" params={{ projectId }} replace />;
  },
});
const overview = inProject("/overview", () => import("./pages/Overview"), "Overview");
const start = inProject("/start", () => import("./pages/Start"), "Start");
const sessions = createRoute({
  getParentRoute: () => project,
  path: "/sessions",
  loaderDeps: ({ search: { q, filter, sort } }) => ({ q, filter, sort }),
  loader: ({ context: { queries }, params: { projectId }, deps: { q, filter: address, sort } }) => {
    if (q?.trim()) return;
    const filter = queryOf(address, Date.now());
    void queries.prefetchQuery(firstPageQuery(projectId, filter, sort));
    void queries.prefetchQuery(countQuery(projectId, filter));
  },
  component: page(() => import("./pages/sessions/SessionsPage"), "SessionsPage"),
  errorComponent: ErrorBoundary,
});
const session = inProject("/sessions/$sessionId", () => import("./pages/session/SessionPage"), "SessionPage");
const inbox = inProject("/tickets", () => import("./pages/inbox/InboxPage"), "InboxPage");
const ticket = createRoute({
  getParentRoute: () => inbox,
  path: "$ticketId",
  component: page(() => import("./pages/ticket/TicketPage"), "TicketPage"),
  errorComponent: ErrorBoundary,
});
const imports = inProject("/imports", () => import("./pages/imports/ImportsPage"), "ImportsPage");
const settings = inProject("/settings", () => import("./pages/project/SettingsPage"), "SettingsPage");

const routeTree = rootRoute.addChildren([
  home,
  all,
  signIn,
  invitation,
  setup,
  project.addChildren([index, overview, start, sessions, session, inbox.addChildren([ticket]), imports, settings]),
]);

export const router = createRouter({
  routeTree,
  context: { queries: undefined as never },
  defaultPreload: "intent",
  defaultPendingComponent: Loading,
  // Addresses stay readable: values of the query are plain texts.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const pairs = Object.entries(search).filter((pair): pair is [string, string] => typeof pair[1] === "string");
    const query = new URLSearchParams(pairs).toString();
    return query ? `?${query}` : "";
  },
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
