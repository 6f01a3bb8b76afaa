import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { PortosEvent } from "../../../contract/features/events.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { AutomationRecord } from "./automation-record.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";

/** So many automations one after another may follow from one happening. */
export const longestChain = 5;
/** So long after a restart an app may come online because of it. */
const latelyMs = 2 * 60_000;

type Store = { all(): readonly AutomationRecord[]; get(id: string): AutomationRecord | null };

/** Why an event must not start an automation: it would go round. */
export function loopOf(
  automation: AutomationRecord,
  { causes, name }: PortosEvent,
  store: Pick<Store, "get">,
): string | null {
  const nameOf = (id: string): string => store.get(id)?.name ?? "a deleted automation";
  if (causes.at(-1) === automation.id) return `It would start itself: this ${name} came about by what it did`;
  if (causes.includes(automation.id))
    return `It would go round: this ${name} came about by ${causes.map(nameOf).join(", then ")}`;
  if (causes.length >= longestChain)
    return `${longestChain} automations one after another led to this ${name}; no more follow from it`;
  return null;
}

/** Which automations led to what an automation does now: itself, and those by whose doing it was started. */
export function createCauses(
  ledger: Pick<OccurrenceLedger, "openOf">,
  clock: Pick<Clock, "monotonic">,
  store: Pick<Store, "all">,
) {
  const last = new Map<string, { causes: readonly string[]; at: number }>();
  const isLately = (automationId: string): boolean =>
    ledger.openOf(automationId).length > 0 ||
    clock.monotonic() - (last.get(automationId)?.at ?? Number.NEGATIVE_INFINITY) < latelyMs;

  function causesOf(automationId: string): string[] {
    const [open] = ledger.openOf(automationId);
    return [...(open?.causes ?? last.get(automationId)?.causes ?? []), automationId];
  }

  return {
    /** A run of it has begun or goes on. */
    note({ automationId, state, causes = [] }: Occurrence): void {
      if (state === "running") last.set(automationId, { causes, at: clock.monotonic() });
    },
    causesOf,
    /** The same of one that has just restarted this app. */
    causesOfApp(appId: string): string[] {
      const found = store
        .all()
        .find(({ id, action }) => action.kind === "restart-app" && action.appId === appId && isLately(id));
      return found ? causesOf(found.id) : [];
    },
  };
}
