import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import type { Run } from "../../../../contract/features/runs.ts";
import { stopEverything } from "../../lib/chief.ts";
import { useFeed } from "../../lib/use-feed.ts";
import { IconOctagonMinus } from "../../ui/icons.gen.ts";
import { Section } from "../../ui/section.tsx";
import { runStatus } from "../../ui/status.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import classes from "./agents-now.module.css";

const shown = 5;
const openStates: ReadonlySet<Run["state"]> = new Set(["created", "queued", "running", "waiting"]);

/** What agents work on now, and the one tap that stops all of it. Nothing while none does. `known`: as read last. */
export function AgentsNow({ known }: { known: readonly Run[] }) {
  const client = useQueryClient();
  const runs = useOpenRuns(known);
  if (runs.length === 0) return null;
  return (
    <Section
      title="Agents at work"
      aside={<span className="dim">{runs.length}</span>}
      actions={
        <Button leftSection={<IconOctagonMinus size={14} />} onClick={() => void stopEverything(client)}>
          Stop everything
        </Button>
      }
      isCard
    >
      <ul role="list" className={classes["list"]}>
        {runs.slice(0, shown).map((run) => (
          <li key={run.id} className={classes["run"]}>
            <Link to="/agents/$runId" params={{ runId: run.id }} className="truncate">
              {run.title}
            </Link>
            <StatusBadge status={runStatus(run.state)} />
          </li>
        ))}
      </ul>
      {runs.length > shown ? (
        <p className={classes["more"]}>
          <Link to="/agents" search={{ tab: "runs" }}>
            Show all {runs.length}
          </Link>
        </p>
      ) : null}
    </Section>
  );
}

/** Runs that have not ended, the newest first. */
function useOpenRuns(read: readonly Run[]): Run[] {
  const [live, setLive] = useState<ReadonlyMap<string, Run> | null>(null);
  useFeed("runs", {
    onSnapshot: ({ runs }) => {
      setLive(new Map(runs.filter(isOpen).map((run) => [run.id, run])));
    },
    onEvent: (event) => {
      if (event.kind === "up") return;
      setLive((known) => {
        const next = new Map(known);
        if (event.kind === "changed" && isOpen(event.run)) next.set(event.run.id, event.run);
        else next.delete(event.kind === "changed" ? event.run.id : event.id);
        return next;
      });
    },
  });
  const runs = live === null ? read : [...live.values()];
  return runs.toSorted((one, other) => other.createdAt.localeCompare(one.createdAt));
}

function isOpen({ state }: Run): boolean {
  return openStates.has(state);
}
