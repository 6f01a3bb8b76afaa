import { statusLooks, type Status, type StatusLook } from "./status.ts";
import classes from "./status-badge.module.css";
import { Turning } from "./turning.tsx";

/** A status as icon, word and colour, never colour alone. `isCompact` drops the tint, for tables. */
export function StatusBadge({
  status,
  isCompact = false,
  title,
}: {
  status: Status;
  isCompact?: boolean;
  title?: string;
}) {
  const look: StatusLook = statusLooks[status];
  const { icon: Icon } = look;
  return (
    <span className={classes["badge"]} data-tone={look.tone} data-compact={isCompact || undefined} title={title}>
      {look.isMoving === true ? (
        <Turning>
          <Icon size={14} />
        </Turning>
      ) : (
        <Icon size={status === "online" ? 8 : 14} />
      )}
      {look.word}
    </span>
  );
}
