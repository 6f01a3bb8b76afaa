import type { Machine } from "../../../contract/features/system.ts";

/** Disks without repetitions: two folders on one disk have the same size and the same use. */
export function distinctDisks(disks: Machine["disks"]): Machine["disks"] {
  const seen = new Set<string>();
  return disks.filter(({ totalBytes, usedBytes }) => {
    const key = `${String(totalBytes)}:${String(usedBytes)}`;
    return !seen.has(key) && seen.add(key).size > 0;
  });
}
