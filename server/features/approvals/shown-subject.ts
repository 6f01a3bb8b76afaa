import type { ApprovalChange, ApprovalSubject } from "../../../contract/features/approvals.ts";
import { visibleJson, visibleText } from "../../../contract/visible-text.ts";

/**
 * A question as it is shown on every device: what its texts would hide stands there as a mark, so that nobody's words read as
 * others. What it is recognised and matched by stays as it is.
 */
export function shownSubject(subject: ApprovalSubject): ApprovalSubject {
  const asked = {
    title: visibleText(subject.title),
    why: visibleText(subject.why),
    onDeny: visibleText(subject.onDeny),
  };
  switch (subject.kind) {
    case "connector-call":
      return {
        ...subject,
        ...asked,
        connectorName: visibleText(subject.connectorName).slice(0, 120),
        callerName: visibleText(subject.callerName).slice(0, 200),
        input: visibleJson(subject.input),
      };
    case "agent-tool":
      return {
        ...subject,
        ...asked,
        runTitle: visibleText(subject.runTitle),
        command: subject.command === null ? null : visibleText(subject.command),
        input: subject.input === null ? null : visibleJson(subject.input),
        changes: subject.changes.map(shownChange),
      };
    case "repair":
    default:
      return {
        ...subject,
        ...asked,
        appName: visibleText(subject.appName),
        diagnosis: visibleText(subject.diagnosis),
        changes: subject.changes.map(shownChange),
      };
  }
}

function shownChange(change: ApprovalChange): ApprovalChange {
  return { ...change, path: visibleText(change.path), lines: change.lines.map(visibleText) };
}
