import { useEffect, useState } from "react";

import { formatAbsolute, formatRelative, relativeTickMs } from "../lib/time.ts";
import classes from "./time.module.css";

/** A time as distance from now that keeps itself true; a tap or click shows the absolute local time instead. */
export function Time({ iso }: { iso: string }) {
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
      <time dateTime={iso}>{isAbsolute ? absolute : formatRelative(iso, now)}</time>
    </button>
  );
}
