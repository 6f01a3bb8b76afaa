import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";

import type { GatewayState } from "../../../../contract/features/connectors.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { formatCount } from "../../lib/format.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { Time } from "../../ui/time.tsx";
import classes from "./connectors.module.css";

type Breaker = GatewayState["breakers"][number];

const key = callKey("connectors.gateway");
const mostShown = 3;
/** Nobody reads further. */
const mostFolded = 50;

/** Targets that are left alone, those that failed first; a target that failed and is still called takes no place. */
export function BreakerList({ breakers }: { breakers: readonly Breaker[] }) {
  const client = useQueryClient();
  const { shown, folded, failing } = breakersShown(breakers);
  if (shown.length === 0 && failing === 0) return null;
  const reset = (work: () => Promise<GatewayState>) =>
    withErrorToast("It could not be reset", async () => {
      client.setQueryData(key, await work());
    });
  const listed = (ones: readonly Breaker[], label: string) => (
    <ul role="list" className={classes["breakers"]} aria-label={label}>
      {ones.map((breaker) => (
        <Row
          key={breaker.target}
          breaker={breaker}
          onReset={() => void reset(() => call("connectors.resetBreaker", { body: { target: breaker.target } }))}
        />
      ))}
    </ul>
  );
  return (
    <>
      {shown.length === 0 ? null : listed(shown, "Targets that are left alone")}
      {folded.length === 0 ? null : (
        <details className={classes["fold"]}>
          <summary className={classes["sub"]}>and {folded.length} more</summary>
          {listed(folded.slice(0, mostFolded), "More targets that are left alone")}
        </details>
      )}
      <p className={`${classes["line"] ?? ""} ${classes["sub"] ?? ""}`}>
        {failing === 0
          ? null
          : `${formatCount(failing, "target")} failed lately, and ${failing === 1 ? "is" : "are"} still called.`}
        {breakers.length < 2 ? null : (
          <Button onClick={() => void reset(() => call("connectors.resetBreakers"))}>Reset all</Button>
        )}
      </p>
    </>
  );
}

/** What of them is told one by one, what only when asked for, and how many only failed. */
export function breakersShown(breakers: readonly Breaker[]) {
  const left = breakers.filter(({ state }) => state !== "closed");
  return { shown: left.slice(0, mostShown), folded: left.slice(mostShown), failing: breakers.length - left.length };
}

function Row({ breaker, onReset }: { breaker: Breaker; onReset: () => void }) {
  const { target, state, until, failures, lastReason } = breaker;
  return (
    <li className={classes["breaker"]} data-open={state === "open" || undefined}>
      <div className={classes["words"]}>
        <p>
          <span className="mono">{target}</span>{" "}
          {state === "open" ? (
            <strong className={classes["warn"]}>
              is left alone{until === null ? "" : ", tried again "}
              {until === null ? null : <Time iso={until} />}
            </strong>
          ) : (
            <strong className={classes["warn"]}>is tried again with the next call</strong>
          )}
        </p>
        <p className={classes["sub"]}>
          {failures === 1 ? "1 failure" : `${String(failures)} failures in a row`}
          {lastReason === null ? "" : `: ${lastReason}`}
        </p>
      </div>
      <Button aria-label={`Reset ${target}`} onClick={onReset}>
        Reset
      </Button>
    </li>
  );
}
