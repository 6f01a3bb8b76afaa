import { existsSync } from "node:fs";
import { extname, join, resolve } from "node:path";

import { AppError } from "../app-error.ts";
import { findProgram } from "./find-program.ts";
import type { Pm2StartSpec } from "./pm2-types.ts";

/** PM2's own pattern for the time before each line: ISO 8601 in UTC when the daemon runs with `TZ=UTC`. */
export const logDateFormat = "YYYY-MM-DDTHH:mm:ss.SSS[Z]";

const interpreters: Record<string, string> = {
  ".js": process.execPath,
  ".cjs": process.execPath,
  ".mjs": process.execPath,
  ".ts": process.execPath,
  ".py": "python3",
  ".sh": "bash",
  ".rb": "ruby",
  ".pl": "perl",
  ".php": "php",
};

/**
 * The configuration the daemon's `prepare` wants, with every path resolved, so that nothing depends on the folder or
 * environment of the caller. Throws `invalid_request` when the script or its interpreter is not there.
 */
export function toAppConfig(spec: Pm2StartSpec, homeDir: string): Record<string, unknown> {
  const interpreter = spec.interpreter ?? interpreters[extname(spec.script)] ?? "none";
  const config: Record<string, unknown> = {
    name: spec.name,
    namespace: spec.namespace,
    pm_exec_path: findScript(spec, interpreter),
    pm_cwd: spec.cwd,
    args: spec.args,
    node_args: spec.interpreterArgs ?? [],
    exec_interpreter: findInterpreter(spec, interpreter),
    exec_mode: "fork_mode",
    instance_var: "NODE_APP_INSTANCE",
    pm_out_log_path: spec.logFile,
    pm_err_log_path: spec.logFile,
    pm_pid_path: join(homeDir, "pids", `${spec.name.replace(/[^A-Za-z0-9.-]/g, "-")}.pid`),
    merge_logs: true,
    log_date_format: logDateFormat,
    autostart: true,
    autorestart: spec.autorestart ?? true,
    exp_backoff_restart_delay: spec.expBackoffMs ?? 100,
    min_uptime: spec.minUptimeMs ?? 5_000,
    max_restarts: spec.maxRestarts ?? 10,
    kill_timeout: spec.killTimeoutMs ?? 5_000,
    kill_retry_time: 50,
    wait_ready: spec.waitReady ?? false,
    listen_timeout: spec.listenTimeoutMs ?? 3_000,
    treekill: spec.treekill ?? true,
    watch: false,
    vizion: false,
    automation: false,
    pmx: false,
    windowsHide: true,
    ...(spec.hasSourceMaps === false ? { disable_source_map_support: true } : {}),
    ...(spec.maxMemoryBytes === undefined ? {} : { max_memory_restart: spec.maxMemoryBytes }),
  };
  // PM2 lays the environment over the configuration: a variable called "name" would rename the process.
  const isFree = (name: string): boolean => !(name in config) && !reservedKeys.has(name);
  config["env"] = Object.fromEntries(Object.entries(spec.env).filter(([name]) => isFree(name)));
  return config;
}

const reservedKeys = new Set([
  "env",
  "pm_id",
  "status",
  "instances",
  "created_at",
  "pm_uptime",
  "restart_time",
  "unstable_restarts",
  "max_memory_restart",
  "cron_restart",
  "versioning",
  "version",
  "username",
  "uid",
  "gid",
]);

function findScript(spec: Pm2StartSpec, interpreter: string): string {
  if (interpreter === "none") {
    const program = findProgram(spec.script, spec.cwd, spec.env["PATH"]);
    if (program) return program;
    throw new AppError("invalid_request", `Program not found or not executable: ${spec.script}`);
  }
  const script = resolve(spec.cwd, spec.script);
  if (existsSync(script)) return script;
  throw new AppError("invalid_request", `Script not found: ${spec.script}`);
}

function findInterpreter(spec: Pm2StartSpec, interpreter: string): string {
  if (interpreter === "none") return interpreter;
  const program = findProgram(interpreter, spec.cwd, spec.env["PATH"]);
  if (program) return program;
  throw new AppError("invalid_request", `Interpreter not found: ${interpreter}`);
}
