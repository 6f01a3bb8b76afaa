import { useEffect, useState } from "react";

import type { Attempt, Run } from "../../../../contract/features/runs.ts";
import { formatCost, formatTokens } from "../../lib/format.ts";
import { IconCircleCheck, IconCircleX, IconLoader2 } from "../../ui/icons.gen.ts";
import { allTokens, failureWords, tookWords } from "./run-words.ts";
import classes from "./run-facts.module.css";

const tickMs = 1_000;

/** The clock, ticking while something runs. */
function useNow(isTicking: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isTicking) return undefined;
    const timer = setInterval(() => {
      setNow(Date.now());
    }, tickMs);
    return () => {
      clearInterval(timer);
    };
  }, [isTicking]);
  return now;
}

/** Who was asked, one after the other, why, and what came of it. */
export function AttemptsStrip({ attempts }: Pick<Run, "attempts">) {
  const now = useNow(attempts.some(({ endedAt }) => endedAt === null));
  if (attempts.length === 0) return null;
  return (
    <ol role="list" className={classes["strip"]} aria-label="Attempts" tabIndex={0} data-single={attempts.length === 1}>
      {attempts.map((attempt) => (
        <li key={attempt.number} data-failed={attempt.failure !== null || undefined}>
          <AttemptCard attempt={attempt} now={now} />
        </li>
      ))}
    </ol>
  );
}

function AttemptCard({ attempt, now }: { attempt: Attempt; now: number }) {
  const { providerName, model, reason, startedAt, endedAt, failure, message, usage } = attempt;
  const StateIcon = failure !== null ? IconCircleX : endedAt === null ? IconLoader2 : IconCircleCheck;
  const state = failure !== null ? "failed" : endedAt === null ? "running" : "succeeded";
  return (
    <>
      <span className={classes["head"]} data-state={state}>
        <StateIcon size={14} aria-label={state} />
        <span className={classes["provider"]}>{providerName}</span>
        {model === null ? null : <span className={classes["model"]}>{model}</span>}
      </span>
      <span className={classes["reason"]} title={message ?? reason}>
        {failure === null ? reason : failureWords(failure)}
      </span>
      <span className={classes["figures"]}>
        {[
          tookWords(startedAt, endedAt, now),
          `${formatTokens(allTokens(usage))} tokens`,
          ...(usage.costUsd === null ? [] : [formatCost(usage.costUsd)]),
        ].join(" · ")}
      </span>
    </>
  );
}

/** What a run has taken so far: "2 min 4 s · 12.3k tokens · $0.03". */
export function RunFigures({ run }: { run: Run }) {
  const now = useNow(run.startedAt !== null && run.endedAt === null);
  const parts = [
    ...(run.startedAt === null ? [] : [tookWords(run.startedAt, run.endedAt, now)]),
    `${formatTokens(allTokens(run.usage))} tokens`,
    ...(run.usage.costUsd === null ? [] : [formatCost(run.usage.costUsd)]),
  ];
  return <span className={classes["figures"]}>{parts.join(" · ")}</span>;
}

/** The providers of a run on its way from the first to the last: "Anthropic → OpenAI". */
export function ProviderPath({ attempts }: Pick<Run, "attempts">) {
  const shown = attempts.filter(({ providerId }, index) => providerId !== attempts[index - 1]?.providerId);
  if (shown.length === 0) return <span className="dim">nobody asked yet</span>;
  return (
    <span className={classes["path"]}>
      {shown.map(({ number, providerName, failure }, index) => (
        <span key={number}>
          {index === 0 ? null : <span className={classes["arrow"]}> → </span>}
          <span data-failed={failure !== null || undefined}>{providerName}</span>
        </span>
      ))}
    </span>
  );
}
