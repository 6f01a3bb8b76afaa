import { approvalPlace } from "../../../contract/approval-title.ts";
import type { Approval } from "../../../contract/features/approvals.ts";
import { riskText } from "../lib/approval-text.ts";
import { ApprovalChanges } from "./approval-changes.tsx";
import { CallInput } from "./call-detail.tsx";
import classes from "./approval-question.module.css";

/** Exactly what is asked: the command, the call or the changes, and where. */
export function ApprovalSubject({ subject }: Pick<Approval, "subject">) {
  if (subject.kind === "connector-call") {
    return (
      <div className={classes["what"]}>
        <CallInput call={{ tool: "other", input: subject.input, edits: [] }} />
        <p className={classes["folder"]}>
          {riskText(subject)} · {subject.connectorName}, <span className="mono">{subject.operation}</span>
          {subject.callerName === "" ? "" : ` · wanted by ${subject.callerName}`}
        </p>
      </div>
    );
  }
  const { changes, folder } = subject;
  return (
    <div className={classes["what"]}>
      {subject.kind === "repair" ? <p className={classes["diagnosis"]}>{subject.diagnosis}</p> : null}
      {subject.kind === "agent-tool" && changes.length === 0 ? (
        <CallInput call={{ tool: subject.tool, input: subject.input, edits: [] }} />
      ) : (
        <ApprovalChanges changes={changes} folder={folder} />
      )}
      <details className={classes["place"]}>
        <summary>
          {subject.kind === "repair" ? "merged into" : "in"}{" "}
          <b>{approvalPlace({ subject }) ?? "a folder of its own"}</b>
        </summary>
        <span className="mono">{folder}</span>
      </details>
    </div>
  );
}
