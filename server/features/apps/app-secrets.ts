import type { ProcessInput } from "../../../contract/features/apps.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { sealPlainVariables, storeVariables } from "../../sealed-variables.ts";
import type { AppsFile, StoredProcess } from "./app-record.ts";

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
      return { ...process, environment: await storeVariables(process.environment, old?.environment ?? [], secrets) };
    }),
  );
}

/** An edit that seals every secret which stands in the file plainly, or `null` when there is none. */
export async function sealPlainSecrets(
  file: AppsFile,
  secrets: SecretBox,
): Promise<((current: AppsFile) => AppsFile) | null> {
  const variables = file.apps.flatMap((app) => app.processes.flatMap(({ environment }) => environment));
  const replace = await sealPlainVariables(variables, secrets);
  if (replace === null) return null;
  return (current) => ({
    apps: current.apps.map((app) => ({
      ...app,
      processes: app.processes.map((process) => ({ ...process, environment: process.environment.map(replace) })),
    })),
  });
}
