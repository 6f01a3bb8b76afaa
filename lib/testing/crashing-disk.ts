import { truncateSync, statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

import { systemDisk, type Disk } from "../durable-file.ts";

/** A disk that stops in the middle of one of its writes and refuses everything from then on, as at the end of a process. */
export interface CrashingDisk {
  disk: Disk;
  hasCrashed(): boolean;
  /** Takes away, as a power failure may, some of what was written and never waited for. Call it when nothing is open. */
  losePower(share: number): void;
}

const writes = new Set([
  "writeNow",
  "writeFile",
  "write",
  "datasync",
  "sync",
  "truncate",
  "rename",
  "rm",
  "mkdir",
  "link",
  "copyFile",
]);

/** Stops at the write with this number; `share` (0 to 1) of that write reaches the file. */
export function createCrashingDisk(crashAt: number, share: number): CrashingDisk {
  /** Bytes of each file that were waited for. */
  const synced = new Map<string, number>();
  let count = 0;
  let isDown = false;

  /** Answers whether this call is the last one. */
  function pass(method: string): boolean {
    if (isDown) refuse();
    if (!writes.has(method)) return false;
    count += 1;
    isDown = count >= crashAt;
    return isDown;
  }

  function wrapHandle(handle: FileHandle, path: string): FileHandle {
    return new Proxy(handle, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]): Promise<unknown> => {
          const method = String(property);
          if (method === "close") return target.close();
          if (pass(method)) {
            if (method === "writeFile" && args[0] instanceof Uint8Array)
              await target.write(args[0].subarray(0, Math.floor(share * args[0].length)));
            refuse();
          }
          const result: unknown = await Reflect.apply(value, target, args);
          if (method === "datasync" || method === "sync") synced.set(path, (await target.stat()).size);
          if (method === "truncate") synced.set(path, Math.min(synced.get(path) ?? 0, Number(args[0] ?? 0)));
          return result;
        };
      },
    });
  }

  const disk = new Proxy(
    { ...systemDisk },
    {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]): Promise<unknown> => {
          if (pass(String(property))) {
            const [handle, bytes, position] = args as [unknown, unknown, number | undefined];
            if (property === "writeNow" && bytes instanceof Uint8Array)
              await target.writeNow(
                handle as FileHandle,
                bytes.subarray(0, Math.floor(share * bytes.length)),
                position,
              );
            refuse();
          }
          const result: unknown = await Reflect.apply(value, target, args);
          if (property !== "open") return result;
          const path = String(args[0]);
          const handle = result as FileHandle;
          if (!synced.has(path) && (await handle.stat()).isFile()) synced.set(path, (await handle.stat()).size);
          return wrapHandle(handle, path);
        };
      },
    },
  );

  return {
    disk,
    hasCrashed: () => isDown,
    losePower(kept) {
      for (const [path, size] of synced) {
        const stat = statSync(path, { throwIfNoEntry: false });
        if (stat?.isFile() && stat.size > size) truncateSync(path, size + Math.floor(kept * (stat.size - size)));
      }
    },
  };
}

function refuse(): never {
  throw Object.assign(new Error("EIO: the process has ended"), { code: "EIO" });
}
