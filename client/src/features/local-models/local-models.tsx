import { useLiveLocalModels } from "../../lib/live-queries.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import classes from "./local-models.module.css";
import { ServerCard } from "./server-card.tsx";

/** LM Studio and Ollama: what they hold, what is in memory, what is being downloaded. */
export function LocalModels() {
  const { data, error, refetch } = useLiveLocalModels();
  if (data === undefined)
    return error === null ? (
      <LoadingState rows={4} rowHeight={72} label="Loading the model servers" />
    ) : (
      <ErrorState title="Could not load the model servers" error={error} onRetry={() => void refetch()} />
    );
  return (
    <div className={classes["servers"]}>
      {data.map((server) => (
        <ServerCard key={server.kind} server={server} />
      ))}
    </div>
  );
}
