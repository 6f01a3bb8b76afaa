import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";

export const backupIdSchema = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{9}Z(-[a-z]+)?$/);

export const backupSchema = z.strictObject({
  id: backupIdSchema,
  createdAt: z.iso.datetime(),
  reason: z.enum(["manual", "daily", "before-restore"]),
  sizeBytes: z.number(),
  fileCount: z.int(),
  /** Sealed secrets can only be opened with the key of this fingerprint; the key itself is never in a backup. */
  keyFingerprint: z.string().nullable(),
});
export type Backup = z.infer<typeof backupSchema>;

/** What a restore would do to one file, or did. */
export const restoreChangeSchema = z.strictObject({
  file: z.string(),
  change: z.enum(["added", "changed", "same"]),
  sizeBefore: z.number().nullable(),
  sizeAfter: z.number().nullable(),
});

const idParams = z.strictObject({ id: backupIdSchema });

export const backupsEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/backups",
    summary: "List backups, newest first",
    reply: z.array(backupSchema),
    audit: "none",
  },
  create: { method: "POST", path: "/api/backups", summary: "Back up data now", reply: backupSchema, audit: "write" },
  preview: {
    method: "GET",
    path: "/api/backups/:id/preview",
    summary: "Show what a restore would change",
    params: idParams,
    reply: z.strictObject({ changes: z.array(restoreChangeSchema), warnings: z.array(z.string()) }),
    audit: "read",
  },
  restore: {
    method: "POST",
    path: "/api/backups/:id/restore",
    summary: "Restore a backup",
    params: idParams,
    reply: z.strictObject({ changes: z.array(restoreChangeSchema), safetyBackup: backupIdSchema }),
    audit: "write",
    stepUp: "secret",
  },
  remove: {
    method: "DELETE",
    path: "/api/backups/:id",
    summary: "Delete a backup",
    params: idParams,
    reply: z.null(),
    audit: "write",
    stepUp: "delete",
  },
  download: {
    method: "GET",
    path: "/api/backups/:id/download",
    summary: "Download a backup",
    params: idParams,
    reply: { raw: "application/gzip" },
    audit: "read",
  },
});
