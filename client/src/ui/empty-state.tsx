import type { ReactNode } from "react";

import type { Icon } from "./icon.ts";
import classes from "./state.module.css";

interface EmptyStateProps {
  icon: Icon;
  title: string;
  /** One sentence that teaches what belongs here. */
  text: ReactNode;
  /** The one primary action. */
  action?: ReactNode;
  /** A ready-made example that can be taken as it is. */
  example?: ReactNode;
  isCompact?: boolean;
}

/** What a list says while it has nothing: one sentence, one primary action, one example. */
export function EmptyState({ icon: Icon, title, text, action, example, isCompact = false }: EmptyStateProps) {
  return (
    <div className={classes["state"]} data-compact={isCompact || undefined}>
      <span className={classes["mark"]} aria-hidden="true">
        <Icon size={20} stroke={1.6} />
      </span>
      <p className={classes["title"]}>{title}</p>
      <p className={classes["text"]}>{text}</p>
      {action === undefined ? null : <div className={classes["actions"]}>{action}</div>}
      {example === undefined ? null : <div className={classes["example"]}>{example}</div>}
    </div>
  );
}
