import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { pm2HomeSchema, processKeySchema, processStatusSchema } from "../features/processes.ts";
import { pageCursorSchema } from "../page-cursor.ts";

export const incidentIdSchema = z.string().regex(/^[0-9a-z]{8,12}-[0-9a-f]{8}$/);

/**
 * `open`: being dealt with. `gave-up`: the autofixer does nothing more. Both stay in sight until settled. `stopped`,
 * `removed`: what the user did to the process; `dismissed`: what they did to the incident.
 */
export const incidentStatusSchema = z.enum(["open", "recovered", "gave-up", "stopped", "removed", "dismissed"]);
export type IncidentStatus = z.output<typeof incidentStatusSchema>;

/** What changed in git since the process last ran well. */
export const codeChangesSchema = z.strictObject({
  /** Commit it ran well with and since when it did; `null` when it has not been seen running well. */
  ranWell: z.strictObject({ commit: z.string(), at: z.iso.datetime() }).nullable(),
  /** Commit now. */
  head: z.string().nullable(),
  /** "<short id> <subject>", newest first, at most 20. */
  commits: z.array(z.string()),
  /** Files that differ from the commit, relative to the repository, at most 50. */
  files: z.array(z.strictObject({ path: z.string(), isEditedSince: z.boolean() })),
});
export type CodeChanges = z.output<typeof codeChangesSchema>;

/** One crash of a process and everything that followed from it, until it is settled. */
export const incidentSchema = z.strictObject({
  id: incidentIdSchema,
  process: z.strictObject({
    key: processKeySchema,
    home: pm2HomeSchema,
    pmId: z.int(),
    name: z.string(),
    cwd: z.string(),
    appId: z.string().nullable(),
    /** One of PortOS's own six. */
    isOwn: z.boolean(),
  }),
  status: incidentStatusSchema,
  openedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  closedAt: z.iso.datetime().nullable(),
  /** The last end. A signal means that it was killed: by the system, or by somebody. */
  exit: z.strictObject({ code: z.int().nullable(), signal: z.string().nullable(), at: z.iso.datetime() }),
  /** Ends seen, PM2's own quick restarts included. */
  crashes: z.int().min(1),
  /** Restarts by the autofixer, counted before they are made. */
  attempts: z.array(z.strictObject({ at: z.iso.datetime(), problem: z.string().nullable() })),
  maxAttempts: z.int(),
  nextAttemptAt: z.iso.datetime().nullable(),
  /** What happens now, or why it ended as it did; one sentence. */
  reason: z.string(),
  changes: codeChangesSchema.nullable(),
});
export type Incident = z.output<typeof incidentSchema>;

/** An incident with the last lines the process wrote, redacted, without colours. */
export const incidentDetailSchema = incidentSchema.extend({ lines: z.array(z.string()) });
export type IncidentDetail = z.output<typeof incidentDetailSchema>;

export const incidentQuerySchema = z.strictObject({
  /** Only those of this process, or of this app. */
  process: processKeySchema.optional(),
  appId: z.string().max(100).optional(),
  status: incidentStatusSchema.optional(),
  before: pageCursorSchema.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export type IncidentQuery = z.output<typeof incidentQuerySchema>;

/** Unsettled incidents come first on the first page, then the settled ones; newest first each. */
export const incidentPageSchema = z.strictObject({ items: z.array(incidentSchema), next: z.string().nullable() });
export type IncidentPage = z.output<typeof incidentPageSchema>;

export const watchedProcessSchema = z.strictObject({
  key: processKeySchema,
  home: pm2HomeSchema,
  pmId: z.int(),
  name: z.string(),
  kind: z.enum(["own", "app", "other"]),
  status: processStatusSchema,
  pid: z.int().nullable(),
  cpuPercent: z.number(),
  memoryBytes: z.number(),
  restarts: z.int(),
  onlineSince: z.iso.datetime().nullable(),
  exitCode: z.int().nullable(),
});
export type WatchedProcess = z.output<typeof watchedProcessSchema>;

export const watchedProcessesSchema = z.strictObject({
  /** False when the page asks PM2 itself because portos-autofixer does not answer. */
  isAutofixerUp: z.boolean(),
  homes: z.array(z.strictObject({ home: pm2HomeSchema, isUp: z.boolean() })),
  items: z.array(watchedProcessSchema),
});
export type WatchedProcesses = z.output<typeof watchedProcessesSchema>;

export const processActionSchema = z.enum(["start", "stop", "restart"]);
export type ProcessAction = z.output<typeof processActionSchema>;

const processParams = z.strictObject({ home: pm2HomeSchema, pmId: z.coerce.number().int().min(0) });
const idParams = z.strictObject({ id: incidentIdSchema });

/** What portos-autofixer answers on loopback, and portos-autofixer-ui passes on to its page. */
export const autofixerEndpoints = defineEndpoints({
  processes: {
    method: "GET",
    path: "/api/autofixer/processes",
    summary: "List all processes",
    reply: watchedProcessesSchema,
    audit: "none",
  },
  log: {
    method: "GET",
    path: "/api/autofixer/processes/:home/:pmId/log",
    summary: "Show the last lines a process wrote",
    params: processParams,
    query: z.strictObject({ lines: z.coerce.number().int().min(1).max(1_000).default(200) }),
    reply: z.strictObject({ name: z.string(), lines: z.array(z.string()) }),
    audit: "none",
  },
  act: {
    method: "POST",
    path: "/api/autofixer/processes/:home/:pmId/:action",
    summary: "Start, stop or restart a process",
    params: processParams.extend({ action: processActionSchema }),
    /** PM2 gives a number anew after a process was removed; the name makes sure the right one is meant. */
    body: z.strictObject({ name: z.string().max(300) }),
    reply: z.strictObject({ isDone: z.boolean() }),
    audit: "write",
  },
  incidents: {
    method: "GET",
    path: "/api/autofixer/incidents",
    summary: "List incidents",
    query: incidentQuerySchema,
    reply: incidentPageSchema,
    audit: "none",
  },
  incident: {
    method: "GET",
    path: "/api/autofixer/incidents/:id",
    summary: "Show one incident",
    params: idParams,
    reply: incidentDetailSchema,
    audit: "none",
  },
  dismiss: {
    method: "POST",
    path: "/api/autofixer/incidents/:id/dismiss",
    summary: "Dismiss an incident",
    params: idParams,
    reply: incidentSchema,
    audit: "write",
  },
  retry: {
    method: "POST",
    path: "/api/autofixer/incidents/:id/retry",
    summary: "Restart the process of an incident now",
    params: idParams,
    reply: incidentSchema,
    audit: "write",
  },
  changes: {
    method: "GET",
    path: "/api/autofixer/changes",
    summary: "Wait for the unsettled incidents to differ from those known",
    query: z.strictObject({
      after: z.string().max(40).optional(),
      waitMs: z.coerce.number().int().min(0).max(30_000).default(0),
    }),
    reply: z.strictObject({
      revision: z.string(),
      active: z.array(incidentSchema),
      /** Settled since the process started, newest first, at most 20. */
      settled: z.array(incidentSchema),
    }),
    audit: "none",
  },
});
