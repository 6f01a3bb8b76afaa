import { createCircuitBreaker } from "../../../../lib/circuit-breaker.ts";
import { systemClock, type Clock } from "../../../../lib/clock.ts";
import { publicGuard } from "../../../../lib/guarded-http/public-guard.ts";
import type { RetryPolicy } from "../../../../lib/retry.ts";
import { createCallTrace } from "../call-trace.ts";
import { createConnectorDial } from "../connector-dial.ts";
import { createConnectorHttp } from "../connector-http.ts";
import type { OperationContext } from "../define-connector.ts";

/** A context over the real guard for one operation, and what became of it. */
export interface LoopbackContext<Config> {
  context: OperationContext<Config>;
  notes: { code: string; reason: string }[];
  /** Closes connections, as the gateway does behind each call. */
  close(): Promise<void>;
}

export interface LoopbackContextOptions<Config> {
  config: Config;
  /** What the connector's configuration says about places inside. */
  insides: Parameters<typeof publicGuard>[0]["targets"];
  clock?: Clock;
  idempotencyKey?: string | null;
  retries?: RetryPolicy;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** No second try: tests say when they want one. */
const once: RetryPolicy = { maxAttempts: 1, baseMs: 1, maxPauseMs: 1, maxAskedMs: 0 };

/** A context as the gateway makes it, for tests of one operation by itself. */
export function loopbackContext<Config>(options: LoopbackContextOptions<Config>): LoopbackContext<Config> {
  const { config, insides = [], clock = systemClock, idempotencyKey = null, retries = once } = options;
  const signal = options.signal ?? new AbortController().signal;
  const notes: { code: string; reason: string }[] = [];
  const note = (code: string, reason: string): void => {
    notes.push({ code, reason });
  };
  const shared = {
    guard: publicGuard({ ownPorts: [5554], targets: insides }),
    clock,
    deadline: clock.monotonic() + (options.timeoutMs ?? 20_000),
    signal,
    breaker: createCircuitBreaker({ clock }),
    trace: createCallTrace(),
  };
  const http = createConnectorHttp({
    ...shared,
    caps: { maxRequestBytes: 10_485_760, maxReplyBytes: 10_485_760 },
    isRepeatable: false,
    note,
    retries,
  });
  const dial = createConnectorDial(shared);
  return {
    context: {
      config,
      http,
      dial: (target) => dial.dial(target),
      idempotencyKey,
      signal,
      timeLeftMs: () => Math.max(0, shared.deadline - clock.monotonic()),
      clock,
      note,
    },
    notes,
    close: () => dial.close(),
  };
}
