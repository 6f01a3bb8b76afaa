import type { ChiefSettings } from "../../../contract/features/chief.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import type { Decision } from "./chief-facts.ts";
import { byUrgency } from "./evaluate.ts";

interface NextUpFacts {
  settings: ChiefSettings;
  isPanic: boolean;
  tasks: readonly Task[];
  decisions: readonly Decision[];
}

/** One sentence: what happens next, and when as far as that is known (milliseconds). */
export function nextUp({ settings, isPanic, tasks, decisions }: NextUpFacts): { text: string; at: number | null } {
  if (isPanic) return { text: "Nothing starts until somebody allows it again.", at: null };
  if (!settings.isOn) return { text: "Nothing starts by itself: the chief of staff is off.", at: null };
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const waiting = decisions
    .flatMap((decision) => {
      const task = byId.get(decision.taskId);
      return task ? [{ task, decision }] : [];
    })
    .toSorted((one, other) => byUrgency(one.task, other.task));
  if (waiting.length === 0) return { text: "Nothing is ready to be started.", at: null };
  const slot = waiting.find(({ decision }) => decision.code === "slot");
  if (slot) return { text: `"${slot.task.title}" starts when a slot is free.`, at: null };
  const [soonest] = waiting
    .filter(({ decision }) => decision.until !== null)
    .toSorted((one, other) => (one.decision.until ?? 0) - (other.decision.until ?? 0));
  if (soonest) return { text: `"${soonest.task.title}" is looked at again.`, at: soonest.decision.until };
  const [first] = waiting;
  return { text: first ? `"${first.task.title}" is next. ${first.decision.text}` : "", at: null };
}
