import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";

/** For how many days evidence is kept. */
export const evidenceKeepDaysSchema = z.int().min(1).max(3650);

/** Settings of the panel that hold for every device. */
export const settingsSchema = z.strictObject({
  /** Name shown in the header and in notifications. */
  machineName: z.string().trim().max(60).default(""),
  /** Editor to open a folder with; `{folder}` stands for the path. */
  editorUrl: z
    .string()
    .max(200)
    .regex(
      /^(vscode|vscodium|cursor|windsurf|zed|idea|jetbrains|sublimetext|subl|txmt|nova):\/\/[^\s]*\{folder\}/,
      "must be an editor link that contains {folder}",
    )
    .default("vscode://file{folder}"),
  logs: z
    .strictObject({
      rotateAtMegabytes: z.number().min(1).max(1000).default(20),
      rotateAfterDays: z.int().min(1).max(365).default(7),
      keepFiles: z.int().min(1).max(100).default(10),
      keepDays: z.int().min(1).max(3650).default(30),
      /** All log files together. */
      totalMegabytes: z.int().min(10).max(1_000_000).default(2048),
    })
    .prefault({}),
  history: z.strictObject({ keepDays: z.int().min(1).max(3650).default(365) }).prefault({}),
  /** Records of calls to the outside; what is removed of the chain is said in it. */
  evidence: z.strictObject({ keepDays: evidenceKeepDaysSchema.default(365) }).prefault({}),
  backups: z
    .strictObject({
      /** Off until turned on. */
      isDaily: z.boolean().default(false),
      keep: z.int().min(1).max(365).default(14),
    })
    .prefault({}),
  approvals: z
    .strictObject({
      /** A question nobody has answered by then is denied. */
      expireAfterMinutes: z.int().min(1).max(1_440).default(30),
    })
    .prefault({}),
  terminal: z.strictObject({ recordingKeepDays: z.int().min(1).max(3650).default(30) }).prefault({}),
});
export type Settings = z.infer<typeof settingsSchema>;

export const settingsEndpoints = defineEndpoints({
  get: { method: "GET", path: "/api/settings", summary: "Read the settings", reply: settingsSchema, audit: "none" },
  put: {
    method: "PUT",
    path: "/api/settings",
    summary: "Change the settings",
    stepUpWhen: { when: "records of calls shall be kept for less long", what: "delete" },
    body: settingsSchema,
    reply: settingsSchema,
    audit: "write",
  },
});
