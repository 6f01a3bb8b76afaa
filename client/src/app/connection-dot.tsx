import { useObservable } from "../lib/observable.ts";
import { connection } from "../lib/socket.ts";
import classes from "./connection-dot.module.css";

const titles = {
  live: "Live: what you see is current",
  reconnecting: "Reconnecting: what you see may be a moment old",
  offline: "Offline: PortOS does not answer, you see what was last known",
};

/** The one sign for how current everything is. The word is always there, on a phone for screen readers only. */
export function ConnectionDot() {
  const state = useObservable(connection);
  return (
    <span className={classes["dot"]} data-state={state} title={titles[state]} role="status">
      <span className={classes["word"]} data-quiet={state === "live" || undefined}>
        {state}
      </span>
    </span>
  );
}
