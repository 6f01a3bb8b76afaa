import type { CheckOutcome, RepairCheck } from "../../../contract/features/repairs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { RepairParts } from "./repair-parts.ts";
import { runningChecks } from "./repair-policy.ts";

type Which = "before" | "after";
type Parts = Pick<RepairParts, "command" | "session">;

/**
 * Takes the checks one step further: starts the next one, or looks how the one that runs came out. Its session is on disk before
 * it is waited for, so that a restart of portos-server goes on with it. `null`: nothing has changed.
 */
export async function stepChecks(
  runId: string,
  checks: readonly RepairCheck[],
  which: Which,
  { command, session }: Parts,
): Promise<RepairCheck[] | null> {
  const index = checks.findIndex((check) => check[which] === null || check[which].state === "running");
  const check = checks[index];
  if (check === undefined) return null;
  const outcome = check[which];
  const next = outcome?.sessionId ? await look(outcome.sessionId, session) : await begin(runId, check, which, command);
  return next === null ? null : checks.map((one, at) => (at === index ? { ...one, [which]: next } : one));
}

/** Ends the checks that run; what has ended by itself need not be ended. Answers how they stand then. */
export async function endChecks(
  checks: readonly RepairCheck[],
  { killSession, checksStopped }: Pick<RepairParts, "killSession" | "checksStopped">,
): Promise<RepairCheck[]> {
  const sessions = runningChecks(checks);
  for (const id of sessions)
    await killSession(id).catch((error: unknown) => {
      if (!(error instanceof AppError) || isAway(error)) throw error;
    });
  await checksStopped(sessions.length);
  return checks.map((check) => ({ ...check, before: asEnded(check.before), after: asEnded(check.after) }));
}

function asEnded(outcome: CheckOutcome | null): CheckOutcome | null {
  return outcome?.state === "running" ? { ...outcome, state: "unknown", message: "Stopped" } : outcome;
}

async function begin(
  runId: string,
  { name, command: line, timeoutMs }: RepairCheck,
  which: Which,
  command: Parts["command"],
): Promise<CheckOutcome> {
  try {
    const { id } = await command(runId, { name: `${name} ${which} the repair`, command: line, timeoutMs });
    return { state: "running", sessionId: id, message: null, seconds: null };
  } catch (error) {
    if (!(error instanceof AppError) || isAway(error)) throw error;
    return { state: "unknown", sessionId: null, message: error.message, seconds: null };
  }
}

async function look(sessionId: string, session: Parts["session"]): Promise<CheckOutcome | null> {
  try {
    const seen = await session(sessionId);
    if (seen.state !== "ended" && seen.state !== "interrupted") return null;
    const seconds = seen.endedAt === null ? null : (Date.parse(seen.endedAt) - Date.parse(seen.createdAt)) / 1_000;
    const took = seconds === null ? null : Math.max(0, seconds);
    return { ...outcomeOf(seen), sessionId, seconds: took, startedAt: seen.createdAt };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "not_found") throw error;
    return { state: "unknown", message: "portos-cos was restarted while it ran", sessionId: null, seconds: null };
  }
}

function outcomeOf({
  state,
  exitCode,
  reason,
  signal,
  problem,
}: Awaited<ReturnType<Parts["session"]>>): Pick<CheckOutcome, "state" | "message"> {
  if (state === "interrupted" || reason === "interrupted")
    return { state: "unknown", message: "portos-cos stopped while it ran" };
  if (reason === "killed") return { state: "unknown", message: "Stopped" };
  if (reason === "timeout") return { state: "failed", message: "Ended at its time limit" };
  if (reason === "failed") return { state: "unknown", message: problem ?? "It could not be started" };
  if (signal !== null) return { state: "failed", message: `Ended by ${signal}` };
  if (exitCode !== 0) return { state: "failed", message: `Exit code ${String(exitCode ?? "unknown")}` };
  return { state: "succeeded", message: null };
}

/** Whether the other process is away for now: it is tried again. */
export function isAway(error: unknown): boolean {
  return error instanceof AppError && (error.code === "unavailable" || error.code === "timeout");
}
