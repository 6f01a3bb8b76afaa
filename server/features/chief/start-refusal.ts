import type { ChiefSettings } from "../../../contract/features/chief.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { sentences } from "../../../contract/sentences.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Block } from "./chief-facts.ts";
import { taskKey, taskLink, type ChiefParts, type Teller } from "./chief-parts.ts";
import type { RecordBook } from "./record-book.ts";
import { reasonOf } from "./task-reason.ts";
import type { TaskRun } from "./task-record.ts";

/** Why a task could not be started. */
export interface Refusal {
  block: Block;
  error: AppError | null;
}

/** So long it is left alone before it is tried again. */
export const holdMs = 60_000;

/** Whether what kept a task from being started ends by itself: a budget, a limit, another process that is away. */
function passes(error: AppError): boolean {
  return !needsUser(error) && ["rate_limited", "unavailable", "timeout", "disk_full"].includes(error.code);
}

const onlyTheUser: readonly AppError["code"][] = [
  "invalid_request",
  "not_found",
  "forbidden",
  "too_large",
  "unsupported_media_type",
];

/** Whether only the user can change what keeps a task from being started: asking again would get the same answer. */
function needsUser({ code }: AppError): boolean {
  return onlyTheUser.includes(code);
}

/** What whoever starts a task by hand is told. */
export function refusedByHand({ block, error }: Refusal): AppError {
  return error ?? new AppError("conflict", block.text);
}

/** "The repository has no commit yet. Make the first commit." */
function textOf({ message, hint }: AppError): string {
  return hint === undefined ? message : sentences(message, hint);
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

export interface RefusalParts {
  book: Pick<RecordBook, "change">;
  settings(): ChiefSettings;
  teller: Teller;
  notifications: ChiefParts["notifications"];
  clock: Clock;
}

/** What follows from a start that was refused: what passes by itself is tried again after a while; anything else a few times, or not at all. */
export async function refuse(task: Task, by: TaskRun["by"], error: AppError, parts: RefusalParts): Promise<Refusal> {
  const text = textOf(error);
  const code = error.code === "rate_limited" ? "limit" : "provider";
  const refusal: Refusal = { block: { code, text: asSentence(text), until: parts.clock.now() + holdMs }, error };
  if (by === "user" || passes(error)) return refusal;
  const { refusals } = await parts.book.change(task.id, (record) => ({ ...record, refusals: record.refusals + 1 }));
  if (needsUser(error)) await askUser(task, text, "ended", parts);
  else if (refusals >= parts.settings().recovery.maxRuns) await askUser(task, text, "loop-guard", parts);
  return refusal;
}

/** Leaves a task that could not be started to the user. */
async function askUser(
  { id, title }: Pick<Task, "id" | "title">,
  why: string,
  code: "ended" | "loop-guard",
  { teller, notifications, clock }: RefusalParts,
): Promise<void> {
  const text = `It could not be started: ${asSentence(why)}`;
  const after = await teller.tell(id, (task) =>
    task.state === "ready"
      ? { ...task, state: "failed", notBefore: null, reason: reasonOf(code, text, clock.now()) }
      : task,
  );
  if (after?.state !== "failed") return;
  await notifications.notify({
    level: "warning",
    title: `${title} needs you`,
    message: text,
    link: taskLink(id),
    key: taskKey(id),
    needsYou: true,
  });
}
