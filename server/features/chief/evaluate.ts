import type { Task } from "../../../contract/features/tasks.ts";
import type { Candidate, ChiefFacts, Decision, Evaluation, Occupant, Outlook } from "./chief-facts.ts";

/** So many tasks are started by priority, then the one that waits longest has its turn: nothing waits for ever. */
export const startsPerTurn = 4;
/** Who waits for less long needs no turn of its own. */
const longWaitMs = 10 * 60_000;

const priorities: Record<Task["priority"], number> = { urgent: 0, high: 1, normal: 2, low: 3 };

type Verdict = Omit<Decision, "taskId">;

/**
 * Decides what to start now, and says of every other ready task why it waits. Starts one at a time: who is asked depends on who is
 * busy. Without a clock and without effects; the same facts give the same answer.
 */
export function evaluate(facts: ChiefFacts): Evaluation {
  const ready = facts.tasks.filter(({ id, state }) => state === "ready" && !facts.busyTasks.has(id));
  const byId = new Map(facts.tasks.map((each) => [each.id, each]));
  const decisions: Decision[] = [];
  const startable: { task: Task; candidates: Candidate[] }[] = [];
  for (const task of ready) {
    const outlook = facts.outlooks.get(task.id) ?? unknownOutlook;
    const verdict = obstacle(task, outlook, facts, byId) ?? slotObstacle(task, outlook, facts);
    if (verdict !== null) decisions.push({ taskId: task.id, ...verdict });
    else startable.push({ task, candidates: freeCandidates(outlook, facts) });
  }
  const isTurn = facts.startCount % startsPerTurn === startsPerTurn - 1;
  const [oldest] = isTurn ? startable.toSorted((one, other) => byAge(one.task, other.task)) : [];
  const [first = null] = startable.toSorted((one, other) => byUrgency(one.task, other.task));
  const hasWaited = oldest !== undefined && facts.now - Date.parse(oldest.task.createdAt) >= longWaitMs;
  return { next: hasWaited ? oldest : first, decisions };
}

const unknownOutlook: Outlook = {
  budget: null,
  runsByItself: 0,
  candidates: [],
  block: { code: "provider", text: "Nobody was found who could do it.", until: null },
  pause: null,
  lastEnd: null,
};

/** Priority, then the place on the board. */
export function byUrgency(one: Task, other: Task): number {
  return priorities[one.priority] - priorities[other.priority] || one.position - other.position || byAge(one, other);
}

function byAge(one: Task, other: Task): number {
  return one.createdAt.localeCompare(other.createdAt) || one.id.localeCompare(other.id);
}

/** What keeps a task from being started, slots aside; the user's own word comes first. */
function obstacle(task: Task, outlook: Outlook, facts: ChiefFacts, byId: ReadonlyMap<string, Task>): Verdict | null {
  const { now, settings, timeText } = facts;
  if (facts.isPanic) return say("panic", "Everything is stopped until somebody allows it again.");
  if (!settings.isOn) return say("off", offText(outlook));
  const waits = dependencyText(task, facts, byId);
  if (waits !== null) return say("dependency", waits);
  if (outlook.runsByItself >= settings.recovery.maxRuns)
    return say("loop-guard", `It has had ${runs(outlook.runsByItself)} by itself, which is the most it may have.`);
  const until = task.notBefore === null ? null : Date.parse(task.notBefore);
  if (until !== null && until > now) {
    const { code, text } = outlook.pause ?? { code: "cool-down", text: `Waits until ${timeText(until)}.` };
    return say(code, text, until);
  }
  if (facts.quietUntil !== null)
    return say("quiet-hours", `Quiet hours until ${timeText(facts.quietUntil)}.`, facts.quietUntil);
  if (facts.dayBudget !== null) return say("budget", facts.dayBudget.text, facts.dayBudget.until);
  if (outlook.budget !== null) return say("budget", outlook.budget.text, outlook.budget.until);
  if (facts.engine !== null) return say("slot", facts.engine.text);
  return outlook.block && { ...outlook.block };
}

function offText({ lastEnd }: Outlook): string {
  if (lastEnd === null) return "The chief of staff is off: start it by hand, or turn the chief of staff on.";
  return `${lastEnd} The chief of staff is off: start it again by hand.`;
}

function slotObstacle(task: Task, outlook: Outlook, facts: ChiefFacts): Verdict | null {
  const { occupants, settings } = facts;
  const { total, perApp } = settings.limits;
  if (occupants.length >= total) return say("slot", `Waits for a free slot: ${goingOn(occupants.length, total)}.`);
  const ofApp = task.appId === null ? 0 : occupants.filter(({ appId }) => appId === task.appId).length;
  if (ofApp >= perApp) return say("slot", `Waits for a free slot of its app: ${goingOn(ofApp, perApp)}.`);
  if (freeCandidates(outlook, facts).length > 0) return null;
  const names = [...new Set(outlook.candidates.map(({ name }) => name))].join(", ");
  return say("slot", `Waits for a free slot of ${names}: each may have ${runs(settings.limits.perProvider)} at once.`);
}

function freeCandidates({ candidates }: Outlook, { occupants, settings }: ChiefFacts): Candidate[] {
  return candidates.filter(({ providerId }) => busy(providerId, occupants) < settings.limits.perProvider);
}

function busy(provider: string, occupants: readonly Occupant[]): number {
  return occupants.filter(({ providerId }) => providerId === provider).length;
}

function dependencyText(task: Task, facts: ChiefFacts, byId: ReadonlyMap<string, Task>): string | null {
  const open = task.dependsOn.filter((id) => !facts.isDone(id));
  if (open.length === 0) return null;
  const cycle = wayBack(task, byId);
  if (cycle !== null) return `It waits for itself: ${cycle.map(({ title }) => `"${title}"`).join(" → ")}.`;
  const first = byId.get(open[0] ?? "");
  if (!first) return "It waits for a task that is gone: take it out of what it waits for.";
  const more = open.length === 1 ? "" : ` and ${open.length - 1} more`;
  const ended =
    first.state === "failed" ? ", which failed" : first.state === "cancelled" ? ", which was cancelled" : "";
  return `Waits for "${first.title}"${ended}${more}.`;
}

/** The tasks from `task` back to itself, or `null`. */
function wayBack(task: Task, byId: ReadonlyMap<string, Task>): Task[] | null {
  const seen = new Set<string>();
  function search(at: Task, way: Task[]): Task[] | null {
    for (const id of at.dependsOn) {
      if (id === task.id) return [...way, at, task];
      const next = byId.get(id);
      if (!next || seen.has(id)) continue;
      seen.add(id);
      const found = search(next, [...way, at]);
      if (found) return found;
    }
    return null;
  }
  return search(task, []);
}

function say(code: Verdict["code"], text: string, until: number | null = null): Verdict {
  return { code, text, until };
}

/** "1 run", "3 runs" */
export function runs(number: number): string {
  return number === 1 ? "1 run" : `${number} runs`;
}

/** "4 of 4 runs are going on", "the one run there may be is going on" */
function goingOn(number: number, of: number): string {
  if (of === 1 && number === 1) return "the one run there may be is going on";
  return `${number} of ${runs(of)} ${number === 1 ? "is" : "are"} going on`;
}
