import { Link } from "@tanstack/react-router";

import type { EventStart } from "../../../../contract/features/automation-occurrences.ts";
import type { HookDeliveryView } from "../../../../contract/features/hooks.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { startSentence, startStatus } from "./hook-words.ts";
import classes from "./hooks.module.css";

/** What one message started, each with the way to its run. */
export function HookStarts({ delivery }: { delivery: HookDeliveryView }) {
  if (delivery.verdict !== "accepted") return null;
  if (delivery.starts.length === 0) return <p className={classes["text"]}>It started nothing.</p>;
  return (
    <ul role="list" className={classes["starts"]} aria-label="What it started">
      {delivery.starts.map((start) => (
        <li key={start.automationId} className={classes["line"]}>
          <StatusBadge status={startStatus(start)} isCompact />
          <StartName start={start} />
          <span className="dim">{startSentence(start)}</span>
        </li>
      ))}
    </ul>
  );
}

function StartName({ start: { automationId, name, occurrenceId } }: { start: EventStart }) {
  if (name === null) return <span>a deleted automation</span>;
  return (
    <Link
      to="/automations/$automationId"
      params={{ automationId }}
      search={occurrenceId === null ? {} : { run: occurrenceId }}
      className="touch-wide"
    >
      {name}
    </Link>
  );
}

/** Something it started has not ended yet. */
export function isUnderWay({ starts }: HookDeliveryView): boolean {
  return starts.some(({ state }) => state === "waiting" || state === "queued" || state === "running");
}
