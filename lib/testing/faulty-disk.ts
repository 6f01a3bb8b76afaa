import type { FileHandle } from "node:fs/promises";

import { systemDisk, type Disk } from "../durable-file.ts";

/** A disk that records what is asked of it and can be told to fail or to let something happen first. */
export interface FaultyDisk {
  disk: Disk;
  /** "rename", "open x.json.tmp", "writeFile", "sync" …, in order; names without their folder. */
  calls: string[];
  /** Lets every call whose text matches `part` fail with a system error until `heal()`. */
  fail(part: string | RegExp, code: string): void;
  heal(): void;
  /** Runs `work` once, right before the next call whose text contains `part`. */
  before(part: string, work: () => Promise<void>): void;
}

/** The real file system with faults to order. `tickMs` makes its times as coarse as those of some file systems. */
export function createFaultyDisk({ tickMs = 0 } = {}): FaultyDisk {
  const tickNs = BigInt(tickMs) * 1_000_000n;
  const calls: string[] = [];
  /** Names of open files. */
  const open = new WeakMap<object, string>();
  let fault: { part: RegExp; code: string } | null = null;
  let hook: { part: string; work: () => Promise<void> } | null = null;

  async function pass(call: string): Promise<void> {
    calls.push(call);
    if (hook && call.includes(hook.part)) {
      const { work } = hook;
      hook = null;
      await work();
    }
    if (fault?.part.test(call))
      throw Object.assign(new Error(`${fault.code}: ordered by a test`), { code: fault.code });
  }

  function wrap<T extends object>(target: T, describe: (method: string, args: unknown[]) => string): T {
    return new Proxy(target, {
      get(object, property) {
        const value: unknown = Reflect.get(object, property, object);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]): Promise<unknown> => {
          await pass(describe(String(property), args));
          const result: unknown = await Reflect.apply(value, object, args);
          if (property === "stat" && tickNs > 0n) {
            const stat = result as { mtimeNs: bigint };
            stat.mtimeNs -= stat.mtimeNs % tickNs;
          }
          return property === "open" ? wrapHandle(result as FileHandle, nameOf(args[0])) : result;
        };
      },
    });
  }

  function wrapHandle(handle: FileHandle, name: string): FileHandle {
    const wrapped = wrap(handle, (method) => `${method} ${name}`);
    open.set(wrapped, name);
    return wrapped;
  }

  return {
    disk: wrap({ ...systemDisk }, (method, args) => {
      const target = method === "rename" || method === "link" ? ` to ${nameOf(args[1])}` : "";
      const [first] = args;
      const name = typeof first === "object" && first !== null ? open.get(first) : undefined;
      return `${method} ${name ?? nameOf(first)}${target}`;
    }),
    calls,
    fail(part, code) {
      fault = { part: new RegExp(part), code };
    },
    heal() {
      fault = null;
    },
    before(part, work) {
      hook = { part, work };
    },
  };
}

function nameOf(path: unknown): string {
  return String(path).split("/").at(-1) ?? "";
}
