import type { ChiefDecision } from "../../../contract/features/chief.ts";
import type { PromptReference } from "../../../contract/features/prompts.ts";
import type { Budget, Run } from "../../../contract/features/runs.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { NewNotification } from "../notifications/notification-service.ts";
import type { RunService } from "../runs/run-service.ts";
import type { TaskService } from "../tasks/task-service.ts";
import type { ProviderFacts } from "./find-candidates.ts";

/** Who can be asked for work, as learning sees it. */
export interface Choosable {
  providerId: string;
  model: string | null;
}

/** The candidates, the best first, and why in words. */
export interface Choice {
  order: Choosable[];
  reason: string;
  detail: string;
}

/** What the chief of staff is built on: other features, as functions. */
export interface ChiefParts {
  tasks: Pick<TaskService, "list" | "get" | "find" | "create" | "change" | "changeAll" | "onChange" | "onRemoved">;
  runs: Pick<RunService, "create" | "get" | "stop" | "resume" | "events">;
  /** Runs that have not ended, with whom each asks; `isComplete`: all of them are known. */
  openRuns(): { runs: { run: Run; providerId: string | null }[]; isComplete: boolean };
  newRunId(): string;
  providers(): ProviderFacts[];
  /** Who does such work best, the best first, and why. */
  choose(work: { type: string; appId: string | null }, candidates: readonly Choosable[]): Choice | Promise<Choice>;
  /** Why no run may start today; `null`: there is something left. */
  dayBudget(): Promise<string | null>;
  /** What all tasks of an automation may use in a day; `null` when it is gone or has no such limit. */
  automationBudget(automationId: string): { name: string; budget: Budget } | null;
  folderOf(appId: string): string | undefined;
  /** The text of a prompt with its values, and what it was made from. Throws an `AppError` that says why there is none. */
  fillPrompt(wish: PromptReference): Promise<{ text: string; prompt: NonNullable<Run["prompt"]> }>;
  isRepository(folder: string): Promise<boolean>;
  /** Opens a review of the work of a run that has ended, and answers whether there is one. */
  hasReview(run: Run): Promise<boolean>;
  /** Whether its review still waits for somebody to decide. */
  isReviewOpen(runId: string): boolean;
  screenshotFile(name: string): string;
  notifications: { notify(notice: NewNotification): Promise<unknown>; settle(key: string): Promise<void> };
  panic: { isOn(): boolean; check(): void };
  clock: Clock;
  logger: Logger;
  /** "14:30", with the day when it is another one. */
  timeText(at: number): string;
}

/** Says what was decided about a task: on the task itself, in the history of decisions and to whoever watches. */
export interface Teller {
  /** Changes the task; what changes about its reason is written down. Answers the task, or `null` when it is gone. */
  tell(taskId: string, change: (task: Task) => Task, detail?: string | null): Promise<Task | null>;
  /** The same of many, in one write. */
  tellAll(taskIds: Iterable<string>, change: (task: Task) => Task): Promise<void>;
}

export type WriteDecision = (decision: ChiefDecision) => Promise<void>;

/** Key under which what is said about a task replaces itself. */
export function taskKey(id: string): string {
  return `task:${id}`;
}

/** Page of a task inside the panel. */
export function taskLink(id: string): string {
  return `/agents/tasks/${id}`;
}
