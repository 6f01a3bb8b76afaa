import type {
  Repair,
  RepairLevel,
  RepairOutlook,
  RepairSettings,
  RepairSettingsView,
} from "../../../contract/features/repairs.ts";
import type { Incident } from "../../../contract/internal/autofixer.ts";
import { AppError } from "../../../lib/app-error.ts";
import { createRepairActions, type RepairActions } from "./repair-actions.ts";
import type { RepairBook, RepairFilter } from "./repair-book.ts";
import { createRepairCandidates } from "./repair-candidates.ts";
import type { RepairEngine } from "./repair-engine.ts";
import { runningRepair } from "./repair-guard.ts";
import { repairNotice } from "./repair-notices.ts";
import type { RepairParts } from "./repair-parts.ts";

export interface RepairService extends RepairActions {
  list(filter: RepairFilter): Promise<{ items: Repair[]; next: string | null }>;
  get(id: string): Promise<Repair>;
  settings(): RepairSettingsView;
  setSettings(settings: RepairSettings): Promise<RepairSettingsView>;
  setAppLevel(appId: string, level: RepairLevel | null): Promise<RepairSettingsView>;
  outlook(incidentId: string): Promise<RepairOutlook>;
  /** `isAnyway`: also when the last repairs did not hold. */
  ask(incidentId: string, by: string, isAnyway: boolean): Promise<Repair>;
  /** Unsettled incidents as they are now: what may begin by itself begins. */
  hear(active: readonly Incident[]): void;
}

export interface RepairServiceOptions {
  parts: RepairParts;
  book: RepairBook;
  engine: RepairEngine;
  publish(repair: Repair): void;
  publishSettings(settings: RepairSettingsView): void;
}

export function createRepairService(options: RepairServiceOptions): RepairService {
  const { parts, book, engine, publish } = options;
  const candidates = createRepairCandidates(options);
  /** Incidents about which nothing can begin, whatever becomes of them. */
  const dealtWith = new Set<string>();
  let line: Promise<void> = Promise.resolve();

  /** On disk before anything begins; never two of one app at once, whoever asks. */
  async function begin(repair: Repair): Promise<Repair> {
    await book.add(repair, (repairs) => {
      const other = runningRepair(repairs, repair);
      if (other) throw new AppError("conflict", "A repair of it goes on already");
    });
    publish(repair);
    engine.nudge(repair.id);
    return repair;
  }

  async function ask(incidentId: string, by: string, isAnyway: boolean): Promise<Repair> {
    const incident = await parts.incidents.get(incidentId);
    const { app, cannot } = await candidates.subjectOf(incident);
    if (cannot !== null) throw new AppError("conflict", `It cannot be repaired: ${lowerFirst(cannot)}`);
    const stopped = parts.panic();
    if (stopped !== null) throw new AppError("conflict", stopped);
    const repair = await candidates.newRepair(incident, app, { by, isAutomatic: false });
    const warning = candidates.guard(incident, repair.signature);
    if (warning !== null && !isAnyway)
      throw new AppError("conflict", warning.reason, { hint: "You can ask all the same." });
    return begin(repair);
  }

  async function beginByItself(found: Incident): Promise<void> {
    if (dealtWith.has(found.id) || !candidates.mayBegin(found) || candidates.running(found) !== undefined) return;
    const incident = await parts.incidents.get(found.id);
    const { app, cannot } = await candidates.subjectOf(incident);
    dealtWith.add(found.id);
    if (cannot !== null || app === null) return;
    const repair = await candidates.newRepair(incident, app, { by: "PortOS", isAutomatic: true });
    const stops = candidates.guard(incident, repair.signature);
    if (stops === null) {
      await begin(repair);
      return;
    }
    const reason = `${stops.reason} No further agent is asked by itself.`;
    const ended: Repair = { ...repair, state: "given-up", endedAt: repair.askedAt, reason };
    await book.add(ended, () => undefined);
    publish(ended);
    options.publishSettings(candidates.settings());
    const notice = repairNotice(ended);
    if (notice) await parts.notifications.notify(notice);
  }

  async function changeSettings(change: (settings: RepairSettings) => RepairSettings): Promise<RepairSettingsView> {
    await book.setSettings(change);
    const view = candidates.settings();
    options.publishSettings(view);
    hear(parts.incidents.heard().active);
    return view;
  }

  function hear(active: readonly Incident[]): void {
    engine.nudge();
    for (const incident of active) {
      if (dealtWith.has(incident.id) || !candidates.mayBegin(incident)) continue;
      line = line
        .then(() => beginByItself(incident))
        .catch((error: unknown) => {
          parts.logger.warn("A repair could not begin", { incident: incident.id, problem: String(error) });
        });
    }
  }

  return {
    list: (filter) => book.page(filter),
    async get(id) {
      const found = await book.find(id);
      if (found === null) throw new AppError("not_found", "There is no such repair");
      return found;
    },
    settings: candidates.settings,
    setSettings: (settings) => changeSettings(() => settings),
    setAppLevel: (appId, level) =>
      changeSettings((settings) => {
        const { [appId]: _former, ...others } = settings.apps;
        return { ...settings, apps: level === null ? others : { ...others, [appId]: level } };
      }),
    outlook: async (incidentId) => candidates.outlook(await parts.incidents.get(incidentId)),
    ask,
    hear,
    ...createRepairActions({ parts, engine }),
  };
}

function lowerFirst(text: string): string {
  return text.startsWith("PortOS") ? text : text.charAt(0).toLowerCase() + text.slice(1);
}
