import type { ReactNode } from "react";

import type { Repair, RepairCheck } from "../../../../contract/features/repairs.ts";
import { formatCost, formatCount, formatDuration, formatTokens } from "../../lib/format.ts";
import { formatAbsolute, formatClock } from "../../lib/time.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { Facts } from "../../ui/facts.tsx";
import { IconArrowBackUp, IconCheck, IconCircleDashed, IconHandStop, IconLoader2, IconX } from "../../ui/icons.gen.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Turning } from "../../ui/turning.tsx";
import { RepairButtons } from "./repair-actions.tsx";
import { outcomeText, repairStatus, repairSteps, type RepairStep } from "./repair-words.ts";
import classes from "./repairs.module.css";

const stepIcons = {
  done: IconCheck,
  now: IconLoader2,
  asks: IconHandStop,
  next: IconCircleDashed,
  left: IconArrowBackUp,
  bad: IconX,
};
const stepWords: Record<RepairStep["state"], string> = {
  done: "done",
  now: "goes on",
  asks: "waits for you",
  next: "follows",
  left: "not waited for",
  bad: "ended here",
};

/** One repair with everything that came of it: live while it goes on, its receipt afterwards. */
export function RepairCard({ repair }: { repair: Repair }) {
  const { state, reason, diagnosis, summary, checks, watch, runId, work } = repair;
  return (
    <article className={classes["repair"]} aria-label={`Repair of ${repair.processName}`}>
      <div className={classes["head"]}>
        <StatusBadge status={repairStatus[state]} />
        <span className={classes["dim"]}>{formatAbsolute(repair.askedAt)}</span>
      </div>
      <p aria-live="polite">{reason}</p>
      <ol className={classes["steps"]} aria-label="Steps">
        {repairSteps(repair).map(({ label, state: step }) => {
          const Icon = stepIcons[step];
          return (
            <li key={label} data-state={step}>
              <Turning isOn={step === "now"}>
                <Icon size={14} aria-hidden />
              </Turning>
              {label}
              <span className="visually-hidden">: {stepWords[step]}</span>
            </li>
          );
        })}
      </ol>
      <div className={classes["foot"]}>
        <RepairButtons repair={repair} />
        {runId === null ? null : (
          <div className={classes["links"]}>
            {work === null ? null : (
              <ActionLink to="/agents/$runId/review" params={{ runId }}>
                {`Show the diff (+${String(work.added)} −${String(work.removed)})`}
              </ActionLink>
            )}
            <ActionLink to="/agents/$runId" params={{ runId }}>
              Show the run
            </ActionLink>
          </div>
        )}
      </div>
      {diagnosis === null ? null : <Said title="Diagnosis" text={diagnosis} />}
      {summary === null ? null : <Said title="What was changed" text={summary} />}
      {checks.length === 0 ? null : <Checks checks={checks} />}
      {watch === null ? null : <Health watch={watch} />}
      <Facts items={factsOf(repair)} layout="column" />
    </article>
  );
}

function Said({ title, text }: { title: string; text: string }) {
  return (
    <section aria-label={title}>
      <h4>{title}</h4>
      <p className={classes["said"]}>{withCode(text)}</p>
    </section>
  );
}

/** What stands between backticks as code. */
function withCode(text: string): ReactNode[] {
  return text
    .split(/`([^`\n]+)`/)
    .map((part, index) => (index % 2 === 1 ? <code key={`${String(index)} ${part}`}>{part}</code> : part));
}

function Checks({ checks }: { checks: readonly RepairCheck[] }) {
  return (
    <section aria-label="Checks">
      <h4>Checks</h4>
      <ul className={classes["checks"]}>
        {checks.map(({ name, before, after }) => (
          <li key={name}>
            <span className="mono">{name}</span>
            <span data-outcome={before?.state}>before: {outcomeText(before)}</span>
            <span data-outcome={after?.state}>after: {outcomeText(after)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Health({ watch }: { watch: NonNullable<Repair["watch"]> }) {
  const { samples, since, until } = watch;
  const last = samples.at(-1);
  return (
    <section aria-label="Health">
      <h4>
        Health, {formatClock(since)} to {formatClock(until)}
      </h4>
      <div className={classes["samples"]} aria-hidden>
        {samples.map(({ at, isGood, text }) => (
          <span key={at} data-good={isGood} title={`${formatClock(at)}: ${text}`} />
        ))}
      </div>
      <p className={classes["dim"]}>
        {last === undefined
          ? "Nothing was seen yet."
          : `Good ${String(samples.filter(({ isGood }) => isGood).length)} of ${formatCount(samples.length, "time")}; last: ${last.text}`}
      </p>
    </section>
  );
}

function factsOf(repair: Repair): [string, string][] {
  const { agent, by, evidence, work, merge, usage, revert, askedAt, endedAt } = repair;
  const took = endedAt === null ? null : formatDuration(Date.parse(endedAt) - Date.parse(askedAt));
  return [
    ["Asked by", by],
    ...(agent === null ? [] : [["Agent", agent.name] as [string, string]]),
    ...(evidence === null ? [] : [["Evidence", evidenceText(evidence)] as [string, string]]),
    ...(work === null ? [] : [["Changed", work.paths.join(", ")] as [string, string]]),
    ...(merge?.commit ? [["Merged", `${merge.commit.slice(0, 9)} by ${merge.by}`] as [string, string]] : []),
    ...(revert === null ? [] : [["Taken back", `by ${revert.by}`] as [string, string]]),
    ...(took === null ? [] : [["Took", took] as [string, string]]),
    ...(usage === null ? [] : [["Cost", costText(usage)] as [string, string]]),
  ];
}

function evidenceText({ exit, lines, commits, files }: NonNullable<Repair["evidence"]>): string {
  const more = [
    ...(commits === 0 ? [] : [formatCount(commits, "commit")]),
    ...(files === 0 ? [] : [formatCount(files, "edited file")]),
  ];
  return [exit, formatCount(lines, "line"), ...more].join(", ");
}

function costText({ costUsd, tokens }: NonNullable<Repair["usage"]>): string {
  const used = `${formatTokens(tokens)} tokens`;
  return costUsd === null ? used : `${formatCost(costUsd)}, ${used}`;
}
