import type { Approval } from "../../../contract/features/approvals.ts";

/** What a call would do, and how bad it could be: "Writes, high risk". */
export function riskText({ effect, risk }: Pick<ConnectorSubject, "effect" | "risk">): string {
  return `${effectWords[effect]}, ${risk} risk`;
}

type ConnectorSubject = Extract<Approval["subject"], { kind: "connector-call" }>;

const effectWords: Readonly<Record<ConnectorSubject["effect"], string>> = {
  read: "Changes nothing",
  write: "Writes",
  destructive: "Takes away for good",
};

/** What an answer that reaches further lets through; `null` where the next question may be quite another. */
export function furtherText({ subject }: Approval): string | null {
  return subject.kind === "agent-tool" ? (furtherWords[subject.tool] ?? null) : null;
}

const furtherWords: Partial<Record<string, string>> = {
  read: "all reading in this folder",
  edit: "all edits in this folder",
  delete: "all deleting in this folder",
  move: "all moving in this folder",
  search: "all searching in this folder",
  execute: "all commands started in this folder",
  fetch: "all addresses it fetches",
};

/** What a question says whose run was interrupted. */
export const parkedText =
  "The run was interrupted before you answered. Your answer lets it go on, and counts once it asks exactly this again.";

/** Who asks: the run, the connector, or the repair. */
export function askerOf({ subject }: Pick<Approval, "subject">): string {
  switch (subject.kind) {
    case "agent-tool":
      return subject.runTitle;
    case "connector-call":
      return subject.connectorName;
    case "repair":
    default:
      return `Repair of ${subject.appName}`;
  }
}

/** "12 min left", "40 s left". */
export function timeLeft(expiresAt: string, nowMs: number): string {
  const seconds = Math.ceil((Date.parse(expiresAt) - nowMs) / 1_000);
  if (seconds <= 0) return "time is up";
  return seconds < 60 ? `${String(seconds)} s left` : `${String(Math.ceil(seconds / 60))} min left`;
}
