import { publicGuard } from "../../../lib/guarded-http/public-guard.ts";
import type { CallPath } from "./call-path.ts";
import { createCallTrace, type CallTrace } from "./call-trace.ts";
import { createConnectorDial } from "./connector-dial.ts";
import { createConnectorHttp } from "./connector-http.ts";
import type { AnyConnector, OperationContext } from "./define-connector.ts";
import { GatewayError } from "./gateway-error.ts";
import type { GatewayDependencies } from "./gateway-request.ts";
import type { PreparedCall } from "./prepare-call.ts";

/** What a run needs besides what is run. */
export interface RunParts extends Pick<GatewayDependencies, "breaker" | "clock" | "ownPorts" | "resolve" | "retries"> {
  path: CallPath;
  trace: CallTrace;
  idempotencyKey: string | null;
  /** Of the caller. */
  signal: AbortSignal | undefined;
}

/** The connector with its configuration and what it may. */
export type RunSubject = Pick<PreparedCall, "connector" | "config" | "policy" | "judge">;

/**
 * Runs something of a connector with its way to the network, until it is done, its time is up or the caller gives up; nothing
 * of it stays open.
 */
export async function runWithNetwork<T>(
  subject: RunSubject,
  parts: RunParts & { isRepeatable: boolean },
  run: (context: OperationContext<Record<string, unknown>>) => Promise<T>,
): Promise<T> {
  const { clock, path } = parts;
  const deadline = clock.monotonic() + subject.policy.timeoutMs;
  const timer = createCallTimer(subject.policy.timeoutMs, parts.signal);
  const shared = {
    guard: guardOf(subject, parts),
    clock,
    deadline,
    signal: timer.signal,
    breaker: parts.breaker,
    trace: parts.trace,
  };
  const dialled = createConnectorDial(shared);
  const note = (code: string, reason: string): void => {
    path.note(subject.connector.id, code, reason);
  };
  const http = createConnectorHttp({
    ...shared,
    caps: subject.policy,
    isRepeatable: parts.isRepeatable,
    note,
    ...(parts.retries === undefined ? {} : { retries: parts.retries }),
  });
  const { idempotencyKey } = parts;
  try {
    timer.signal.throwIfAborted();
    const context = {
      config: subject.config,
      http,
      dial: dialled.dial,
      signal: timer.signal,
      timeLeftMs: () => Math.max(0, deadline - clock.monotonic()),
      clock,
      note,
      idempotencyKey,
    };
    return await Promise.race([run(context), timer.ended]);
  } catch (error) {
    timer.signal.throwIfAborted(); // what it is that ended it says more than what broke thereby
    throw error;
  } finally {
    timer.stop();
    await dialled.close();
  }
}

/** Looks how the other side is, with the same walls as a call. */
export function runHealth(subject: RunSubject, parts: Omit<RunParts, "path" | "trace" | "idempotencyKey">) {
  const { health } = subject.connector;
  if (!health) return Promise.resolve(null);
  const path = { step: () => Promise.reject(new Error("no steps")), note: () => undefined, steps: () => [] };
  const all = { ...parts, path, trace: createCallTrace(), idempotencyKey: null, isRepeatable: true };
  return runWithNetwork(subject, all, (context) => health(context));
}

function guardOf(
  { connector, config, policy, judge }: RunSubject,
  { ownPorts, resolve }: Pick<RunParts, "ownPorts" | "resolve">,
) {
  return publicGuard({
    ownPorts,
    rules: judge.domains,
    extraPorts: policy.extraPorts,
    targets: [...policy.insides.map((address) => ({ address, isInside: true })), ...insidesOf(connector, config)],
    ...(resolve === undefined ? {} : { resolve }),
  });
}

function insidesOf(connector: AnyConnector, config: Record<string, unknown>) {
  return connector.insides?.(config) ?? [];
}

interface CallTimer {
  signal: AbortSignal;
  /** Rejects when the call is to end; never resolves. */
  ended: Promise<never>;
  stop(): void;
}

function createCallTimer(timeoutMs: number, caller: AbortSignal | undefined): CallTimer {
  const controller = new AbortController();
  const ended = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener("abort", () => {
      reject(controller.signal.reason as Error);
    });
  });
  ended.catch(() => undefined); // it may end when nobody waits any more
  const timeout = setTimeout(() => {
    controller.abort(
      new GatewayError("timeout", `The call was not done within ${timeoutMs} ms`, {
        hint: "Try again later, or allow more time in the policy.",
      }),
    );
  }, timeoutMs);
  const onAbort = (): void => {
    const reason: unknown = caller?.reason;
    const hint = "Call again if it is still wanted.";
    controller.abort(
      reason instanceof GatewayError ? reason : new GatewayError("cancelled", "The call was cancelled", { hint }),
    );
  };
  caller?.addEventListener("abort", onAbort, { once: true });
  if (caller?.aborted === true) onAbort();
  return {
    signal: controller.signal,
    ended,
    stop() {
      clearTimeout(timeout);
      caller?.removeEventListener("abort", onAbort);
    },
  };
}
