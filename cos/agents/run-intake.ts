import { stat } from "node:fs/promises";
import { join } from "node:path";

import type { Speaker } from "../../contract/features/run-events.ts";
import type { Run } from "../../contract/features/runs.ts";
import type { RunSpec, RunTarget } from "../../contract/internal/runs.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Clock } from "../../lib/clock.ts";
import { looksLikeSecret, redact, registerSecret } from "../../lib/redact.ts";
import type { RunTask } from "./run-task.ts";
import { isOpen, type RunRecord } from "./store/run-record.ts";
import { noUsage } from "./usage.ts";

/** The record of a run that was just asked for. */
export function newRecord(spec: RunSpec, ownFolder: string, clock: Clock): RunRecord {
  const { text: _text, targets: _targets, images, setup, folder, priority, ...facts } = spec;
  return {
    version: 1,
    run: {
      ...facts,
      title: redact(facts.title),
      ...(images === undefined ? {} : { images: images.map(({ name, mediaType }) => ({ name, mediaType })) }),
      folder: folder ?? join(ownFolder, "work"),
      worktree: null,
      state: "created",
      createdAt: new Date(clock.now()).toISOString(),
      startedAt: null,
      endedAt: null,
      attempts: [],
      usage: noUsage,
      message: null,
      failure: null,
      pending: [],
      agentSessionId: null,
      sessionId: null,
      canContinue: false,
      eventCount: 0,
      lastEventAt: null,
    },
    priority,
    setup,
    engine: null,
    agent: null,
    child: null,
    unsaid: [null],
    turn: null,
    stop: null,
  };
}

/** Secrets of targets are removed from everything that is written from now on. */
export function knowSecrets(targets: readonly RunTarget[]): void {
  for (const target of targets) {
    if (target.engine === "api") {
      if (target.apiKey !== null) registerSecret(target.apiKey);
      continue;
    }
    for (const [name, value] of Object.entries(target.environment))
      if (looksLikeSecret(name, value)) registerSecret(value);
  }
}

/** As it was said at first; records may still have it. */
const formerNote = "You were interrupted. Look at what is done already, then go on with the task.";
const afterInterruption = `${formerNote} If a question of yours was open, nobody has answered it: ask again.`;

const begunBefore = "Work on this was begun before and interrupted. Look at what is done already, then go on with it.";
const mayBeLost = "This message may not have reached you:";

/** A prompt for an agent that knows nothing of a former one, which was interrupted at it. */
export function saidAgain(prompt: string): string {
  return `${prompt}\n\n${begunBefore}`;
}

function isNote(text: string | null): boolean {
  return text === afterInterruption || text === formerNote;
}

/** Who says this to the agent. */
export function speakerOf(text: string): Speaker {
  if (isNote(text)) return "resume";
  const isRepeated = [formerNote, afterInterruption].some((note) => text.startsWith(`${note} ${mayBeLost}`));
  return isRepeated || text.includes(begunBefore) ? "repeat" : "user";
}

/** Whether this gives the task itself, and with it everything that belongs to the task: `null` is the prompt as it is kept. */
export function tellsTask(said: string | null, prompt: string): boolean {
  return said === null || said.startsWith(saidAgain(prompt));
}

/** What an interrupted run has still to say. A message that was being said is said once more: nobody knows whether the agent's session has it. */
export function unsaidOnceMore({ run, turn, unsaid }: RunRecord): RunRecord["unsaid"] {
  if (turn === null) return unsaid;
  const { text } = turn;
  const isTask = text === null || isNote(text) || text.includes(begunBefore);
  if (!isTask) return [text.startsWith(formerNote) ? text : `${afterInterruption} ${mayBeLost}\n\n${text}`, ...unsaid];
  // A session that began with the task has it.
  if (run.agentSessionId !== null) return unsaid.length === 0 ? [] : [afterInterruption, ...unsaid];
  const more = text?.split(begunBefore).at(1)?.trim() ?? "";
  return more === "" ? unsaid : [more, ...unsaid];
}

/** What is to be said so that an interrupted run goes on: a note to the agent's own session, else the prompt once more (`null`). */
export function sayAfterInterruption({ run, unsaid }: RunRecord): RunRecord["unsaid"] {
  const knowsTask = run.attempts.length === 0 || run.agentSessionId !== null;
  if (unsaid.length === 0) return [knowsTask ? afterInterruption : null];
  return knowsTask || unsaid[0] === null ? unsaid : [null, ...unsaid];
}

/** What is to be said when an ended run is told `text`. */
export async function unsaidWith(
  record: RunRecord,
  text: string,
  prompt: () => Promise<string>,
): Promise<RunRecord["unsaid"]> {
  const { run, unsaid } = record;
  if (run.state !== "interrupted" || run.agentSessionId !== null) return [...unsaid, text];
  if (unsaid.length > 0) return [...sayAfterInterruption(record), text];
  return [`${saidAgain(await prompt())}\n\n${text}`];
}

/** Throws `conflict` for a run that is not interrupted. */
export function refuseResume({ state }: Pick<Run, "state">): void {
  if (state === "interrupted") return;
  if (isOpen({ state })) throw new AppError("conflict", "This run goes on already");
  throw new AppError("conflict", `This run is not interrupted: it has ${endWords[state] ?? "ended"}`, {
    hint: "Say more to it, or run it again.",
  });
}

const endWords: Partial<Record<Run["state"], string>> = {
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "been stopped",
};

/** Throws `conflict` for a run that is typed to. */
export function refuseTerminal({ engine }: RunRecord): void {
  if (engine === "terminal")
    throw new AppError("conflict", "This run is a terminal", { hint: "Open the terminal and type there." });
}

/** Throws `not_found` when there is no such folder. */
export async function checkFolder(folder: string): Promise<void> {
  const state = await stat(folder).catch(() => null);
  if (!state?.isDirectory()) throw new AppError("not_found", `There is no folder ${folder}`);
}

/** Whoever answered last, as it is set up now, for a further message to the same session; `null` when it is not among them. */
export function followUpTarget(run: Run, targets: readonly RunTarget[]): RunTarget | null {
  const last = run.attempts.at(-1);
  const same = targets.filter(({ providerId }) => providerId === last?.providerId);
  return same.find(({ model }) => model === last?.model) ?? same[0] ?? null;
}

/** Whoever is asked once more, with why: somebody has said more, or it goes on by itself where it was interrupted. */
export function askedAgain({ run, turn, unsaid }: RunRecord, targets: readonly RunTarget[]): readonly RunTarget[] {
  if (run.attempts.length === 0) return targets;
  const text = turn === null ? unsaid[0] : turn.text;
  const isMore = text === undefined || (text !== null && speakerOf(text) === "user");
  const reason = isMore ? "Follow-up message" : "Goes on after an interruption";
  return targets.map((target) => ({ ...target, reason }));
}

/** Who is asked when an ended run goes on: whoever answered last. Throws `conflict` when nobody is there. */
export function targetsAgain(run: Run, targets: readonly RunTarget[]): readonly RunTarget[] {
  if (!run.canContinue)
    throw new AppError("conflict", "This run cannot be continued", {
      hint: "Its agent keeps no session. Start the same prompt again.",
    });
  if (run.attempts.length === 0 && targets.length > 0) return targets;
  const target = followUpTarget(run, targets);
  if (target) return [target];
  throw new AppError("conflict", `${run.attempts.at(-1)?.providerName ?? "Its provider"} is not available any more`, {
    hint: "Turn the provider on again, or start the same prompt with another one.",
  });
}

/** Who is to be asked is not known any more since portos-cos was restarted. */
export function isWanting({ targets, running, run }: Pick<RunTask, "targets" | "running" | "run">): boolean {
  return targets.length === 0 && (running !== null || run.state === "queued");
}

/** Whoever answered before is asked again, and nobody else. */
export function isFollowUp({ record, run }: Pick<RunTask, "record" | "run">): boolean {
  return record.turn === null ? run.attempts.length > 0 : record.turn.firstAttempt > 1;
}
