import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { browserProcessEndpoints, browserStateSchema } from "../internal/browser.ts";

export const screenshotIdSchema = z.string().regex(/^\d{8}T\d{9}Z-[a-f0-9]{6}$/);

/** One picture in `data/screenshots`. */
export const screenshotSchema = z.object({
  id: screenshotIdSchema,
  takenAt: z.iso.datetime(),
  title: z.string(),
  url: z.string(),
  width: z.int(),
  height: z.int(),
  bytes: z.int(),
});
export type Screenshot = z.infer<typeof screenshotSchema>;

/** The browser as the panel last saw it; `asOf` tells how old that is when its process does not answer. */
export const browserViewSchema = z.object({
  isProcessUp: z.boolean(),
  asOf: z.iso.datetime().nullable(),
  state: browserStateSchema.nullable(),
});
export type BrowserView = z.infer<typeof browserViewSchema>;

const { saveSettings, start, stop, restart, tabs, openTab, activateTab, closeTab } = browserProcessEndpoints;

export const browserEndpoints = defineEndpoints({
  view: {
    method: "GET",
    path: "/api/browser",
    summary: "Show the browser's state",
    reply: browserViewSchema,
    audit: "read",
  },
  saveSettings,
  start,
  stop,
  restart,
  tabs: { ...tabs, audit: "read" },
  openTab,
  activateTab,
  closeTab,
  takeScreenshot: {
    method: "POST",
    path: "/api/browser/tabs/:id/screenshots",
    summary: "Take a screenshot of a tab",
    params: closeTab.params,
    reply: screenshotSchema,
    audit: "write",
  },
  screenshots: {
    method: "GET",
    path: "/api/browser/screenshots",
    summary: "List screenshots",
    query: z.strictObject({
      before: screenshotIdSchema.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(24),
    }),
    reply: z.object({ items: z.array(screenshotSchema), next: screenshotIdSchema.nullable() }),
    audit: "read",
  },
  image: {
    method: "GET",
    path: "/api/browser/screenshots/:id/image",
    summary: "Show or download a screenshot",
    params: z.strictObject({ id: screenshotIdSchema }),
    query: z.strictObject({ download: z.enum(["1"]).optional() }),
    reply: { raw: "image/png" },
    audit: "read",
  },
  deleteScreenshot: {
    method: "DELETE",
    path: "/api/browser/screenshots/:id",
    summary: "Delete a screenshot",
    params: z.strictObject({ id: screenshotIdSchema }),
    reply: z.object({ undoUntil: z.iso.datetime() }),
    audit: "write",
    stepUp: "delete",
  },
  restoreScreenshot: {
    method: "POST",
    path: "/api/browser/screenshots/:id/restore",
    summary: "Bring a deleted screenshot back",
    params: z.strictObject({ id: screenshotIdSchema }),
    reply: screenshotSchema,
    audit: "write",
  },
});

/** Every change of the browser's state, the whole state each time. */
export const browserFeed = defineFeed("browser", { snapshot: browserViewSchema, event: browserViewSchema });
