import { Link } from "@tanstack/react-router";

import type { Run } from "../../../../contract/features/runs.ts";
import { useLiveWorktrees } from "../../lib/live-queries.ts";
import { IconGitBranch } from "../../ui/icons.gen.ts";
import classes from "./run-page.module.css";

interface RunWorktreeProps {
  runId: string;
  worktree: NonNullable<Run["worktree"]>;
  isSandbox: boolean;
  folder: string;
}

/** Where a run with a worktree works: its branch and what it came from, the way into its folder. */
export function RunWorktree({ runId, worktree, isSandbox, folder }: RunWorktreeProps) {
  const { data } = useLiveWorktrees();
  const known = data?.worktrees.find((one) => one.runId === runId);
  const isGone = data?.isUp === true && (known === undefined || known.fate === "gone");
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
