import type { ConnectorModule } from "../../../contract/features/connector-modules.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Bubblewrap } from "../../../lib/processes/bubblewrap.ts";
import type { AcceptedModule } from "../../connectors/custom/module/accepted-module.ts";
import { moduleConnector, type UseModule } from "../../connectors/custom/module/module-connector.ts";
import { moduleWalls } from "../../connectors/custom/module/module-walls.ts";
import type { ConnectorRegistry } from "../../connectors/framework/registry.ts";
import type { CustomState } from "./custom-state.ts";
import { hashOfFiles, moduleFiles } from "./module-folder.ts";

/** A file as it was found. */
interface Found {
  file: string;
  hash: string;
  state: ConnectorModule["state"];
  accepted: AcceptedModule | null;
}

/** Which modules there are, and which of them are in force: those that are as they were accepted. */
export interface ModuleBook {
  /** Puts in force what is as it was accepted, and takes away what is not. */
  lookAtAll(): Promise<void>;
  has(id: string): boolean;
  /** Throws `not_found`. */
  existing(id: string): Found;
  acceptedOf(id: string): { file: string; accepted: AcceptedModule } | null;
  list(): Promise<ConnectorModule[]>;
  view(id: string): Promise<ConnectorModule>;
  /** Notes why one cannot be used, or ended; `null` when that is over. */
  fail(id: string, message: string | null): void;
}

interface Options {
  folder: string;
  registry: ConnectorRegistry;
  state: JsonStore<CustomState>;
  bubblewrap: Bubblewrap;
  use: UseModule;
  clock: Clock;
}

const noHash = "0".repeat(64);

export function createModuleBook({ folder, registry, state, bubblewrap, use, clock }: Options): ModuleBook {
  let found = new Map<string, Found>();
  /** Hash by id, of those in the registry. */
  const inForce = new Map<string, string>();
  const failures = new Map<string, NonNullable<ConnectorModule["failure"]>>();

  function fail(id: string, message: string | null): void {
    if (message === null) failures.delete(id);
    else failures.set(id, { at: new Date(clock.now()).toISOString(), message: message.slice(0, 2_000) });
  }

  async function lookAt(id: string, file: string): Promise<Found> {
    const accepted = state.get().modules[id] ?? null;
    const hash = await hashOfFiles(folder, accepted?.files ?? [file]);
    if (registry.get(id) !== undefined && !inForce.has(id)) {
      fail(id, `There is another connector ${id}.`);
      return { file, hash, accepted, state: "failed" };
    }
    if (accepted === null) return { file, hash, accepted, state: "new" };
    return { file, hash, accepted, state: accepted.hash === hash ? "accepted" : "changed" };
  }

  async function lookAtAll(): Promise<void> {
    const next = new Map<string, Found>();
    for (const [id, file] of await moduleFiles(folder)) next.set(id, await lookAt(id, file));
    found = next;
    for (const id of inForce.keys())
      if (found.get(id)?.state !== "accepted") {
        registry.remove(id);
        inForce.delete(id);
      }
    for (const [id, { state: is, accepted, hash }] of found) {
      if (is !== "accepted" || accepted === null || inForce.get(id) === hash) continue;
      registry.replace(moduleConnector(accepted.declared, use, hash));
      inForce.set(id, hash);
    }
  }

  function existing(id: string): Found {
    const one = found.get(id);
    if (one) return one;
    throw new AppError("not_found", "There is no such program among the connectors of your own");
  }

  async function view(id: string): Promise<ConnectorModule> {
    const { file, hash, state: is, accepted } = existing(id);
    const { words, isConfined } = await moduleWalls(bubblewrap);
    return {
      id,
      file,
      state: is,
      hash: hash === "" ? noHash : hash,
      files: accepted?.files ?? [file],
      acceptedAt: accepted?.at ?? null,
      acceptedBy: accepted?.by ?? null,
      walls: words,
      isConfined,
      failure: failures.get(id) ?? null,
    };
  }

  return {
    lookAtAll,
    has: (id) => found.has(id),
    existing,
    acceptedOf(id) {
      const one = found.get(id);
      return one?.state === "accepted" && one.accepted ? { file: one.file, accepted: one.accepted } : null;
    },
    async list() {
      await lookAtAll();
      return Promise.all([...found.keys()].map(view));
    },
    view,
    fail,
  };
}
