import { readFileSync } from "node:fs";
import { readlink } from "node:fs/promises";

import { readSessionMembers } from "../../lib/processes/process-session.ts";

/** Folders in which programs of this user work now, links resolved; empty where the system does not tell. */
export async function workingFolders(): Promise<string[]> {
  const found = await Promise.all(
    readSessionMembers().map(async ({ pid, sessionId }) => {
      const folder = await readlink(`/proc/${pid}/cwd`).catch(() => ""); // ended, or not ours
      // Asked afterwards: a program that was just being started is known by then.
      return folder === "" || isLooking(pid) || isLooking(sessionId) ? [] : [folder];
    }),
  );
  return [...new Set(found.flat())];
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
