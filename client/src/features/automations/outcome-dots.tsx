import type { AutomationView } from "../../../../contract/features/automations.ts";
import { statusLooks, type StatusLook } from "../../ui/status.ts";
import classes from "./automations.module.css";

const dots = 10;

/** The last ten outcomes, oldest first, as marks that differ in shape and colour; in words for screen readers. */
export function OutcomeDots({ recent }: { recent: AutomationView["state"]["recent"] }) {
  const shown = recent.slice(0, dots).toReversed();
  if (shown.length === 0) return <span className="dim">no run yet</span>;
  const words = shown.map(({ state }) => state).join(", ");
  return (
    <span className={classes["dots"]} role="img" aria-label={`Last outcomes, oldest first: ${words}`} title={words}>
      {shown.map(({ id, state }) => {
        const { icon: Icon, tone }: StatusLook = statusLooks[state];
        return (
          <span key={id} className={classes["dot"]} data-tone={tone}>
            <Icon size={13} />
          </span>
        );
      })}
    </span>
  );
}
