import { z } from "zod";

import { defineEndpoints } from "../endpoint.ts";
import { browserFlagProblem } from "./browser-flags.ts";

/** `waiting`: ended, will be started again after a pause. `errored`: given up, waits for the user. */
export const browserStatusSchema = z.enum(["not_installed", "stopped", "launching", "online", "waiting", "errored"]);
export type BrowserStatus = z.infer<typeof browserStatusSchema>;

/** What the user decides about the browser; kept in `data/browser-config.json`. */
export const browserSettingsSchema = z.strictObject({
  /** Whether Chrome shall run; stopping and starting it by hand changes this. */
  isEnabled: z.boolean().default(true),
  /** Without a window. */
  isHeadless: z.boolean().default(true),
  windowSize: z
    .strictObject({ width: z.int().min(320).max(3840), height: z.int().min(240).max(2160) })
    .default({ width: 1280, height: 800 }),
  /** Program to use instead of the one found; `null` looks for one. */
  chromePath: z.string().trim().min(1).max(500).nullable().default(null),
  extraFlags: z
    .array(
      z
        .string()
        .trim()
        .max(600)
        .superRefine((flag, context) => {
          const problem = browserFlagProblem(flag);
          if (problem !== null) context.addIssue({ code: "custom", message: problem });
        }),
    )
    .max(20)
    .default([]),
});
export type BrowserSettings = z.output<typeof browserSettingsSchema>;

export const deepHealthSchema = z.object({
  isOk: z.boolean(),
  checkedAt: z.iso.datetime(),
  /** To open a page, evaluate in it and take its picture. */
  tookMs: z.int().min(0),
  error: z.string().nullable(),
});
export type DeepHealth = z.infer<typeof deepHealthSchema>;

/** How to get Chrome on this machine, most convenient way first. */
export const installHelpSchema = z.object({
  system: z.string(),
  steps: z.array(z.object({ what: z.string(), command: z.string().nullable() })),
});
export type InstallHelp = z.infer<typeof installHelpSchema>;

export const browserStateSchema = z.object({
  status: browserStatusSchema,
  /** Why it is not online, or why it was started anew; one sentence. */
  reason: z.string().nullable(),
  /** What the user can do about it. */
  hint: z.string().nullable(),
  /** For example `Chrome/156.0.8078.79`. */
  version: z.string().nullable(),
  executable: z.string().nullable(),
  pid: z.int().nullable(),
  isHeadless: z.boolean(),
  /** It was already running (left behind by a killed browser process) and was taken over. */
  isAdopted: z.boolean(),
  startedAt: z.iso.datetime().nullable(),
  /** How often it had to be started anew since the browser process started. */
  restarts: z.int().min(0),
  lastRestart: z.object({ at: z.iso.datetime(), reason: z.string() }).nullable(),
  nextTryAt: z.iso.datetime().nullable(),
  health: deepHealthSchema.nullable(),
  install: installHelpSchema.nullable(),
  settings: browserSettingsSchema,
});
export type BrowserState = z.infer<typeof browserStateSchema>;

export const tabIdSchema = z.string().regex(/^[A-Za-z0-9-]{8,64}$/);
export const browserTabSchema = z.object({
  id: tabIdSchema,
  title: z.string(),
  url: z.string(),
});
export type BrowserTab = z.infer<typeof browserTabSchema>;

/** An address the browser may be sent to: nothing but http and https. */
export const webAddressSchema = z
  .string()
  .trim()
  .max(2048)
  .pipe(z.url({ protocol: /^https?$/, error: "Only http and https addresses can be opened" }));

export const browserChangesSchema = z.object({ revision: z.string(), state: browserStateSchema });

/** What portos-browser answers on its loopback port. */
export const browserProcessEndpoints = defineEndpoints({
  changes: {
    method: "GET",
    path: "/api/browser/changes",
    summary: "Wait for the state to differ from the one known",
    query: z.strictObject({
      after: z.string().max(40).optional(),
      waitMs: z.coerce.number().int().min(0).max(30_000).default(0),
    }),
    reply: browserChangesSchema,
    audit: "none",
  },
  saveSettings: {
    method: "PUT",
    path: "/api/browser/settings",
    summary: "Save the browser's settings",
    body: browserSettingsSchema,
    reply: browserStateSchema,
    audit: "write",
    stepUp: "secret",
  },
  start: {
    method: "POST",
    path: "/api/browser/start",
    summary: "Start Chrome",
    reply: browserStateSchema,
    audit: "write",
  },
  stop: {
    method: "POST",
    path: "/api/browser/stop",
    summary: "Stop Chrome",
    reply: browserStateSchema,
    audit: "write",
  },
  restart: {
    method: "POST",
    path: "/api/browser/restart",
    summary: "Restart Chrome",
    reply: browserStateSchema,
    audit: "write",
  },
  tabs: {
    method: "GET",
    path: "/api/browser/tabs",
    summary: "List the open tabs",
    reply: z.array(browserTabSchema),
    audit: "none",
  },
  openTab: {
    method: "POST",
    path: "/api/browser/tabs",
    summary: "Open a tab",
    body: z.strictObject({ url: webAddressSchema }),
    reply: browserTabSchema,
    audit: "write",
  },
  activateTab: {
    method: "POST",
    path: "/api/browser/tabs/:id/activate",
    summary: "Bring a tab to the front",
    params: z.strictObject({ id: tabIdSchema }),
    reply: z.null(),
    audit: "write",
  },
  closeTab: {
    method: "DELETE",
    path: "/api/browser/tabs/:id",
    summary: "Close a tab",
    params: z.strictObject({ id: tabIdSchema }),
    reply: z.null(),
    audit: "write",
    stepUp: "delete",
  },
  text: {
    method: "GET",
    path: "/api/browser/tabs/:id/text",
    summary: "Read the text of a tab",
    params: z.strictObject({ id: tabIdSchema }),
    /** As it is seen, not what is hidden; the beginning of a long one. */
    reply: z.object({ title: z.string(), url: z.string(), text: z.string(), isCut: z.boolean() }),
    audit: "none",
  },
  capture: {
    method: "POST",
    path: "/api/browser/tabs/:id/capture",
    summary: "Take a picture of a tab",
    params: z.strictObject({ id: tabIdSchema }),
    reply: z.object({
      title: z.string(),
      url: z.string(),
      width: z.int(),
      height: z.int(),
      /** PNG, base64. */
      png: z.string(),
    }),
    audit: "write",
  },
});
