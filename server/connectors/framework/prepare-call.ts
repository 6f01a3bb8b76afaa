import { z } from "zod";

import type { ConnectorPolicy, Risk } from "../../../contract/features/connectors.ts";
import type { CallPath } from "./call-path.ts";
import type { AnyConnector, AnyOperation } from "./define-connector.ts";
import { GatewayError } from "./gateway-error.ts";
import type { GatewayDependencies, GatewayRequest } from "./gateway-request.ts";
import { judgeMode, riskOf, type PolicyJudge } from "./policy.ts";

/** A call that was found to be allowed, maybe after a question. */
export interface PreparedCall {
  connector: AnyConnector;
  operation: AnyOperation;
  input: Record<string, unknown>;
  config: Record<string, unknown>;
  /** Values that must not be seen anywhere. */
  secrets: readonly string[];
  /** Of the configuration it was judged with. */
  revision: number;
  policy: ConnectorPolicy;
  judge: PolicyJudge;
  risk: Risk;
  asks: "no" | "rules" | "yes";
  /** Why it asks, or does not. */
  asksReason: string;
  targets: readonly string[];
}

type Parts = Pick<GatewayDependencies, "registry" | "configs" | "policies" | "mode" | "clock" | "zone">;

/** Everything that is judged before anybody is asked; throws the first refusal. */
export async function prepareCall(request: GatewayRequest, parts: Parts, path: CallPath): Promise<PreparedCall> {
  const found = parts.registry.get(request.connector);
  const wanted = findOperation(request, parts);
  await path.step("network", () => checkMode(parts, wanted));
  const { connector, operation } = await path.step("operation", () => {
    if (!found) throw unknownConnector(request.connector);
    if (!wanted) throw unknownOperation(found, request.operation);
    return { value: { connector: found, operation: wanted }, reason: `${found.title}: ${wanted.title}` };
  });
  const setup = await path.step("configuration", () => openConfig(connector, parts));
  const input = await path.step("arguments", () => ({
    value: parseParams(operation, request),
    reason: "The arguments are as declared",
  }));
  const risk = await path.step("risk", () => {
    const value = riskOf({
      effect: operation.effect,
      isToPeople: operation.isToPeople === true,
      caller: request.caller.kind,
    });
    return { value, code: value, reason: riskWords(operation) };
  });
  const verdict = await path.step("policy", () =>
    judgePolicy({ request, parts, operation, connector, input, config: setup.config }),
  );
  return { connector, operation, input, ...setup, risk, ...verdict };
}

/** What is called, allowed or not. */
export function findOperation(
  { connector, operation }: Pick<GatewayRequest, "connector" | "operation">,
  { registry }: Pick<Parts, "registry">,
): AnyOperation | undefined {
  const { operations = {} } = registry.get(connector) ?? {};
  return Object.hasOwn(operations, operation) ? operations[operation] : undefined;
}

function checkMode({ mode }: Pick<Parts, "mode">, operation: AnyOperation | undefined) {
  const now = mode();
  const refusal = judgeMode(now, operation?.effect ?? "read");
  if (refusal) throw new GatewayError(refusal.code, refusal.reason, { hint: refusal.hint });
  return {
    value: now,
    code: now,
    reason: now === "online" ? "The gateway is open" : "The gateway lets out what only reads",
  };
}

function unknownConnector(id: string): GatewayError {
  return new GatewayError("unknown_connector", `There is no connector ${JSON.stringify(id.slice(0, 80))}`, {
    hint: "The Connectors page lists those there are.",
    isFinal: true,
  });
}

function unknownOperation({ title, operations }: AnyConnector, name: string): GatewayError {
  return new GatewayError("unknown_operation", `${title} has no operation ${JSON.stringify(name.slice(0, 80))}`, {
    hint: `It has: ${Object.keys(operations).slice(0, 50).join(", ")}.`,
    isFinal: true,
  });
}

async function openConfig(connector: AnyConnector, { configs }: Parts) {
  const { title } = connector;
  const { isEnabled, revision } = configs.setup(connector);
  if (!isEnabled)
    throw new GatewayError("disabled", `${title} is turned off`, { hint: `Turn ${title} on, on the Connectors page.` });
  const { values, secrets } = await configs.open(connector);
  const parsed = parseConfig(connector, values);
  if (parsed.success) {
    const gap = configs.signInGap?.(connector, parsed.data) ?? null;
    if (gap !== null) throw notSignedIn(gap);
    return { value: { config: parsed.data, secrets, revision }, reason: `${title} is on and configured` };
  }
  const issues = issuesOf(parsed.error, "config");
  throw new GatewayError("not_configured", `${title} is not configured: ${listed(issues)}`, {
    hint: `Complete the configuration of ${title} on the Connectors page.`,
    issues,
  });
}

/** Deliveries wait until somebody has signed in. */
export function notSignedIn(gap: string): GatewayError {
  return new GatewayError("not_configured", gap, { hint: "Sign in on the page of the connector." });
}

type ParsedConfig = ReturnType<AnyConnector["config"]["safeParse"]>;
const parsedConfigs = new WeakMap<object, { schema: AnyConnector["config"]; parsed: ParsedConfig }>();

/** What is stored is the same from call to call until it is changed. */
function parseConfig({ config: schema }: AnyConnector, values: Record<string, unknown>): ParsedConfig {
  const known = parsedConfigs.get(values);
  if (known?.schema === schema) return known.parsed;
  const parsed = schema.safeParse(values);
  freeze(parsed.data); // it is the same for every call
  parsedConfigs.set(values, { schema, parsed });
  return parsed;
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
}

const strictInputs = new WeakMap<AnyOperation, z.ZodObject>();

/** Fields nobody declared are refused, unless the operation takes any: a name misspelt would silently be without effect. */
export function strictInput(operation: AnyOperation): z.ZodObject {
  const known = strictInputs.get(operation);
  if (known) return known;
  const { input } = operation;
  const strict = input.def.catchall === undefined ? input.strict() : input;
  strictInputs.set(operation, strict);
  return strict;
}

function parseParams(operation: AnyOperation, { params }: GatewayRequest): Record<string, unknown> {
  const parsed = strictInput(operation).safeParse(params);
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error, "params");
  throw new GatewayError("invalid_params", `The arguments are wrong: ${listed(issues)}`, {
    hint: "Correct them and call again.",
    issues,
    isFinal: true,
  });
}

async function judgePolicy({
  request,
  parts,
  operation,
  connector,
  input,
  config,
}: {
  request: GatewayRequest;
  parts: Parts;
  operation: AnyOperation;
  connector: AnyConnector;
  input: Record<string, unknown>;
  config: Record<string, unknown>;
}) {
  const { policy, judge, problem = null } = parts.policies.of(connector.id);
  if (problem !== null) throw policyProblem(connector.title, problem);
  const targets = await operation.targets(input, config);
  const verdict = judge.judge(
    {
      operation: request.operation,
      effect: operation.effect,
      isToPeople: operation.isToPeople === true,
      caller: request.caller.kind,
      isPlanning: request.phase === "planning",
      targets,
      requestBytes: Buffer.byteLength(JSON.stringify(request.params)),
    },
    { nowMs: parts.clock.now(), zone: parts.zone },
  );
  if (!verdict.ok)
    throw new GatewayError(verdict.code, verdict.reason, {
      hint: verdict.hint,
      isFinal: verdict.rule !== "quiet_hours",
    });
  const { asks, reason } = askedFor(request, operation, verdict);
  return { value: { policy, judge, targets, asks, asksReason: reason }, reason: "The policy allows it" };
}

/** Deliveries wait until it is mended. */
export function policyProblem(title: string, problem: string): GatewayError {
  return new GatewayError("refused_by_policy", `The policy of ${title} allows nothing. ${problem}`, {
    hint: `Look at the policy of ${title} on the Connectors page, and save it as it should be.`,
  });
}

/** Whoever calls may be held to ask where the policy would not; never the other way round. */
function askedFor(
  { asksBeforeWrites = false }: GatewayRequest,
  { effect }: AnyOperation,
  { asks, reason }: Pick<PreparedCall, "asks"> & { reason: string },
): Pick<PreparedCall, "asks"> & { reason: string } {
  if (asks !== "no" || !asksBeforeWrites || effect === "read") return { asks, reason };
  return { asks: "rules", reason: "Whoever calls has to ask before what changes something" };
}

function riskWords({ effect, isToPeople }: AnyOperation): string {
  if (effect === "read") return "It changes nothing outside";
  if (effect === "destructive") return "It takes something away for good";
  return isToPeople === true ? "People will read what it writes" : "It changes something outside";
}

/** What is wrong with which field. */
export function issuesOf(error: z.ZodError, root: string): { path: string; message: string }[] {
  return error.issues.flatMap((issue) => {
    const fields = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    const message = issue.code === "unrecognized_keys" ? "is not known here" : issue.message;
    return fields.map((field) => ({ path: [root, ...field.map(String)].join("."), message }));
  });
}

function listed(issues: readonly { path: string; message: string }[]): string {
  return issues
    .slice(0, 20)
    .map(({ path, message }) => `${path.slice(path.indexOf(".") + 1)}: ${message}`)
    .join("; ");
}
