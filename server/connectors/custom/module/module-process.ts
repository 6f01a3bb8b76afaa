import { gatewayCodeSchema, type GatewayCode } from "../../../../contract/features/connectors.ts";
import type { Logger } from "../../../../lib/logger.ts";
import type { Kept } from "../child/idle-pool.ts";
import { startLineChild, type ChildEnd } from "../child/line-child.ts";
import type { ConnectorRequest, OperationContext } from "../../framework/define-connector.ts";
import { GatewayError } from "../../framework/gateway-error.ts";
import { toGatewayError } from "../../framework/to-gateway-error.ts";
import {
  fromModuleSchema,
  type FromModule,
  type ModuleQuestion,
  type ModuleRequest,
  type ToModule,
} from "./messages.ts";

type Context = OperationContext<Record<string, unknown>>;
/** A question without its number. */
export type AskedOfModule = ModuleQuestion extends infer Q ? (Q extends ModuleQuestion ? Omit<Q, "id"> : never) : never;

export interface AskLimits {
  signal: AbortSignal;
  timeoutMs: number;
  /** Doing it twice does what doing it once does. */
  isRepeatable?: boolean;
}

/** A module that runs. */
export interface ModuleProcess extends Kept {
  /** `context` is the way to the network for what is asked; without one there is none. */
  ask(question: AskedOfModule, context: Context | null, limits: AskLimits): Promise<unknown>;
}

interface Options {
  command: { file: string; args: string[] };
  name: string;
  logger: Logger;
  /** It has ended by itself. */
  onEnd(end: ChildEnd): void;
}

interface Asked {
  resolve(value: unknown): void;
  reject(error: Error): void;
  context: Context | null;
  /** Requests under way. */
  open: number;
  isRepeatable: boolean;
  /** Something that must not be sent twice has left, or may have. */
  hasWritten: boolean;
}

/** A reply of 10 MiB as base64, and what is around it. */
const maxLineBytes = 32 * 1024 * 1024;
const mostRequests = 50;
/** Time a module has to stop what it does. */
const stopMs = 2_000;

/** Starts it in its walls. */
export function startModule({ command, name, logger, onEnd }: Options): ModuleProcess {
  const asked = new Map<number, Asked>();
  let numbers = 0;
  let crash: string | null = null;
  let over: ChildEnd | null = null;
  let isClosing = false;

  const child = startLineChild({
    ...command,
    folder: "/",
    env: {},
    maxLineBytes,
    name,
    logger,
    onMessage(raw) {
      const parsed = fromModuleSchema.safeParse(raw);
      if (parsed.success) take(parsed.data);
      else logger.warn("The module says something nobody understands", { program: name });
    },
    onEnd({ reason }) {
      over = { reason: crash === null ? reason : `has crashed: ${crash}` };
      const error = ended(over);
      for (const { reject } of asked.values()) reject(error);
      asked.clear();
      if (!isClosing) onEnd(over);
    },
  });
  const send = (message: ToModule): void => {
    child.send(message);
  };

  function take(message: FromModule): void {
    if (message.kind === "crashed") {
      crash = message.message;
      return;
    }
    const of = asked.get(message.kind === "done" || message.kind === "failed" ? message.id : message.of);
    if (of === undefined) return; // nobody waits for it any more
    if (message.kind === "note") of.context?.note(message.code, message.reason);
    else if (message.kind === "done") of.resolve(message.value);
    else if (message.kind === "failed") of.reject(failureOf(message.failure, of.hasWritten));
    else void forward(message, of);
  }

  async function forward({ call, isOk, request }: Extract<FromModule, { kind: "http" }>, of: Asked): Promise<void> {
    of.open += 1;
    const isWrite = !of.isRepeatable && !mayRepeat(request);
    try {
      if (of.context === null) throw refused("This is no call, so nothing may leave");
      if (of.open > mostRequests) throw refused(`It has ${String(mostRequests)} requests under way already`);
      const { http } = of.context;
      const reply = await (isOk ? http.expectOk : http.request)(toRequest(request));
      of.hasWritten ||= isWrite;
      const { status, headers, url, bytes } = reply;
      const body = Buffer.from(bytes).toString("base64");
      send({ kind: "answer", call, reply: { status, headers, url, body } });
    } catch (error) {
      const { gatewayCode, message, hint = "" } = toGatewayError(error);
      // Whether one that failed on its way has arrived, nobody knows.
      of.hasWritten ||= isWrite && !stayedHere.has(gatewayCode);
      send({ kind: "refusal", call, failure: { code: gatewayCode, message, hint } });
    } finally {
      of.open -= 1;
    }
  }

  async function ask(
    question: AskedOfModule,
    context: Context | null,
    { signal, timeoutMs, isRepeatable = false }: AskLimits,
  ): Promise<unknown> {
    if (over) throw ended(over);
    signal.throwIfAborted();
    numbers += 1;
    const id = numbers;
    const answer = new Promise<unknown>((resolve, reject) => {
      asked.set(id, { resolve, reject, context, open: 0, isRepeatable, hasWritten: false });
    });
    let kill: NodeJS.Timeout | undefined;
    const giveUp = (): void => {
      if (kill !== undefined) return;
      send({ kind: "abort", of: id });
      asked.get(id)?.reject(tooLong(timeoutMs));
      // One that does not stop keeps the others waiting, too.
      kill = setTimeout(() => {
        crash ??= "it did not stop when it was told to";
        void child.end();
      }, stopMs);
    };
    const timer = setTimeout(giveUp, timeoutMs);
    signal.addEventListener("abort", giveUp, { once: true });
    send({ ...question, id });
    try {
      return await answer;
    } finally {
      asked.delete(id);
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      if (kill !== undefined) void stillThere().then(() => clearTimeout(kill));
    }
  }

  /** Resolves when it answers again. */
  async function stillThere(): Promise<void> {
    numbers += 1;
    const id = numbers;
    const answer = new Promise<unknown>((resolve, reject) => {
      asked.set(id, { resolve, reject, context: null, open: 0, isRepeatable: true, hasWritten: false });
    });
    send({ id, kind: "describe" });
    await answer.catch(() => undefined);
    asked.delete(id);
  }

  return {
    ask,
    ended: () => over,
    close() {
      isClosing = true;
      return child.end();
    },
  };
}

function toRequest({ body, isJson, ...rest }: ModuleRequest): ConnectorRequest {
  const wanted: ConnectorRequest = { url: rest.url };
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) Object.assign(wanted, { [name]: value });
  if (body === undefined) return wanted;
  const bytes = Buffer.from(body, "base64");
  return { ...wanted, body: isJson === true ? (JSON.parse(bytes.toString("utf8")) as object) : new Uint8Array(bytes) };
}

/** They say that nothing has left, so what waits in the queue would be tried again, and with some of them without end. */
const stayedHere = new Set<GatewayCode>([
  "offline",
  "disabled",
  "not_configured",
  "rate_limited",
  "disk_full",
  "circuit_open",
  "refused_by_guard",
  "refused_by_policy",
  "invalid_params",
]);

/** What its author says of it counts; else one that only looks may be sent again. */
function mayRepeat({ isIdempotent, method = "GET", body }: ModuleRequest): boolean {
  return isIdempotent ?? (body === undefined && ["GET", "HEAD"].includes(method.toUpperCase()));
}

function failureOf(
  { message, code, hint }: Extract<FromModule, { kind: "failed" }>["failure"],
  hasWritten: boolean,
): GatewayError {
  const known = gatewayCodeSchema.safeParse(code);
  const words = message.slice(0, 1_000);
  if (known.success && hasWritten && stayedHere.has(known.data))
    return new GatewayError("upstream_failed", `The module failed after it had sent something: ${words}`, {
      hint: "Look at the record of this call for what has left, and send it again by hand if it has to be.",
      isFinal: true,
    });
  if (known.success) return new GatewayError(known.data, words, { hint: hint ?? "Look at the record of this call." });
  return new GatewayError("upstream_failed", `The module failed: ${words}`, {
    hint: "Look into the log of portos-server for what it wrote.",
  });
}

function ended({ reason }: ChildEnd): GatewayError {
  return new GatewayError("upstream_failed", `The module ${reason}`, {
    hint: "Correct the file and accept it again, or look into the log of portos-server.",
  });
}

function tooLong(timeoutMs: number): GatewayError {
  return new GatewayError("timeout", `The module did not answer within ${Math.ceil(timeoutMs)} ms`, {
    hint: "Try again later, or allow more time in the policy.",
  });
}

function refused(message: string): GatewayError {
  return new GatewayError("refused_by_guard", message, { hint: "Correct the module.", isFinal: true });
}
