import { rm } from "node:fs/promises";
import { join } from "node:path";

import { commandLine, isProcessAlive, linkTarget } from "../lib/processes/process-info.ts";

const lockNames = ["SingletonLock", "SingletonSocket", "SingletonCookie"];

/** The Chrome that runs on this profile already. */
export interface ProfileOwner {
  pid: number;
  commandLine: string;
}

/**
 * Who holds a Chrome profile. Chrome marks it with a link `SingletonLock -> <host>-<pid>`; a mark whose process is gone,
 * or is another program that got the same id, is `null`.
 */
export async function profileOwner(profileDir: string): Promise<ProfileOwner | null> {
  const target = await linkTarget(join(profileDir, "SingletonLock"));
  const pid = Number(/-(\d+)$/.exec(target ?? "")?.[1] ?? "");
  if (!Number.isSafeInteger(pid) || pid <= 1 || !(await isProcessAlive(pid))) return null;
  const line = await commandLine(pid);
  if (line === null || !`${line} `.includes(`--user-data-dir=${profileDir} `)) return null;
  return { pid, commandLine: line };
}

/** Removes the marks of a Chrome that is gone. Call only when `profileOwner` is `null`. */
export async function clearProfileLock(profileDir: string): Promise<void> {
  for (const name of lockNames) await rm(join(profileDir, name), { force: true });
}
