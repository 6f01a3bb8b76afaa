import { SegmentedControl } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";

import type { GatewayState, NetworkMode } from "../../../../contract/features/connectors.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { modeWords } from "../../lib/gateway-words.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import { BreakerList } from "./breaker-list.tsx";
import { useGatewayState } from "./connector-calls.ts";
import classes from "./connectors.module.css";

const key = callKey("connectors.gateway");

/** What may leave this machine at all, who said so, and which targets are left alone. */
export function GatewayCard() {
  const { data, error, isPending, refetch } = useGatewayState();
  return (
    <Section title="What may leave this machine" isCard>
      <div className={classes["gateway"]}>
        {isPending ? <LoadingState rows={1} rowHeight={44} label="Loading the gateway" /> : null}
        {data === undefined && error !== null ? (
          <ErrorState title="Could not load the gateway" error={error} onRetry={() => void refetch()} isCompact />
        ) : null}
        {data === undefined ? null : (
          <>
            <Mode state={data} />
            <BreakerList breakers={data.breakers} />
          </>
        )}
      </div>
    </Section>
  );
}

function Mode({ state }: { state: GatewayState }) {
  const { mode, since, by, isPanic } = state;
  const client = useQueryClient();
  const send = async (wanted: NetworkMode): Promise<boolean> =>
    withErrorToast("What may leave could not be changed", async () => {
      client.setQueryData(key, await call("connectors.setMode", { body: { mode: wanted } }));
    });
  const change = async (wanted: NetworkMode): Promise<void> => {
    if (wanted === mode || !(await send(wanted))) return;
    const words = modeWords.find(({ value }) => value === wanted);
    undoToast(words?.text ?? "Changed", () => send(mode));
  };
  return (
    <>
      <SegmentedControl
        aria-label="What may leave this machine"
        className={classes["mode"] ?? ""}
        disabled={isPanic}
        data={modeWords.map(({ value, label }) => ({ value, label }))}
        value={mode}
        onChange={(value) => {
          const found = modeWords.find((one) => one.value === value);
          if (found) void change(found.value);
        }}
      />
      <p className={classes["sub"]} role="status">
        {modeWords.find(({ value }) => value === mode)?.text}
        {since === null ? null : (
          <>
            {" "}
            Set by {by ?? "PortOS"} <Time iso={since} />.
          </>
        )}
      </p>
      {isPanic ? (
        <Notice tone="warn">Everything is stopped. Allow work again, then open the gateway here.</Notice>
      ) : null}
    </>
  );
}
