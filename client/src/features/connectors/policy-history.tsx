import { Button } from "@mantine/core";

import type { ConnectorPolicy, PolicyChange } from "../../../../contract/features/connectors.ts";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./connectors.module.css";
import { policyLabel } from "./policy-fields.ts";

interface PolicyHistoryProps {
  history: readonly PolicyChange[];
  onBring: (policy: ConnectorPolicy) => void;
}

/** Every change of the policy, newest first; what stood before each can be brought back. */
export function PolicyHistory({ history, onBring }: PolicyHistoryProps) {
  return (
    <Section title="Changes">
      {history.length === 0 ? <p className={classes["sub"]}>Nobody has changed it yet.</p> : null}
      <ul role="list" className={classes["changes"]}>
        {history.map(({ at, by, fields, before }) => (
          <li key={at} className={classes["change"]}>
            <div className={classes["words"]}>
              <p>{fields.map(policyLabel).join(", ")}</p>
              <p className={classes["sub"]}>
                {by} · <Time iso={at} />
              </p>
            </div>
            <Button
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
