import { readFile } from "node:fs/promises";

import { identityOf, verdictOn, type ProcessIdentity } from "../process-identity.ts";
import { readDaemonPid } from "./pm2-daemon.ts";
import { commandLine, parentOf } from "./process-info.ts";
import { readSessionMembers } from "./process-session.ts";

/** What recognises a process PM2 has started: number, start and command line together, never its name alone. */
export interface KnownProcess {
  name: string;
  namespace: string;
  identity: ProcessIdentity;
  /** Command line as the system shows it. */
  command: string;
}

/** Those that still run and are not children of the PM2 daemon of this home, if one runs. */
export async function stillUnmanaged<T extends KnownProcess>(records: readonly T[], pm2Home: string): Promise<T[]> {
  const daemonPid = readDaemonPid(pm2Home);
  const looked = await Promise.all(
    records.map(async (record) => {
      if (!(await isLeaderThere(record))) return (await leftMembers(record)).length > 0;
      return daemonPid === null || (await parentOf(record.identity.pid)) !== daemonPid;
    }),
  );
  return records.filter((_, index) => looked[index] === true);
}

async function isLeaderThere({ identity, command }: KnownProcess): Promise<boolean> {
  return (await verdictOn(identity)) === "alive" && (await commandLine(identity.pid)) === command;
}

/**
 * What a recorded process has left behind after its own end: members of its session that carry the variables PM2 gave
 * it. The system gives the number of a session to nobody else while it has members.
 */
async function leftMembers({ identity, name, namespace }: KnownProcess): Promise<number[]> {
  if ((await verdictOn(identity)) !== "dead") return [];
  const here = await identityOf(process.pid);
  if (here.boot !== identity.boot || here.space !== identity.space) return [];
  const members = readSessionMembers().filter(({ sessionId }) => sessionId === identity.pid);
  const marked = await Promise.all(members.map(({ pid }) => isOffspring(pid, { name, namespace })));
  return members.filter((_, index) => marked[index] === true).map(({ pid }) => pid);
}

/** Whether a process carries the variables PM2 gave to this one: it was started by it, or by what it has started. */
export async function isOffspring(
  pid: number,
  { name, namespace }: Pick<KnownProcess, "name" | "namespace">,
): Promise<boolean> {
  return hasMarks(pid, { name, namespace });
}

async function hasMarks(pid: number, marks: Record<string, string>): Promise<boolean> {
  const variables = new Set((await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "")).split("\0"));
  return Object.entries(marks).every(([name, value]) => variables.has(`${name}=${value}`));
}

/** Processes that belong to a recorded one: itself, its descendants, and the members of its session. */
export async function treeOf(record: KnownProcess): Promise<{ pid: number; startedAt: string }[]> {
  const { pid } = record.identity;
  const isThere = await isLeaderThere(record);
  const left = new Set(isThere ? [] : await leftMembers(record));
  if (!isThere && left.size === 0) return [];
  const all = readSessionMembers();
  const tree = new Set<number>(isThere ? [pid] : left);
  for (let size = -1; size !== tree.size;) {
    size = tree.size;
    for (const member of all)
      if (tree.has(member.parentId) || (isThere && member.sessionId === pid)) tree.add(member.pid);
  }
  return all.filter((member) => tree.has(member.pid));
}
