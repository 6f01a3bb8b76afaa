import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

import { z } from "zod";

import { errorCode } from "./durable-file.ts";

/** What tells one process from every other, also after its number was given to another one. */
export const processIdentitySchema = z.object({
  pid: z.int().positive(),
  /** Start in clock ticks since boot; `null` where the system has no /proc. */
  startedAt: z.string().nullable(),
  host: z.string(),
  /** Id of the boot; `null` where it cannot be read. */
  boot: z.string().nullable(),
  /** Space in which the process number counts (containers have their own); `null` where there is none. */
  space: z.string().nullable(),
});
export type ProcessIdentity = z.output<typeof processIdentitySchema>;

let own: Promise<ProcessIdentity> | undefined;

/** The identity of the running process. */
export function thisProcess(): Promise<ProcessIdentity> {
  own ??= identityOf(process.pid);
  return own;
}

/** The identity of the process that has this number now. */
export async function identityOf(pid: number): Promise<ProcessIdentity> {
  return { pid, startedAt: await startOf(pid), host: hostname(), ...(await place()) };
}

/** Whether a process is alive; "unknown" when it cannot be judged from here (another machine or container). */
export async function verdictOn(identity: ProcessIdentity): Promise<"alive" | "dead" | "unknown"> {
  const here = await place();
  if (here.boot !== null && identity.boot !== null) {
    if (here.boot !== identity.boot) return identity.host === hostname() ? "dead" : "unknown";
    if (here.space !== identity.space) return "unknown";
  } else if (identity.host !== hostname()) return "unknown";
  if (!exists(identity.pid)) return "dead";
  const startedAt = await startOf(identity.pid);
  if (startedAt === null || identity.startedAt === null) return "unknown";
  return startedAt === identity.startedAt ? "alive" : "dead";
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

let known: Promise<Pick<ProcessIdentity, "boot" | "space">> | undefined;

async function place(): Promise<Pick<ProcessIdentity, "boot" | "space">> {
  known ??= (async () => ({
    boot: (await orNull(readFile("/proc/sys/kernel/random/boot_id", "utf8")))?.trim() ?? null,
    space: await orNull(readlink("/proc/self/ns/pid")),
  }))();
  return known;
}

/**
 * Field 22 of /proc/<pid>/stat; counted after the last parenthesis, because the name may hold spaces (proc(5)).
 * A process that has ended and was not yet waited for has no start any more.
 */
async function startOf(pid: number): Promise<string | null> {
  const stat = await orNull(readFile(`/proc/${pid}/stat`, "utf8"));
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? "ended" : (fields[19] ?? null);
}

async function orNull(work: Promise<string>): Promise<string | null> {
  try {
    return await work;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return null;
  }
}
