import { readFileSync } from "node:fs";
import { readlink } from "node:fs/promises";

import { readSessionMembers } from "../../lib/processes/process-session.ts";

/** Folders in which programs of this user work now, links resolved; empty where the system does not tell. */
export async function workingFolders(): Promise<string[]> {
  const found = await Promise.all(
    readSessionMembers().map(async ({ pid, sessionId }) => {
      const folder = await folderOf(pid);
      // Asked afterwards: a program that was just being started is known by then.
      if (folder === null || isLooking(pid) || isLooking(sessionId)) return [];
      // One that ended meanwhile could no longer be told from one that only looks.
      return (await folderOf(pid)) === folder ? [folder] : [];
    }),
  );
  return [...new Set(found.flat())];
}

/** `null` for one that has ended, or is not ours. */
function folderOf(pid: number): Promise<string | null> {
  return readlink(`/proc/${pid}/cwd`).catch(() => null);
}

/** A git of PortOS itself, which looks at a worktree and does not work in it. */
function isLooking(pid: number): boolean {
  try {
    if (readFileSync(`/proc/${pid}/comm`, "utf8") !== "git\n") return false;
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes("GIT_LITERAL_PATHSPECS=1");
  } catch {
    return false; // ended meanwhile
  }
}
