import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";

/** Machine health at one moment. Sizes in bytes, shares 0–100; `null` is "not known on this machine". */
export const machineSchema = z.strictObject({
  at: z.iso.datetime(),
  hostname: z.string(),
  platform: z.string(),
  cpuCount: z.int(),
  cpuPercent: z.number(),
  loadAverage: z.tuple([z.number(), z.number(), z.number()]),
  memoryTotalBytes: z.number(),
  memoryUsedBytes: z.number(),
  disks: z.array(z.strictObject({ mount: z.string(), totalBytes: z.number(), usedBytes: z.number() })),
  temperatureCelsius: z.number().nullable(),
  uptimeSeconds: z.number(),
});
export type Machine = z.infer<typeof machineSchema>;

/** How the panel can be reached. */
export const accessSchema = z.strictObject({
  version: z.string(),
  nodeVersion: z.string(),
  dataDir: z.string(),
  startedAt: z.iso.datetime(),
  tailnet: z.strictObject({
    state: z.enum(["absent", "stopped", "running"]),
    dnsName: z.string(),
    addresses: z.array(z.string()),
  }),
  urls: z.array(z.strictObject({ kind: z.enum(["local", "tailnet"]), url: z.string() })),
});
export type Access = z.infer<typeof accessSchema>;

/** A damaged or hand-edited file of `data/` that needs the user's eye. */
export const dataProblemSchema = z.strictObject({
  file: z.string(),
  message: z.string(),
  /** Name the damaged copy was kept under, beside the file. */
  keptAs: z.string().nullable(),
  at: z.iso.datetime(),
});
export type DataProblem = z.infer<typeof dataProblemSchema>;

export const systemEndpoints = defineEndpoints({
  health: {
    method: "GET",
    path: "/api/health",
    summary: "Say whether portos-server is ready",
    reply: z.strictObject({
      status: z.literal("ok"),
      process: z.literal("portos-server"),
      pid: z.int(),
      uptimeMs: z.number(),
      version: z.string(),
    }),
    audit: "none",
  },
  machine: {
    method: "GET",
    path: "/api/system/machine",
    summary: "Read machine health",
    reply: machineSchema,
    audit: "none",
  },
  access: {
    method: "GET",
    path: "/api/system/access",
    summary: "Read how the panel can be reached",
    reply: accessSchema,
    audit: "none",
  },
  problems: {
    method: "GET",
    path: "/api/system/problems",
    summary: "List files in data/ that could not be read",
    reply: z.array(dataProblemSchema),
    audit: "none",
  },
});

/** Machine health every two seconds while somebody watches. */
export const systemFeed = defineFeed("system", { snapshot: machineSchema, event: machineSchema });
