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
  sessions: Pick<CosClient, "get" | "kill" | "list" | "onSession">;
  command: RunInWorktree;
  changed(record: ReviewRecord): void;
  /** While it is on nothing is started. */
  panic: { isOn(): boolean; check(): void };
  clock: Clock;
  logger: Logger;
}

/** The checks of reviews, one after the other each, in sessions of portos-cos that outlive this server. */
export interface ReviewChecks {
  start(runId: string, tree: string, checks: WorktreeSetup["checks"]): Promise<void>;
  /** Answers whether one ran, which is over now. */
  stop(runId: string): Promise<boolean>;
  /** Ends all that run. Answers how many; what could not be ended is tried again. */
  stopAll(): Promise<number>;
  /** Follows what ran when this server went away. */
  follow(): void;
  end(): void;
}

const lookEveryMs = 10_000;

export function createReviewChecks(options: CheckOptions): ReviewChecks {
  const { records, sessions, panic, clock, logger } = options;
  const now = (): string => new Date(clock.now()).toISOString();
  const starting = new Set<string>();
  const killer = createKiller(sessions, records, starting);
  const changeCheck = createCheckChange(options);
  const { stop, stopAll } = createStopper(options, killer);
  let unsubscribe: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** Answers whether it is still wanted: it may have been stopped while its command was being started. */
  function noteRunning(runId: string, checkId: string, sessionId: string): Promise<boolean> {
    return changeCheck(runId, checkId, { state: "running", sessionId, startedAt: now() }, "queued");
  }

  async function startNext(runId: string): Promise<void> {
    if (starting.has(runId)) return;
    starting.add(runId);
    try {
      for (;;) {
        const checks = records.get(runId)?.checks ?? [];
        const next = checks.find(({ state }) => state === "queued");
        if (!next || panic.isOn() || checks.some(({ state }) => state === "running")) return;
        const { id, name, command, timeoutMs } = next;
        try {
          const session = await options.command(runId, { name, command, timeoutMs });
          if (!(await noteRunning(runId, id, session.id))) await killer.kill(session.id);
          else await noteEnd(session.id); // a quick one may be over already
        } catch (error) {
          if (!(error instanceof AppError)) logger.error("A check could not be started", { run: runId }, error);
          const message = error instanceof AppError ? error.message : "It could not be started";
          await changeCheck(runId, id, { state: "failed", message, endedAt: now() }, "queued");
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
    await killer.again();
    if (panic.isOn()) await stopAll();
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

  return {
    async start(runId, tree, checks) {
      panic.check();
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
    stopAll,
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

/** Only while the check is in the state `from`, if one is named. Answers whether it was changed. */
function createCheckChange({ records, changed }: Pick<CheckOptions, "records" | "changed">) {
  return async function changeCheck(
    runId: string,
    checkId: string,
    change: Partial<StoredCheck>,
    from?: StoredCheck["state"],
  ): Promise<boolean> {
    const isMeant = ({ id, state }: StoredCheck): boolean => id === checkId && (from === undefined || state === from);
    const seen = { isChanged: false };
    const record = await records.change(runId, (one) => {
      seen.isChanged = one.checks.some(isMeant);
      return { ...one, checks: one.checks.map((check) => (isMeant(check) ? { ...check, ...change } : check)) };
    });
    if (record && seen.isChanged) changed(record);
    return seen.isChanged;
  };
}

function createStopper(options: CheckOptions, killer: { kill(id: string): Promise<void> }) {
  const { records, changed, clock, logger } = options;
  const changeCheck = createCheckChange(options);

  /** Answers whether one ran, which is over now. */
  async function stop(runId: string): Promise<boolean> {
    const endedAt = new Date(clock.now()).toISOString();
    const record = await records.change(runId, (one) => ({ ...one, checks: withoutQueued(one.checks, endedAt) }));
    if (record) changed(record);
    const current = runningIn(records).find((one) => one.runId === runId);
    if (!current?.check.sessionId) return false;
    const { id, sessionId } = current.check;
    // On disk first: portos-cos may be away, and this server may end before it is back.
    await changeCheck(runId, id, { isEnding: true }, "running");
    await killer.kill(sessionId);
    return true;
  }

  async function stopAll(): Promise<number> {
    const runIds = records.list().flatMap(({ runId, checks }) => (checks.some(isUnderWay) ? [runId] : []));
    const ends = await Promise.allSettled(runIds.map(stop));
    for (const end of ends)
      if (end.status === "rejected") logger.warn("A check could not be ended", { problem: String(end.reason) });
    return ends.filter((end) => end.status === "fulfilled" && end.value).length;
  }

  return { stop, stopAll };
}

/** Ends sessions. What could not be ended, since portos-cos or this server was away, is found again by what is on disk. */
function createKiller(
  sessions: Pick<CosClient, "kill" | "list">,
  records: ReviewRecords,
  starting: ReadonlySet<string>,
) {
  async function kill(id: string): Promise<void> {
    try {
      await sessions.kill(id);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "not_found") throw error;
    }
  }

  /** Those that are to end, and commands of checks no check knows of: this server ended while they were being started. */
  async function leftOvers(): Promise<string[]> {
    const all = await sessions.list();
    // Read afterwards: one that was started meanwhile is known by now.
    const running = runningIn(records);
    const known = new Set(running.map(({ check }) => check.sessionId));
    const ending = running.flatMap(({ check }) =>
      check.isEnding && check.sessionId !== null ? [check.sessionId] : [],
    );
    const lost = all.filter(
      ({ id, state, owner, ...session }) =>
        state === "running" &&
        owner.kind === "run" &&
        !known.has(id) &&
        !starting.has(owner.id) &&
        records.get(owner.id)?.checks.some((check) => isSessionOf(check, session)) === true,
    );
    return [...ending, ...lost.map(({ id }) => id)];
  }

  return {
    kill,
    async again(): Promise<void> {
      try {
        for (const id of await leftOvers()) await kill(id);
      } catch (error) {
        if (!(error instanceof AppError)) throw error; // portos-cos is away: later
      }
    },
  };
}

/** In a sandbox the command line is the last argument of what makes it. */
function isSessionOf(
  { name, command, startedAt }: StoredCheck,
  session: Pick<SessionInfo, "name" | "command" | "shellCommand" | "createdAt">,
): boolean {
  const line = session.shellCommand ?? session.command?.at(-1);
  return session.name === name && line === command && session.createdAt >= startedAt;
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
