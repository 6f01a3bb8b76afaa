import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { PromptSummary, PromptVersion } from "../../../../contract/features/prompts.ts";
import { callQuery } from "../../lib/call-query.ts";
import { DiffView } from "../../ui/diff-view.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { Time } from "../../ui/time.tsx";
import { restoreVersion } from "./prompt-calls.ts";
import classes from "./prompts.module.css";

interface VersionsSheetProps {
  summary: PromptSummary;
  isOpen: boolean;
  onClose: () => void;
}

/** Every version of a prompt: who made it, what it changed, and the way back to it. */
export function VersionsSheet({ summary, isOpen, onClose }: VersionsSheetProps) {
  return (
    <SideSheet title={`Versions of ${summary.title}`} isOpen={isOpen} onClose={onClose} width={720}>
      {isOpen ? <Versions key={summary.version} summary={summary} onRestored={onClose} /> : null}
    </SideSheet>
  );
}

function Versions({ summary, onRestored }: { summary: PromptSummary; onRestored: () => void }) {
  const client = useQueryClient();
  const { id, version: current } = summary;
  const { data, error, refetch } = useQuery(callQuery("prompts.versions", { params: { id } }));
  const [opened, setOpened] = useState<number | null>(current);
  if (data === undefined)
    return error === null ? (
      <LoadingState rows={4} label="Loading the versions" />
    ) : (
      <ErrorState title="Could not load the versions" error={error} onRetry={() => void refetch()} isCompact />
    );
  return (
    <ol className={classes["versions"]} aria-label="Versions">
      {data.versions.map((version, index) => {
        const { number } = version;
        const isOpen = opened === number;
        return (
          <li key={number}>
            <VersionHead
              version={version}
              isOpen={isOpen}
              onToggle={() => {
                setOpened(isOpen ? null : number);
              }}
            />
            {isOpen ? <Changes id={id} number={number} before={data.versions[index + 1]?.number ?? null} /> : null}
            {number === current ? null : (
              <Button
                className={classes["restore"]}
                onClick={() =>
                  void restoreVersion(client, id, number, current).then((isDone) => {
                    if (isDone) onRestored();
                  })
                }
              >
                Bring version {number} back
              </Button>
            )}
          </li>
        );
      })}
    </ol>
  );
}

function VersionHead({ version, isOpen, onToggle }: { version: PromptVersion; isOpen: boolean; onToggle: () => void }) {
  const { number, author, message, createdAt } = version;
  return (
    <div className={classes["versionHead"]}>
      <button type="button" className={classes["versionName"]} aria-expanded={isOpen} onClick={onToggle}>
        Version {number}
      </button>
      <span className={classes["sub"]}>
        {author} · <Time iso={createdAt} />
        {message === "" ? null : ` · ${message}`}
      </span>
    </div>
  );
}

/** What a version changed against the one before it. */
function Changes({ id, number, before }: { id: string; number: number; before: number | null }) {
  const now = useQuery(callQuery("prompts.version", { params: { id, version: number } }));
  const then = useQuery({
    ...callQuery("prompts.version", { params: { id, version: before ?? 1 } }),
    enabled: before !== null,
  });
  const error = now.error ?? then.error;
  if (error !== null) return <ErrorState title="Could not load the version" error={error} isCompact />;
  if (now.data === undefined || (before !== null && then.data === undefined))
    return <LoadingState rows={2} label="Loading the version" />;
  // The first version is compared with nothing: what is remembered of version 1 is that version itself.
  const former = before === null ? null : (then.data?.source ?? null);
  return <DiffView path={`${id}.md`} before={former} after={now.data.source} />;
}
