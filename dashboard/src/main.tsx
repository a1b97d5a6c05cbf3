import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./styles.css";

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { MutationCache, QueryCache, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";

import { ApiError, OfflineError } from "./api/client";
import { Queries } from "./api/queries";
import { Localisation } from "./i18n";
import { router } from "./router";
import { theme } from "./theme";

/** A sign-in that ended while the page was open: sign in again and come back. */
function whenSignedOut(error: Error): void {
  if (error instanceof ApiError && error.status === 401 && location.pathname.startsWith("/p")) {
    void router.navigate({ to: "/sign-in", search: { to: location.pathname + location.search } });
  }
}

const queries = new Queries({
  queryCache: new QueryCache({ onError: whenSignedOut }),
  mutationCache: new MutationCache({ onError: whenSignedOut }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What is refused is refused again; a network may come back.
      retry: (count, error) => error instanceof OfflineError && count < 3,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

// What the page needs is asked for before anything is drawn.
router.update({ context: { queries } });
void router.load();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <Localisation>
          <Notifications position="bottom-right" />
          <RouterProvider router={router} context={{ queries }} />
        </Localisation>
      </QueryClientProvider>
    </MantineProvider>,
  );
}
