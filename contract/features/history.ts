import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { errorCodes } from "../errors.ts";
import { pageCursorSchema } from "../page-cursor.ts";

/** Who did something: the Tailscale login or "this machine", with the address it came from. */
export const callerSchema = z.strictObject({ name: z.string(), address: z.string(), node: z.string().optional() });
export type Caller = z.infer<typeof callerSchema>;

/** One user action and what became of it. */
export const historyEntrySchema = z.strictObject({
  id: z.string(),
  at: z.iso.datetime(),
  correlationId: z.string(),
  /** Call id, "apps.start". */
  action: z.string(),
  summary: z.string(),
  /** What it was done to: the id in the path or the name in the body. */
  subject: z.string().nullable(),
  /** The name the subject had then; `null` when it has none of its own. */
  subjectName: z.string().nullable().default(null),
  outcome: z.enum(["done", "refused", "failed"]),
  code: z.enum(errorCodes).nullable(),
  message: z.string().nullable(),
  durationMs: z.number().min(0),
  caller: callerSchema,
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

export const historyEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/history",
    summary: "List user actions, newest first",
    query: z.strictObject({
      before: pageCursorSchema.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      /** First half of the call id: "apps", "automations". */
      feature: z.string().max(40).optional(),
      outcome: historyEntrySchema.shape.outcome.optional(),
      /** Only what was done to this: the `subject` of an entry. */
      subject: z.string().max(200).optional(),
      /** Text that must occur in summary, subject, message or caller; case is ignored. */
      text: z.string().max(200).optional(),
    }),
    reply: z.strictObject({ items: z.array(historyEntrySchema), next: z.string().nullable() }),
    audit: "none",
  },
});
