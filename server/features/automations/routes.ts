import { open } from "node:fs/promises";

import type { z } from "zod";

import type { stepResultSchema } from "../../../contract/features/automation-connectors.ts";
import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import { automationsEndpoints } from "../../../contract/features/automations.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Mount } from "../../http/mount.ts";
import type { AutomationService } from "./automation-service.ts";
import type { AutomationStore } from "./automation-store.ts";
import { previewDueTimes, scheduleIssues } from "./due-times.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import type { RunOutputs } from "./run-output.ts";
import { type AutomationTasks, budgetState } from "./task-action.ts";
import type { StepResult } from "./step-memory.ts";
import { withLateDeliveries } from "./late-deliveries.ts";
import { drawTimeline } from "./timeline.ts";
import { trySteps } from "./try-steps.ts";

interface Dependencies {
  service: AutomationService;
  store: AutomationStore;
  ledger: OccurrenceLedger;
  outputs: RunOutputs;
  /** What its tasks or runs have used today. */
  day: Pick<AutomationTasks, "usedToday">;
  clock: Clock;
  tries: Parameters<typeof trySteps>[2] & Parameters<typeof withLateDeliveries>[1];
}

const shownResult = 100_000;

function isOpen({ state }: Occurrence): boolean {
  return state === "queued" || state === "running";
}

function shownOf(result: StepResult | null): z.output<typeof stepResultSchema> {
  if (result === null) return { text: null, isCut: false };
  const text = JSON.stringify(result.value, null, 2);
  return { text: text.slice(0, shownResult), isCut: text.length > shownResult };
}

/** Mounts the endpoints of automations and their occurrences. */
export function mountAutomations(mount: Mount, dependencies: Dependencies): void {
  const { service, store, ledger, outputs, day, clock, tries } = dependencies;
  async function occurrence(id: string): Promise<Occurrence> {
    const row = await ledger.find(id);
    if (!row) throw new AppError("not_found", "There is no such occurrence");
    return row;
  }

  mount(
    "automations",
    automationsEndpoints,
  )({
    list: () => service.list(),
    create: ({ body }) => service.create(body),
    pauseAll: async () => ({ pausedAt: await service.setPaused(true) }),
    resumeAll: async () => ({ pausedAt: await service.setPaused(false) }),
    preview: ({ body }) => {
      const issues = scheduleIssues(body.schedule, clock.now()).map(({ path, message }) => ({
        path: `body.schedule.${path}`,
        message,
      }));
      const [first] = issues;
      if (first) throw new AppError("invalid_request", `${first.path}: ${first.message}`, { issues });
      return { times: previewDueTimes(body.schedule, clock.now(), body.count, body.zone) };
    },
    timeline: ({ query }) =>
      drawTimeline(
        store.all().filter(({ isEnabled }) => isEnabled),
        (id) => service.nextDue(id),
        clock.now(),
        query.days,
      ),
    tryConnectors: ({ body }, { caller, correlationId, signal }) =>
      trySteps(body, { who: caller.name, correlationId, signal }, tries),
    get: ({ params }) => service.view(params.id),
    update: ({ params, body }) => service.update(params.id, body),
    remove: async ({ params }) => {
      const { id, name } = await service.remove(params.id);
      return { id, name };
    },
    restore: ({ params }) => service.restore(params.id),
    enable: ({ params }) => service.setEnabled(params.id, true),
    disable: ({ params }) => service.setEnabled(params.id, false),
    budget: async ({ params }) => {
      const { budget, used, exceeded } = await budgetState(day, params.id, service.dayBudget(params.id));
      return { budget, used, exceeded };
    },
    run: ({ params }, { caller }) => service.run(params.id, caller.name),
    runAgain: ({ params }, { caller }) => service.again(params.id, caller.name),
    occurrences: async ({ query }) => {
      const { items, next } = await ledger.page(query);
      return { items: await Promise.all(items.map((row) => withLateDeliveries(row, tries))), next };
    },
    occurrence: async ({ params }) => withLateDeliveries(await occurrence(params.id), tries),
    cancel: async ({ params }, { caller }) => {
      await occurrence(params.id);
      return service.cancel(params.id, caller.name);
    },
    output: async ({ params, query }) => {
      const row = await occurrence(params.id);
      const isEnded = !isOpen(row);
      const slice = await outputs.read(params.id, query.from, query.maxBytes, isEnded);
      return { ...slice, isComplete: isEnded && slice.next === slice.size };
    },
    stepResults: async ({ params }) => {
      const { steps = [] } = await occurrence(params.id);
      const memory = await tries.memories.read(params.id);
      return { steps: steps.map((_step, index) => shownOf(memory?.results[index] ?? null)) };
    },
    downloadOutput: async ({ params }) => {
      const row = await occurrence(params.id);
      const handle = await open(outputs.file(params.id)).catch(() => null);
      if (!handle) throw new AppError("not_found", "No output of this run was kept");
      const name = `${row.automationId}-${row.due.replaceAll(/[:.]/g, "-")}.log`;
      return {
        headers: {
          "Content-Type": "text/plain; charset=utf-8",
          "Content-Disposition": `attachment; filename="${name}"`,
        },
        body: handle.createReadStream(),
      };
    },
  });
}
