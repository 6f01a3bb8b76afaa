import type { OccurrenceStep } from "../../../contract/features/automation-connectors.ts";
import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { StoredAction } from "./automation-record.ts";
import type { OutputWriter } from "./output-writer.ts";

/** How an action ended. */
export interface ActionResult {
  state: "succeeded" | "failed" | "cancelled" | "interrupted" | "skipped";
  reason: string | null;
  exitCode?: number | null;
  httpStatus?: number | null;
  /** Its calls of connectors, as they ended. */
  steps?: OccurrenceStep[];
}

/** What a run is given, whoever started it. */
export interface RunContext {
  row: Occurrence;
  output: OutputWriter;
  /** Puts how its calls stand into the ledger; on disk when it resolves. */
  progress(steps: OccurrenceStep[]): Promise<void>;
  /** Aborts when the run shall end; its reason is a sentence for the ledger. */
  signal: AbortSignal;
  /** Aborts when the server stops: what can go on without it goes on. */
  detach: AbortSignal;
}

/** A server that stops gives a run out of its hands; its end is recorded by the next one. */
export const detached = "detached";
export type ActionOutcome = ActionResult | typeof detached;

/** One kind of action. */
export interface ActionRunner<A extends StoredAction = StoredAction> {
  start(context: RunContext, action: A): Promise<ActionOutcome>;
  /** Takes up a run that a server before this one started; `null` when nothing is known of it. */
  adopt?(context: RunContext): Promise<ActionOutcome | null>;
  /** The end of this run is in the ledger: what was kept for it elsewhere may go. */
  forget?(occurrenceId: string): Promise<void>;
}

/** The sentence a cancelled run ends with. */
export function cancelReason(signal: AbortSignal): string {
  return typeof signal.reason === "string" ? signal.reason : "Cancelled";
}
