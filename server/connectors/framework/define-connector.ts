import type { Socket } from "node:net";

import type { z } from "zod";

import {
  connectorIdSchema,
  operationNameSchema,
  type Effect,
  type TrustTier,
} from "../../../contract/features/connectors.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { GuardTarget } from "../../../lib/guarded-http/public-guard.ts";

/** One request of a connector. */
export interface ConnectorRequest {
  url: string | URL;
  method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  headers?: Record<string, string>;
  /** Added to the query of `url`; what is `undefined` is left out. */
  query?: Record<string, string | number | boolean | readonly string[] | undefined>;
  /** An object is sent as JSON. */
  body?: string | Uint8Array | object;
  /** May be repeated although its method writes, because the other side recognises it. */
  isIdempotent?: boolean;
  /** Redirects to follow, each judged; 5 by default. */
  maxRedirects?: number;
  /** Most bytes of the reply, when the policy allows more than is wanted here. */
  maxBytes?: number;
  /** What sets `maxBytes`, as the user knows it: '"Max page bytes" in the configuration'; told when it is hit. */
  maxBytesFrom?: string;
  /** Most tries, the first one included, when somebody else can be asked sooner. */
  maxTries?: number;
  /** Time for this request and all its tries, when the policy allows more than is wanted here. */
  timeoutMs?: number;
  /** Somebody outside may have thought of it, as of what a page asks for: refused where it leads inside, whatever is named. */
  isOutsideOnly?: boolean;
  /** Told after each try, however it ended: how much of a reply has come, unpacked as far as it was. */
  onReceived?(bytes: number): void;
}

/** A reply that is here as a whole. */
export interface ConnectorReply {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  bytes: Uint8Array;
  /** Where it came from, after redirects. */
  url: string;
  /** As UTF-8. */
  text(): string;
  /** Throws `upstream_failed` for what is no JSON. */
  json(): unknown;
}

/** The only way a connector reaches the network. Tries, guard, caps, evidence and time-outs are behind it. */
export interface ConnectorHttp {
  /** Any status is a reply. */
  request(request: ConnectorRequest): Promise<ConnectorReply>;
  /** As `request`, and throws `upstream_failed` for a status of 400 and more, with what the other side said. */
  expectOk(request: ConnectorRequest): Promise<ConnectorReply>;
}

/** A place to connect to with a protocol of its own. */
export interface DialTarget {
  /** A name or an address. */
  host: string;
  port: number;
  /** `implicit`: encrypted from the first byte on. `none` by default; the library may secure it itself. */
  tls?: "implicit" | "none";
}

/** What an operation works with. */
export interface OperationContext<Config> {
  /** Secrets are open in it. */
  config: Config;
  http: ConnectorHttp;
  /** For a library that brings its own client; prefer `http`, which repeats what may be repeated. */
  fetch: typeof fetch;
  /** Opens a connection for a library that speaks no HTTP: judged as requests are, and closed when the operation ends. */
  dial(target: DialTarget): Promise<Socket>;
  /** The key this call must be recognised by, the same at each try of a delivery; `null` when none was asked for. */
  idempotencyKey: string | null;
  /** Somebody gets what comes back; not so for deliveries of those who do not wait for them. */
  isAwaited: boolean;
  /**
   * Does something behind the reply, over the connections of this call: once it is found as declared, cleaned and, for a delivery,
   * kept by whoever asked for it. Where that fails, or the call ends before, it is not done; when it fails itself, the call does.
   */
  whenHandedOn(work: () => Promise<void>): void;
  /** Aborted when the time is up, the caller gives up, or the call has ended. */
  signal: AbortSignal;
  /** What is left of the time the policy allows, milliseconds. */
  timeLeftMs(): number;
  /** Most bytes of what comes back that the policy allows. */
  maxReplyBytes: number;
  clock: Pick<Clock, "now">;
  /** A sentence for the path of this call: what was chosen, left out, tried again. */
  note(code: string, reason: string): void;
}

/** One thing a connector can do. */
export interface Operation<
  Config = unknown,
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType = z.ZodType,
> {
  title: string;
  /** One sentence, for people and for models. */
  description: string;
  effect: Effect;
  /** What it writes is read by people: such calls ask first unless the policy says otherwise. */
  isToPeople?: boolean;
  /** Calling it twice is the same as calling it once. */
  isIdempotent?: boolean;
  /** Of one that can change while PortOS runs: differs as soon as it may do something else than before. */
  version?: string;
  /** How far its output can be trusted; "external" when left out. */
  trust?: TrustTier;
  input: Input;
  output: Output;
  /** Addresses it will call, as far as they are known before; judged by the policy before anybody is asked. */
  targets(input: z.output<Input>, config: Config): readonly string[] | Promise<readonly string[]>;
  /** It works out something about its targets and sends nothing. */
  callsNothing?: boolean;
  examples: readonly { title: string; input: z.input<Input> }[];
  run(input: z.output<Input>, context: OperationContext<Config>): Promise<z.input<Output>>;
}

/** How a connector is, when it was looked at. */
export interface ConnectorHealth {
  isHealthy: boolean;
  /** One sentence. */
  detail: string;
}

/** What an MCP server says of itself. */
export interface Introduction {
  /** `null`: it does not say. */
  server: { name: string; version: string } | null;
  /** What it offers; `isAsAccepted`: described as the user has accepted it. */
  tools: readonly { name: string; isAccepted: boolean; isAsAccepted: boolean }[];
}

/** An outside system: what it is configured with and what it can do. */
export interface Connector<Config extends z.ZodObject = z.ZodObject> {
  id: string;
  title: string;
  /** One sentence. */
  description: string;
  config: Config;
  /** Fields of the configuration that are sealed, never given back and redacted everywhere. */
  secrets: readonly (keyof z.output<Config> & string)[];
  /**
   * Of one that can change while PortOS runs: a digest of what decides where its secrets go. What was entered and allowed under one
   * does not hold under another.
   */
  binding?: string;
  /**
   * Where each secret is used, as addresses, by the fields that are no secret; one that cannot be read is missing among them. A
   * secret that would come to another scheme, host or port than it was entered for has to be entered again. Left out, each secret
   * belongs to every address among the plain fields.
   */
  secretPlaces?(config: Partial<z.output<Config>>): Readonly<Record<string, readonly (string | undefined)[]>>;
  operations: Readonly<Record<string, AnyOperation>>;
  /** Of one the user signs in to on a page: the address tokens are for. */
  signInAddress?(config: z.output<Config>): URL;
  /** Places the configuration names, which may lie inside. */
  /** What the user ticks to say that its address lies inside, where that is no field `isInside` of the configuration. */
  insideField?: string;
  insides?(config: z.output<Config>): readonly GuardTarget[];
  health?(context: OperationContext<z.output<Config>>): Promise<ConnectorHealth>;
  /** Of an MCP server: its command or address, and how to ask who it is. A program is started for that, unless it runs. */
  peer?: {
    isProgram: boolean;
    name(config: z.output<Config>): string;
    introduce(context: OperationContext<z.output<Config>>): Promise<Introduction>;
  };
}

/** An operation whose types are no longer known: what the gateway runs, with input and configuration parsed by its schemas. */
export type AnyOperation = Operation;

/** A connector as registries and the gateway hold it. */
export type AnyConnector = Connector;

/** Checks the types of one operation against each other. */
export function defineOperation<Config, Input extends z.ZodObject, Output extends z.ZodType>(
  operation: Operation<Config, Input, Output>,
): Operation<Config, Input, Output> {
  return operation;
}

/**
 * Declares a connector. Throws for what no configuration could mend: a name that is none, a secret that is no field. Examples are
 * looked at by `refuseWrongExamples`, of those that come with PortOS in a test: at each start it would cost more than all the rest.
 */
export function defineConnector<const Config extends z.ZodObject>(connector: Connector<Config>): Connector<Config> {
  connectorIdSchema.parse(connector.id);
  const fields = Object.keys(connector.config.shape);
  const unknown = connector.secrets.filter((name) => !fields.includes(name));
  if (unknown.length > 0) throw new Error(`${connector.id}: ${unknown.join(", ")} is no field of its configuration`);
  if (Object.keys(connector.operations).length === 0) throw new Error(`${connector.id} has no operation`);
  for (const name of Object.keys(connector.operations)) operationNameSchema.parse(name);
  return connector;
}

/** Throws for an example that the schema of its own operation refuses. */
export function refuseWrongExamples(connector: AnyConnector): void {
  for (const [name, { input, examples }] of Object.entries(connector.operations)) {
    for (const example of examples) {
      const parsed = input.safeParse(example.input);
      if (!parsed.success)
        throw new Error(`${connector.id} ${name}, example "${example.title}": ${parsed.error.message}`);
    }
  }
}
