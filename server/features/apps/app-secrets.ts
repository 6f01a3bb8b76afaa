import type { ProcessInput, Variable, VariableInput } from "../../../contract/features/apps.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import type { StoredProcess, StoredVariable } from "./app-record.ts";

/** A variable as the API gives it: of a secret only that it is set and, of a long one, how it ends. */
export function toVariable(stored: StoredVariable, secrets: Pick<SecretBox, "describe">): Variable {
  const { name, value, isSecret } = stored;
  if (!isSecret && typeof value === "string") return { name, value, isSecret: false, last4: null };
  return { name, value: null, isSecret: true, last4: secrets.describe(value).last4 };
}

/** The values a process gets. Throws when a secret cannot be opened with this machine's key. */
export async function plainEnvironment(
  variables: readonly StoredVariable[],
  secrets: Pick<SecretBox, "open">,
): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const { name, value, isSecret } of variables)
    result[name] = !isSecret && typeof value === "string" ? value : await secrets.open(value);
  return result;
}

/** Definitions to store: new secrets sealed, masked ones taken over from the process of the same name. */
export async function toStored(
  processes: readonly ProcessInput[],
  before: readonly StoredProcess[],
  secrets: Pick<SecretBox, "seal">,
): Promise<StoredProcess[]> {
  const names = new Set<string>();
  for (const { name } of processes) {
    if (names.has(name)) throw new AppError("invalid_request", `Two processes are called ${name}`);
    names.add(name);
  }
  return Promise.all(
    processes.map(async (process, index) => {
      const old = before.find(({ name }) => name === process.name) ?? before[index];
      const environment = await Promise.all(process.environment.map((variable) => store(variable, old, secrets)));
      return { ...process, environment };
    }),
  );
}

async function store(
  { name, isSecret, value }: VariableInput,
  old: StoredProcess | undefined,
  secrets: Pick<SecretBox, "seal">,
): Promise<StoredVariable> {
  if (value !== undefined && value !== null) return seal(name, value, isSecret, secrets);
  const kept = old?.environment.find((entry) => entry.name === name);
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
