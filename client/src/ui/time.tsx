import { useEffect, useState } from "react";

import { formatAbsolute, formatAge, formatRelative, relativeTickMs } from "../lib/time.ts";
import classes from "./time.module.css";

/**
 * A time as distance from now that keeps itself true; a tap or click shows the absolute local time instead.
 * `isAge` leaves "ago" out: "up 2 h".
 */
export function Time({ iso, isAge = false }: { iso: string; isAge?: boolean }) {
  const [now, setNow] = useState(() => Date.now());
  const [isAbsolute, setIsAbsolute] = useState(false);
  useEffect(() => {
    const timer = setTimeout(
      () => {
        setNow(Date.now());
      },
      relativeTickMs(iso, now),
    );
    return () => {
      clearTimeout(timer);
    };
  }, [iso, now]);
  const absolute = formatAbsolute(iso);
  return (
    <button
      type="button"
      className={classes["time"]}
      title={absolute}
      onClick={(event) => {
        event.stopPropagation();
        setIsAbsolute(!isAbsolute);
      }}
    >
      <time dateTime={iso}>{isAbsolute ? absolute : isAge ? formatAge(iso, now) : formatRelative(iso, now)}</time>
    </button>
  );
}
