import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { AppError } from "../app-error.ts";
import { childEnvironment } from "./child-environment.ts";
import { keptWritesHook } from "./kept-writes-hook.ts";
import { noDebuggerHook } from "./no-debugger-hook.ts";
import { withUserUmask } from "./user-umask.ts";
import { wholeLinesHook } from "./whole-lines-hook.ts";

/** PM2 binds `<home>/rpc.sock` and `<home>/pub.sock`; a longer path is cut by the kernel and the daemon ends without a word. */
export const maxPm2HomeLength = 98;

export interface Pm2DaemonOptions {
  /** PM2 home of our own; made when missing. */
  directory: string;
  /** Folder of the PM2 package the daemon shall run out of: a copy that updates of this project do not replace. */
  runtimeDir: string;
  /** Folder the daemon stays in. */
  cwd: string;
  timeoutMs?: number;
}

/**
 * Starts a PM2 daemon with a cleaned environment, in UTC, and resolves with its pid when it listens. Throws
 * `invalid_request` when the home's path is too long, `unavailable` with the end of its log when it does not come up.
 */
export async function startPm2Daemon({
  directory,
  runtimeDir,
  cwd,
  timeoutMs = 15_000,
}: Pm2DaemonOptions): Promise<number> {
  if (Buffer.byteLength(directory) > maxPm2HomeLength)
    throw new AppError(
      "invalid_request",
      `The path of PM2's home is longer than ${maxPm2HomeLength} bytes: ${directory}`,
      {
        hint: "Set PORTOS_STATE_DIR to a shorter folder.",
      },
    );
  for (const folder of ["", "pids", "logs", "modules"])
    mkdirSync(join(directory, folder), { recursive: true, mode: 0o700 });
  writeMissing(join(directory, "module_conf.json"), "{}");
  writeMissing(join(directory, "touch"), "");

  const hooks = {
    "no-debugger.cjs": noDebuggerHook,
    "whole-lines.cjs": wholeLinesHook,
    "kept-writes.cjs": keptWritesHook,
  };
  for (const [name, source] of Object.entries(hooks)) writeFileSync(join(directory, name), source, { mode: 0o600 });
  const required = Object.keys(hooks).flatMap((name) => ["--require", join(directory, name)]);

  const logFile = join(directory, "pm2.log");
  const log = openSync(logFile, "a", 0o600);
  const child = withUserUmask(() =>
    spawn(process.execPath, ["--max-semi-space-size=1", ...required, join(runtimeDir, "lib/Daemon.js")], {
      detached: true,
      cwd,
      stdio: ["ignore", log, log, "ipc"],
      env: childEnvironment({
        PM2_HOME: directory,
        PM2_DISABLE_VERSION_CHECK: "true",
        PM2_PROGRAMMATIC: "true",
        PM2_NO_INTERACTION: "true",
        SILENT: "true",
        TZ: "UTC",
      }),
    }),
  );
  closeSync(log);
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string): void => {
        reject(new AppError("unavailable", `The PM2 daemon did not start: ${reason}`, { hint: lastLines(logFile) }));
      };
      const timer = setTimeout(fail, timeoutMs, `no answer within ${timeoutMs} ms`);
      child.once("error", (error) => {
        fail(error.message);
      });
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        fail(`ended with ${signal ?? String(code)}`);
      });
      child.once("message", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  } catch (error) {
    child.kill();
    throw error;
  }
  child.removeAllListeners();
  child.disconnect();
  child.unref();
  return child.pid ?? 0;
}

/** The pid a daemon wrote into its home, when that process is alive; else `null`. */
export function readDaemonPid(directory: string): number | null {
  try {
    const pid = Number(readFileSync(join(directory, "pm2.pid"), "utf8"));
    if (!Number.isInteger(pid) || pid <= 0) return null;
    process.kill(pid, 0);
    return pid;
  } catch {
    return null; // no file or no such process
  }
}

function writeMissing(file: string, content: string): void {
  if (!existsSync(file)) writeFileSync(file, content, { mode: 0o600 });
}

function lastLines(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-8).join("\n");
}
