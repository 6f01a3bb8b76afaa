import { useEffect, useRef, useState } from "react";

import type { Attempt, Run } from "../../../../contract/features/runs.ts";
import { IconCircleCheck, IconCircleX, IconLoader2 } from "../../ui/icons.gen.ts";
import { Turning } from "../../ui/turning.tsx";
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

/**
 * Who was asked, one after the other, why, and what came of it: one line, as high before the first attempt as with the
 * tenth, so that what is read below it stays where it is. The newest is in sight.
 */
export function AttemptsStrip({ attempts }: Pick<Run, "attempts">) {
  const now = useNow(attempts.some(({ endedAt }) => endedAt === null));
  const list = useRef<HTMLOListElement>(null);
  const { length } = attempts;
  useEffect(() => {
    const newest = list.current?.children.item(length - 1);
    if (newest instanceof HTMLElement) list.current?.scrollTo({ left: newest.offsetLeft });
  }, [length]);
  if (length === 0) return <p className={classes["strip"]}>Nobody was asked yet.</p>;
  return (
    <ol ref={list} role="list" className={classes["strip"]} aria-label="Attempts" tabIndex={0}>
      {attempts.map((attempt, index) => (
        <li key={attempt.number} title={attempt.message ?? attempt.reason}>
          <AttemptLine attempt={attempt} before={attempts[index - 1]} now={now} isOnly={length === 1} />
        </li>
      ))}
    </ol>
  );
}

interface AttemptLineProps {
  attempt: Attempt;
  before: Attempt | undefined;
  now: number;
  /** The figures of the run are its own. */
  isOnly: boolean;
}

function AttemptLine({ attempt, before, now, isOnly }: AttemptLineProps) {
  const { providerName, model, reason, startedAt, endedAt, failure, usage } = attempt;
  const StateIcon = failure !== null ? IconCircleX : endedAt === null ? IconLoader2 : IconCircleCheck;
  const state = failure !== null ? "failed" : endedAt === null ? "running" : "succeeded";
  // Why somebody else was asked stands beside it: the one before has failed.
  const words = failure !== null ? failureWords(failure) : (before?.failure ?? null) === null ? reason : null;
  return (
    <>
      <span className={classes["mark"]} data-state={state}>
        <Turning isOn={state === "running"}>
          <StateIcon size={14} aria-label={state} />
        </Turning>
      </span>
      <span className={classes["provider"]}>{providerName}</span>
      {model === null ? null : <span className={classes["model"]}>{model}</span>}
      {words === null ? null : <span className={classes["reason"]}>{words}</span>}
      {isOnly ? null : (
        <span className={classes["figures"]}>
          {[tookWords(startedAt, endedAt, now), ...figuresOf(usage)].join(" · ")}
        </span>
      )}
    </>
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
