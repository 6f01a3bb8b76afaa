import { randomBytes } from "node:crypto";

import type { WorktreeSetup } from "../../../contract/features/worktrees.ts";
import type { SessionInfo } from "../../../contract/internal/cos.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { CosClient } from "../../cos-client.ts";
import type { ReviewRecord, ReviewRecords, StoredCheck } from "./review-record.ts";

/** Runs a command line in the worktree of a run, in its sandbox if it has one. */
export type RunInWorktree = (
  runId: string,
  command: { name: string; command: string; timeoutMs: number },
) => Promise<Pick<SessionInfo, "id">>;

export interface CheckOptions {
  records: ReviewRecords;
  sessions: Pick<CosClient, "get" | "kill" | "onSession">;
  command: RunInWorktree;
  changed(record: ReviewRecord): void;
  clock: Clock;
  logger: Logger;
}

/** The checks of reviews, one after the other each, in sessions of portos-cos that outlive this server. */
export interface ReviewChecks {
  start(runId: string, tree: string, checks: WorktreeSetup["checks"]): Promise<void>;
  stop(runId: string): Promise<void>;
  /** Ends all that run. Answers how many. */
  stopAll(): Promise<number>;
  /** Follows what ran when this server went away. */
  follow(): void;
  end(): void;
}

const lookEveryMs = 10_000;

export function createReviewChecks(options: CheckOptions): ReviewChecks {
  const { records, sessions, clock, logger } = options;
  const now = (): string => new Date(clock.now()).toISOString();
  const starting = new Set<string>();
  let unsubscribe: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function changeCheck(runId: string, checkId: string, change: Partial<StoredCheck>): Promise<void> {
    const record = await records.change(runId, (one) => ({
      ...one,
      checks: one.checks.map((check) => (check.id === checkId ? { ...check, ...change } : check)),
    }));
    if (record) options.changed(record);
  }

  async function startNext(runId: string): Promise<void> {
    if (starting.has(runId)) return;
    starting.add(runId);
    try {
      for (;;) {
        const checks = records.get(runId)?.checks ?? [];
        const next = checks.find(({ state }) => state === "queued");
        if (!next || checks.some(({ state }) => state === "running")) return;
        const { id, name, command, timeoutMs } = next;
        try {
          const session = await options.command(runId, { name, command, timeoutMs });
          await changeCheck(runId, id, { state: "running", sessionId: session.id, startedAt: now() });
          await noteEnd(session.id); // a quick one may be over already
        } catch (error) {
          if (!(error instanceof AppError)) logger.error("A check could not be started", { run: runId }, error);
          const message = error instanceof AppError ? error.message : "It could not be started";
          await changeCheck(runId, id, { state: "failed", message, endedAt: now() });
        }
      }
    } finally {
      starting.delete(runId);
    }
  }

  /** Takes the end of a session in; answers whose check it was. */
  async function settle(session: SessionInfo): Promise<string | null> {
    if (session.state !== "ended" && session.state !== "interrupted") return null;
    const found = runningIn(records).find(({ check }) => check.sessionId === session.id);
    if (!found) return null;
    await changeCheck(found.runId, found.check.id, { ...outcomeOf(session), endedAt: session.endedAt ?? now() });
    return found.runId;
  }

  async function hear(session: SessionInfo): Promise<void> {
    const runId = await settle(session);
    if (runId !== null) await startNext(runId);
  }

  async function noteEnd(sessionId: string): Promise<void> {
    try {
      await settle(await sessions.get(sessionId));
    } catch (error) {
      if (!(error instanceof AppError)) throw error; // portos-cos is away: it is looked at again later
    }
  }

  /** What no message told: a session that is gone, an end that came while the connection was lost. */
  async function look(): Promise<void> {
    for (const { runId, check } of runningIn(records)) {
      try {
        if (check.sessionId !== null) await hear(await sessions.get(check.sessionId));
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "not_found") continue; // portos-cos is away: later
        const message = "portos-cos was restarted while it ran";
        await changeCheck(runId, check.id, { state: "cancelled", message, endedAt: now() });
        await startNext(runId);
      }
    }
    for (const { runId, checks } of records.list())
      if (checks.some(({ state }) => state === "queued")) await startNext(runId);
  }

  function quietly(work: Promise<void>): void {
    work.catch((error: unknown) => {
      logger.error("The checks of a review could not be followed", {}, error);
    });
  }

  async function stop(runId: string): Promise<void> {
    const current = runningIn(records).find((one) => one.runId === runId);
    const record = await records.change(runId, (one) => ({ ...one, checks: withoutQueued(one.checks, now()) }));
    if (record) options.changed(record);
    if (current?.check.sessionId) await sessions.kill(current.check.sessionId);
  }

  return {
    async start(runId, tree, checks) {
      const before = records.get(runId)?.checks ?? [];
      if (before.some(isUnderWay)) throw new AppError("conflict", "The checks are running already");
      if (checks.length === 0)
        throw new AppError("conflict", "This app has no checks", {
          hint: "Name them on the page of the app, under Agents.",
        });
      const at = now();
      const record = await records.change(runId, (one) => ({
        ...one,
        checks: checks.map((check) => newCheck(check, tree, at)),
      }));
      if (record) options.changed(record);
      await startNext(runId);
    },
    stop,
    async stopAll() {
      const running = runningIn(records);
      const runIds = records.list().flatMap(({ runId, checks }) => (checks.some(isUnderWay) ? [runId] : []));
      const ends = await Promise.allSettled(runIds.map(stop));
      for (const end of ends)
        if (end.status === "rejected") logger.warn("A check could not be ended", { problem: String(end.reason) });
      return running.length;
    },
    follow() {
      unsubscribe = sessions.onSession((session) => {
        quietly(hear(session));
      });
      timer = setInterval(() => {
        quietly(look());
      }, lookEveryMs);
      timer.unref();
      quietly(look());
    },
    end() {
      unsubscribe?.();
      clearInterval(timer);
    },
  };
}

function isUnderWay({ state }: StoredCheck): boolean {
  return state === "running" || state === "queued";
}

function withoutQueued(checks: readonly StoredCheck[], endedAt: string): StoredCheck[] {
  return checks.map((check) =>
    check.state === "queued" ? { ...check, state: "cancelled", message: "Not run", endedAt } : check,
  );
}

function runningIn(records: ReviewRecords): { runId: string; check: StoredCheck }[] {
  return records
    .list()
    .flatMap(({ runId, checks }) =>
      checks.filter(({ state }) => state === "running").map((check) => ({ runId, check })),
    );
}

function newCheck(
  { name, command, timeoutMs }: WorktreeSetup["checks"][number],
  tree: string,
  startedAt: string,
): StoredCheck {
  return {
    id: randomBytes(6).toString("hex"),
    name,
    command,
    timeoutMs,
    state: "queued",
    sessionId: null,
    exitCode: null,
    message: null,
    startedAt,
    endedAt: null,
    tree,
  };
}

function outcomeOf(session: SessionInfo): Pick<StoredCheck, "state" | "exitCode" | "message"> {
  const { exitCode, reason, signal, problem, state } = session;
  if (state === "interrupted" || reason === "interrupted")
    return { state: "cancelled", exitCode, message: "portos-cos stopped while it ran" };
  if (reason === "killed") return { state: "cancelled", exitCode, message: "Stopped" };
  if (reason === "timeout") return { state: "failed", exitCode, message: "Ended at its time limit" };
  if (reason === "failed") return { state: "failed", exitCode, message: problem ?? "It could not be started" };
  if (signal !== null) return { state: "failed", exitCode, message: `Ended by ${signal}` };
  if (exitCode !== 0) return { state: "failed", exitCode, message: `Exit code ${exitCode ?? "unknown"}` };
  return { state: "succeeded", exitCode, message: null };
}
