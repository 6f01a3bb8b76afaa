import { IconCloudOff } from "./icons.gen.ts";
import { useEffect, useState } from "react";

import { useObservable } from "../lib/observable.ts";
import { connection } from "../lib/socket.ts";
import { formatClock } from "../lib/time.ts";
import classes from "./age-note.module.css";

/** Data this young needs no note: the connection is usually back before anybody has read it. */
const freshForMs = 10_000;

/**
 * Says how old the shown data is while it cannot be renewed: "as of 14:02". Quiet while the connection is live.
 * `updatedAt` in milliseconds, as react-query's `dataUpdatedAt`; `isStale` when its last renewal failed.
 */
export function AgeNote({ updatedAt, isStale = false }: { updatedAt: number; isStale?: boolean }) {
  const isLive = useObservable(connection) === "live" && !isStale;
  const [isOld, setIsOld] = useState(false);
  useEffect(() => {
    const timer = setTimeout(
      () => {
        setIsOld(!isLive);
      },
      isLive ? 0 : Math.max(0, updatedAt + freshForMs - Date.now()),
    );
    return () => {
      clearTimeout(timer);
    };
  }, [updatedAt, isLive]);
  if (isLive || !isOld || updatedAt === 0) return null;
  return (
    <span className={classes["note"]} role="status">
      <IconCloudOff size={13} /> as of {formatClock(updatedAt)}
    </span>
  );
}
