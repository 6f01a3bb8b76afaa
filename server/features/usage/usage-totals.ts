import type { UsageGroup, UsageRow, UsageSum, UsageTotals } from "../../../contract/features/usage.ts";

/** Nothing used. */
export function emptySum(): UsageSum {
  return { attempts: 0, failures: 0, inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, costUsd: 0, unpriced: 0 };
}

interface Cell {
  row: Pick<UsageRow, "day" | "providerId" | "providerName" | "model" | "source" | "appId" | "taskType">;
  sum: UsageSum;
}

/** Sums of what was recorded, kept small: one cell per day, provider, model, source, app and kind of work. Each id counts once. */
export interface UsageTally {
  /** Whether this row was new. */
  add(row: UsageRow): boolean;
  has(id: string): boolean;
  day(day: string): UsageSum;
  totals(from: string, to: string, today: string, nameOfApp: (id: string) => string | undefined): UsageTotals;
  /** Forgets what ended before `day`. */
  forgetBefore(day: string): void;
}

/** An empty tally. */
export function createUsageTally(): UsageTally {
  const cells = new Map<string, Cell>();
  const ids = new Map<string, string>();
  return {
    has: (id) => ids.has(id),
    add(row) {
      if (ids.has(row.id)) return false;
      ids.set(row.id, row.day);
      const { day, providerId, providerName, model, source, appId, taskType } = row;
      const key = JSON.stringify([day, providerId, model, source, appId, taskType]);
      const cell = cells.get(key);
      const basis = { day, providerId, providerName, model, source, appId, taskType };
      cells.set(key, { row: basis, sum: plus(cell?.sum ?? emptySum(), sumOf(row)) });
      return true;
    },
    day: (day) => sumWhere(cells.values(), (row) => row.day === day),
    totals(from, to, today, nameOfApp) {
      const inRange = [...cells.values()].filter(({ row }) => row.day >= from && row.day <= to);
      return {
        from,
        to,
        today,
        total: sumWhere(inRange, () => true),
        days: daysBetween(from, to).map((day) => ({ day, sum: sumWhere(inRange, (row) => row.day === day) })),
        providers: groups(inRange, ({ providerId, providerName }) => [providerId, providerName]),
        models: groups(inRange, ({ model }) => [model ?? "", model ?? "Not told"]),
        sources: groups(inRange, ({ source }) => [source, sourceNames[source]]),
        apps: groups(inRange, ({ appId }) => [appId ?? "", appId === null ? "No app" : (nameOfApp(appId) ?? appId)]),
        taskTypes: groups(inRange, ({ taskType }) => [taskType ?? "", taskType ?? "No kind"]),
      };
    },
    forgetBefore(day) {
      for (const [key, { row }] of cells) if (row.day < day) cells.delete(key);
      for (const [id, of] of ids) if (of < day) ids.delete(id);
    },
  };
}

const sourceNames: Record<UsageRow["source"], string> = {
  user: "By hand",
  task: "Tasks",
  automation: "Automations",
  incident: "Repairs",
  test: "Tests",
};

function sumOf({ usage, failure }: UsageRow): UsageSum {
  const { inputTokens, outputTokens, cachedInputTokens, costUsd } = usage;
  const isUnpriced = costUsd === null && inputTokens + outputTokens > 0;
  return {
    attempts: 1,
    failures: failure === null ? 0 : 1,
    inputTokens,
    outputTokens,
    cachedInputTokens,
    costUsd: costUsd ?? 0,
    unpriced: isUnpriced ? 1 : 0,
  };
}

function plus(a: UsageSum, b: UsageSum): UsageSum {
  return {
    attempts: a.attempts + b.attempts,
    failures: a.failures + b.failures,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    // to a millionth of a cent, so that many small costs do not add up to 0.30000000000000004
    costUsd: Math.round((a.costUsd + b.costUsd) * 1e8) / 1e8,
    unpriced: a.unpriced + b.unpriced,
  };
}

function sumWhere(cells: Iterable<Cell>, match: (row: Cell["row"]) => boolean): UsageSum {
  let sum = emptySum();
  for (const cell of cells) if (match(cell.row)) sum = plus(sum, cell.sum);
  return sum;
}

function groups(cells: readonly Cell[], keyOf: (row: Cell["row"]) => [key: string, name: string]): UsageGroup[] {
  const found = new Map<string, UsageGroup>();
  for (const { row, sum } of cells) {
    const [key, name] = keyOf(row);
    found.set(key, { key, name, sum: plus(found.get(key)?.sum ?? emptySum(), sum) });
  }
  return [...found.values()].toSorted((a, b) => b.sum.costUsd - a.sum.costUsd || tokensOf(b) - tokensOf(a));
}

function tokensOf({ sum }: UsageGroup): number {
  return sum.inputTokens + sum.outputTokens;
}

/** Every day from the first to the last, both included; at most about ten years. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to) && days.length < 3_660; at += 86_400_000)
    days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}
