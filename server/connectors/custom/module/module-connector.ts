import { z } from "zod";

import {
  defineConnector,
  defineOperation,
  refuseWrongExamples,
  type AnyConnector,
  type AnyOperation,
  type OperationContext,
} from "../../framework/define-connector.ts";
import { bindingOf, type Config } from "../declared-config.ts";
import { inputFromJson, toleratedInput } from "../json-input.ts";
import type { DeclaredModule } from "./accepted-module.ts";
import type { ModuleContext } from "./messages.ts";
import type { ModuleProcess } from "./module-process.ts";

/** Gives the running module, started when it is not there. */
export type UseModule = <T>(id: string, work: (running: ModuleProcess) => Promise<T>) => Promise<T>;

/** Time for what is asked before a call is made. */
const targetsMs = 10_000;

/**
 * A connector whose operations run in a module: here stands what it declares, and everything it does goes through its process.
 * `version` is that of its files.
 */
export function moduleConnector(declared: DeclaredModule, use: UseModule, version = ""): AnyConnector {
  const { id, title, description, secrets, hasHealth, operations } = declared;
  const made = operations.map((one): [string, AnyOperation] => [one.name, { ...operationOf(id, one, use), version }]);
  const base: AnyConnector = {
    id,
    title,
    description,
    config: inputFromJson(declared.config),
    secrets,
    // Where they go is decided by its program, which was accepted as it is.
    binding: bindingOf(
      "module",
      {},
      secrets.map((name) => ({ name, isSecret: true })),
    ),
    operations: Object.fromEntries(made),
  };
  refuseWrongExamples(base);
  if (!hasHealth) return defineConnector(base);
  return defineConnector({
    ...base,
    async health(context) {
      const health = await use(id, (running) =>
        running.ask(
          { kind: "health", config: context.config, context: contextOf(context) },
          context,
          limitsOf(context),
        ),
      );
      return healthSchema.parse(health);
    },
  });
}

const healthSchema = z.object({ isHealthy: z.boolean(), detail: z.string() });
const targetsSchema = z.array(z.string()).max(100);

function operationOf(id: string, declared: DeclaredModule["operations"][number], use: UseModule): AnyOperation {
  const { name, title, description, effect, isToPeople, isIdempotent, trust, input, output, examples } = declared;
  return defineOperation<Config, z.ZodObject, z.ZodType>({
    title,
    description,
    effect,
    isToPeople,
    isIdempotent,
    trust,
    input: inputFromJson(input),
    output: output["type"] === "object" ? toleratedInput(output) : z.unknown(),
    async targets(values, config) {
      const signal = AbortSignal.timeout(targetsMs);
      const context = { idempotencyKey: null, isAwaited: true, now: 0, timeLeftMs: targetsMs, maxReplyBytes: 0 };
      const question = { kind: "targets" as const, operation: name, input: values, config, context };
      const limits = { signal, timeoutMs: targetsMs };
      return targetsSchema.parse(await use(id, (running) => running.ask(question, null, limits)));
    },
    examples,
    run(values, context) {
      const { config } = context;
      const question = { kind: "run" as const, operation: name, input: values, config, context: contextOf(context) };
      const limits = { ...limitsOf(context), isRepeatable: effect === "read" || isIdempotent };
      return use(id, (running) => running.ask(question, context, limits));
    },
  });
}

function contextOf(context: OperationContext<Config>): ModuleContext {
  const { idempotencyKey, isAwaited, clock, timeLeftMs, maxReplyBytes } = context;
  return { idempotencyKey, isAwaited, now: clock.now(), timeLeftMs: timeLeftMs(), maxReplyBytes };
}

function limitsOf({ signal, timeLeftMs }: OperationContext<Config>) {
  return { signal, timeoutMs: Math.max(1, timeLeftMs()) };
}
