import { IconCloudOff } from "@tabler/icons-react";

import { connection } from "../lib/socket.ts";
import { useObservable } from "../lib/observable.ts";
import { formatClock } from "../lib/time.ts";
import classes from "./age-note.module.css";

/**
 * Says how old the shown data is while it cannot be renewed: "as of 14:02". Quiet while the connection is live.
 * `updatedAt` in milliseconds, as react-query's `dataUpdatedAt`.
 */
export function AgeNote({ updatedAt, isStale = false }: { updatedAt: number; isStale?: boolean }) {
  const state = useObservable(connection);
  if ((state === "live" && !isStale) || updatedAt === 0) return null;
  return (
    <span className={classes["note"]} role="status">
      <IconCloudOff size={13} /> as of {formatClock(updatedAt)}
    </span>
  );
}
