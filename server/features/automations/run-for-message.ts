import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { AutomationRecord } from "./automation-record.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import { occurrenceIdOf } from "./occurrence-row.ts";
import type { OccurrenceRunner } from "./occurrence-runner.ts";

interface Parts {
  ledger: Pick<OccurrenceLedger, "find">;
  runner: Pick<OccurrenceRunner, "submit" | "record">;
  clock: Pick<Clock, "now">;
  store: { pausedAt(): string | null };
  isStopped(): boolean;
}

/** Starts an automation for a message, or writes down why not; a message that did so before gets what it started then. */
export async function runForMessage(
  automation: AutomationRecord,
  message: { id: string; webhook: string },
  { ledger, runner, clock, store, isStopped }: Parts,
): Promise<Occurrence> {
  const known = await ledger.find(occurrenceIdOf(message.id));
  if (known) return known;
  const { id: messageId, webhook: who } = message;
  const occasion = { trigger: "webhook", who, due: clock.now(), note: null, messageId } as const;
  const reason = isStopped()
    ? "Everything is stopped"
    : store.pausedAt() !== null
      ? "Automations are paused"
      : automation.isEnabled
        ? null
        : "The automation is off";
  return reason === null ? runner.submit(automation, occasion) : runner.record(automation, occasion, { reason });
}
