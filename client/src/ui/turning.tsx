import type { ReactNode } from "react";

import classes from "./turning.module.css";

/**
 * Turns the icon in it while `isOn`. A box turns, not the drawing: browsers leave that to the compositor, so that a page
 * with something under way needs no work of its own for it.
 */
export function Turning({ isOn = true, children }: { isOn?: boolean; children: ReactNode }) {
  return (
    <span className={classes["box"]} data-turning={isOn || undefined}>
      {children}
    </span>
  );
}
