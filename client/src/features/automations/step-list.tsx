import { useQuery } from "@tanstack/react-query";

import type { OccurrenceStep } from "../../../../contract/features/automation-connectors.ts";
import type { Occurrence } from "../../../../contract/features/automation-occurrences.ts";
import { sentences } from "../../../../contract/sentences.ts";
import { callQuery } from "../../lib/call-query.ts";
import { codeText } from "../../lib/gateway-words.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { Notice } from "../../ui/notice.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { WaitingApproval } from "../../ui/waiting-approval.tsx";
import classes from "./automations.module.css";
import { stepStatus } from "./step-words.ts";

/** The calls of a run: how each stands, its question, its record and what it gave. */
export function StepList({ row }: { row: Occurrence }) {
  const { steps = [] } = row;
  const connectors = useQuery(callQuery("connectors.list")).data;
  const done = steps.filter(({ state }) => state === "succeeded").length;
  const results = useQuery({
    ...callQuery("automations.stepResults", { params: { id: row.id } }),
    // Another result comes with each step that is done.
    queryKey: ["automations.stepResults", row.id, done],
    enabled: done > 0,
  }).data?.steps;
  const nameOf = ({ connector, operation }: OccurrenceStep): string => {
    const known = connectors?.find(({ id }) => id === connector);
    const title = known?.operations.find(({ name }) => name === operation)?.title ?? operation;
    return `${known?.title ?? connector}: ${title}`;
  };
  return (
    <ol role="list" className={classes["stepList"]} aria-label="Calls of the run">
      {steps.map((step, index) => (
        <li key={index} className={classes["step"]}>
          <div className={classes["stepHead"]}>
            <h4>
              {index + 1}. {nameOf(step)}
            </h4>
            <StatusBadge status={stepStatus(step)} isCompact />
          </div>
          <StepFacts step={step} />
          <StepResult result={results?.[index]} name={nameOf(step)} />
        </li>
      ))}
    </ol>
  );
}

function StepFacts({ step }: { step: OccurrenceStep }) {
  const { state, code, message, hint, evidenceId, approvalId, deliveryId } = step;
  return (
    <>
      {message === null ? null : (
        <Notice tone={state === "failed" ? "bad" : "info"}>
          {code === null ? null : <strong>{sentence(codeText(code))} </strong>}
          {sentence(sentences(message, hint))}
        </Notice>
      )}
      {state === "waiting" && approvalId !== null ? (
        <WaitingApproval id={approvalId} fallback={null} renderFrame={(question) => question} />
      ) : null}
      <div className={classes["stepLinks"]}>
        {evidenceId === null ? null : (
          <ActionLink to="/connectors" search={{ tab: "evidence", call: evidenceId }}>
            Show the evidence
          </ActionLink>
        )}
        {deliveryId === null || state === "succeeded" || (state === "failed" && hint === null) ? null : (
          <ActionLink to="/connectors" search={{ tab: "queue" }}>
            Show the queue
          </ActionLink>
        )}
      </div>
    </>
  );
}

function StepResult({ result, name }: { result: { text: string | null; isCut: boolean } | undefined; name: string }) {
  if (result === undefined || result.text === null) return null;
  return (
    <details>
      <summary className={classes["sub"]}>What it gave</summary>
      <pre className={classes["stepResult"]} tabIndex={0} role="region" aria-label={`What ${name} gave`}>
        {result.text}
      </pre>
      {result.isCut ? <p className={classes["sub"]}>Only its beginning is shown.</p> : null}
    </details>
  );
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
