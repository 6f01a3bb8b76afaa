import { approvalPlace, approvalTitle } from "../../../contract/approval-title.ts";
import type { Approval } from "../../../contract/features/approvals.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { NewNotification, NotificationService } from "../notifications/notification-service.ts";
import type { ApprovalService } from "./approval-service.ts";

const keyPrefix = "approval:";

/** Key under which a question waits in the notification centre. */
export function approvalKey(id: string): string {
  return `${keyPrefix}${id}`;
}

/** What the user is told about a question: short enough for a phone. */
export function approvalNotice({ id, subject }: Pick<Approval, "id" | "subject">): NewNotification {
  const title = approvalTitle({ subject });
  const place = subject.kind === "agent-tool" ? approvalPlace({ subject }) : null;
  return {
    level: "warning",
    title: `${askerOf(subject)} asks you`,
    message: place === null ? title : `${title} in ${place}`,
    link: `/approvals?approval=${id}`,
    key: approvalKey(id),
    needsYou: true,
  };
}

function askerOf(subject: Approval["subject"]): string {
  switch (subject.kind) {
    case "agent-tool":
      return subject.runTitle;
    case "connector-call":
      return subject.callerKind === "automation" ? subject.callerName : subject.connectorName;
    case "repair":
    default:
      return `A repair of ${subject.appName}`;
  }
}

/** Keeps the notification centre in step with what waits: told once, taken back when it is settled. */
export async function tellApprovals(
  approvals: ApprovalService,
  notifications: Pick<NotificationService, "notify" | "settle" | "list">,
  logger: Logger,
): Promise<void> {
  const attempt = (work: Promise<unknown>): void => {
    work.catch((error: unknown) => {
      logger.error("A question could not be announced", {}, error);
    });
  };
  approvals.onAsked((approval) => {
    attempt(notifications.notify(approvalNotice(approval)));
  });
  approvals.onSettled(({ id }) => {
    attempt(notifications.settle(approvalKey(id)));
  });

  // What a stop in between left untold, or told for nothing.
  const waiting = approvals.list().pending;
  const told = new Set(notifications.list().map(({ key }) => key));
  for (const approval of waiting)
    if (!told.has(approvalKey(approval.id))) await notifications.notify(approvalNotice(approval));
  const keys = new Set<string | null>(waiting.map(({ id }) => approvalKey(id)));
  for (const key of told) if (key?.startsWith(keyPrefix) === true && !keys.has(key)) await notifications.settle(key);
}
