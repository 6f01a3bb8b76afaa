import { createCircuitBreaker } from "../../../../lib/circuit-breaker.ts";
import { systemClock, type Clock } from "../../../../lib/clock.ts";
import { publicGuard } from "../../../../lib/guarded-http/public-guard.ts";
import type { RetryPolicy } from "../../../../lib/retry.ts";
import { createCallTrace } from "../call-trace.ts";
import { createConnectorDial } from "../connector-dial.ts";
import { createConnectorFetch } from "../connector-fetch.ts";
import { createConnectorHttp } from "../connector-http.ts";
import type { OperationContext } from "../define-connector.ts";

/** A context over the real guard for one operation, and what became of it. */
export interface LoopbackContext<Config> {
  context: OperationContext<Config>;
  notes: { code: string; reason: string }[];
  /** Does what is done once the reply is handed on. */
  handOn(): Promise<void>;
  /** Closes connections, as the gateway does behind each call. */
  close(): Promise<void>;
}

export interface LoopbackContextOptions<Config> {
  config: Config;
  /** What the connector's configuration says about places inside. */
  insides: Parameters<typeof publicGuard>[0]["targets"];
  clock?: Clock;
  idempotencyKey?: string | null;
  /** `true` when left out. */
  isAwaited?: boolean;
  retries?: RetryPolicy;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** No second try: tests say when they want one. */
const once: RetryPolicy = { maxAttempts: 1, baseMs: 1, maxPauseMs: 1, maxAskedMs: 0 };

/** A context as the gateway makes it, for tests of one operation by itself. */
export function loopbackContext<Config>(options: LoopbackContextOptions<Config>): LoopbackContext<Config> {
  const { config, insides = [], clock = systemClock, idempotencyKey = null, retries = once } = options;
  const end = new AbortController();
  const signal = options.signal === undefined ? end.signal : AbortSignal.any([options.signal, end.signal]);
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
  const caps = { maxRequestBytes: 10_485_760, maxReplyBytes: 10_485_760 };
  const http = createConnectorHttp({
    ...shared,
    outsideGuard: publicGuard({ ownPorts: [5554], targets: insides, isOutsideOnly: true }),
    caps,
    isRepeatable: false,
    note,
    retries,
  });
  const dial = createConnectorDial(shared);
  const putOff: (() => Promise<void>)[] = [];
  return {
    context: {
      config,
      http,
      fetch: createConnectorFetch({ ...shared, caps }),
      dial: (target) => dial.dial(target),
      idempotencyKey,
      isAwaited: options.isAwaited ?? true,
      whenHandedOn: (work) => void putOff.push(work),
      signal,
      timeLeftMs: () => Math.max(0, shared.deadline - clock.monotonic()),
      maxReplyBytes: caps.maxReplyBytes,
      clock,
      note,
    },
    notes,
    async handOn() {
      for (const work of putOff) await work();
    },
    async close() {
      end.abort(new Error("The call has ended"));
      await dial.close();
    },
  };
}
