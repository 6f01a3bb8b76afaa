import { statusLooks, type Status, type StatusLook } from "./status.ts";
import classes from "./status-badge.module.css";

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
      <Icon
        size={status === "online" ? 8 : 14}
        {...(look.isMoving === true ? { className: classes["moving"] ?? "" } : {})}
      />
      {look.word}
    </span>
  );
}
