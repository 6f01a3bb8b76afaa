import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { OccurrenceStep } from "../../../contract/features/automation-connectors.ts";
import { redact } from "../../../lib/redact.ts";
import { type ActionOutcome, detached, type RunContext } from "./action-runner.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import { isoTime } from "./occurrence-row.ts";
import type { OutputWriter } from "./output-writer.ts";
import type { RunOutputs } from "./run-output.ts";

const outputEventEveryMs = 300;
const firstWriteDelayMs = 500;
const maxWriteDelayMs = 30_000;

export interface PerformerOptions {
  clock: Clock;
  logger: Logger;
  ledger: OccurrenceLedger;
  outputs: RunOutputs;
  /** Aborts when the server stops. */
  detach: AbortSignal;
  /** An occurrence was queued, started or ended. */
  onOccurrence(row: Occurrence): void;
  onOutput(id: string, bytes: number): void;
}

/** `null`: nothing is known of the run any more. */
export type Work = (context: RunContext) => Promise<ActionOutcome | null>;

/** Sees one run through: output kept, outcome judged, end written exactly once. */
export interface RunPerformer {
  /** Resolves with the finished row, or `null` when the run goes on without this server. Never rejects. */
  perform(row: Occurrence, cancel: AbortSignal, work: Work): Promise<Occurrence | null>;
  /** Writes a last row once; throws when the disk refuses it. */
  finish(row: Occurrence): Promise<Occurrence>;
  /** Writes a last row as soon as the disk takes it; when the server stops before, the next one has to. */
  finishSurely(row: Occurrence): Promise<void>;
}

/** A performer that keeps nothing itself. */
export function createRunPerformer(options: PerformerOptions): RunPerformer {
  const { clock, logger, ledger, outputs, detach } = options;

  async function finish(row: Occurrence): Promise<Occurrence> {
    await ledger.finish(row);
    options.onOccurrence(row);
    return row;
  }

  async function finishSurely(row: Occurrence): Promise<void> {
    for (let delayMs = firstWriteDelayMs; ; delayMs = Math.min(delayMs * 2, maxWriteDelayMs)) {
      try {
        await finish(row);
        return;
      } catch (error) {
        logger.error("The end of a run could not be written", { occurrence: row.id }, error);
        if (detach.aborted) return;
        await new Promise((resolve) => setTimeout(resolve, delayMs).unref());
      }
    }
  }

  /** The writer, telling now and then how much it has. */
  function told(id: string, writer: OutputWriter): OutputWriter {
    let toldAt = Number.NEGATIVE_INFINITY;
    return {
      ...writer,
      async append(from, bytes) {
        await writer.append(from, bytes);
        if (clock.monotonic() - toldAt < outputEventEveryMs) return;
        toldAt = clock.monotonic();
        options.onOutput(id, writer.size());
      },
    };
  }

  async function close(id: string, output: OutputWriter | undefined, isDetached: boolean): Promise<void> {
    try {
      await (isDetached ? output?.release() : output?.close());
    } catch (error) {
      logger.error("The output of a run is not complete", { occurrence: id }, error);
    }
  }

  return {
    finish,
    finishSurely,
    async perform(row, cancel, work) {
      let output: OutputWriter | undefined;
      let current = row;
      const progress = async (steps: OccurrenceStep[]): Promise<void> => {
        current = { ...current, steps };
        await ledger.started(current);
        options.onOccurrence(current);
      };
      let outcome: ActionOutcome | null;
      try {
        output = await outputs.writer(row.id);
        outcome = await work({ row, output: told(row.id, output), progress, signal: cancel, detach });
      } catch (error) {
        logger.error("A run failed unexpectedly", { occurrence: row.id }, error);
        outcome = { state: "failed", reason: "Internal error; the log of portos-server says more" };
      }
      await close(row.id, output, outcome === detached);
      if (outcome === detached) return null;
      const ended = endedRow(current, outcome, clock.now(), output?.size() ?? 0);
      await finishSurely(ended);
      return ended;
    },
  };
}

function endedRow(
  row: Occurrence,
  outcome: Exclude<ActionOutcome, typeof detached> | null,
  now: number,
  outputBytes: number,
): Occurrence {
  const { state, reason, exitCode, httpStatus } = outcome ?? {
    state: "interrupted" as const,
    reason: "PortOS was stopped while it ran or before it had begun",
  };
  const steps = (outcome?.steps ?? row.steps)?.map(endedStep);
  return {
    ...row,
    ...(steps === undefined ? {} : { steps }),
    state,
    reason: reason === null ? row.reason : redact(reason),
    exitCode: exitCode ?? null,
    httpStatus: httpStatus ?? null,
    endedAt: isoTime(now),
    durationMs: Math.max(0, now - Date.parse(row.startedAt ?? row.due)),
    outputBytes,
  };
}

/** Nothing goes on of a run that has ended. */
function endedStep(step: OccurrenceStep): OccurrenceStep {
  if (step.state === "queued") return { ...step, state: "skipped" };
  const isOpen = step.state === "running" || step.state === "waiting" || step.state === "sending";
  return isOpen ? { ...step, state: "cancelled" } : step;
}
