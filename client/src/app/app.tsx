import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";

import { keepLastKnown } from "../lib/last-known.ts";
import { createQueryClient } from "../lib/query-client.ts";
import { openSocket } from "../lib/socket.ts";
import { router } from "./router.tsx";
import { registerServiceWorker, reloadAfterUpdate } from "./service-worker.ts";
import { cssVariablesResolver, theme } from "./theme.tsx";

reloadAfterUpdate();
const queryClient = createQueryClient();
keepLastKnown(queryClient);

/** Everything: theme, cache, connection, pages. */
export function App() {
  useEffect(() => {
    void openSocket();
    void registerServiceWorker();
  }, []);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
