import type { EvidenceStep } from "../../../contract/features/evidence.ts";
import type { Clock } from "../../../lib/clock.ts";
import { redact } from "../../../lib/redact.ts";
import type { GatewayError } from "./gateway-error.ts";
import { toGatewayError } from "./to-gateway-error.ts";

/** What a step says when it lets a call pass. */
export interface Passed<T> {
  value: T;
  reason: string;
  code?: string;
}

/** The way of one call through the gateway, step by step. */
export interface CallPath {
  /** Runs a step; what it throws becomes a `GatewayError`, and the last step. */
  step<T>(name: string, work: () => Passed<T> | Promise<Passed<T>>): Promise<T>;
  /** A sentence for those who read it later. */
  note(name: string, code: string, reason: string): void;
  steps(): EvidenceStep[];
}

/** Room for every step besides. */
const maxNotes = 40;

/** An empty one; times are those of `clock`. */
export function createCallPath(clock: Pick<Clock, "monotonic">): CallPath {
  const steps: EvidenceStep[] = [];
  let notes = 0;
  const push = (step: string, verdict: EvidenceStep["verdict"], from: number, rest: StepWords): void => {
    const { code, reason, hint } = rest;
    const ms = Math.max(0, Math.round((clock.monotonic() - from) * 1_000) / 1_000);
    const words = { code, reason: redact(reason).slice(0, 2_000), ms };
    steps.push({ step, verdict, ...words, ...(hint === undefined ? {} : { hint: redact(hint).slice(0, 2_000) }) });
  };
  return {
    async step(name, work) {
      const from = clock.monotonic();
      try {
        const { value, reason, code = null } = await work();
        push(name, "pass", from, { code, reason });
        return value;
      } catch (error) {
        const failure: GatewayError = toGatewayError(error);
        push(name, "stop", from, { code: failure.gatewayCode, reason: failure.message, hint: failure.hint });
        throw failure;
      }
    },
    note(name, code, reason) {
      notes += 1;
      if (notes < maxNotes) push(name, "note", clock.monotonic(), { code, reason });
      else if (notes === maxNotes)
        push(name, "note", clock.monotonic(), { code: "more", reason: "Further notes are left out" });
    },
    steps: () => [...steps],
  };
}

interface StepWords {
  code: string | null;
  reason: string;
  hint?: string | undefined;
}
