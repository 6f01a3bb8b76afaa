import { useQuery } from "@tanstack/react-query";

import { callQuery } from "../../lib/call-query.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { SettingsForm } from "./settings-form.tsx";

/** Settings that hold for every device. */
export function SettingsTab() {
  const { data, error, isPending, refetch } = useQuery(callQuery("settings.get", undefined, { isKept: true }));
  if (isPending) return <LoadingState rows={5} rowHeight={72} label="Loading settings" />;
  if (data === undefined)
    return <ErrorState title="Could not load the settings" error={error} onRetry={() => void refetch()} />;
  return <SettingsForm key={JSON.stringify(data)} saved={data} />;
}
