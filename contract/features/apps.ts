import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { pm2HomeSchema, problemSchema, processSchema } from "./processes.ts";
import { variableInputSchema, variableSchema } from "./variables.ts";

/** Id of an app: its slug, part of URLs and PM2 names, never changed. */
export const appIdSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, "must have lower case letters, digits and dashes only");
/** Name of a process within its app. */
export const processNameSchema = z
  .string()
  .regex(/^[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,38}[a-zA-Z0-9])?$/, "must have letters, digits, dots and dashes only");

const withoutControls = /^[^\p{Cc}]*$/u;
const line = (max: number) => z.string().max(max).regex(withoutControls, "must have no control characters");
const folderSchema = line(1024).regex(/^(?:\/|[A-Za-z]:[\\/])/, "must be an absolute path");
const relativePathSchema = line(512).refine(
  (path) => !/^(?:\/|[A-Za-z]:)/.test(path) && !path.split(/[\\/]/).includes(".."),
  "must be a path inside the app's folder",
);
const portSchema = z.int().min(1).max(65_535);
const packageManagerSchema = z.enum(["npm", "pnpm", "yarn", "bun"]);
export type PackageManager = z.output<typeof packageManagerSchema>;

/** What a process runs. Nothing goes through a shell: a command is a program and its arguments. */
export const runSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("command"), command: z.array(line(4096)).min(1).max(100) }),
  z.strictObject({
    kind: z.literal("npm-script"),
    manager: packageManagerSchema.default("npm"),
    script: line(200).min(1),
    arguments: z.array(line(4096)).max(50).default([]),
  }),
  /** One app of the project's own ecosystem file, which is read anew, never executed, at each start. */
  z.strictObject({ kind: z.literal("ecosystem"), file: relativePathSchema.min(1), name: line(200).min(1) }),
  /** A process that lives in a PM2 home already and is only looked at and controlled there. */
  z.strictObject({ kind: z.literal("linked"), home: pm2HomeSchema, name: line(200).min(1) }),
]);
export type Run = z.output<typeof runSchema>;

const definitionFields = {
  name: processNameSchema,
  run: runSchema,
  /** Relative to the app's folder. */
  cwd: relativePathSchema.default("."),
  /** Ports it listens on; the first one is also handed over as PORT unless the environment sets one. */
  ports: z.array(portSchema).max(20).default([]),
  /** Start it again when it ends by itself. */
  isRestarted: z.boolean().default(true),
  /** Whether starting the app starts it. */
  isStartedWithApp: z.boolean().default(true),
  /** Restarted when it takes more than this. */
  maxMemoryBytes: z
    .int()
    .min(16 * 1024 * 1024)
    .nullable()
    .default(null),
};

/** One process of an app as the user defines it. The order of the list is the order of starting. */
export const processInputSchema = z.strictObject({
  ...definitionFields,
  environment: z.array(variableInputSchema).max(200).default([]),
});
export type ProcessInput = z.output<typeof processInputSchema>;

/** One process of an app with what is known of it right now. */
export const appProcessSchema = z.strictObject({
  ...definitionFields,
  environment: z.array(variableSchema),
  /** The running or stopped PM2 process, `null` before the first start. */
  live: processSchema.nullable(),
  problem: problemSchema.nullable(),
});
export type AppProcess = z.output<typeof appProcessSchema>;

/** State of a whole app: errored when any process is, launching while any is on its way, online when any runs. */
export const appStatusSchema = z.enum(["online", "launching", "stopped", "errored"]);
export type AppStatus = z.output<typeof appStatusSchema>;

/** A link shown on the app: a port of the machine the panel is opened on, or an address. */
export const appLinkSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("port"),
    label: line(80),
    port: portSchema,
    path: line(512).regex(/^\//).default("/"),
  }),
  z.strictObject({ kind: z.literal("url"), label: line(80), url: z.url({ protocol: /^https?$/ }).max(2048) }),
]);
export type AppLink = z.output<typeof appLinkSchema>;

const editorTemplateSchema = line(512).regex(
  /^(?!(?:https?|javascript|data|file|vbscript|blob):)[a-z][a-z0-9+.-]{1,30}:\/\/[^\s<>"]*\{folder\}[^\s<>"]*$/,
  "must be a link like vscode://file{folder}",
);

const settingsFields = {
  name: line(80).min(1),
  description: line(400).default(""),
  links: z.array(appLinkSchema).max(20).default([]),
  group: line(60).default(""),
  /** Link that opens the editor, `{folder}` stands for the folder; `null` takes the panel's default. */
  editorTemplate: editorTemplateSchema.nullable().default(null),
};

/** How an app came here. */
export const appOriginSchema = z.enum(["import", "manual", "sample"]);

export const appInputSchema = z.strictObject({
  ...settingsFields,
  /** Taken from the name when left out. */
  id: appIdSchema.optional(),
  folder: folderSchema,
  origin: appOriginSchema.default("manual"),
  processes: z.array(processInputSchema).max(50),
});
export type AppInput = z.output<typeof appInputSchema>;

export const appChangeSchema = z.strictObject({
  name: settingsFields.name.optional(),
  description: line(400).optional(),
  links: z.array(appLinkSchema).max(20).optional(),
  group: line(60).optional(),
  editorTemplate: editorTemplateSchema.nullable().optional(),
  folder: folderSchema.optional(),
  isArchived: z.boolean().optional(),
  processes: z.array(processInputSchema).max(50).optional(),
});
export type AppChange = z.output<typeof appChangeSchema>;

/** An app with its live state. */
export const appSchema = z.strictObject({
  ...settingsFields,
  id: appIdSchema,
  folder: z.string(),
  origin: appOriginSchema,
  isArchived: z.boolean(),
  createdAt: z.string(),
  updatedAt: z.string(),
  editorUrl: z.string(),
  /** Changes when the icon does; `null` without one. */
  iconVersion: z.string().nullable(),
  status: appStatusSchema,
  onlineCount: z.int(),
  cpuPercent: z.number(),
  memoryBytes: z.number(),
  restarts: z.int(),
  /** Start of the process that has run longest. */
  onlineSince: z.string().nullable(),
  problem: problemSchema.nullable(),
  processes: z.array(appProcessSchema),
});
export type App = z.output<typeof appSchema>;

const params = z.strictObject({ id: appIdSchema });
const processParams = z.strictObject({ id: appIdSchema, process: processNameSchema });

const verb = <const V extends string, const T extends string>(name: V, summary: T) =>
  ({ method: "POST", path: `/api/apps/:id/${name}`, summary, params, reply: appSchema, audit: "write" }) as const;
const processVerb = <const V extends string, const T extends string>(name: V, summary: T) =>
  ({
    method: "POST",
    path: `/api/apps/:id/processes/:process/${name}`,
    summary,
    params: processParams,
    reply: appSchema,
    audit: "write",
  }) as const;

/** Registered apps and what can be done with them. */
export const appsEndpoints = defineEndpoints({
  list: { method: "GET", path: "/api/apps", summary: "List apps", reply: z.array(appSchema), audit: "none" },
  get: { method: "GET", path: "/api/apps/:id", summary: "Show an app", params, reply: appSchema, audit: "none" },
  create: {
    method: "POST",
    path: "/api/apps",
    summary: "Add an app",
    body: appInputSchema,
    reply: appSchema,
    audit: "write",
    stepUp: "secret",
  },
  createSample: {
    method: "POST",
    path: "/api/apps/sample",
    summary: "Add the sample app",
    reply: appSchema,
    audit: "write",
  },
  update: {
    method: "PATCH",
    path: "/api/apps/:id",
    summary: "Change an app",
    params,
    body: appChangeSchema,
    reply: appSchema,
    audit: "write",
    stepUp: "secret",
  },
  remove: {
    method: "DELETE",
    path: "/api/apps/:id",
    summary: "Delete an app",
    params,
    reply: z.strictObject({
      /** Until then `restore` brings it back as it was, running processes included. */
      undoUntil: z.string(),
    }),
    audit: "write",
    stepUp: "delete",
  },
  restore: verb("restore", "Undo the deletion of an app"),
  start: verb("start", "Start an app"),
  stop: verb("stop", "Stop an app"),
  restart: verb("restart", "Restart an app"),
  startProcess: processVerb("start", "Start a process of an app"),
  stopProcess: processVerb("stop", "Stop a process of an app"),
  restartProcess: processVerb("restart", "Restart a process of an app"),
  git: {
    method: "GET",
    path: "/api/apps/:id/git",
    summary: "State of an app's git repository",
    params,
    reply: z
      .strictObject({
        branch: z.string().nullable(),
        head: z.string().nullable(),
        remote: z.string().nullable(),
        isDirty: z.boolean(),
      })
      .nullable(),
    audit: "none",
  },
  icon: {
    method: "GET",
    path: "/api/apps/:id/icon",
    summary: "Icon of an app",
    params,
    query: z.strictObject({ v: z.string().max(40).optional() }),
    reply: { raw: "image/*" },
    audit: "none",
  },
});

/** Apps as they change. CPU and memory between two changes come with the `processes` feed. */
export const appsFeed = defineFeed("apps", {
  snapshot: z.array(appSchema),
  event: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("changed"), app: appSchema }),
    z.strictObject({ type: z.literal("removed"), id: appIdSchema }),
  ]),
});
export type AppsEvent = z.output<(typeof appsFeed)["server"]["event"]>["event"];
