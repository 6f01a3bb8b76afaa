import { Button } from "@mantine/core";
import { useId, useState, type ReactNode } from "react";

import { approvalTitle } from "../../../contract/approval-title.ts";
import type { Approval } from "../../../contract/features/approvals.ts";
import { useAnswerApproval, useTimeLeft, type ApprovalAnswer } from "../lib/approval-answers.ts";
import { furtherText, parkedText } from "../lib/approval-text.ts";
import { ApprovalSubject } from "./approval-subject.tsx";
import { IconHandStop } from "./icons.gen.ts";
import classes from "./approval-question.module.css";

interface ApprovalQuestionProps {
  approval: Approval;
  /** Questions that wait behind this one. */
  more?: number;
  /** Between what is asked and the answers: why it asks. */
  children?: ReactNode;
}

/** A question of an agent or of a call to the outside: exactly what would happen, where, the time left, and every answer one can give. */
export function ApprovalQuestion({ approval, more = 0, children }: ApprovalQuestionProps) {
  const { subject, expiresAt } = approval;
  const left = useTimeLeft(expiresAt);
  const title = approvalTitle(approval);
  return (
    <div className={classes["question"]} role="group" aria-label={`Question: ${title}`}>
      <div className={classes["head"]}>
        <IconHandStop size={16} />
        <span className={classes["title"]}>{title}</span>
        <span className={classes["when"]} title="Then it is denied">
          {left}
        </span>
      </div>
      <ApprovalSubject subject={subject} />
      {approval.isParked === true ? <p className={classes["folder"]}>{parkedText}</p> : null}
      {children}
      <Answers approval={approval} more={more} />
    </div>
  );
}

function Answers({ approval, more }: { approval: Approval; more: number }) {
  const send = useAnswerApproval();
  const [isBusy, setIsBusy] = useState(false);
  const [reason, setReason] = useState<string | null>(null);
  const further = furtherText(approval);
  const answer = async (given: ApprovalAnswer): Promise<void> => {
    setIsBusy(true);
    await send(approval, given);
    setIsBusy(false);
  };
  if (reason !== null) {
    const deny = (): void => void answer({ answer: "deny", scope: "once", reason: reason.trim() });
    return <Reason reason={reason} isBusy={isBusy} onChange={setReason} onDeny={deny} />;
  }
  const button = (label: string, given: ApprovalAnswer, title?: string): ReactNode => (
    <Button size="sm" disabled={isBusy} title={title} onClick={() => void answer(given)}>
      {label}
    </Button>
  );
  return (
    <div className={classes["answers"]}>
      <Button
        size="sm"
        variant="filled"
        disabled={isBusy}
        onClick={() => void answer({ answer: "allow", scope: "once", reason: null })}
      >
        Allow once
      </Button>
      {further === null ? null : (
        <>
          {button("Allow for this run", { answer: "allow", scope: "run", reason: null }, further)}
          {button("Allow 30 min here", { answer: "allow", scope: "here", reason: null }, further)}
        </>
      )}
      {button("Deny", { answer: "deny", scope: "once", reason: null })}
      <Button
        size="sm"
        variant="subtle"
        color="gray"
        disabled={isBusy}
        onClick={() => {
          setReason("");
        }}
      >
        Deny with a reason
      </Button>
      {further === null ? null : <p className={classes["folder"]}>The longer ones allow {further}.</p>}
      {more === 0 ? null : <span className={classes["more"]}>{`${String(more)} more after this`}</span>}
    </div>
  );
}

interface ReasonProps {
  reason: string;
  isBusy: boolean;
  onChange: (reason: string | null) => void;
  onDeny: () => void;
}

function Reason({ reason, isBusy, onChange, onDeny }: ReasonProps) {
  const id = useId();
  return (
    <>
      <label htmlFor={id} className={classes["label"]}>
        Why not? Whoever asked is told.
      </label>
      <textarea
        id={id}
        className={classes["reason"]}
        rows={2}
        maxLength={2_000}
        value={reason}
        autoFocus
        onChange={(event) => {
          onChange(event.currentTarget.value);
        }}
      />
      <div className={classes["answers"]}>
        <Button size="sm" variant="filled" disabled={isBusy || reason.trim() === ""} onClick={onDeny}>
          Deny and say so
        </Button>
        <Button
          size="sm"
          disabled={isBusy}
          onClick={() => {
            onChange(null);
          }}
        >
          Back
        </Button>
      </div>
    </>
  );
}
