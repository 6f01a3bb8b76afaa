import type { ReactNode } from "react";

import classes from "./toolbar.module.css";

/** A row of filters and actions above a list; wraps on a phone. `aside` sits at its end. */
export function Toolbar({ children, aside, label }: { children: ReactNode; aside?: ReactNode; label: string }) {
  return (
    <div className={classes["toolbar"]} role="group" aria-label={label}>
      {children}
      {aside === undefined ? null : <div className={classes["aside"]}>{aside}</div>}
    </div>
  );
}
