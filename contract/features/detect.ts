import { z } from "zod";

import { defineChannel } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { appInputSchema, appLinkSchema, processInputSchema } from "./apps.ts";

/** Everything that looks into a folder, in the order shown. */
export const detectorNames = [
  "folder",
  "package.json",
  "ecosystem file",
  "Procfile",
  "compose file",
  ".env ports",
  "other languages",
  "git",
  "PM2 processes",
  "listening ports",
] as const;
export const detectorNameSchema = z.enum(detectorNames);
export type DetectorName = z.output<typeof detectorNameSchema>;

/** What one detector says: that it looks, what it found, that there was nothing, or why it could not look. */
export const detectionStepSchema = z.strictObject({
  detector: detectorNameSchema,
  state: z.enum(["running", "found", "nothing", "failed"]),
  /** One line each, for the eye. */
  lines: z.array(z.string()),
  tookMs: z.number().nullable(),
});
export type DetectionStep = z.output<typeof detectionStepSchema>;

/** Why something of a plan cannot or should not be taken as it stands. `isBlocking` ones must be settled first. */
export const planConflictSchema = z.strictObject({
  kind: z.enum([
    "id_taken",
    "name_taken",
    "folder_registered",
    "port_taken",
    "port_shared",
    "already_running",
    "unreadable",
  ]),
  isBlocking: z.boolean(),
  message: z.string(),
});
export type PlanConflict = z.output<typeof planConflictSchema>;

/** One proposed process with the place it was read from. */
export const planProcessSchema = z.strictObject({
  isSelected: z.boolean(),
  /** File or place: "package.json", "Procfile", "PM2 (yours)". */
  source: z.string(),
  /** Why it is proposed: "script dev, Vite". */
  reason: z.string(),
  process: processInputSchema,
  conflicts: z.array(planConflictSchema),
});
export type PlanProcess = z.output<typeof planProcessSchema>;

/** What importing a folder would do; nothing has happened yet. */
export const importPlanSchema = z.strictObject({
  folder: z.string(),
  id: z.string(),
  name: z.string(),
  description: z.string(),
  links: z.array(appLinkSchema),
  git: z.strictObject({ branch: z.string().nullable(), remote: z.string().nullable() }).nullable(),
  processes: z.array(planProcessSchema),
  /** What was found and is only told: compose services, ports in use, what could not be read. */
  facts: z.array(z.strictObject({ source: z.string(), text: z.string() })),
  conflicts: z.array(planConflictSchema),
});
export type ImportPlan = z.output<typeof importPlanSchema>;

const detectionId = z.string().regex(/^[a-zA-Z0-9]{8,24}$/);

/** Looks into a folder and streams what it finds. The folder is only read; nothing in it is executed. */
export const detectChannel = defineChannel({
  name: "detect",
  client: {
    start: {
      payload: z.strictObject({ folder: z.string().min(1).max(1024) }),
      reply: z.strictObject({
        detectionId,
        /** Where the folder really is, links resolved. */
        folder: z.string(),
        detectors: z.array(detectorNameSchema),
      }),
    },
    cancel: { payload: z.strictObject({ detectionId }), reply: z.null() },
  },
  server: {
    step: z.strictObject({ detectionId, step: detectionStepSchema }),
    done: z.strictObject({ detectionId, plan: importPlanSchema }),
    failed: z.strictObject({ detectionId, message: z.string() }),
  },
});

/** The folder picker, and detection for clients without a socket. */
export const detectEndpoints = defineEndpoints({
  folders: {
    method: "GET",
    path: "/api/folders",
    summary: "Complete the path of a folder",
    query: z.strictObject({
      /** What is typed so far; `~` stands for the home folder. Empty lists the home folder. */
      path: z.string().max(1024).default(""),
    }),
    reply: z.strictObject({
      /** The folder whose content is listed. */
      parent: z.string(),
      isFolder: z.boolean(),
      folders: z.array(z.strictObject({ name: z.string(), path: z.string(), isProject: z.boolean() })),
      /** True when there were more than fit. */
      isCut: z.boolean(),
    }),
    audit: "none",
  },
  plan: {
    method: "POST",
    path: "/api/detect",
    summary: "Look into a folder and propose an app",
    body: z.strictObject({ folder: appInputSchema.shape.folder }),
    reply: importPlanSchema,
    audit: "none",
  },
});
