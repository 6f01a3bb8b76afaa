import type { ChiefSettings } from "../../../contract/features/chief.ts";
import type { Tier } from "../../../contract/features/providers.ts";
import type { RunChoice } from "../../../contract/features/runs.ts";
import type { Task, TaskReason } from "../../../contract/features/tasks.ts";

/** One way of having a task done now. */
export interface Candidate {
  /** Who would be asked first: whose slot it takes. */
  providerId: string;
  name: string;
  model: string | null;
  tier: Tier | null;
  choice: RunChoice;
}

/** Why nobody can be asked, and until when as far as known (milliseconds). */
export interface Block {
  code: "provider" | "limit";
  text: string;
  until: number | null;
}

/** What is known about one task that may be started. */
export interface Outlook {
  /** Why its own budget, or that of its automation, leaves no run, and until when; `null`: there is something left. */
  budget: { text: string; until: number | null } | null;
  /** Runs it has had by itself since the user last had a hand in it. */
  runsByItself: number;
  /** Those who can be asked, first choice first; empty only with a `block`. */
  candidates: readonly Candidate[];
  block: Block | null;
  /** What was decided when it was told to wait until `notBefore`; it goes on saying so. */
  pause: Pick<Decision, "code" | "text"> | null;
  /** How its last run ended that came to nothing, and where the work of it lies. */
  lastEnd: string | null;
}

/** A run that takes a slot. One that waits for an answer takes none. */
export interface Occupant {
  runId: string;
  appId: string | null;
  /** `null` while nobody was asked yet. */
  providerId: string | null;
}

/** Everything a decision is made from. */
export interface ChiefFacts {
  now: number;
  settings: ChiefSettings;
  isPanic: boolean;
  /** When the quiet hours that hold now end; `null` when it is not quiet. */
  quietUntil: number | null;
  /** Why no run may start today, and when that ends. */
  dayBudget: { text: string; until: number } | null;
  /** Why no run can be started at all now. */
  engine: { text: string } | null;
  /** Tasks on the board, in whatever state. */
  tasks: readonly Task[];
  /** Tasks that are done, also those that have left the board. */
  isDone(taskId: string): boolean;
  occupants: readonly Occupant[];
  /** Tasks that have a run that has not ended. */
  busyTasks: ReadonlySet<string>;
  outlooks: ReadonlyMap<string, Outlook>;
  /** Tasks started by itself so far: now and then the one that waits longest has its turn. */
  startCount: number;
  /** "14:30", with the day when it is another one. */
  timeText(at: number): string;
}

/** What was decided about one task. */
export interface Decision {
  taskId: string;
  code: TaskReason["code"];
  /** One sentence. */
  text: string;
  /** Milliseconds. */
  until: number | null;
}

export interface Evaluation {
  /** The task to start now and by whom it can be done; decide again afterwards. */
  next: { task: Task; candidates: Candidate[] } | null;
  /** Of every task that is not started now and could be. */
  decisions: Decision[];
}
