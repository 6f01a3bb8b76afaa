import { z } from "zod";

import { appInputSchema, processInputSchema } from "../../../contract/features/apps.ts";
import { sealedSecretSchema, type SecretBox } from "../../../lib/secret-box.ts";

const storedVariableSchema = z.strictObject({
  name: z.string(),
  /** A secret is sealed; written plainly by hand it is sealed at the next load. `env:NAME` stays a reference. */
  value: z.union([sealedSecretSchema, z.string()]),
  isSecret: z.boolean(),
});
export type StoredVariable = z.output<typeof storedVariableSchema>;

const storedProcessSchema = z.strictObject({
  ...processInputSchema.shape,
  environment: z.array(storedVariableSchema).default([]),
});
export type StoredProcess = z.output<typeof storedProcessSchema>;

/** One app as `data/apps.json` holds it. */
export const appRecordSchema = z.strictObject({
  ...appInputSchema.shape,
  id: appInputSchema.shape.id.unwrap(),
  isArchived: z.boolean().default(false),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Deleted, but still to be undone until the window ends. */
  deletedAt: z.iso.datetime().nullable().default(null),
  /** Processes to start again when the deletion is undone. */
  wasOnline: z.array(z.string()).default([]),
  processes: z.array(storedProcessSchema),
});
export type AppRecord = z.output<typeof appRecordSchema>;

export interface AppsFile {
  apps: AppRecord[];
}

/** How `data/apps.json` is read: an app that does not fit is left out and shown, the others work. */
export const appsFile = {
  schema: z.strictObject({ apps: z.array(appRecordSchema) }),
  initial: { apps: [] } as AppsFile,
  version: 1,
  isolate: { list: "apps", entry: appRecordSchema },
};

/**
 * The same file with every secret sealed that stands there plainly, or `null` when there is none. Sealing comes first,
 * so that the returned edit can be made on whatever the file holds by then.
 */
export async function sealPlainSecrets(
  file: AppsFile,
  secrets: SecretBox,
): Promise<((current: AppsFile) => AppsFile) | null> {
  const sealed = new Map<string, StoredVariable["value"]>();
  const variables = file.apps.flatMap((app) => app.processes.flatMap(({ environment }) => environment));
  for (const { isSecret, value } of variables) {
    if (!isSecret || typeof value !== "string" || value === "" || sealed.has(value)) continue;
    const result = (await secrets.sealPlain(value)) ?? value;
    if (result !== value) sealed.set(value, result);
  }
  if (sealed.size === 0) return null;
  const replace = (variable: StoredVariable): StoredVariable => {
    const value = typeof variable.value === "string" && variable.isSecret ? sealed.get(variable.value) : undefined;
    return value === undefined ? variable : { ...variable, value };
  };
  return (current) => ({
    apps: current.apps.map((app) => ({
      ...app,
      processes: app.processes.map((process) => ({ ...process, environment: process.environment.map(replace) })),
    })),
  });
}
