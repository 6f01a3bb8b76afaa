import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Repair } from "../../../../contract/features/repairs.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { confirmDangerous } from "../../ui/confirm.ts";
import { IconArrowBackUp, IconCheck, IconPlayerStop, IconSparkles } from "../../ui/icons.gen.ts";
import { Notice } from "../../ui/notice.tsx";
import classes from "./repairs.module.css";
import { canRevert, repairLevels } from "./repair-words.ts";

const howFar = new Map(repairLevels.map(({ value, label }) => [value, label]));

/** Asks an agent about a crash; says why that is not possible, or what speaks against it. */
export function AskForRepair({ incidentId, name }: { incidentId: string; name: string }) {
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const { data } = useQuery(callQuery("repairs.outlook", { params: { incident: incidentId } }));
  if (data === undefined) return null;
  if (data.cannot !== null) return <p className={classes["dim"]}>No agent can be asked: {data.cannot}</p>;
  const { warning, agent, level } = data;
  const ask = async (): Promise<void> => {
    const isAnyway = warning !== null;
    const isSure =
      !isAnyway ||
      (await confirmDangerous({
        title: "Ask an agent all the same?",
        text: `${warning} Another try costs what an agent costs.`,
        confirmLabel: "Ask anyway",
        cancelLabel: "Leave it",
      }));
    if (!isSure) return;
    setBusy(true);
    const isDone = await withErrorToast("Could not ask an agent", () =>
      call("repairs.ask", { params: { incident: incidentId }, body: { isAnyway } }),
    );
    if (isDone) toast({ kind: "ok", text: `An agent looks into the crash of ${name}` });
    await client.invalidateQueries({ queryKey: callKey("repairs.list") });
    setBusy(false);
  };
  return (
    <div className={classes["ask"]}>
      {warning === null ? null : <Notice tone="warn">{warning}</Notice>}
      <div className={classes["buttons"]}>
        <Button leftSection={<IconSparkles size={14} />} loading={isBusy} onClick={() => void ask()}>
          Ask an agent to repair
        </Button>
      </div>
      <p className={classes["dim"]}>
        {agent ?? "An agent"} works in a copy of the repository and gets the last lines as data. Level:{" "}
        {howFar.get(level)}.
      </p>
    </div>
  );
}

/** What can be done about a repair in its present state. */
export function RepairButtons({ repair }: { repair: Repair }) {
  const [busy, setBusy] = useState<string | null>(null);
  const { id, state, work, appId, processName } = repair;
  const run = async (what: string, failure: string, deed: () => Promise<unknown>, done: string): Promise<void> => {
    setBusy(what);
    if (await withErrorToast(failure, deed)) toast({ kind: "ok", text: done });
    setBusy(null);
  };
  const isProposed = state === "proposed" && work !== null && appId !== null;
  const isStoppable = repair.endedAt === null && !["applying", "watching", "reverting"].includes(state);
  const apply = (tree: string) => () => call("repairs.apply", { params: { id }, body: { tree } });
  return (
    <div className={classes["buttons"]}>
      {isProposed ? (
        <Button
          variant="filled"
          leftSection={<IconCheck size={14} />}
          loading={busy === "apply"}
          onClick={() =>
            void run("apply", "Could not apply it", apply(work.tree), `${processName} is restarted and watched`)
          }
        >
          Apply
        </Button>
      ) : null}
      {canRevert(repair) ? (
        <Button
          leftSection={<IconArrowBackUp size={14} />}
          loading={busy === "revert"}
          onClick={() =>
            void run(
              "revert",
              "Could not take it back",
              () => call("repairs.revert", { params: { id } }),
              `The repair of ${processName} is taken back`,
            )
          }
        >
          Revert
        </Button>
      ) : null}
      {isStoppable ? (
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconPlayerStop size={14} />}
          loading={busy === "stop"}
          onClick={() =>
            void run("stop", "Could not stop it", () => call("repairs.stop", { params: { id } }), "Stopped the repair")
          }
        >
          {isProposed || state === "waiting" ? "Decline" : "Stop"}
        </Button>
      ) : null}
    </div>
  );
}
