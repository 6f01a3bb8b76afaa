import type { Machine } from "../../../contract/features/system.ts";

type Disk = Machine["disks"][number];

/** Between two measurements of one disk a little may have been written. */
const sameShare = 0.01;

function isSameDisk(a: Disk, b: Disk): boolean {
  return a.totalBytes === b.totalBytes && Math.abs(a.usedBytes - b.usedBytes) <= a.totalBytes * sameShare;
}

/** Disks without repetitions: two folders on one disk have the same size and the same use. */
export function distinctDisks(disks: readonly Disk[]): Disk[] {
  return disks.filter((disk, index) => !disks.slice(0, index).some((other) => isSameDisk(other, disk)));
}
