import type { NetworkMode } from "../../../contract/features/connectors.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { ConnectorsFile } from "./connector-files.ts";

/** What may leave this machine. */
export interface NetworkModeSwitch {
  /** What holds now: nothing while everything is stopped, nor after that before somebody opens it. */
  now(): NetworkMode;
  state(): { mode: NetworkMode; since: string | null; by: string | null };
  set(mode: NetworkMode, by: string): Promise<void>;
  /** Closed at once, before it is on disk. */
  close(by: string): Promise<void>;
}

/** The switch over its open file. */
export function createNetworkMode({
  store,
  clock,
  isPanic,
}: {
  store: JsonStore<ConnectorsFile>;
  clock: Clock;
  isPanic: () => boolean;
}): NetworkModeSwitch {
  let isClosed = false;
  const now = (): NetworkMode => (isClosed || isPanic() ? "offline" : store.get().mode);

  async function write(mode: NetworkMode, by: string): Promise<void> {
    const modeSince = new Date(clock.now()).toISOString();
    await store.update((file) => ({
      next: file.mode === mode ? file : { ...file, mode, modeSince, modeBy: by },
      result: undefined,
    }));
  }

  return {
    now,
    state() {
      const { modeSince, modeBy } = store.get();
      return { mode: now(), since: modeSince, by: modeBy };
    },
    async set(mode, by) {
      await write(mode, by);
      isClosed = false;
    },
    async close(by) {
      isClosed = true; // also where it cannot be written
      await write("offline", by);
    },
  };
}
