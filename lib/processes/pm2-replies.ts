import { z } from "zod";

import type { Pm2Event, Pm2HomeName, Pm2Process, Pm2Status } from "./pm2-types.ts";

const numberOr = (fallback: number) => z.coerce.number().catch(fallback);
const text = z.string().catch("");
const pmIdSchema = z.number().int().nonnegative();
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")]);

const settingsSchema = z.object({
  name: text,
  namespace: z.string().catch("default"),
  status: text,
  restart_time: numberOr(0),
  unstable_restarts: numberOr(0),
  pm_uptime: z.number().nullish().catch(null),
  created_at: z.number().nullish().catch(null),
  pm_cwd: text,
  pm_exec_path: text,
  args: z.union([z.array(z.coerce.string()), z.string().transform((line) => [line])]).catch([]),
  exec_interpreter: text,
  pm_out_log_path: z.string().nullish().catch(null),
  pm_err_log_path: z.string().nullish().catch(null),
  exit_code: z.number().nullish().catch(null),
  autorestart: flag.catch(true),
  watch: z.unknown().optional(),
});

const processSchema = z.object({
  pid: z.number().nullish().catch(null),
  pm_id: pmIdSchema,
  pm2_env: settingsSchema,
  monit: z.object({ memory: numberOr(0), cpu: numberOr(0) }).catch({ memory: 0, cpu: 0 }),
});

const statuses: Record<string, Pm2Status> = {
  online: "online",
  launching: "launching",
  "one-launch-status": "launching",
  stopping: "stopping",
  stopped: "stopped",
  errored: "errored",
  "waiting restart": "waiting",
};

const toIso = (milliseconds: number | null | undefined): string | null =>
  milliseconds ? new Date(milliseconds).toISOString() : null;

/** The daemon's answer to `getMonitorData`; an entry that cannot be read is left out. */
export function parseProcessList(reply: unknown, home: Pm2HomeName): Pm2Process[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((item: unknown) => {
    const parsed = processSchema.safeParse(item);
    return parsed.success ? [toProcess(parsed.data, home)] : [];
  });
}

/** With a back-off set PM2 says "waiting restart" even when it has given up (no creation time) or shall not restart at all; the pid is 0 then. */
function realStatus(word: string, pid: number | null | undefined, createdAt: number | null | undefined): Pm2Status {
  const status = statuses[word] ?? "stopped";
  if (status !== "waiting" || pid) return status;
  return createdAt ? "stopped" : "errored";
}

function toProcess({ pid, pm_id, pm2_env, monit }: z.output<typeof processSchema>, home: Pm2HomeName): Pm2Process {
  const status = realStatus(pm2_env.status, pid, pm2_env.created_at);
  const isRunning = status === "online" || status === "launching" || status === "stopping";
  return {
    home,
    pmId: pm_id,
    name: pm2_env.name,
    namespace: pm2_env.namespace,
    pid: isRunning && pid ? pid : null,
    status,
    cpuPercent: isRunning ? monit.cpu : 0,
    memoryBytes: isRunning ? monit.memory : 0,
    restarts: pm2_env.restart_time,
    unstableRestarts: pm2_env.unstable_restarts,
    onlineSince: status === "online" ? toIso(pm2_env.pm_uptime) : null,
    createdAt: toIso(pm2_env.created_at),
    cwd: pm2_env.pm_cwd,
    script: pm2_env.pm_exec_path,
    args: pm2_env.args,
    interpreter: pm2_env.exec_interpreter,
    outLog: pm2_env.pm_out_log_path ?? null,
    errLog: pm2_env.pm_err_log_path ?? null,
    exitCode: pm2_env.exit_code ?? null,
    autorestart: pm2_env.autorestart,
    watch: Boolean(pm2_env.watch),
  };
}

/** Topics of the bus that `parseBusMessage` understands. */
export const busTopics: ReadonlySet<string> = new Set(["process:event", "process:exception", "log:out", "log:err"]);

/** Those of them that tell about processes, not what they print. */
export const processTopics: ReadonlySet<string> = new Set(["process:event", "process:exception"]);

const processMessageSchema = z.object({
  event: text,
  manually: z.boolean().catch(false),
  at: numberOr(0),
  process: settingsSchema
    .pick({ name: true, namespace: true, status: true, restart_time: true, exit_code: true })
    .extend({ pm_id: pmIdSchema, pid: z.number().nullish().catch(null) }),
  data: z.object({ message: text, stack: text }).partial().nullish().catch(null),
});

const logMessageSchema = z.object({
  process: z.object({ pm_id: pmIdSchema, name: text }),
  data: z.string(),
  at: numberOr(0),
});

/** One message of the bus as an event; `null` for what has another shape. */
export function parseBusMessage(topic: string, value: unknown, home: Pm2HomeName): Pm2Event | null {
  if (topic === "log:out" || topic === "log:err") {
    const log = logMessageSchema.safeParse(value);
    if (!log.success) return null;
    const { process, data, at } = log.data;
    return {
      kind: "log",
      home,
      pmId: process.pm_id,
      name: process.name,
      stream: topic === "log:out" ? "out" : "err",
      data,
      at,
    };
  }
  const message = processMessageSchema.safeParse(value);
  if (!message.success) return null;
  const { event, manually, at, process, data } = message.data;
  return {
    kind: "process",
    home,
    event: topic === "process:exception" ? "exception" : event,
    isManual: manually,
    process: {
      pmId: process.pm_id,
      name: process.name,
      namespace: process.namespace,
      status: statuses[process.status] ?? "stopped",
      restarts: process.restart_time,
      pid: process.pid ?? null,
    },
    exitCode: process.exit_code ?? null,
    detail: data?.stack ?? data?.message ?? null,
    at,
  };
}
