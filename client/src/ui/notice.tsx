import { IconAlertTriangle, IconInfoCircle } from "./icons.gen.ts";
import type { ReactNode } from "react";

import classes from "./notice.module.css";
import type { Tone } from "./status.ts";

/** A sentence that belongs to what stands around it and must not be overlooked. */
export function Notice({ tone, children }: { tone: Tone; children: ReactNode }) {
  const Icon = tone === "warn" || tone === "bad" ? IconAlertTriangle : IconInfoCircle;
  return (
    <div className={classes["notice"]} data-tone={tone}>
      <Icon size={16} />
      <div>{children}</div>
    </div>
  );
}
