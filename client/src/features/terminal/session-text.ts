import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import type { Status } from "../../ui/status.ts";

/** How a session ended, in one sentence. */
export function endText(session: SessionInfo): string {
  if (session.problem !== null) return session.problem;
  const { reason, signal, exitCode } = session;
  if (reason !== null && reason !== "exited") return reasons[reason];
  return signal === null ? `Ended with exit code ${String(exitCode ?? 0)}.` : `Ended by ${signal}.`;
}

const reasons = {
  interrupted: "Interrupted: portos-cos was restarted while it ran. This is its last output.",
  killed: "Ended from the panel.",
  timeout: "Ended because it took longer than it was allowed.",
  idle: "Ended because nobody used it for as long as its idle policy allows.",
  failed: "It could not be started.",
} as const satisfies Record<Exclude<SessionInfo["reason"], "exited" | null>, string>;

/** The state of a session in the words every page uses. */
export function sessionStatus(session: SessionInfo): Status {
  if (session.state !== "ended") return liveStatus[session.state];
  if (session.reason === "killed") return "cancelled";
  return session.exitCode === 0 ? "succeeded" : "failed";
}

const liveStatus = { running: "running", closing: "stopping", interrupted: "interrupted" } as const;

/** Folder with the home folder of the machine's user left out where it is known by shape. */
export function shortFolder(folder: string): string {
  return folder.replace(/^\/(?:home|Users)\/[^/]+(?=\/|$)/, "~").replace(/^\/root(?=\/|$)/, "~");
}

/** What a tab says: the name given, or what runs now. */
export function tabLabel(session: SessionInfo): string {
  const { runningCommand, name } = session;
  return runningCommand === null ? name : `${name}: ${runningCommand.text.split("\n")[0] ?? ""}`;
}
