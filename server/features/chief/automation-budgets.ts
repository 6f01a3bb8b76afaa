import type { Task } from "../../../contract/features/tasks.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { AppError } from "../../../lib/app-error.ts";
import { daysIn } from "../../day-of.ts";
import { leftOf, lessUse, sumOfUse, useOf, type LimitSource, type RunUse } from "../../run-use.ts";
import type { ChiefParts } from "./chief-parts.ts";
import type { RecordBook } from "./record-book.ts";
import { emptyUse, type TaskRun } from "./task-record.ts";

interface BudgetParts extends Pick<ChiefParts, "openRuns" | "runs" | "automationBudget" | "clock"> {
  book: RecordBook;
  zone: string;
}

/** What is left of the budget an automation has for a day, and why nothing is. */
export interface AutomationStanding extends LimitSource {
  exceeded: string | null;
}

/** Budgets of automations: they hold for all runs of a day that were started for their tasks, whatever became of those. */
export interface AutomationBudgets {
  /** What the runs that were started today have used so far. Throws while nobody can tell. */
  usedToday(automationId: string): Promise<RunUse>;
  /** How an automation stands; `null` without a budget. */
  standing(automationId: string): Promise<AutomationStanding | null>;
  /** The same of the automation a task was made for. */
  ofTask(taskId: string): Promise<AutomationStanding | null>;
  /** Whether a budget of money holds for a task, its own or that of its automation. */
  limitsCost(task: Pick<Task, "id" | "budget">): boolean;
  /** Runs that have not ended and may not go on, with the reason. */
  overdrawn(): Promise<{ runId: string; reason: string }[]>;
}

export function createAutomationBudgets(parts: BudgetParts): AutomationBudgets {
  const { book, runs, openRuns, automationBudget, clock } = parts;
  const dayOf = daysIn(parts.zone);

  async function usedToday(automationId: string): Promise<RunUse> {
    const today = dayOf(clock.now());
    const counted = book
      .all()
      .map((record) => ({ ...record, runs: record.runs.filter((run) => dayOf(Date.parse(run.startedAt)) === today) }))
      .filter((record) => record.runs.length > 0 && book.automationOf(record.taskId) === automationId)
      .flatMap((record) => record.runs);
    return sumOfUse(
      await Promise.all(counted.map(async (run) => lessUse(await useOfRun(run), usedBefore(run, today)))),
    );
  }

  /** What a run had used when it was taken up today for the first time. */
  function usedBefore({ earlier }: TaskRun, today: string): RunUse {
    return earlier.findLast(({ startedAt }) => dayOf(Date.parse(startedAt)) !== today)?.used ?? emptyUse;
  }

  /** What is written down is final once a run has ended; before, the run itself says it. */
  async function useOfRun({ runId, phase, used }: TaskRun): Promise<RunUse> {
    if (phase === "ended") return used;
    const open = openRuns().runs.find(({ run }) => run.id === runId);
    if (open) return useOf(open.run);
    try {
      return useOf(await runs.get(runId));
    } catch (error) {
      if (error instanceof AppError && error.code === "not_found") return used;
      throw error; // not knowing what was spent, nothing more is
    }
  }

  async function standing(automationId: string): Promise<AutomationStanding | null> {
    const automation = automationBudget(automationId);
    if (automation === null) return null;
    const { left, exceeded } = leftOf(automation.budget, await usedToday(automationId));
    const source = { budget: automation.budget, left, whose: `a day of the automation ${automation.name}` };
    if (exceeded === null) return { ...source, exceeded };
    const text = `The budget of the automation ${automation.name} of ${exceeded.limit} a day is used up: ${exceeded.spent} today`;
    return { ...source, exceeded: text };
  }

  return {
    usedToday,
    standing,
    async ofTask(taskId) {
      const automationId = book.automationOf(taskId);
      return automationId === null ? null : standing(automationId);
    },
    limitsCost({ id, budget }) {
      if (budget.costUsd !== null) return true;
      const automationId = book.automationOf(id);
      return automationId !== null && (automationBudget(automationId)?.budget.costUsd ?? null) !== null;
    },
    async overdrawn() {
      const open = openRuns().runs.filter(({ run }) => isOpenState(run.state) && run.source.kind === "task");
      const ofAutomation = open.map(({ run }) => ({ runId: run.id, automationId: book.automationOf(run.source.id) }));
      const reasons = new Map<string, string>();
      for (const id of new Set(ofAutomation.map(({ automationId }) => automationId))) {
        const exceeded = id === null ? null : ((await standing(id))?.exceeded ?? null);
        if (id !== null && exceeded !== null) reasons.set(id, exceeded);
      }
      return ofAutomation.flatMap(({ runId, automationId }) => {
        const reason = reasons.get(automationId ?? "");
        return reason === undefined ? [] : [{ runId, reason }];
      });
    },
  };
}
