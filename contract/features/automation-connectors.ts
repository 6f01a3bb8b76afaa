import { z } from "zod";

import { callPathSchema, connectorIdSchema, gatewayCodeSchema, operationNameSchema } from "./connectors.ts";
import { eventNameSchema } from "./events.ts";
import { evidenceIdSchema } from "./evidence.ts";

/** Most steps of one automation. */
export const maxConnectorSteps = 20;

/**
 * One call of a connector. Any text of the arguments may hold places such as `{{ trigger.body.title }}` or
 * `{{ step1.items[0].link }}`: JMESPath over what started the run and what earlier steps gave. A text that is nothing but a place
 * becomes the value itself, with its type.
 */
export const connectorStepSchema = z.strictObject({
  connector: z.string().min(1, "must be chosen").pipe(connectorIdSchema),
  operation: z.string().min(1, "must be chosen").pipe(operationNameSchema),
  params: z
    .record(z.string().max(200), z.json())
    .default({})
    .refine((params) => JSON.stringify(params).length <= 200_000, { error: "must have at most 200000 characters" }),
});
export type ConnectorStep = z.output<typeof connectorStepSchema>;

/** Calls of connectors, one after another; the first that does not end well ends the run. */
export const connectorActionSchema = z.strictObject({
  kind: z.literal("connector"),
  steps: z
    .array(connectorStepSchema)
    .min(1, "must name at least one operation")
    .max(maxConnectorSteps, `must have at most ${maxConnectorSteps} steps`),
});
export type ConnectorAction = z.output<typeof connectorActionSchema>;

/**
 * Where a step stands. `waiting`: the user was asked and has not answered. `sending`: it lies in the queue of deliveries until it
 * has arrived or was given up. `skipped`: one before it did not end well.
 */
export const stepStateSchema = z.enum([
  "queued",
  "running",
  "waiting",
  "sending",
  "succeeded",
  "failed",
  "cancelled",
  "skipped",
]);
export type StepState = z.output<typeof stepStateSchema>;

/** A step of a run, as its history keeps it. */
export const occurrenceStepSchema = z.strictObject({
  connector: z.string(),
  operation: z.string(),
  state: stepStateSchema,
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  /** Record of its last call. */
  evidenceId: z.string().nullable(),
  /** Its place in the queue of deliveries. */
  deliveryId: z.string().nullable(),
  /** The question the user was asked. */
  approvalId: z.string().nullable(),
  /** Why it did not end well: a code of the gateway, or of the delivery. */
  code: z.string().nullable(),
  message: z.string().nullable(),
  hint: z.string().nullable(),
});
export type OccurrenceStep = z.output<typeof occurrenceStepSchema>;

/** What a step gave, as text. */
export const stepResultSchema = z.strictObject({
  /** JSON; `null` when there is none, or it is kept no longer. */
  text: z.string().nullable(),
  /** It is longer than this. */
  isCut: z.boolean(),
});

/** What the automation's steps would do, tried without sending anything. */
export const connectorTryInputSchema = z.strictObject({
  action: connectorActionSchema,
  /** Results of its last run stand for those the steps would have. */
  automation: z
    .string()
    .regex(/^au-[a-z0-9]{6,20}$/, "must look like au-0123abcd")
    .optional(),
  /** Body of the message that would start it. */
  message: z.json().optional(),
  /** The newest event of this kind would start it, or the example of the catalogue. */
  event: eventNameSchema.optional(),
});

/** One step of a try. */
export const triedStepSchema = z.strictObject({
  /** The arguments with their values; `null` when they cannot be filled in yet. */
  params: z.record(z.string(), z.json()).nullable(),
  /** `later`: it needs what a step before it gives. */
  verdict: z.enum(["allowed", "asks", "refused", "later"]),
  question: z.string().nullable(),
  code: gatewayCodeSchema.nullable(),
  message: z.string(),
  hint: z.string().nullable(),
  path: callPathSchema,
  evidenceId: evidenceIdSchema.nullable(),
});
export type TriedStep = z.output<typeof triedStepSchema>;

export const connectorTrySchema = z.strictObject({
  steps: z.array(triedStepSchema),
  /** The run whose results were used. */
  basedOn: z.string().nullable(),
});
export type ConnectorTry = z.output<typeof connectorTrySchema>;
