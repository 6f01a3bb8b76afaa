import { z } from "zod";

import type {
  AnyConnector,
  ConnectorHttp,
  ConnectorReply,
  ConnectorRequest,
  OperationContext,
} from "../../framework/define-connector.ts";
import type { FromModule, ModuleContext, ModuleFailure, ModuleQuestion, ModuleReply, ToModule } from "./messages.ts";

// Runs in the child, in one file with the module of the user: this part is evaluated first.

const { stdin, stdout, stderr, exit } = process;
const listen = process.on.bind(process);
const write = (message: FromModule): void => {
  stdout.write(`${JSON.stringify(message)}\n`);
};

function say(...words: unknown[]): void {
  stderr.write(`${words.map((word) => (typeof word === "string" ? word : JSON.stringify(word))).join(" ")}\n`);
}

/** What leads past the gateway is gone before the first line of the module runs. */
function seal(): void {
  const doors = ["process", "fetch", "WebSocket", "EventSource", "XMLHttpRequest", "navigator", "BroadcastChannel"];
  for (const name of doors) Reflect.deleteProperty(globalThis, name);
  for (const name of doors)
    Object.defineProperty(globalThis, name, { value: undefined, writable: false, configurable: false });
  const words = { log: say, info: say, warn: say, error: say, debug: say, trace: say };
  Object.defineProperty(globalThis, "console", { value: Object.freeze(words), writable: false });
  listen("uncaughtException", crash);
  listen("unhandledRejection", crash);
}

function crash(error: unknown): void {
  stdout.write(`${JSON.stringify({ kind: "crashed", message: wordsOf(error) } satisfies FromModule)}\n`, () => exit(1));
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 1_000);
}

seal();

/** A request that was refused or failed, with the gateway's code and what helps. */
class GatewayCallError extends Error {
  override readonly name = "GatewayCallError";
  readonly code: string;
  readonly hint: string;

  constructor({ code, message, hint }: ModuleFailure) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

const running = new Map<number, AbortController>();
const waiting = new Map<number, { resolve(reply: ModuleReply): void; reject(error: Error): void }>();
let calls = 0;

/** Answers what it is asked about a module, until its input ends. */
export function serve(given: unknown): void {
  const connector = connectorOf(given);
  let rest = "";
  stdin.setEncoding("utf8");
  stdin.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(connector, JSON.parse(line) as ToModule);
  });
  stdin.on("end", () => exit(0));
}

function connectorOf(given: unknown): AnyConnector {
  const isOne = typeof given === "object" && given !== null && "operations" in given && "config" in given;
  if (isOne) return given as AnyConnector;
  throw new Error("Its default export must be what defineConnector gives back");
}

function take(connector: AnyConnector, message: ToModule): void {
  switch (message.kind) {
    case "abort":
      running.get(message.of)?.abort(new Error("The call was ended"));
      return;
    case "answer":
      waiting.get(message.call)?.resolve(message.reply);
      waiting.delete(message.call);
      return;
    case "refusal":
      waiting.get(message.call)?.reject(new GatewayCallError(message.failure));
      waiting.delete(message.call);
      return;
    case "describe":
    case "health":
    case "run":
    case "targets":
    default:
      void answer(connector, message);
  }
}

async function answer(connector: AnyConnector, question: ModuleQuestion): Promise<void> {
  const { id } = question;
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const value = question.kind === "describe" ? describe(connector) : await work(connector, question, controller);
    write({ kind: "done", id, value: value ?? null });
  } catch (error) {
    const isCall = error instanceof GatewayCallError;
    const message = isCall ? error.message : wordsOf(error);
    write({
      kind: "failed",
      id,
      failure: { message, code: isCall ? error.code : null, hint: isCall ? error.hint : null },
    });
  } finally {
    running.delete(id);
  }
}

async function work(
  connector: AnyConnector,
  question: Exclude<ModuleQuestion, { kind: "describe" }>,
  controller: AbortController,
): Promise<unknown> {
  const config = connector.config.parse(question.config);
  const context = contextOf(question.id, config, question.context, controller.signal);
  if (question.kind === "health") return connector.health?.(context);
  const operation = connector.operations[question.operation];
  if (operation === undefined) throw new Error(`It has no operation ${question.operation}`);
  const input = operation.input.parse(question.input);
  if (question.kind === "targets") return operation.targets(input, config);
  return operation.output.parse(await operation.run(input, context));
}

function contextOf(
  id: number,
  config: Record<string, unknown>,
  { idempotencyKey, isAwaited, now, timeLeftMs, maxReplyBytes }: ModuleContext,
  signal: AbortSignal,
): OperationContext<Record<string, unknown>> {
  const since = performance.now();
  const passed = (): number => performance.now() - since;
  return {
    config,
    http: httpOf(id),
    fetch: notHere("fetch"),
    dial: notHere("dial"),
    idempotencyKey,
    isAwaited,
    whenHandedOn() {
      throw new Error("whenHandedOn is not there for modules");
    },
    signal,
    timeLeftMs: () => Math.max(0, timeLeftMs - passed()),
    maxReplyBytes,
    clock: { now: () => now + passed() },
    note: (code, reason) => {
      write({ kind: "note", of: id, code, reason: reason.slice(0, 1_000) });
    },
  };
}

function notHere(what: string): () => Promise<never> {
  return () => Promise.reject(new Error(`${what} is not there for modules; use http`));
}

function httpOf(of: number): ConnectorHttp {
  const send = async (wanted: ConnectorRequest, isOk: boolean): Promise<ConnectorReply> => {
    calls += 1;
    const call = calls;
    const reply = new Promise<ModuleReply>((resolve, reject) => waiting.set(call, { resolve, reject }));
    write({ kind: "http", call, of, isOk, request: requestOf(wanted) });
    return replyOf(await reply);
  };
  return { request: (wanted) => send(wanted, false), expectOk: (wanted) => send(wanted, true) };
}

function requestOf({ url, query, body, ...rest }: ConnectorRequest): Extract<FromModule, { kind: "http" }>["request"] {
  const isJson = typeof body === "object" && !(body instanceof Uint8Array);
  const bytes = isJson ? JSON.stringify(body) : body;
  const known = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === "object" ? [...value] : value] as const],
  );
  return {
    ...rest,
    url: String(url),
    ...(query === undefined ? {} : { query: Object.fromEntries(known) }),
    ...(bytes === undefined ? {} : { body: Buffer.from(bytes).toString("base64"), isJson }),
  };
}

function replyOf({ status, headers, url, body }: ModuleReply): ConnectorReply {
  const bytes = new Uint8Array(Buffer.from(body, "base64"));
  const text = (): string => new TextDecoder().decode(bytes);
  return { status, headers, url, bytes, text, json: () => JSON.parse(text()) as unknown };
}

function toJson(schema: z.ZodType, io: "input" | "output"): unknown {
  return z.toJSONSchema(schema, { io, unrepresentable: "any" });
}

/** What is kept of it for the time it does not run. */
function describe({ id, title, description, config, secrets, operations, health }: AnyConnector): unknown {
  const all = Object.entries(operations).map(([name, operation]) => ({
    name,
    title: operation.title,
    description: operation.description,
    effect: operation.effect,
    isToPeople: operation.isToPeople === true,
    isIdempotent: operation.isIdempotent ?? operation.effect === "read",
    trust: operation.trust ?? "external",
    input: toJson(operation.input, "input"),
    output: toJson(operation.output, "output"),
    examples: operation.examples,
  }));
  return {
    id,
    title,
    description,
    config: toJson(config, "input"),
    secrets,
    hasHealth: health !== undefined,
    operations: all,
  };
}
