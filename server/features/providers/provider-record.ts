import { z } from "zod";

import { type Provider, type ProviderInput, providerSchema } from "../../../contract/features/providers.ts";
import { commandVariableNameSchema } from "../../../contract/features/variables.ts";
import { type SecretBox, secretReferenceSchema, storedSecretSchema } from "../../../lib/secret-box.ts";
import {
  sealPlainVariables,
  type StoredVariable,
  storedVariableSchema,
  storeVariables,
  toVariable,
} from "../../sealed-variables.ts";

const unknownTime = "1970-01-01T00:00:00.000Z";
const [apiSchema, cliSchema, acpSchema] = providerSchema.options;
/** An entry written by hand may leave out what only the panel keeps. */
const kept = {
  isEnabled: z.boolean().default(false),
  createdAt: z.iso.datetime().default(unknownTime),
  updatedAt: z.iso.datetime().default(unknownTime),
};
const environment = z.array(storedVariableSchema.extend({ name: commandVariableNameSchema })).default([]);

/** A provider as `providers.json` holds it: key and secret variables sealed. */
export const providerRecordSchema = z.discriminatedUnion("type", [
  apiSchema.extend({ ...kept, apiKey: storedSecretSchema.default(null) }),
  cliSchema.extend({ ...kept, environment }),
  acpSchema.extend({ ...kept, environment }),
]);
export type ProviderRecord = z.output<typeof providerRecordSchema>;

/** Shape of `providers.json`. Each entry is judged on its own: one that is wrong stays as it is and stops no other. */
export const providersFile = {
  schema: z.strictObject({
    providers: z.array(z.unknown()),
    /** Deleted lately, so that it can be undone. */
    deleted: z.array(z.strictObject({ deletedAt: z.iso.datetime(), provider: providerRecordSchema })).default([]),
  }),
  initial: { providers: [], deleted: [] },
  version: 1,
};
export type ProvidersFile = z.output<typeof providersFile.schema>;

/** A provider as the API gives it: of secrets only that they are set and how they end. */
export function toProvider(record: ProviderRecord, secrets: Pick<SecretBox, "describe">): Provider {
  if (record.type === "api") return { ...record, apiKey: secrets.describe(record.apiKey) };
  return { ...record, environment: record.environment.map((variable) => toVariable(variable, secrets)) };
}

type Kept = Pick<ProviderRecord, "id" | "isEnabled" | "createdAt" | "updatedAt">;

/** The record to store: new secrets sealed, those that are not given taken over from the one it replaces. */
export async function toRecord(
  input: ProviderInput,
  before: ProviderRecord | null,
  about: Kept,
  secrets: Pick<SecretBox, "seal">,
): Promise<ProviderRecord> {
  if (input.type === "api") {
    const { apiKey, ...rest } = input;
    const plain = apiKey?.trim();
    const old = before?.type === "api" ? before.apiKey : null;
    if (plain === undefined) return { ...rest, ...about, apiKey: old };
    return { ...rest, ...about, apiKey: plain === "" ? null : await secrets.seal(plain) };
  }
  const variables = before === null || before.type === "api" ? [] : before.environment;
  return { ...input, ...about, environment: await storeVariables(input.environment, variables, secrets) };
}

/** All that must be right of an entry for its secrets to be found, whatever else is wrong with it. */
const keyHolderSchema = z.looseObject({ apiKey: z.string().min(1) });
const variableHolderSchema = z.looseObject({ environment: z.array(storedVariableSchema) });

/** An edit that seals every secret which stands in the file plainly, or `null` when there is none. */
export async function sealPlainSecrets(
  file: ProvidersFile,
  secrets: Pick<SecretBox, "sealPlain">,
): Promise<((current: ProvidersFile) => ProvidersFile) | null> {
  const entries = [...file.providers, ...file.deleted.map(({ provider }) => provider)];
  const keys = new Map<string, unknown>();
  const variables: StoredVariable[] = [];
  for (const entry of entries) {
    const key = keyHolderSchema.safeParse(entry).data?.apiKey;
    if (key !== undefined && !secretReferenceSchema.safeParse(key).success) keys.set(key, await secrets.sealPlain(key));
    variables.push(...(variableHolderSchema.safeParse(entry).data?.environment ?? []));
  }
  const replace = await sealPlainVariables(variables, secrets);
  if (keys.size === 0 && replace === null) return null;
  const sealed = (entry: unknown): unknown => {
    const holder = keyHolderSchema.safeParse(entry).data;
    if (holder !== undefined && keys.has(holder.apiKey)) return { ...holder, apiKey: keys.get(holder.apiKey) };
    const withVariables = replace === null ? undefined : variableHolderSchema.safeParse(entry).data;
    if (withVariables === undefined || replace === null) return entry;
    return { ...withVariables, environment: withVariables.environment.map(replace) };
  };
  return (current) => ({
    providers: current.providers.map(sealed),
    deleted: current.deleted.map((entry) => ({
      ...entry,
      provider: providerRecordSchema.parse(sealed(entry.provider)),
    })),
  });
}
