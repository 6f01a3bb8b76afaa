import { useEffect, useMemo, useSyncExternalStore } from "react";

import { createLogView, type LogRequest, type LogView, type LogViewState } from "./log-view.ts";

/** Opens a view for as long as the component shows it; another request opens another view. */
export function useLogView(
  request: LogRequest,
  limits: { maxLines?: number; tail?: number } = {},
): { view: LogView; state: LogViewState } {
  const key = JSON.stringify([request, limits]);
  const view = useMemo(() => {
    const [given, bounds] = JSON.parse(key) as [LogRequest, { maxLines?: number; tail?: number }];
    return createLogView(given, bounds);
  }, [key]);
  useEffect(() => {
    view.start();
    return () => {
      view.stop();
    };
  }, [view]);
  const state = useSyncExternalStore(view.subscribe, view.get);
  return { view, state };
}
