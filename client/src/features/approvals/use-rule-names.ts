import { useQuery } from "@tanstack/react-query";

import { callQuery } from "../../lib/call-query.ts";
import { useLiveApps } from "../../lib/live-queries.ts";
import type { RuleNames } from "./approval-words.ts";

/** Providers that can be named in a rule. */
export function useProviderNames(): { id: string; name: string }[] {
  const { data } = useQuery(callQuery("providers.list"));
  return (data?.providers ?? []).map(({ id, name }) => ({ id, name }));
}

/** Names of what a rule mentions by its id. */
export function useRuleNames(): RuleNames {
  const apps = useLiveApps().data ?? [];
  const providers = useProviderNames();
  return {
    app: (id) => apps.find((app) => app.id === id)?.name ?? id,
    provider: (id) => providers.find((provider) => provider.id === id)?.name ?? id,
  };
}
