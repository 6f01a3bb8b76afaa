import { Link } from "@tanstack/react-router";

import type { Run } from "../../../../contract/features/runs.ts";
import type { Worktree } from "../../../../contract/features/worktrees.ts";
import { useLiveWorktrees } from "../../lib/live-queries.ts";
import { IconGitBranch } from "../../ui/icons.gen.ts";
import classes from "./run-page.module.css";

interface RunWorktreeProps {
  runId: string;
  worktree: NonNullable<Run["worktree"]>;
  isSandbox: boolean;
  folder: string;
}

/** The worktree of a run, and whether it is known to be there no more. */
export function useRunWorktree(runId: string): { known: Worktree | undefined; isGone: boolean } {
  const { data } = useLiveWorktrees();
  const known = data?.worktrees.find((one) => one.runId === runId);
  return { known, isGone: data?.isUp === true && (known === undefined || known.fate === "gone") };
}

/** Where a run with a worktree works: its branch and what it came from, the way into its folder. */
export function RunWorktree({ runId, worktree, isSandbox, folder }: RunWorktreeProps) {
  const { known, isGone } = useRunWorktree(runId);
  const { branch, baseBranch, baseCommit } = worktree;
  return (
    <>
      <span className={classes["branch"]} title={folder}>
        <IconGitBranch size={14} aria-label="Branch" />
        <span className="mono truncate">{branch}</span>
        <span className={classes["base"]} title={`Made from commit ${baseCommit}`}>
          from {baseBranch ?? baseCommit.slice(0, 9)}
        </span>
      </span>
      {isSandbox ? <span>in a sandbox</span> : null}
      {isGone ? <span>worktree removed</span> : null}
      {known === undefined || isGone ? null : (
        <Link to="/terminal" search={{ cwd: folder }} className="touch-wide">
          Terminal there
        </Link>
      )}
    </>
  );
}
