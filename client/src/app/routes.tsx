import {
  createRootRoute,
  createRoute,
  lazyRouteComponent,
  redirect,
  type RouteComponent,
} from "@tanstack/react-router";

import { HomePage } from "../features/home/home-page.tsx";
import type { SearchState } from "../lib/search-state.ts";
import { Frame } from "./frame.tsx";

/*
 * All addresses of the panel. A page is one line: `component: page(() => import("../features/apps/apps-page.tsx"),
 * "AppsPage")`. It is loaded when it is first opened, together with the styles of the Mantine components that Home does
 * not use. State beyond the path (tab, filter, selection) lives in the query: see `useSearchState`.
 */
function page<Name extends string>(load: () => Promise<Record<Name, RouteComponent>>, name: Name): RouteComponent {
  return lazyRouteComponent(async () => {
    const [module] = await Promise.all([load(), import("./styles/mantine-rest.ts")]);
    return module;
  }, name);
}

const rootRoute = createRootRoute({
  component: Frame,
  validateSearch: (search: Record<string, unknown>): SearchState => search as SearchState,
});
const parent = { getParentRoute: () => rootRoute };

export const routeTree = rootRoute.addChildren([
  createRoute({ ...parent, path: "/", component: HomePage }),
  createRoute({
    ...parent,
    path: "/apps",
    component: page(() => import("../features/apps/apps-page.tsx"), "AppsPage"),
  }),
  createRoute({
    ...parent,
    path: "/apps/import",
    component: page(() => import("../features/apps/import-page.tsx"), "ImportPage"),
  }),
  createRoute({
    ...parent,
    path: "/apps/$appId",
    component: page(() => import("./app-route.tsx"), "AppRoute"),
  }),
  createRoute({
    ...parent,
    path: "/logs",
    component: page(() => import("../features/logs/logs-page.tsx"), "LogsPage"),
  }),
  createRoute({
    ...parent,
    path: "/automations",
    component: page(() => import("../features/automations/automations-page.tsx"), "AutomationsPage"),
  }),
  createRoute({
    ...parent,
    path: "/automations/$automationId",
    component: page(() => import("../features/automations/automation-page.tsx"), "AutomationPage"),
  }),
  createRoute({
    ...parent,
    path: "/agents",
    component: page(() => import("./agents-route.tsx"), "AgentsRoute"),
  }),
  createRoute({
    ...parent,
    path: "/agents/compare",
    component: page(() => import("../features/runs/compare-page.tsx"), "ComparePage"),
  }),
  createRoute({
    ...parent,
    path: "/agents/tasks/$taskId",
    component: page(() => import("./task-route.tsx"), "TaskRoute"),
  }),
  createRoute({
    ...parent,
    path: "/agents/$runId",
    component: page(() => import("../features/runs/run-page.tsx"), "RunPage"),
  }),
  createRoute({
    ...parent,
    path: "/agents/$runId/review",
    component: page(() => import("../features/reviews/review-page.tsx"), "ReviewPage"),
  }),
  createRoute({
    ...parent,
    path: "/approvals",
    component: page(() => import("../features/approvals/approvals-page.tsx"), "ApprovalsPage"),
  }),
  createRoute({
    ...parent,
    path: "/terminal",
    component: page(() => import("../features/terminal/terminal-page.tsx"), "TerminalPage"),
  }),
  createRoute({
    ...parent,
    path: "/prompts",
    component: page(() => import("../features/prompts/prompts-page.tsx"), "PromptsPage"),
  }),
  createRoute({
    ...parent,
    path: "/prompts/$promptId",
    component: page(() => import("../features/prompts/prompt-page.tsx"), "PromptPage"),
  }),
  createRoute({
    ...parent,
    path: "/providers",
    component: page(() => import("./providers-route.tsx"), "ProvidersRoute"),
  }),
  createRoute({
    ...parent,
    path: "/connectors",
    component: page(() => import("./connectors-route.tsx"), "ConnectorsRoute"),
  }),
  createRoute({
    ...parent,
    path: "/connectors/$connectorId",
    component: page(() => import("../features/connectors/connector-page.tsx"), "ConnectorPage"),
  }),
  createRoute({
    ...parent,
    path: "/webhooks",
    // Where webhooks were; bookmarks keep working.
    beforeLoad: ({ search }) => {
      redirect({ to: "/connectors", search: { ...search, tab: "webhooks" }, replace: true, throw: true });
    },
  }),
  createRoute({
    ...parent,
    path: "/system",
    component: page(() => import("./system-route.tsx"), "SystemRoute"),
  }),
  createRoute({
    ...parent,
    path: "/history",
    component: page(() => import("../features/history/history-page.tsx"), "HistoryPage"),
  }),
]);
