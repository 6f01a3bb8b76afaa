import { z } from "zod";

import type { Variable, VariableInput } from "../contract/features/variables.ts";
import { AppError } from "../lib/app-error.ts";
import { sealedSecretSchema, type SecretBox } from "../lib/secret-box.ts";

/** A variable as a file of `data/` holds it. */
export const storedVariableSchema = z.strictObject({
  name: z.string(),
  /** A secret is sealed; written plainly by hand it is sealed at the next load. `env:NAME` stays a reference. */
  value: z.union([sealedSecretSchema, z.string()]),
  isSecret: z.boolean(),
});
export type StoredVariable = z.output<typeof storedVariableSchema>;

/** A variable as the API gives it: of a secret only that it is set and, of a long one, how it ends. */
export function toVariable(stored: StoredVariable, secrets: Pick<SecretBox, "describe">): Variable {
  const { name, value, isSecret } = stored;
  if (!isSecret && typeof value === "string") return { name, value, isSecret: false, last4: null };
  return { name, value: null, isSecret: true, last4: secrets.describe(value).last4 };
}

/** The values a program gets. Throws when a secret cannot be opened with this machine's key. */
export async function plainEnvironment(
  variables: readonly StoredVariable[],
  secrets: Pick<SecretBox, "open">,
): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const { name, value, isSecret } of variables)
    result[name] = !isSecret && typeof value === "string" ? value : await secrets.open(value);
  return result;
}

/** Variables to store: new secrets sealed, masked ones taken over from `before`. */
export function storeVariables(
  variables: readonly VariableInput[],
  before: readonly StoredVariable[],
  secrets: Pick<SecretBox, "seal">,
): Promise<StoredVariable[]> {
  return Promise.all(variables.map((variable) => store(variable, before, secrets)));
}

async function store(
  { name, isSecret, value }: VariableInput,
  before: readonly StoredVariable[],
  secrets: Pick<SecretBox, "seal">,
): Promise<StoredVariable> {
  if (value !== undefined && value !== null) return seal(name, value, isSecret, secrets);
  const kept = before.find((entry) => entry.name === name);
  if (!kept && isSecret) throw new AppError("invalid_request", `${name} is a new secret; enter its value`);
  if (!kept) return { name, value: "", isSecret };
  if (isSecret && typeof kept.value === "string") return seal(name, kept.value, true, secrets);
  if (isSecret || !kept.isSecret) return { ...kept, isSecret };
  throw new AppError("invalid_request", `${name} is a secret; to show it openly, enter its value again`);
}

async function seal(
  name: string,
  value: string,
  isSecret: boolean,
  secrets: Pick<SecretBox, "seal">,
): Promise<StoredVariable> {
  return { name, value: isSecret && value !== "" ? await secrets.seal(value) : value, isSecret };
}

/**
 * Seals every secret of `variables` that stands there plainly: how to replace one of them by its sealed form, or `null`
 * when there is none. Sealing comes first, so that the edit can be made on whatever the file holds by then.
 */
export async function sealPlainVariables(
  variables: readonly StoredVariable[],
  secrets: Pick<SecretBox, "sealPlain">,
): Promise<((variable: StoredVariable) => StoredVariable) | null> {
  const sealed = new Map<string, StoredVariable["value"]>();
  for (const { isSecret, value } of variables) {
    if (!isSecret || typeof value !== "string" || value === "" || sealed.has(value)) continue;
    const result = (await secrets.sealPlain(value)) ?? value;
    if (result !== value) sealed.set(value, result);
  }
  if (sealed.size === 0) return null;
  return (variable) => {
    const value = typeof variable.value === "string" && variable.isSecret ? sealed.get(variable.value) : undefined;
    return value === undefined ? variable : { ...variable, value };
  };
}
