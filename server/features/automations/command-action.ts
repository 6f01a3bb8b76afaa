import { stat } from "node:fs/promises";

import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { SessionInfo, SessionSpec } from "../../../contract/internal/cos.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import type { CosClient } from "../../cos-client.ts";
import { plainEnvironment } from "../../sealed-variables.ts";
import {
  type ActionOutcome,
  type ActionResult,
  type ActionRunner,
  cancelReason,
  detached,
  type RunContext,
} from "./action-runner.ts";
import type { StoredAction } from "./automation-record.ts";
import { durationText } from "./duration-text.ts";
import { createPacer } from "./pacer.ts";

export type CommandAction = Extract<StoredAction, { kind: "command" }>;
export type CommandSessions = Pick<
  CosClient,
  "list" | "create" | "get" | "kill" | "close" | "readOutput" | "onSession"
>;

const outputEveryMs = 250;
const quietEveryMs = 750;
const askEveryMs = 3_000;
/** A run is given up when portos-cos could not be reached for so long. */
const maxUnreachableMs = 600_000;
const maxStartsAtOnce = 16;
const readBytes = 1_048_576;

interface Options {
  sessions: CommandSessions;
  secrets: Pick<SecretBox, "open">;
  clock: Clock;
  logger: Logger;
}

/** Runs commands in sessions of portos-cos, where they outlive this server. */
export function createCommandAction({ sessions, secrets, clock, logger }: Options): ActionRunner<CommandAction> {
  const pace = createPacer(maxStartsAtOnce);
  const sessionOf = new Map<string, string>();

  async function owned(occurrenceId: string): Promise<SessionInfo | undefined> {
    const all = await sessions.list();
    return all.find(({ owner }) => owner.kind === "automation" && owner.id === occurrenceId);
  }

  async function create(row: Occurrence, action: CommandAction): Promise<SessionInfo> {
    const env = await plainEnvironment(action.environment, secrets);
    try {
      return await sessions.create({ ...specOf(row, action), env });
    } catch (error) {
      if (error instanceof AppError && error.code !== "timeout" && error.code !== "unavailable") throw error;
      // the answer was lost: it may have been started all the same
      const session = await owned(row.id).catch(() => undefined);
      if (session) return session;
      throw error;
    }
  }

  function follow(context: RunContext, session: SessionInfo, timeLimitMs: number | null): Promise<ActionOutcome> {
    sessionOf.set(context.row.id, session.id);
    return followSession({ sessions, clock, context, session, timeLimitMs });
  }

  return {
    async start(context, action) {
      const problem = await folderProblem(action.folder);
      if (problem !== null) return { state: "failed", reason: problem };
      let session: SessionInfo | undefined;
      try {
        session = await pace(context.signal, () => create(context.row, action));
      } catch (error) {
        logger.warn("A command could not be started", { occurrence: context.row.id, cause: String(error) });
        return { state: "failed", reason: `The command could not be started: ${messageOf(error)}` };
      }
      if (session === undefined) return { state: "cancelled", reason: cancelReason(context.signal) };
      return follow(context, session, action.timeLimitMs);
    },
    async adopt(context) {
      const since = clock.monotonic();
      for (;;) {
        if (context.detach.aborted) return detached;
        try {
          const session = await owned(context.row.id);
          return session === undefined ? null : await follow(context, session, null);
        } catch (error) {
          if (clock.monotonic() - since > maxUnreachableMs) return unreachable(error);
          await pause(quietEveryMs, context.detach);
        }
      }
    },
    async forget(occurrenceId) {
      const id = sessionOf.get(occurrenceId) ?? (await owned(occurrenceId))?.id;
      sessionOf.delete(occurrenceId);
      if (id !== undefined) await sessions.close(id);
    },
  };
}

function specOf(row: Occurrence, action: CommandAction): SessionSpec {
  const { command, folder, timeLimitMs } = action;
  return {
    kind: "command",
    tty: false,
    ...(command.kind === "arguments" ? { command: command.arguments } : { shellCommand: command.line }),
    cwd: folder,
    name: row.name.slice(0, 100),
    timeoutMs: timeLimitMs,
    isRecorded: false,
    owner: { kind: "automation", id: row.id },
  };
}

async function folderProblem(folder: string): Promise<string | null> {
  try {
    return (await stat(folder)).isDirectory() ? null : `${folder} is not a folder`;
  } catch {
    return `The folder ${folder} does not exist or cannot be read`;
  }
}

interface Followed {
  sessions: CommandSessions;
  clock: Clock;
  context: RunContext;
  session: SessionInfo;
  /** `null`: a server before this one knew it. */
  timeLimitMs: number | null;
}

/** Copies output as it comes and waits for the end. portos-cos may go away and come back meanwhile. */
async function followSession(followed: Followed): Promise<ActionOutcome> {
  const { sessions, clock, context, session } = followed;
  const wake = new EventTarget();
  let latest = session;
  const unsubscribe = sessions.onSession((changed) => {
    if (changed.id !== session.id) return;
    latest = changed;
    wake.dispatchEvent(new Event("change"));
  });
  const cancel = (): void => {
    sessions.kill(session.id).catch(() => undefined); // asked again with every look below
  };
  context.signal.addEventListener("abort", cancel, { once: true });
  if (context.signal.aborted) cancel();
  let askedAt = clock.monotonic();
  let reachedAt = askedAt;
  try {
    for (;;) {
      if (context.detach.aborted) return detached;
      try {
        if (clock.monotonic() - askedAt >= askEveryMs) {
          askedAt = clock.monotonic();
          latest = await sessions.get(session.id);
          if (context.signal.aborted && latest.state === "running") await sessions.kill(session.id);
        }
        const isOver = latest.state === "ended" || latest.state === "interrupted";
        const hasGrown = await copyOutput(sessions, session.id, context);
        if (!hasGrown) await context.output.settle();
        if (isOver) return resultOf(latest, context, followed.timeLimitMs);
        reachedAt = clock.monotonic();
        await pause(hasGrown ? outputEveryMs : quietEveryMs, context.detach, wake);
      } catch (error) {
        if (error instanceof AppError && error.code === "not_found")
          return { state: "interrupted", reason: "portos-cos was restarted while the command ran" };
        if (clock.monotonic() - reachedAt > maxUnreachableMs) return unreachable(error);
        await pause(quietEveryMs, context.detach, wake);
      }
    }
  } finally {
    unsubscribe();
    context.signal.removeEventListener("abort", cancel);
  }
}

async function copyOutput(sessions: CommandSessions, sessionId: string, { output }: RunContext): Promise<boolean> {
  for (let grew = false; ; grew = true) {
    const part = await sessions.readOutput(sessionId, { from: output.position(), maxBytes: readBytes });
    if (part.bytes.length === 0) return grew;
    await output.append(part.from, part.bytes);
    if (part.from + part.bytes.length >= part.total) return true;
  }
}

function resultOf(session: SessionInfo, { signal }: RunContext, timeLimitMs: number | null): ActionResult {
  const exitCode = session.exitCode;
  if (session.state === "interrupted" || session.reason === "interrupted")
    return { state: "interrupted", reason: "portos-cos stopped while the command ran", exitCode };
  if (session.reason === "timeout")
    return {
      state: "failed",
      reason: `Ended at its time limit${timeLimitMs === null ? "" : ` of ${durationText(timeLimitMs)}`}`,
      exitCode,
    };
  if (session.reason === "failed")
    return { state: "failed", reason: session.problem ?? "The command could not be started", exitCode };
  if (session.reason === "killed")
    return { state: "cancelled", reason: signal.aborted ? cancelReason(signal) : "Ended in the terminal", exitCode };
  if (session.signal !== null) return { state: "failed", reason: `Ended by ${session.signal}`, exitCode };
  if (exitCode !== 0) return { state: "failed", reason: `Exit code ${exitCode ?? "unknown"}`, exitCode };
  return { state: "succeeded", reason: null, exitCode };
}

function unreachable(error: unknown): ActionResult {
  return { state: "interrupted", reason: `Its end is unknown: ${messageOf(error)}` };
}

function messageOf(error: unknown): string {
  return error instanceof AppError ? error.message : "portos-cos cannot be reached";
}

async function pause(delayMs: number, stop: AbortSignal, wake?: EventTarget): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      wake?.removeEventListener("change", done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    stop.addEventListener("abort", done, { once: true });
    wake?.addEventListener("change", done, { once: true });
    if (stop.aborted) done();
  });
}
