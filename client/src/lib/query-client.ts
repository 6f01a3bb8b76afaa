import { MutationCache, QueryClient } from "@tanstack/react-query";

import { ApiError } from "./api-error.ts";
import { showFirstError } from "./show-first-error.ts";

const dayMs = 24 * 3600 * 1000;

/** The cache of this page: what it last knew stays for a day, so that no page is ever blank. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    mutationCache: new MutationCache({ onError: showFirstError }),
    defaultOptions: {
      queries: {
        staleTime: 5000,
        gcTime: dayMs,
        // "Online" says nothing about a server on this machine or the tailnet: always try.
        networkMode: "always",
        retry: (count, error) =>
          count < 2 && error instanceof ApiError && (error.code === "unavailable" || error.code === "timeout"),
        retryDelay: (count) => 400 * 2 ** count,
      },
      mutations: { networkMode: "always" },
    },
  });
}
