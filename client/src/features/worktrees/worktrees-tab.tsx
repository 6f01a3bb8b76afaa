import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import type { Worktree } from "../../../../contract/features/worktrees.ts";
import { call } from "../../lib/api.ts";
import { formatCount } from "../../lib/format.ts";
import { useLiveWorktrees } from "../../lib/live-queries.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { AgeNote } from "../../ui/age-note.tsx";
import { ApprovalsLink } from "../../ui/approvals-link.tsx";
import { Bytes } from "../../ui/bytes.tsx";
import { confirmDangerous } from "../../ui/confirm.ts";
import { CopyText } from "../../ui/copy-text.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconGitBranch, IconRecycle, IconRobot, IconTerminal2 } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page, type PageTab } from "../../ui/page.tsx";
import { Time } from "../../ui/time.tsx";
import { fateWords, ignoredWords, reclaimedWords, workWords } from "./worktree-words.ts";
import classes from "./worktrees.module.css";

/** Folders and branches made for runs, and which of them may go. */
export function WorktreesTab({ tabs }: { tabs: readonly PageTab[] }) {
  const { data, error, isPending, refetch, dataUpdatedAt } = useLiveWorktrees();
  const free = (data?.worktrees ?? []).filter(({ keptBecause }) => keptBecause === null);
  return (
    <Page
      title="Agents"
      layout="wide"
      tabs={tabs}
      aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null || data?.isUp === false} />}
      actions={
        <>
          <ApprovalsLink />
          {free.length === 0 || data?.isUp === false ? null : <ReclaimAll count={free.length} />}
        </>
      }
    >
      <div className={classes["notes"]}>
        {data !== undefined && !data.isUp ? (
          <Notice tone="warn">
            portos-cos does not answer, so nothing can be removed. What you see is what was known last. Restart it on
            the System page.
          </Notice>
        ) : null}
        {data !== undefined && data.isUp && data.sandbox.help !== null ? (
          <Notice tone="info">Sandboxes are not available. {data.sandbox.help}</Notice>
        ) : null}
      </div>
      {isPending ? <LoadingState rows={4} rowHeight={56} label="Loading the worktrees" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the worktrees" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data === undefined ? null : data.worktrees.length === 0 ? (
        <Nothing />
      ) : (
        <List worktrees={data.worktrees} isUp={data.isUp} />
      )}
    </Page>
  );
}

function Nothing() {
  return (
    <EmptyState
      icon={IconGitBranch}
      title="No worktrees"
      text="A run with a worktree works in a folder and on a branch of its own. Your files stay as they are until you merge what it has done."
      action={
        <ActionLink to="/agents" search={{ new: "1" }} variant="filled">
          New run
        </ActionLink>
      }
    />
  );
}

function ReclaimAll({ count }: { count: number }) {
  const [isBusy, setIsBusy] = useState(false);
  const reclaim = async (): Promise<void> => {
    setIsBusy(true);
    await withErrorToast("Could not remove the worktrees", async () => {
      toast({ kind: "ok", text: reclaimedWords(await call("worktrees.reclaimAll")) });
    });
    setIsBusy(false);
  };
  return (
    <Button leftSection={<IconRecycle size={14} />} disabled={isBusy} onClick={() => void reclaim()}>
      {isBusy ? "Removing…" : `Remove ${formatCount(count, "worktree")}`}
    </Button>
  );
}

function List({ worktrees, isUp }: { worktrees: readonly Worktree[]; isUp: boolean }) {
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const columns = useMemo(() => {
    const reclaim = async ({ runId, runTitle, lossIfRemoved }: Worktree): Promise<void> => {
      if (lossIfRemoved !== null && !(await isLossMeant(runTitle, lossIfRemoved))) return;
      setBusy((current) => new Set(current).add(runId));
      await withErrorToast(`Could not remove the worktree of ${runTitle}`, async () => {
        const query = lossIfRemoved === null ? {} : { confirmed: lossIfRemoved };
        await call("worktrees.reclaim", { params: { id: runId }, query });
        toast({ kind: "ok", text: `Removed the worktree of ${runTitle}` });
      });
      setBusy((current) => new Set([...current].filter((id) => id !== runId)));
    };
    return columnsWith((worktree) => (
      <RemoveButton
        worktree={worktree}
        isBusy={busy.has(worktree.runId)}
        isUp={isUp}
        onRemove={() => void reclaim(worktree)}
      />
    ));
  }, [busy, isUp]);
  return <DataTable label="Worktrees" columns={columns} rows={worktrees} rowKey={({ runId }) => runId} />;
}

function isLossMeant(title: string, loss: string): Promise<boolean> {
  return confirmDangerous({
    title: `Remove the worktree of ${title} for good?`,
    text: `${loss} This cannot be undone.`,
    confirmLabel: "Remove for good",
    cancelLabel: "Keep it",
  });
}

function columnsWith(removal: Column<Worktree>["cell"]): Column<Worktree>[] {
  return [
    { id: "run", header: "Run", isMain: true, cell: (worktree) => <Title worktree={worktree} /> },
    {
      id: "fate",
      header: "Work",
      isUnlabelled: true,
      width: "190px",
      cell: (worktree) => (
        <span className={classes["work"]}>
          <span data-open={(worktree.fate === "open" && !worktree.isInUse) || undefined}>{fateWords(worktree)}</span>
          <span className={classes["sub"]}>{workWords(worktree)}</span>
        </span>
      ),
    },
    {
      id: "kept",
      header: "May it go?",
      isUnlabelled: true,
      cell: (worktree) => (
        <span className={classes["may"]}>
          <span className={worktree.keptBecause === null ? classes["free"] : classes["sub"]}>
            {worktree.keptBecause ?? "Nothing would be lost."}
          </span>
          {worktree.ignored.length === 0 ? null : (
            <span className={classes["sub"]} title={worktree.ignored.join("\n")}>
              {ignoredWords(worktree)}
            </span>
          )}
          <span className="phone-only">{removal(worktree)}</span>
        </span>
      ),
    },
    {
      id: "size",
      header: "Size",
      align: "right",
      width: "90px",
      isInline: true,
      cell: ({ bytes }) => (bytes === null ? <span className="dim">…</span> : <Bytes value={bytes} />),
    },
    {
      id: "made",
      header: "Made",
      width: "110px",
      isWideOnly: true,
      cell: ({ createdAt }) => <Time iso={createdAt} />,
    },
    { id: "used", header: "Used", width: "110px", isInline: true, cell: ({ lastUsedAt }) => <Time iso={lastUsedAt} /> },
    {
      id: "actions",
      header: "Actions",
      isActions: true,
      width: "150px",
      cell: (worktree) => (
        <span className={classes["actions"]}>
          <span className="desktop-only">{removal(worktree)}</span>
          <Menu worktree={worktree} />
        </span>
      ),
    },
  ];
}

function Title({ worktree: { runId, runTitle, runState, branch, isolation } }: { worktree: Worktree }) {
  return (
    <span className={classes["title"]}>
      {runState === null ? (
        <span className="truncate">{runTitle}</span>
      ) : (
        <Link to="/agents/$runId" params={{ runId }} className="truncate">
          {runTitle}
        </Link>
      )}
      <span className={classes["branch"]}>
        <CopyText text={branch} />
        {isolation.kind === "sandbox" ? <span className={classes["sub"]}>sandbox</span> : null}
      </span>
    </span>
  );
}

interface RemoveButtonProps {
  worktree: Worktree;
  isBusy: boolean;
  isUp: boolean;
  onRemove: () => void;
}

/** Nothing while work would be lost; asks first where the user alone can say that it may be. */
function RemoveButton({ worktree, isBusy, isUp, onRemove }: RemoveButtonProps) {
  const { keptBecause, lossIfRemoved, runTitle } = worktree;
  if (keptBecause !== null && lossIfRemoved === null) return null;
  return (
    <Button disabled={isBusy || !isUp} onClick={onRemove} aria-label={`Remove the worktree of ${runTitle}`}>
      {isBusy ? "Removing…" : lossIfRemoved === null ? "Remove" : "Remove…"}
    </Button>
  );
}

function Menu({ worktree: { runId, runTitle, runState, folder, fate } }: { worktree: Worktree }) {
  return (
    <ActionMenu
      label={`Actions for the worktree of ${runTitle}`}
      items={[
        ...(runState === null ? [] : [{ id: "run", label: "Open the run", icon: IconRobot, href: `/agents/${runId}` }]),
        ...(fate === "gone"
          ? []
          : [
              {
                id: "terminal",
                label: "Open a terminal there",
                icon: IconTerminal2,
                href: `/terminal?cwd=${encodeURIComponent(folder)}`,
              },
            ]),
      ]}
    />
  );
}
