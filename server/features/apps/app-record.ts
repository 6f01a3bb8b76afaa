import { z } from "zod";

import { appInputSchema, processInputSchema } from "../../../contract/features/apps.ts";
import { storedVariableSchema } from "../../sealed-variables.ts";

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
