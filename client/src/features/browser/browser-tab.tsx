import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { BrowserForm } from "./browser-form.tsx";
import classes from "./browser.module.css";
import { OpenTabs } from "./open-tabs.tsx";
import { Screenshots } from "./screenshots.tsx";
import { StateCard } from "./state-card.tsx";
import { useLiveBrowser } from "./use-browser.ts";

/** The shared Chrome: its tabs and screenshots, its state, its settings. */
export function BrowserTab() {
  const { data, error, isPending, refetch } = useLiveBrowser();
  if (isPending) return <LoadingState rows={5} rowHeight={48} label="Loading the browser" />;
  if (data === undefined)
    return <ErrorState title="Could not load the browser" error={error} onRetry={() => void refetch()} />;
  const { state, isProcessUp } = data;
  return (
    <div className={classes["columns"]}>
      <div>
        <OpenTabs isOnline={isProcessUp && state?.status === "online"} />
        <Screenshots />
      </div>
      <div>
        <StateCard view={data} />
        {state === null ? null : <BrowserForm key={JSON.stringify(state.settings)} saved={state.settings} />}
      </div>
    </div>
  );
}
