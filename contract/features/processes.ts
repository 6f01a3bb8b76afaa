import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { processNames } from "../ports.ts";

/** State of one PM2 process; `waiting` is the pause before the next restart attempt. */
export const processStatusSchema = z.enum(["online", "launching", "stopping", "stopped", "errored", "waiting"]);
export type ProcessStatus = z.output<typeof processStatusSchema>;

/** Which PM2 daemon holds a process: PortOS's own, or the one the user runs in `~/.pm2`. */
export const pm2HomeSchema = z.enum(["portos", "user"]);
export type Pm2Home = z.output<typeof pm2HomeSchema>;

/**
 * Stable name of a process across restarts: `portos-server`, `<appId>/<process>`, `user:<name>` for the user's own PM2,
 * `other:<name>` for what else runs in ours. `#<pm2 id>` follows where a name is not unique.
 */
export const processKeySchema = z.string().min(1).max(300);

/** To whom a process belongs. */
export const processOwnerSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("portos"), name: z.enum(processNames) }),
  z.strictObject({ kind: z.literal("app"), appId: z.string(), processName: z.string() }),
  z.strictObject({ kind: z.literal("other") }),
]);
export type ProcessOwner = z.output<typeof processOwnerSchema>;

/** Why a process does not run, in words of the user's world. */
export const problemSchema = z.strictObject({
  code: z.enum([
    "folder_missing",
    "script_missing",
    "program_missing",
    "ecosystem_unreadable",
    "port_taken",
    "module_missing",
    "permission_denied",
    "out_of_memory",
    "crash_loop",
    "given_up",
    "process_missing",
    "exited",
    "unmanaged",
  ]),
  message: z.string(),
  hint: z.string().optional(),
});
export type Problem = z.output<typeof problemSchema>;

/** One PM2 process as the panel shows it. */
export const processSchema = z.strictObject({
  key: processKeySchema,
  home: pm2HomeSchema,
  pmId: z.int(),
  name: z.string(),
  owner: processOwnerSchema,
  status: processStatusSchema,
  pid: z.int().nullable(),
  /** Percent of one core. */
  cpuPercent: z.number(),
  memoryBytes: z.number(),
  restarts: z.int(),
  unstableRestarts: z.int(),
  /** True while it keeps dying soon after each start. */
  isCrashLooping: z.boolean(),
  onlineSince: z.string().nullable(),
  exitCode: z.int().nullable(),
  cwd: z.string(),
  /** What runs, for the eye only: program and arguments, redacted. */
  command: z.string(),
  problem: problemSchema.nullable(),
  /** Since when it runs without PM2, because the PM2 that started it was killed; `null` while PM2 looks after it. */
  unmanagedSince: z.string().nullable(),
});
export type Process = z.output<typeof processSchema>;

/** Whether a PM2 daemon answers; a daemon that does not is shown with its last known processes and their age. */
export const homeStateSchema = z.strictObject({
  home: pm2HomeSchema,
  isUp: z.boolean(),
  /** Time of the last good answer. */
  seenAt: z.string().nullable(),
});
export type HomeState = z.output<typeof homeStateSchema>;

export const processSnapshotSchema = z.strictObject({
  processes: z.array(processSchema),
  homes: z.array(homeStateSchema),
});
export type ProcessSnapshot = z.output<typeof processSnapshotSchema>;

/** CPU and memory of the last hour, oldest first, one value per `stepMs`; `null` where the process did not run. */
export const metricsSchema = z.strictObject({
  stepMs: z.int(),
  /** End of the newest step. */
  until: z.string(),
  series: z.record(
    z.string(),
    z.strictObject({ cpuPercent: z.array(z.number().nullable()), memoryBytes: z.array(z.number().nullable()) }),
  ),
});
export type Metrics = z.output<typeof metricsSchema>;

const params = z.strictObject({ key: processKeySchema });
const accepted = z.strictObject({
  /** False when the answer came before the deed, because the deed ends the process that answers. */
  isDone: z.boolean(),
  process: processSchema.nullable(),
});

/** What a restart or stop would end besides the process itself. */
export const restartEffectSchema = z.strictObject({
  key: processKeySchema,
  /** Terminals and commands that end with portos-cos; 0 for every other process. */
  sessionsEnded: z.int(),
  /** True when the panel itself is away for a moment. */
  isPanelAway: z.boolean(),
  message: z.string().nullable(),
});
export type RestartEffect = z.output<typeof restartEffectSchema>;

/** Processes of both PM2 homes: PortOS's six, those of apps, and the user's others. */
export const processesEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/processes",
    summary: "List all processes",
    reply: processSnapshotSchema,
    audit: "none",
  },
  metrics: {
    method: "GET",
    path: "/api/processes/metrics",
    summary: "CPU and memory of the last hour",
    query: z.strictObject({
      /** Only this process or only those of this app ("blog"). */
      of: processKeySchema.optional(),
    }),
    reply: metricsSchema,
    audit: "none",
  },
  restartEffect: {
    method: "GET",
    path: "/api/processes/:key/restart-effect",
    summary: "What a restart of a process would end",
    params,
    reply: restartEffectSchema,
    audit: "none",
  },
  recover: {
    method: "POST",
    path: "/api/processes/recover",
    summary: "Bring PM2 and PortOS up again after PM2 was killed",
    body: z.strictObject({
      /** Without it the call is refused while terminals or commands run: they end. */
      isEndingSessions: z.boolean().default(false),
    }),
    reply: z.strictObject({ sessionsEnded: z.int() }),
    audit: "write",
  },
  start: {
    method: "POST",
    path: "/api/processes/:key/start",
    summary: "Start a stopped process",
    params,
    reply: accepted,
    audit: "write",
  },
  stop: {
    method: "POST",
    path: "/api/processes/:key/stop",
    summary: "Stop a process",
    params,
    reply: accepted,
    audit: "write",
  },
  restart: {
    method: "POST",
    path: "/api/processes/:key/restart",
    summary: "Restart a process",
    params,
    reply: accepted,
    audit: "write",
  },
});

const sampleSchema = z.tuple([processKeySchema, z.number(), z.number()]);

/** Live processes: whole rows when something changed, [key, CPU percent, memory bytes] triples in between. */
export const processesFeed = defineFeed("processes", {
  snapshot: processSnapshotSchema,
  event: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("changed"), process: processSchema }),
    z.strictObject({ type: z.literal("removed"), key: processKeySchema }),
    z.strictObject({ type: z.literal("home"), home: homeStateSchema }),
    z.strictObject({ type: z.literal("samples"), at: z.string(), samples: z.array(sampleSchema) }),
  ]),
});
export type ProcessesEvent = z.output<(typeof processesFeed)["server"]["event"]>["event"];
