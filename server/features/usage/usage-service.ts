import type { Attempt, Run } from "../../../contract/features/runs.ts";
import type { BudgetState, DailyBudget, UsageRow, UsageTotals } from "../../../contract/features/usage.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonLog } from "../../../lib/json-log.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { money } from "../../../lib/money.ts";
import { daysIn } from "../../day-of.ts";
import { createUsageTally, type UsageTally } from "./usage-totals.ts";

export interface UsageServiceOptions {
  log: JsonLog<UsageRow>;
  budget: JsonStore<DailyBudget>;
  clock: Clock;
  zone: string;
  /** Name of an app; nothing when there is no such app. */
  nameOfApp(id: string): string | undefined;
}

/** What was used, and how much may be used in a day. */
export interface UsageService {
  /** Records the ended attempts of a run that were not recorded yet; resolves with those when they are on disk. */
  record(run: Run): Promise<Attempt[]>;
  totals(from: string | undefined, to: string | undefined): Promise<UsageTotals>;
  budget(): Promise<BudgetState>;
  setBudget(budget: DailyBudget): Promise<BudgetState>;
  /** Why nothing more may be used today, or `null`; what runs that go on have used so far counts. */
  exceeded(open: readonly Run[]): Promise<string | null>;
  /** Throws `rate_limited` saying what was used when today's budget is used up: no further run may start. */
  check(open?: readonly Run[]): Promise<void>;
  /** Forgets what ended more than `days` ago, on disk too. */
  prune(days: number): Promise<void>;
}

const defaultDays = 30;
const longestDays = 3_650;

/** The service over its log; what was recorded before is read at the first call. */
export function createUsageService({ log, budget, clock, zone, nameOfApp }: UsageServiceOptions): UsageService {
  const dayOf = daysIn(zone);
  let loading: Promise<UsageTally> | null = null;
  /** Rows that are being written: told again meanwhile they must not be written twice. */
  const writing = new Set<string>();

  function tally(): Promise<UsageTally> {
    loading ??= load(log).catch((error: unknown) => {
      loading = null; // the next call tries again
      throw error;
    });
    return loading;
  }

  async function write(row: UsageRow, into: UsageTally): Promise<void> {
    writing.add(row.id);
    try {
      await log.append(row);
      into.add(row);
    } finally {
      writing.delete(row.id);
    }
  }

  async function exceeded(open: readonly Run[]): Promise<string | null> {
    const limits = budget.get();
    if (limits.costUsd === null && limits.tokens === null) return null;
    const { used } = await budgetState();
    const { costUsd, inputTokens, outputTokens } = open.flatMap(({ attempts }) => attempts).reduce(addOpen, used);
    return exceededText(limits, { ...used, costUsd, inputTokens, outputTokens });
  }

  async function budgetState(): Promise<BudgetState> {
    const day = dayOf(clock.now());
    const used = (await tally()).day(day);
    const limits = budget.get();
    return { budget: limits, day, used, exceeded: exceededText(limits, used) };
  }

  return {
    async record(run) {
      const into = await tally();
      const fresh = run.attempts.flatMap((attempt) => {
        const row = rowOf(run, attempt, dayOf);
        return row === null || into.has(row.id) || writing.has(row.id) ? [] : [{ attempt, row }];
      });
      await Promise.all(fresh.map(({ row }) => write(row, into)));
      return fresh.map(({ attempt }) => attempt);
    },
    async totals(from, to) {
      const today = dayOf(clock.now());
      const last = to ?? (from !== undefined && from > today ? from : today);
      const first = from ?? new Date(Date.parse(last) - (defaultDays - 1) * 86_400_000).toISOString().slice(0, 10);
      if (Date.parse(last) - Date.parse(first) > longestDays * 86_400_000)
        throw new AppError("invalid_request", `query.from: must be at most ${longestDays} days before the last day`, {
          issues: [{ path: "query.from", message: `must be at most ${longestDays} days before the last day` }],
        });
      return (await tally()).totals(first, last, today, nameOfApp);
    },
    budget: budgetState,
    async setBudget(next) {
      await budget.update(() => ({ next, result: null }));
      return budgetState();
    },
    exceeded,
    async check(open = []) {
      const text = await exceeded(open);
      if (text !== null)
        throw new AppError("rate_limited", text, {
          hint: "Raise the daily budget on the Providers page, or wait.",
        });
    },
    async prune(days) {
      const first = dayOf(clock.now() - days * 86_400_000);
      await log.prune(days);
      if (loading !== null) (await loading).forgetBefore(first);
    },
  };
}

async function load(log: JsonLog<UsageRow>): Promise<UsageTally> {
  const tally = createUsageTally();
  let before: string | undefined;
  do {
    const { items, next } = await log.page({ limit: 1_000, ...(before === undefined ? {} : { before }) });
    for (const row of items) tally.add(row);
    before = next ?? undefined;
  } while (before !== undefined);
  return tally;
}

function rowOf(run: Run, attempt: Attempt, dayOf: (at: number) => string): UsageRow | null {
  const { number, endedAt, providerId, providerName, model, failure, usage } = attempt;
  if (endedAt === null) return null;
  return {
    id: `${run.id}:${number}`,
    at: endedAt,
    day: dayOf(Date.parse(endedAt)),
    runId: run.id,
    providerId,
    providerName,
    model,
    source: run.source.kind,
    appId: run.appId,
    taskType: run.taskType,
    failure,
    usage,
  };
}

/** Attempts that have ended are in the log already. */
function addOpen(sum: BudgetState["used"], { endedAt, usage }: Attempt): BudgetState["used"] {
  if (endedAt !== null) return sum;
  return {
    ...sum,
    costUsd: sum.costUsd + (usage.costUsd ?? 0),
    inputTokens: sum.inputTokens + usage.inputTokens,
    outputTokens: sum.outputTokens + usage.outputTokens,
  };
}

function exceededText({ costUsd, tokens }: DailyBudget, used: BudgetState["used"]): string | null {
  if (costUsd !== null && used.costUsd >= costUsd)
    return `Today's budget of ${money(costUsd)} is used up: ${money(used.costUsd)} were spent`;
  const usedTokens = used.inputTokens + used.outputTokens;
  if (tokens !== null && usedTokens >= tokens)
    return `Today's budget of ${tokens} tokens is used up: ${usedTokens} were used`;
  return null;
}
