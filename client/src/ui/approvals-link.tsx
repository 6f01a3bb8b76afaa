import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { formatCount } from "../lib/format.ts";
import { useLiveApprovals } from "../lib/live-queries.ts";
import classes from "./approvals-link.module.css";
import { IconHandStop } from "./icons.gen.ts";

/** The way to the questions of agents, with how many wait. */
export function ApprovalsLink() {
  const waiting = useLiveApprovals().data?.pending.length ?? 0;
  return (
    <Button
      component={Link}
      to="/approvals"
      leftSection={<IconHandStop size={14} />}
      aria-label={waiting === 0 ? "Approvals" : `Approvals, ${formatCount(waiting, "question")} waiting`}
    >
      Approvals
      {waiting === 0 ? null : <span className={classes["count"]}>{waiting}</span>}
    </Button>
  );
}
