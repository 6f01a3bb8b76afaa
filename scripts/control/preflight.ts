import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Ports } from "../../contract/ports.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Env } from "../../lib/env.ts";
import type { ListeningPort } from "../../lib/processes/listening-ports.ts";
import { maxPm2HomeLength } from "../../lib/processes/pm2-daemon.ts";

/** Throws when PM2's sockets would not fit or a folder we must write to cannot be written. Makes the folders. */
export function checkFolders(env: Pick<Env, "dataDir" | "stateDir" | "pm2Home" | "logsDir">): void {
  if (Buffer.byteLength(env.pm2Home) > maxPm2HomeLength)
    throw new AppError("invalid_request", `The state folder's path is too long for PM2's sockets: ${env.stateDir}`, {
      hint: `Set PORTOS_STATE_DIR to a path of at most ${maxPm2HomeLength - 4} bytes.`,
    });
  for (const [what, folder, variable] of [
    ["data", env.dataDir, "PORTOS_DATA_DIR"],
    ["state", env.stateDir, "PORTOS_STATE_DIR"],
    ["log", env.logsDir, "PORTOS_STATE_DIR"],
  ] as const) {
    const problem = whyNotWritable(folder);
    if (problem)
      throw new AppError("invalid_request", `The ${what} folder cannot be written: ${folder} (${problem})`, {
        hint: `Give yourself write access to it, or set ${variable} to another folder.`,
      });
  }
}

/** Writes and removes a small file; the reason when that fails, else `null`. Makes the folder. */
export function whyNotWritable(folder: string): string | null {
  const probe = join(folder, `.write-test-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(probe, "", { mode: 0o600 });
    rmSync(probe);
    return null;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

export interface TakenPort {
  port: number;
  name: keyof Ports;
  /** "node server.js (pid 12)", as far as it may be known. */
  by: string;
}

/** Which of the wanted ports somebody else listens on. `isOurs` says whether a process belongs to this PortOS. */
export function takenPorts(
  wanted: Partial<Ports>,
  listening: readonly ListeningPort[],
  isOurs: (owner: ListeningPort) => boolean,
): TakenPort[] {
  return Object.entries(wanted).flatMap(([name, port]) => {
    const owner = listening.find((entry) => entry.port === port && !isOurs(entry));
    if (!owner) return [];
    const by = owner.pid === null ? "another user's process" : `${owner.command ?? "unknown"} (pid ${owner.pid})`;
    return [{ port, name: name as keyof Ports, by }];
  });
}
