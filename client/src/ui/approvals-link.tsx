import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { formatCount } from "../lib/format.ts";
import { useLiveApprovals } from "../lib/live-queries.ts";
import classes from "./approvals-link.module.css";
import { IconHandStop } from "./icons.gen.ts";

/** The way to the questions of agents, with how many wait. On a phone it is a line of its own while one does, else under More. */
export function ApprovalsLink() {
  const waiting = useLiveApprovals().data?.pending.length ?? 0;
  return (
    <Button
      component={Link}
      to="/approvals"
      className={classes["link"]}
      data-waiting={waiting > 0 || undefined}
      data-quiet={waiting === 0 || undefined}
      leftSection={<IconHandStop size={14} />}
      aria-label={waiting === 0 ? "Approvals" : `Approvals, ${formatCount(waiting, "question")} waiting`}
    >
      {waiting === 0 ? (
        "Approvals"
      ) : (
        <>
          <span className="desktop-only">Approvals</span>
          <span className="phone-only">{waiting === 1 ? "You are asked something" : "Questions for you"}</span>
          <span className={classes["count"]}>{waiting}</span>
        </>
      )}
    </Button>
  );
}
