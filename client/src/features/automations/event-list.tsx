import type { EventName } from "../../../../contract/features/events.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./automations.module.css";
import { useEventKinds } from "./event-kinds.ts";

/** Events by their title, what each means, and when it was seen last. */
export function EventList({ names }: { names: readonly EventName[] }) {
  const kinds = useEventKinds();
  if (kinds === undefined) return <LoadingState rows={names.length} label="Loading the events" />;
  return (
    <ul role="list" className={classes["events"]} aria-label="Chosen events">
      {kinds
        .filter(({ name }) => names.includes(name))
        .map(({ name, title, description, last }) => (
          <li key={name}>
            <span className={classes["eventHead"]}>
              <strong>{title}</strong>
              <span className="dim">
                {last === null ? (
                  "not seen lately"
                ) : (
                  <>
                    last seen <Time iso={last.at} />
                  </>
                )}
              </span>
            </span>
            <span className={classes["sub"]}>{description}</span>
          </li>
        ))}
    </ul>
  );
}
