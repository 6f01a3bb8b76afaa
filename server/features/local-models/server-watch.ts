import type { LocalAbilities, LocalServer } from "../../../contract/features/local-models.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { type ModelServer, ServerTrouble } from "./model-server.ts";

/** What was seen of a server last. */
export type Seen = Pick<LocalServer, "state" | "message" | "asOf" | "version" | "api" | "abilities" | "models">;

export interface ServerWatch {
  seen(): Seen;
  /** Looks now; joins a look that is under way. Never throws. */
  refresh(): Promise<void>;
  /** Forgets what was seen: the server was turned off or is another one now. */
  forget(): void;
}

export interface ServerWatchOptions {
  /** The server as configured now; `null` while it is off. */
  open(): Promise<ModelServer | null>;
  clock: Clock;
  /** `isOther`: more than the time has changed. */
  onSeen(isOther: boolean): void;
}

const notSeen = "It was not seen yet.";
const unknownAbilities: LocalAbilities = {
  load: notSeen,
  download: notSeen,
  remove: notSeen,
  cancelDownload: notSeen,
  keepAlive: notSeen,
};
const nothing: Seen = {
  state: "unknown",
  message: null,
  asOf: null,
  version: null,
  api: null,
  abilities: unknownAbilities,
  models: [],
};

/** Remembers what a server was like; asks only when told to. */
export function createServerWatch({ open, clock, onSeen }: ServerWatchOptions): ServerWatch {
  let seen = nothing;
  let running: Promise<void> | null = null;
  let stop = new AbortController();

  async function look(signal: AbortSignal): Promise<void> {
    const server = await open();
    if (server === null) return;
    const found = await pictureOf(server, signal);
    if (signal.aborted) return; // it is another server by now
    const before = JSON.stringify({ ...seen, asOf: null });
    seen = { ...seen, ...found, asOf: new Date(clock.now()).toISOString() };
    onSeen(JSON.stringify({ ...seen, asOf: null }) !== before);
  }

  return {
    seen: () => seen,
    refresh() {
      running ??= look(stop.signal).finally(() => {
        running = null;
      });
      return running;
    },
    forget() {
      stop.abort();
      stop = new AbortController();
      running = null;
      seen = nothing;
    },
  };
}

async function pictureOf(server: ModelServer, signal: AbortSignal): Promise<Omit<Seen, "asOf">> {
  try {
    return { state: "up", message: null, ...(await server.look(signal)) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const state = error instanceof ServerTrouble ? error.state : "failed";
    if (!(error instanceof ServerTrouble) && !(error instanceof AppError)) throw error;
    return { state, message, version: null, api: null, abilities: unknownAbilities, models: [] };
  }
}
