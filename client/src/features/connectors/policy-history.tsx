import { Button } from "@mantine/core";
import { useId } from "react";

import type { ConnectorPolicy, PolicyChange } from "../../../../contract/features/connectors.ts";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./connectors.module.css";
import { withSteps } from "./policy-changes.ts";

interface PolicyHistoryProps {
  history: readonly PolicyChange[];
  /** What holds now. */
  current: ConnectorPolicy;
  onBring: (policy: ConnectorPolicy) => void;
}

/** Every change of the policy, newest first; what stood before each can be brought back. */
export function PolicyHistory({ history, current, onBring }: PolicyHistoryProps) {
  const id = useId();
  return (
    <Section title="Changes">
      {history.length === 0 ? <p className={classes["sub"]}>Nobody has changed it yet.</p> : null}
      <ul role="list" className={classes["changes"]}>
        {withSteps(history, current).map(({ change: { at, by, before }, steps }, index) => (
          <li key={at} className={classes["change"]}>
            <div className={classes["words"]} id={`${id}-${String(index)}`}>
              {steps.map(({ label, text }) => (
                <p key={label}>
                  {label}: <span className={classes["step"]}>{text}</span>
                </p>
              ))}
              <p className={classes["sub"]}>
                {by} · <Time iso={at} />
              </p>
            </div>
            <Button
              aria-describedby={`${id}-${String(index)}`}
              onClick={() => {
                onBring(before);
              }}
            >
              Back to before
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
