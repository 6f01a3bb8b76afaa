import { readdir, readlink } from "node:fs/promises";

/** Folders in which programs of this user work now, links resolved; empty where the system does not tell. */
export async function workingFolders(): Promise<string[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(
    pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")), // ended, or not ours
  );
  return [...new Set(folders.filter((folder) => folder !== ""))];
}
