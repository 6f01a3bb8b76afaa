import { z } from "zod";

import { appIdSchema } from "./apps.ts";
import { connectorActionSchema } from "./automation-connectors.ts";
import { budgetSchema, runChoiceSchema, runInputSchema } from "./runs.ts";
import { taskInputSchema } from "./tasks.ts";
import { commandVariableNameSchema, variableInputSchema, variableSchema } from "./variables.ts";

const maxTimeLimitMs = 24 * 3_600_000;

/** What to run: a program with its arguments, or a line the user typed for their login shell. */
export const automationCommandSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("arguments"),
    /** Program first; nothing is interpreted by a shell. */
    arguments: z
      .array(z.string().max(8_192, "must have at most 8192 characters"))
      .min(1, "must name a program")
      .max(200, "must have at most 200 entries")
      .refine((list) => list[0]?.trim() !== "", { error: "must name a program" })
      .refine((list) => list.every((item) => !item.includes("\0")), { error: "must not contain a NUL character" }),
  }),
  z.strictObject({
    kind: z.literal("shell"),
    line: z
      .string()
      .trim()
      .min(1, "must not be empty")
      .max(8_192, "must have at most 8192 characters")
      .refine((line) => !line.includes("\0"), { error: "must not contain a NUL character" }),
  }),
]);
export type AutomationCommand = z.output<typeof automationCommandSchema>;

/** A command as the API takes it. */
export const commandActionInputSchema = z.strictObject({
  kind: z.literal("command"),
  command: automationCommandSchema,
  folder: z
    .string()
    .min(1, "must not be empty")
    .max(4_096, "must have at most 4096 characters")
    .regex(/^\/[^\0]*$/, "must be an absolute path"),
  timeLimitMs: z
    .int("must be a whole number of milliseconds")
    .min(1_000, "must be at least one second")
    .max(maxTimeLimitMs, "must be at most 24 hours")
    .default(10 * 60_000),
  environment: z
    .array(variableInputSchema.extend({ name: commandVariableNameSchema }))
    .max(200, "must have at most 200 variables")
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, {
      error: "must name each variable once",
    })
    .default([]),
});

/** A call of a port of an app on this machine. */
export const urlActionSchema = z.strictObject({
  kind: z.literal("url"),
  appId: appIdSchema,
  /** One of the app's ports; its first one when left out. */
  port: z.int().min(1).max(65_535).optional(),
  path: z
    .string()
    .max(2_048, "must have at most 2048 characters")
    .regex(/^\/(?![/\\])[^\s#\\]*$/, "must start with one slash and hold no space, backslash or #")
    .default("/"),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  expectedStatus: z.int().min(100).max(599).default(200),
  timeoutMs: z
    .int("must be a whole number of milliseconds")
    .min(100, "must be at least 100 ms")
    .max(300_000, "must be at most 5 minutes")
    .default(10_000),
});

/** The restart of an app. */
export const restartActionSchema = z.strictObject({ kind: z.literal("restart-app"), appId: appIdSchema });

/** A task for the board; none is added while the one before has not ended. */
export const taskActionSchema = z.strictObject({
  kind: z.literal("task"),
  ...taskInputSchema.pick({
    title: true,
    instructions: true,
    template: true,
    appId: true,
    type: true,
    priority: true,
    needsReview: true,
  }).shape,
  state: z.enum(["draft", "ready"]).default("ready"),
  /** For all its tasks of one day together: what is left of it is the budget of the next one, and none is added when nothing is. */
  budget: budgetSchema.optional(),
});

/** A run that is started at once, whether the chief of staff is on or not; the automation goes on until it has ended. */
export const runActionSchema = z.strictObject({
  kind: z.literal("run"),
  ...runInputSchema.pick({
    prompt: true,
    appId: true,
    folder: true,
    permissionMode: true,
    isolation: true,
    tools: true,
  }).shape,
  choice: runChoiceSchema,
  /** Of each run. */
  budget: budgetSchema.prefault({}),
  /** For all its runs of one day together: no run may use more than is left of it, and none is started when nothing is. */
  dayBudget: budgetSchema.optional(),
});

/** What an automation does when it is due, as the API takes it. */
export const automationActionInputSchema = z.discriminatedUnion("kind", [
  commandActionInputSchema,
  urlActionSchema,
  restartActionSchema,
  taskActionSchema,
  runActionSchema,
  connectorActionSchema,
]);
export type AutomationActionInput = z.output<typeof automationActionInputSchema>;

/** What an automation does when it is due, as the API gives it: without the values of secrets. */
export const automationActionSchema = z.discriminatedUnion("kind", [
  commandActionInputSchema.extend({ environment: z.array(variableSchema) }),
  urlActionSchema,
  restartActionSchema,
  taskActionSchema,
  runActionSchema,
  connectorActionSchema,
]);
export type AutomationAction = z.output<typeof automationActionSchema>;
