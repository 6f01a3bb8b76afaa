import { useEffect, useState } from "react";

import { useObservable } from "../../lib/observable.ts";
import { connection } from "../../lib/socket.ts";

/** The first connection of a page is there by then; one that was lost, mostly too. */
const patienceMs = 1_500;

/** True once there has been no live connection for longer than making one takes. */
export function useCutOff(): boolean {
  const isLive = useObservable(connection) === "live";
  const [isCutOff, setCutOff] = useState(false);
  useEffect(() => {
    const timer = setTimeout(
      () => {
        setCutOff(!isLive);
      },
      isLive ? 0 : patienceMs,
    );
    return () => {
      clearTimeout(timer);
    };
  }, [isLive]);
  return isCutOff && !isLive;
}
