import type { AutomationInput, AutomationView } from "../../../contract/features/automations.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import type { AutomationApps } from "./app-actions.ts";
import type { AutomationConnectors } from "./automation-connectors.ts";
import { type AutomationPrompts, checkInput } from "./automation-checks.ts";
import { type AutomationRecord, type StoredAction, toStoredAction } from "./automation-record.ts";
import type { AutomationStore } from "./automation-store.ts";
import { isoTime } from "./occurrence-row.ts";
import type { OccurrenceRunner } from "./occurrence-runner.ts";

/** What a person changes. The scheduler follows the file, so nothing here touches it. */
export interface AutomationEditor {
  /** A new automation is off until it is turned on. */
  create(input: AutomationInput): Promise<AutomationView>;
  update(id: string, input: AutomationInput): Promise<AutomationView>;
  setEnabled(id: string, isEnabled: boolean): Promise<AutomationView>;
  remove(id: string): Promise<AutomationRecord>;
  restore(id: string): Promise<AutomationView>;
  /** Resolves with the time since when all are paused. */
  setPaused(isPaused: boolean): Promise<string | null>;
}

interface Dependencies {
  store: AutomationStore;
  runner: OccurrenceRunner;
  apps: AutomationApps;
  prompts: AutomationPrompts;
  connectors: Pick<AutomationConnectors, "find">;
  clock: Clock;
  secrets: Pick<SecretBox, "seal">;
  viewOf(automation: AutomationRecord): AutomationView;
}

/** The automation with this id; throws `not_found`. */
export function existing(store: Pick<AutomationStore, "get">, id: string): AutomationRecord {
  const automation = store.get(id);
  if (!automation) throw new AppError("not_found", "There is no such automation");
  return automation;
}

/** The editor of the stored automations. */
export function createAutomationEditor(dependencies: Dependencies): AutomationEditor {
  const { store, runner, apps, prompts, connectors, clock, secrets, viewOf } = dependencies;

  /** Sealing takes time: when the action was changed meanwhile, secrets that stay are taken from what it is by then. */
  async function replaceAction(
    id: string,
    input: AutomationInput,
    change: (current: AutomationRecord, action: StoredAction) => AutomationRecord,
  ): Promise<AutomationRecord> {
    for (;;) {
      const before = existing(store, id).action;
      const action = await toStoredAction(input.action, before, secrets);
      const found = { isSame: true };
      const changed = await store.change(id, (current) => {
        found.isSame = JSON.stringify(current.action) === JSON.stringify(before);
        return found.isSame ? change(current, action) : current;
      });
      if (found.isSame) return changed;
    }
  }

  return {
    async create(input) {
      await checkInput(input, { apps, prompts, connectors, now: clock.now(), isScheduleNew: true });
      const at = isoTime(clock.now());
      const times = { createdAt: at, updatedAt: at, scheduledFrom: at };
      const action = await toStoredAction(input.action, null, secrets);
      return viewOf(await store.add((id) => ({ ...input, ...times, id, action, isEnabled: false })));
    },
    async update(id, input) {
      const isScheduleNew = JSON.stringify(existing(store, id).schedule) !== JSON.stringify(input.schedule);
      await checkInput(input, { apps, prompts, connectors, now: clock.now(), isScheduleNew });
      const at = isoTime(clock.now());
      const updated = await replaceAction(id, input, (current, action) => {
        const scheduledFrom = isScheduleNew ? at : current.scheduledFrom;
        return { ...current, ...input, action, updatedAt: at, scheduledFrom };
      });
      return viewOf(updated);
    },
    async setEnabled(id, isEnabled) {
      const before = existing(store, id);
      if (before.isEnabled === isEnabled) return viewOf(before);
      const at = isoTime(clock.now());
      const changed = await store.change(id, (current) => {
        const scheduledFrom = isEnabled ? at : current.scheduledFrom;
        return { ...current, isEnabled, updatedAt: at, scheduledFrom };
      });
      if (!isEnabled) await runner.dropQueued(id, "The automation was turned off");
      return viewOf(changed);
    },
    async remove(id) {
      const removed = await store.remove(id, clock.now());
      await runner.dropQueued(id, "The automation was deleted");
      // A yes to what nobody has any more would still send it.
      runner.cancelCalls(id, "The automation was deleted");
      return removed;
    },
    async restore(id) {
      const at = isoTime(clock.now());
      return viewOf(await store.restore(id, (deleted) => ({ ...deleted, updatedAt: at, scheduledFrom: at })));
    },
    async setPaused(isPaused) {
      if ((store.pausedAt() !== null) !== isPaused) await store.setPaused(isPaused ? isoTime(clock.now()) : null);
      return store.pausedAt();
    },
  };
}
