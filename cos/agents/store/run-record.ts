import { z } from "zod";

import { agentKindSchema } from "../../../contract/features/providers.ts";
import { runSchema, stopKindSchema, type Run } from "../../../contract/features/runs.ts";
import { taskPrioritySchema } from "../../../contract/features/tasks.ts";
import { worktreeSetupSchema } from "../../../contract/features/worktrees.ts";
import { processIdentitySchema } from "../../../lib/process-identity.ts";

/** What recognises a detached child of a run, also after portos-cos was killed. */
export const runChildSchema = z.object({
  /** Number of the attempt it belongs to; names its files. */
  attempt: z.int().min(1),
  identity: processIdentitySchema.nullable(),
  /** When it must have ended, milliseconds since 1970; it is ended then. */
  deadlineMs: z.number(),
});
export type RunChild = z.output<typeof runChildSchema>;

const stopSchema = z.object({ kind: stopKindSchema, message: z.string() });

const recordSchema = z.object({
  version: z.literal(1),
  run: runSchema,
  /** How urgent it is among those that wait for a slot. */
  priority: taskPrioritySchema.default("normal"),
  /** How its worktree is made; `null` without isolation. */
  setup: worktreeSetupSchema
    .pick({ setupCommand: true, setupTimeoutMs: true, copiedFiles: true })
    .nullable()
    .default(null),
  /** How the last attempt was made; `null` before the first. */
  engine: z.enum(["api", "acp", "headless", "terminal"]).nullable(),
  agent: agentKindSchema.nullable(),
  child: runChildSchema.nullable(),
  /** The prompt and follow-ups no agent has taken yet. The prompt itself is in a file and stands here as `null`. */
  unsaid: z.array(z.string().nullable()),
  /** What is being said now, and the attempt it was said in first; whoever is asked next is given it, too. */
  turn: z
    .object({ text: z.string().nullable(), firstAttempt: z.int().min(1) })
    .nullable()
    .default(null),
  /** Who or what stops it, and why; kept so that a crash in between does not make it run on. */
  stop: stopSchema.nullable(),
});

/** A run as it is kept on disk: what everybody sees, and what is needed to go on with it. */
export const runRecordSchema = z.preprocess(withStop, recordSchema);
export type RunRecord = z.output<typeof runRecordSchema>;

/** Who stopped a run was not kept at first, only why. */
function withStop(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("stopReason" in value) || "stop" in value) return value;
  const { stopReason: message, ...rest } = value;
  return { ...rest, stop: message === null ? null : { kind: "user", message } };
}

/** States from which a run goes on by itself. */
export const openStates: ReadonlySet<Run["state"]> = new Set(["created", "queued", "running", "waiting"]);

export function isOpen(run: Pick<Run, "state">): boolean {
  return openStates.has(run.state);
}
