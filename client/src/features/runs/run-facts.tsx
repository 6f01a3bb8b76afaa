import { useEffect, useState } from "react";

import type { Attempt, Run } from "../../../../contract/features/runs.ts";
import { IconCircleCheck, IconCircleX, IconLoader2 } from "../../ui/icons.gen.ts";
import { failureWords, figuresOf, tookWords } from "./run-words.ts";
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
        {[tookWords(startedAt, endedAt, now), ...figuresOf(usage)].join(" · ")}
      </span>
    </>
  );
}

/** Who works on a run while nobody else was asked before: then there is no strip to say it. */
export function OnlyProvider({ attempts }: Pick<Run, "attempts">) {
  const [first, ...others] = attempts;
  if (first === undefined || first.failure !== null || others.length > 0) return null;
  return (
    <span className={classes["only"]}>
      {first.providerName}
      {first.model === null ? null : <span className={classes["model"]}>{first.model}</span>}
    </span>
  );
}

/** What a run has taken so far: "2 min 4 s · 12.3k tokens · $0.03". */
export function RunFigures({ run }: { run: Run }) {
  const now = useNow(run.startedAt !== null && run.endedAt === null);
  const parts = [
    ...(run.startedAt === null ? [] : [tookWords(run.startedAt, run.endedAt, now)]),
    ...figuresOf(run.usage),
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
