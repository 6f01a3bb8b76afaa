import { join } from "node:path";

import type { RunSpec } from "../../contract/internal/runs.ts";
import { sessionSpecSchema, type SessionInfo } from "../../contract/internal/cos.ts";
import { AppError } from "../../lib/app-error.ts";
import { redact } from "../../lib/redact.ts";
import type { RunMark } from "../../lib/run-mark.ts";
import { followSession, type Sessions } from "./run-in-session.ts";
import type { MakingTeller } from "./worktree-maker.ts";
import type { WorktreeRecord } from "./worktree-record.ts";

const keptOutput = 256 * 1024;
const size = { cols: 120, rows: 40 };

interface SetUpOptions {
  sessions: Sessions;
  /** Environment by which everything the run starts is found. */
  mark: RunMark;
}

/** Runs the command the user typed for fresh worktrees, by the user's shell. Throws an `AppError` for the user when it fails. */
export async function setUpWorktree(
  record: WorktreeRecord,
  setup: NonNullable<RunSpec["setup"]>,
  tell: MakingTeller,
  { sessions, mark }: SetUpOptions,
): Promise<void> {
  if (setup.setupCommand.trim() === "") return;
  await tell.state("Runs the set-up command…");
  const { runId, port } = record;
  const cwd = join(record.folder, record.prefix);
  const [name, value] = mark(runId);
  const { id } = await sessions.create(
    sessionSpecSchema.parse({
      kind: "command",
      shellCommand: setup.setupCommand,
      cwd,
      name: `Set-up of ${record.runTitle}`.slice(0, 80),
      env: { ...(port === null ? {} : { PORT: String(port) }), [name]: value },
      timeoutMs: setup.setupTimeoutMs,
      owner: { kind: "run", id: runId },
      ...size,
    }),
  );
  tell.session(id);
  tell.notice("info", `Set-up: ${setup.setupCommand}`);
  const output = limited(tell.output, () => {
    tell.notice("info", "The rest of what the set-up command says is in the terminal.");
  });
  const ended = await followSession(id, sessions, { onText: output.add, signal: tell.signal });
  tell.signal.throwIfAborted();
  if (ended.exitCode !== 0) throw setupError(ended, setup.setupTimeoutMs, output.lastLine());
}

function setupError(ended: SessionInfo, timeoutMs: number, said: string): AppError {
  const hint = "Change the set-up command of the app, then run the same prompt again.";
  if (ended.reason === "timeout")
    return new AppError("timeout", `The set-up command took longer than ${Math.round(timeoutMs / 1000)} s`, { hint });
  const how = ended.problem ?? `It ended with ${ended.signal ?? `exit code ${ended.exitCode ?? "unknown"}`}`;
  return new AppError("conflict", `The set-up command failed. ${how}${said === "" ? "" : `: ${said}`}`, { hint });
}

/** The first part of a long output, and its last line. */
function limited(tell: (text: string) => void, tellCut: () => void) {
  let left = keptOutput;
  let tail = "";
  return {
    add(text: string): void {
      tail = (tail + text).slice(-2_000);
      if (left <= 0) return;
      tell(text.slice(0, left));
      left -= text.length;
      if (left <= 0) tellCut();
    },
    lastLine: () => redact(tail).trim().split("\n").at(-1)?.trim().slice(0, 300) ?? "",
  };
}
