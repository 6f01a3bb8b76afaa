import type { RunEventBody } from "../../../contract/features/run-events.ts";
import { taskInputSchema, type Task } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { ChiefParts } from "./chief-parts.ts";
import type { TaskRun } from "./task-record.ts";

const readLast = 500;
const quotedCharacters = 2_000;

/** A draft with what is left of a task that was too much for one run; the user decides about it. Made once. */
export async function addFollowUp(
  task: Task,
  run: TaskRun,
  { tasks, runs }: Pick<ChiefParts, "tasks" | "runs">,
): Promise<void> {
  const isThere = tasks
    .list()
    .some(({ source, createdAt }) => source.kind === "task" && source.id === task.id && createdAt >= run.startedAt);
  if (isThere) return;
  const bodies = await lastBodies(runs, run.runId);
  const input = taskInputSchema.parse({
    title: `What is left of: ${task.title}`.slice(0, 200),
    instructions: instructionsFrom(task, bodies),
    template: task.template,
    appId: task.appId,
    type: task.type,
    priority: task.priority,
    choice: task.choice,
    isolation: task.isolation,
    permissionMode: task.permissionMode,
    tools: task.tools ?? null,
    attachments: task.attachments,
    budget: task.budget,
    needsReview: task.needsReview,
  });
  await tasks.create(input, { source: { kind: "task", id: task.id }, state: "draft" });
}

async function lastBodies(runs: ChiefParts["runs"], runId: string): Promise<RunEventBody[]> {
  try {
    const { eventCount } = await runs.get(runId);
    const { events } = await runs.events(runId, { after: Math.max(0, eventCount - readLast), limit: readLast });
    return events.map(({ body }) => body);
  } catch (error) {
    if (error instanceof AppError) return []; // without it the draft says less
    throw error;
  }
}

function instructionsFrom(task: Task, bodies: readonly RunEventBody[]): string {
  const plan = bodies.findLast((body) => body.kind === "plan");
  const left = plan?.entries.filter(({ state }) => state !== "succeeded").map(({ text }) => `- ${oneLine(text)}`) ?? [];
  const said = bodies
    .flatMap((body) => (body.kind === "text" ? [body.text] : []))
    .join("")
    .trim()
    .slice(-quotedCharacters);
  return [
    `An earlier run of "${task.title}" stopped before the end. Look at what is done already, then do what is left.`,
    task.instructions.trim() === "" ? null : `## The whole task\n\n${task.instructions.trim()}`,
    left.length === 0 ? null : `## Left by its own plan\n\n${left.join("\n")}`,
    said === "" ? null : `## What it said last\n\n${quote(said)}`,
  ]
    .filter((part) => part !== null)
    .join("\n\n");
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 500);
}

function quote(text: string): string {
  return text
    .split("\n")
    .map((line) => `> ${line}`.trimEnd())
    .join("\n");
}
