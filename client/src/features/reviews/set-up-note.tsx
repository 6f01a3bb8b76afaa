import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { Review } from "../../../../contract/features/reviews.ts";
import { callQuery } from "../../lib/call-query.ts";
import { useLiveWorktrees } from "../../lib/live-queries.ts";
import { Notice } from "../../ui/notice.tsx";
import classes from "./reviews.module.css";

/** Work that was brought back stands in a worktree without what its set-up had put there: checks would fail for want of that. */
export function SetUpNote({ review: { runId, appId, state } }: { review: Review }) {
  const worktree = useLiveWorktrees().data?.worktrees.find((one) => one.runId === runId);
  const isLacking = worktree?.lacksSetup === true && state === "open";
  const setup = useQuery({
    ...callQuery("worktrees.setup", { params: { app: appId ?? "" } }),
    enabled: isLacking && appId !== null,
  });
  const command = setup.data?.setupCommand.trim() ?? "";
  if (!isLacking || command === "") return null;
  return (
    <div className={classes["checks"]}>
      <Notice tone="warn">
        The worktree was made again without its set-up, which may run what the agent has changed. What{" "}
        <code>{command}</code> brings is missing for the checks.{" "}
        <Link to="/terminal" search={{ cwd: worktree.folder }} className="touch-wide">
          Run it in a terminal there
        </Link>
      </Notice>
    </div>
  );
}
