import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import type { Review, ReviewCheck } from "../../../../contract/features/reviews.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { call } from "../../lib/api.ts";
import { IconPlayerPlay, IconPlayerStop } from "../../ui/icons.gen.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { checkStatus } from "./review-words.ts";
import classes from "./reviews.module.css";
import type { ActOnReview } from "./use-review.ts";

interface ChecksPanelProps {
  review: Review;
  busy: string | null;
  act: ActOnReview;
}

/** The app's checks on this work: run, followed, and marked as stale once the work is another. */
export function ChecksPanel({ review, busy, act }: ChecksPanelProps) {
  const { checks, knownChecks, state, appId } = review;
  const params = { id: review.runId };
  const isRunning = checks.some((check) => check.state === "running" || check.state === "queued");
  const isOpen = state === "open";
  if (knownChecks.length === 0 && checks.length === 0) {
    if (appId === null || !isOpen) return null;
    return (
      <section className={classes["checks"]} aria-label="Checks">
        <h2 className={classes["sideTitle"]}>Checks</h2>
        <p className={classes["hint"]}>
          This app has no checks. Name commands such as <code>npm test</code> on{" "}
          <Link to="/apps/$appId" params={{ appId }} search={{ tab: "worktrees" }} className="touch-wide">
            its page under Agents
          </Link>
          , and they can be run on the work from here.
        </p>
      </section>
    );
  }
  const names = new Set(checks.map(({ name }) => name));
  return (
    <section className={classes["checks"]} aria-label="Checks">
      <div className={classes["checksHead"]}>
        <h2 className={classes["sideTitle"]}>Checks</h2>
        {!isOpen ? null : isRunning ? (
          <Button
            leftSection={<IconPlayerStop size={14} />}
            disabled={busy !== null}
            onClick={() =>
              void act("checks", "Could not stop the checks", () => call("reviews.stopChecks", { params }))
            }
          >
            Stop
          </Button>
        ) : (
          <Button
            leftSection={<IconPlayerPlay size={14} />}
            disabled={busy !== null || isOpenState(review.runState) || knownChecks.length === 0}
            onClick={() => void act("checks", "Could not run the checks", () => call("reviews.check", { params }))}
          >
            {checks.length === 0 ? "Run" : "Run again"}
          </Button>
        )}
      </div>
      <ul role="list" aria-live="polite">
        {checks.map((check) => (
          <Check key={check.name + check.startedAt} check={check} />
        ))}
        {knownChecks
          .filter(({ name }) => !names.has(name))
          .map(({ name, command }) => (
            <li key={name} className={classes["check"]}>
              <span className="truncate" title={command}>
                {name}
              </span>
              <span className={classes["hint"]}>not run</span>
            </li>
          ))}
      </ul>
    </section>
  );
}

function Check({ check }: { check: ReviewCheck }) {
  const { name, command, message, isStale, sessionId, endedAt } = check;
  return (
    <li className={classes["check"]}>
      <span className="truncate" title={command}>
        {name}
      </span>
      <StatusBadge status={checkStatus(check)} isCompact />
      {isStale && endedAt !== null ? (
        <span className={classes["stale"]} title="The work has changed since this check began">
          stale
        </span>
      ) : null}
      {sessionId === null ? null : (
        <Link to="/terminal" search={{ session: sessionId }} className={classes["output"]}>
          Output<span className="visually-hidden"> of {name}</span>
        </Link>
      )}
      {message === null ? null : <span className={classes["why"]}>{message}</span>}
    </li>
  );
}
