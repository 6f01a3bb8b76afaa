import type { Approval } from "./features/approvals.ts";
import { callTitle, withoutFolder } from "./short-path.ts";

/** What is asked, in one line, without the folder it would happen in. */
export function approvalTitle({ subject }: Pick<Approval, "subject">): string {
  if (subject.kind === "connector-call") return subject.title;
  const { title, folder } = subject;
  return subject.kind === "repair" ? withoutFolder(title, folder) : callTitle(subject, folder);
}

/** Where it would happen, in a word: the last part of the folder, the app where the folder is a copy made for the run; `null` for one that is no copy of anything, and for what has none. */
export function approvalPlace({ subject }: Pick<Approval, "subject">): string | null {
  if (subject.kind === "connector-call") return null;
  if (subject.kind === "repair") return subject.appName;
  const { appId, folder, runId } = subject;
  const parts = folder.split("/").filter((part) => part !== "");
  return parts.includes(runId) ? appId : (parts.at(-1) ?? null);
}
