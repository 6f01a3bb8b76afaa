import { z } from "zod";

import {
  type AutomationAction,
  type AutomationActionInput,
  commandActionInputSchema,
  restartActionSchema,
  runActionSchema,
  taskActionSchema,
  urlActionSchema,
} from "../../../contract/features/automation-actions.ts";
import { connectorActionSchema } from "../../../contract/features/automation-connectors.ts";
import { type Automation, automationSchema } from "../../../contract/features/automations.ts";
import { commandVariableNameSchema } from "../../../contract/features/variables.ts";
import { looksLikeSecret } from "../../../lib/redact.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { sealPlainVariables, storedVariableSchema, storeVariables, toVariable } from "../../sealed-variables.ts";

const storedActionSchema = z.discriminatedUnion("kind", [
  commandActionInputSchema.extend({
    environment: z.array(storedVariableSchema.extend({ name: commandVariableNameSchema })).default([]),
  }),
  urlActionSchema,
  restartActionSchema,
  taskActionSchema,
  runActionSchema,
  connectorActionSchema,
]);
export type StoredAction = z.output<typeof storedActionSchema>;

/** An automation as `automations.json` holds it: the values of secrets sealed. */
export const automationRecordSchema = automationSchema.extend({ action: storedActionSchema });
export type AutomationRecord = z.output<typeof automationRecordSchema>;

/** Shape of `automations.json`. Each entry is judged on its own: one that is wrong stays as it is and stops no other. */
export const automationsFile = {
  schema: z.strictObject({
    pausedAt: z.iso.datetime().nullable(),
    automations: z.array(z.unknown()),
    /** Deleted lately, so that it can be undone. */
    deleted: z.array(z.strictObject({ deletedAt: z.iso.datetime(), automation: automationRecordSchema })),
  }),
  initial: { pausedAt: null, automations: [], deleted: [] },
  version: 2,
  migrations: { 1: withVariableLists },
};
export type AutomationsFile = z.output<typeof automationsFile.schema>;

/** An automation as the API gives it. */
export function toAutomation(record: AutomationRecord, secrets: Pick<SecretBox, "describe">): Automation {
  return { ...record, action: toAction(record.action, secrets) };
}

function toAction(action: StoredAction, secrets: Pick<SecretBox, "describe">): AutomationAction {
  if (action.kind !== "command") return action;
  return { ...action, environment: action.environment.map((variable) => toVariable(variable, secrets)) };
}

/** The action to store: new secrets sealed, masked ones taken over from the action it replaces. */
export async function toStoredAction(
  input: AutomationActionInput,
  before: StoredAction | null,
  secrets: Pick<SecretBox, "seal">,
): Promise<StoredAction> {
  if (input.kind !== "command") return input;
  const kept = before?.kind === "command" ? before.environment : [];
  return { ...input, environment: await storeVariables(input.environment, kept, secrets) };
}

/** An edit that seals every secret which stands in the file plainly, or `null` when there is none. */
export async function sealPlainSecrets(
  file: AutomationsFile,
  secrets: Pick<SecretBox, "sealPlain">,
): Promise<((current: AutomationsFile) => AutomationsFile) | null> {
  const entries = [...file.automations, ...file.deleted.map(({ automation }) => automation)];
  const variables = entries.flatMap((entry) => {
    const parsed = holderSchema.safeParse(entry);
    return parsed.success ? parsed.data.action.environment : [];
  });
  const replace = await sealPlainVariables(variables, secrets);
  if (replace === null) return null;
  const sealed = <T>(entry: T): T => {
    const parsed = holderSchema.safeParse(entry);
    if (!parsed.success) return entry;
    const environment = parsed.data.action.environment.map(replace);
    return { ...entry, action: { ...parsed.data.action, environment } };
  };
  return (current) => ({
    ...current,
    automations: current.automations.map(sealed),
    deleted: current.deleted.map((entry) => ({ ...entry, automation: sealed(entry.automation) })),
  });
}

/** All that must be right of an entry for its secrets to be found, whatever else is wrong with it. */
const holderSchema = z.looseObject({ action: z.looseObject({ environment: z.array(storedVariableSchema) }) });

const firstEntrySchema = z.looseObject({
  action: z.looseObject({ kind: z.literal("command"), env: z.record(z.string(), z.string()) }),
});
const firstFileSchema = z.looseObject({
  automations: z.array(z.unknown()),
  deleted: z.array(z.looseObject({ automation: z.unknown() })),
});

/** Variables were one record of plain values; those that seem to hold a secret are marked, and sealed once the file is open. */
function withVariableLists(data: unknown): unknown {
  const file = firstFileSchema.parse(data);
  return {
    ...file,
    automations: file.automations.map(withVariableList),
    deleted: file.deleted.map((entry) => ({ ...entry, automation: withVariableList(entry.automation) })),
  };
}

function withVariableList(entry: unknown): unknown {
  const parsed = firstEntrySchema.safeParse(entry);
  if (!parsed.success) return entry; // without variables, or wrong already: then it stays as it is and is shown
  const { env, ...action } = parsed.data.action;
  const environment = Object.entries(env).map(([name, value]) => ({
    name,
    value,
    isSecret: looksLikeSecret(name, value),
  }));
  return { ...parsed.data, action: { ...action, environment } };
}
