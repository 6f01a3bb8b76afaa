import { createRouter } from "@tanstack/react-router";

import { parseSearch, stringifySearch } from "../lib/search-state.ts";
import { ErrorState } from "../ui/error-state.tsx";
import { ComingPage } from "../ui/page.tsx";
import { NotFound } from "./not-found.tsx";
import { routeTree } from "./routes.tsx";

/** The pages of the panel and where they live. */
export const router = createRouter({
  routeTree,
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultPendingMs: 150,
  defaultPendingComponent: ComingPage,
  defaultErrorComponent: ({ error, reset }) => <ErrorState title="This page broke" error={error} onRetry={reset} />,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
