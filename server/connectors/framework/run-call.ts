import { z } from "zod";

import type { Guard } from "../../../lib/guarded-http/guard.ts";
import { publicGuard } from "../../../lib/guarded-http/public-guard.ts";
import type { CallPath } from "./call-path.ts";
import type { CallTrace } from "./call-trace.ts";
import { createConnectorDial } from "./connector-dial.ts";
import { createConnectorFetch } from "./connector-fetch.ts";
import { createConnectorHttp } from "./connector-http.ts";
import type { AnyConnector, ConnectorHttp, OperationContext } from "./define-connector.ts";
import { GatewayError } from "./gateway-error.ts";
import type { GatewayDependencies } from "./gateway-request.ts";
import type { PolicyJudge } from "./policy.ts";
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

/** A way to the network for one call, open until it is closed. */
export interface CallNetwork {
  /** Runs something of the connector until it is done, its time is up or the caller gives up. */
  run<T>(work: (context: OperationContext<Record<string, unknown>>) => Promise<T>): Promise<T>;
  /** Whether something is put off until the reply is handed on. */
  isOpenEnded(): boolean;
  /** Does what was put off. */
  settle(): Promise<void>;
  /** Nothing stays open. */
  close(): Promise<void>;
}

/** As `openNetwork`, for what has nothing to do behind its reply. */
async function runWithNetwork<T>(
  subject: RunSubject,
  parts: NetworkParts,
  run: (context: OperationContext<Record<string, unknown>>) => Promise<T>,
): Promise<T> {
  const network = openNetwork(subject, parts);
  try {
    return await network.run(run);
  } finally {
    await network.close();
  }
}

type NetworkParts = RunParts & { isRepeatable: boolean; isAwaited: boolean };

/** Opens the way to the network for one call of a connector; `close` it afterwards. */
export function openNetwork(subject: RunSubject, parts: NetworkParts): CallNetwork {
  const { clock, path, idempotencyKey, isAwaited } = parts;
  const deadline = clock.monotonic() + subject.policy.timeoutMs;
  const timer = createCallTimer(subject.policy.timeoutMs, parts.signal);
  const guards = guardsOf(subject, parts);
  const shared = {
    guard: guards.guard,
    clock,
    deadline,
    signal: timer.signal,
    breaker: parts.breaker,
    trace: parts.trace,
  };
  /** Something may still be going on when the call ends, or somebody may listen for it. */
  let isHeld = false;
  let requests = 0;
  let isOver = false;
  /** What begins when the call has ended finds itself aborted. */
  const hold = (): void => {
    isHeld = true;
    if (isOver) timer.end(true);
  };
  const dialled = createConnectorDial(shared);
  let fetchHere: typeof fetch | null = null;
  const note = (code: string, reason: string): void => {
    path.note(subject.connector.id, code, reason);
  };
  const http = createConnectorHttp({
    ...shared,
    outsideGuard: guards.outsideGuard,
    caps: subject.policy,
    isRepeatable: parts.isRepeatable,
    note,
    ...(parts.retries === undefined ? {} : { retries: parts.retries }),
  });
  const putOff: (() => Promise<void>)[] = [];
  const context: OperationContext<Record<string, unknown>> = {
    config: subject.config,
    http: counted(http, (change) => {
      requests += change;
      if (isOver) hold();
    }),
    fetch(input, init) {
      hold();
      fetchHere ??= createConnectorFetch({ ...shared, caps: subject.policy });
      return fetchHere(input, init);
    },
    dial(target) {
      hold();
      return dialled.dial(target);
    },
    get signal() {
      hold();
      return timer.signal;
    },
    timeLeftMs: () => Math.max(0, deadline - clock.monotonic()),
    maxReplyBytes: subject.policy.maxReplyBytes,
    clock,
    note,
    idempotencyKey,
    isAwaited,
    whenHandedOn: (work) => void putOff.push(work),
  };
  const inTime = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      timer.signal.throwIfAborted();
      return await Promise.race([work(), timer.ended]);
    } catch (error) {
      timer.signal.throwIfAborted(); // what it is that ended it says more than what broke thereby
      throw error;
    }
  };
  return {
    run: (work) => inTime(() => work(context)),
    isOpenEnded: () => putOff.length > 0,
    async settle() {
      for (const work of putOff) await inTime(work);
    },
    async close() {
      isOver = true;
      timer.end(isHeld || requests > 0);
      await dialled.close();
    },
  };
}

/** Looks how the other side is, with the same walls as a call. */
export function runHealth(subject: RunSubject, parts: Omit<RunParts, "idempotencyKey">) {
  const { health } = subject.connector;
  if (!health) return Promise.resolve(null);
  const all = { ...parts, idempotencyKey: null, isRepeatable: true, isAwaited: true };
  return runWithNetwork(subject, all, (context) => health(context));
}

interface CallGuards {
  /** Of every request. */
  guard: Guard;
  /** Of requests that must not go inside whatever is configured. */
  outsideGuard: Guard;
}
const knownGuards = new WeakMap<PolicyJudge, CallGuards & { config: object; connector: AnyConnector }>();

/** Those of the last call, as long as connector, configuration and policy are the same. */
function guardsOf(subject: RunSubject, parts: Pick<RunParts, "ownPorts" | "resolve">): CallGuards {
  const { connector, config, judge } = subject;
  const known = knownGuards.get(judge);
  if (known?.config === config && known.connector === connector) return known;
  const outsideGuard = newGuard(subject, parts, { isOutsideOnly: true });
  const guards = { config, connector, guard: newGuard(subject, parts), outsideGuard };
  knownGuards.set(judge, guards);
  return guards;
}

/** What may be called on behalf of a connector. */
export function newGuard(
  { connector, config, policy, judge }: RunSubject,
  { ownPorts, resolve }: Pick<RunParts, "ownPorts" | "resolve">,
  { isOutsideOnly = false } = {},
): Guard {
  return publicGuard({
    ownPorts,
    isOutsideOnly,
    rules: judge.domains,
    extraPorts: policy.extraPorts,
    hints: guardHints(connector),
    targets: [...policy.insides.map((address) => ({ address, isInside: true })), ...insidesOf(connector, config)],
    ...(resolve === undefined ? {} : { resolve }),
  });
}

/** Where a place that is refused can be allowed, by the names that stand in the forms. */
export function guardHints(connector: Pick<AnyConnector, "config" | "insideField">) {
  const { isInside: field } = connector.config.shape as Record<string, unknown>;
  const title = connector.insideField ?? (field instanceof z.ZodType ? field.meta()?.title : undefined);
  const tick = title === undefined ? "" : `tick "${title}" if that is its own address, or `;
  return {
    inside: (place: string) => `If it is meant, ${tick}name ${place} under "Places inside" in the policy.`,
    port: (port: number, place: string) =>
      `If it is meant, ${tick}add ${port} to "Further ports" or ${place} to "Places inside" in the policy.`,
  };
}

function insidesOf(connector: AnyConnector, config: Record<string, unknown>) {
  return connector.insides?.(config) ?? [];
}

/** Tells when a request begins and when it has ended. */
function counted({ request, expectOk }: ConnectorHttp, tell: (change: 1 | -1) => void): ConnectorHttp {
  const all =
    (send: ConnectorHttp["request"]): ConnectorHttp["request"] =>
    async (wanted) => {
      tell(1);
      try {
        return await send(wanted);
      } finally {
        tell(-1);
      }
    };
  return { request: all(request), expectOk: all(expectOk) };
}

/** One for all: it tells what is left of a call that nobody waits any more. */
const callEnded = new GatewayError("cancelled", "The call has ended", { hint: "Call again if it is still wanted." });

interface CallTimer {
  signal: AbortSignal;
  /** Rejects when the call is to end; never resolves. */
  ended: Promise<never>;
  /** Stops the time; what is left of the call, if it is held by anything, is told that nobody waits any more. */
  end(isHeld: boolean): void;
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
    end(isHeld) {
      clearTimeout(timeout);
      caller?.removeEventListener("abort", onAbort);
      if (isHeld) controller.abort(callEnded);
    },
  };
}
