import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import type { ConnectorModule, connectorModulesEndpoints } from "../../../contract/features/connector-modules.ts";
import type { CustomFile } from "../../../contract/features/custom-connectors.ts";
import type { Reply } from "../../../contract/endpoint.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { diskError, replaceFile, systemDisk } from "../../../lib/durable-file.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { Bubblewrap } from "../../../lib/processes/bubblewrap.ts";
import { watchFolder } from "../../../lib/watch-folder.ts";
import type { AcceptedModule } from "../../connectors/custom/module/accepted-module.ts";
import { moduleConnector } from "../../connectors/custom/module/module-connector.ts";
import { moduleWalls } from "../../connectors/custom/module/module-walls.ts";
import type { ConnectorRegistry } from "../../connectors/framework/registry.ts";
import type { CustomState } from "./custom-state.ts";
import { hashOfFiles, isModuleFile, moduleFiles, readSources } from "./module-folder.ts";
import { createModuleRuns } from "./module-runs.ts";

/** Connectors that are programs of the user's own: each runs as the user has accepted it, and not before. */
export interface ModuleService {
  has(id: string): boolean;
  list(): Promise<ConnectorModule[]>;
  get(id: string): Promise<Reply<typeof connectorModulesEndpoints.get>>;
  /** What a new one begins with, with `__ID__` and `__TITLE__` where they go. */
  template(): Promise<{ source: string }>;
  /** Throws `conflict` when something else is there than what was looked at. */
  put(id: string, wanted: { source: string; replaces: string | null }, by: string): Promise<ConnectorModule>;
  accept(id: string, hash: string, by: string): Promise<ConnectorModule>;
  remove(id: string): Promise<CustomFile & { text: string }>;
  endThose(isMeant: (id: string) => boolean): Promise<void>;
  stop(): Promise<void>;
}

interface Options {
  rootDir: string;
  folder: string;
  buildFolder: string;
  registry: ConnectorRegistry;
  state: JsonStore<CustomState>;
  bubblewrap: Bubblewrap;
  refuseTaken(id: string): void;
  clock: Clock;
  logger: Logger;
  debounceMs?: number;
}

/** A file as it was found. */
interface Found {
  file: string;
  hash: string;
  state: ConnectorModule["state"];
  accepted: AcceptedModule | null;
}

/** Reads the folder and follows it. */
export async function openModules(options: Options): Promise<ModuleService> {
  const { folder, registry, state, bubblewrap, refuseTaken, clock, logger, debounceMs = 200 } = options;
  let found = new Map<string, Found>();
  /** Hash by id, of those in the registry. */
  const inForce = new Map<string, string>();
  const failures = new Map<string, NonNullable<ConnectorModule["failure"]>>();
  let turn: Promise<unknown> = Promise.resolve();
  const now = (): string => new Date(clock.now()).toISOString();
  const runs = createModuleRuns({
    ...options,
    acceptedOf(id) {
      const one = found.get(id);
      return one?.state === "accepted" && one.accepted ? { file: one.file, accepted: one.accepted } : null;
    },
    onFailure(id, message) {
      logger.warn("A program of a connector has ended by itself", { program: id, reason: message });
      failures.set(id, { at: now(), message });
    },
  });

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
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
      registry.replace(moduleConnector(accepted.declared, runs.use));
      inForce.set(id, hash);
    }
  }

  async function lookAt(id: string, file: string): Promise<Found> {
    const accepted = state.get().modules[id] ?? null;
    const hash = await hashOfFiles(folder, accepted?.files ?? [file]);
    if (registry.get(id) !== undefined && !inForce.has(id)) {
      failures.set(id, { at: now(), message: `There is another connector ${id}` });
      return { file, hash, accepted, state: "failed" };
    }
    if (accepted === null) return { file, hash, accepted, state: "new" };
    return { file, hash, accepted, state: accepted.hash === hash ? "accepted" : "changed" };
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
      hash: hash === "" ? "0".repeat(64) : hash,
      files: accepted?.files ?? [file],
      acceptedAt: accepted?.at ?? null,
      acceptedBy: accepted?.by ?? null,
      walls: words,
      isConfined,
      failure: failures.get(id) ?? null,
    };
  }

  async function accept(id: string, hash: string | null, by: string): Promise<ConnectorModule> {
    const { file } = existing(id);
    const looked = await runs.look(file);
    if (hash !== null && looked.hash !== hash) throw changed();
    const { declared, files, hash: built } = await runs.declare(id, file);
    if (built !== looked.hash) throw changed();
    const accepted: AcceptedModule = { hash: built, files, at: now(), by, declared };
    await state.update((all) => ({
      next: { ...all, modules: { ...all.modules, [id]: accepted } },
      result: undefined,
    }));
    failures.delete(id);
    await lookAtAll();
    return view(id);
  }

  async function write(file: string, text: string): Promise<void> {
    try {
      await replaceFile(systemDisk, join(folder, file), text);
    } catch (error) {
      throw diskError(error, file);
    }
    await lookAtAll();
  }

  await mkdir(folder, { recursive: true, mode: 0o700 });
  await lookAtAll();
  const stopWatching = watchFolder({
    folder,
    isWatched: isModuleFile,
    debounceMs,
    logger,
    onChange() {
      inTurn(lookAtAll).catch((error: unknown) => {
        logger.error("The folder of connectors could not be read", { folder }, error);
      });
    },
  });

  return {
    has: (id) => found.has(id),
    list: () =>
      inTurn(async () => {
        await lookAtAll();
        return Promise.all([...found.keys()].map(view));
      }),
    get: (id) =>
      inTurn(async () => {
        const { file } = existing(id);
        const built = await runs.look(file).catch((error: unknown) => {
          failures.set(id, { at: now(), message: error instanceof Error ? error.message : String(error) });
          return null;
        });
        const one = await view(id);
        const files = built?.files ?? [file];
        return { ...one, files, hash: built?.hash ?? one.hash, sources: (await readSources(folder, files)) ?? [] };
      }),
    template: async () => ({
      source: await readFile(join(options.rootDir, "scripts/templates/connector-module.ts.txt"), "utf8"),
    }),
    put: (id, { source, replaces }, by) =>
      inTurn(async () => {
        await lookAtAll();
        const before = found.get(id);
        if (before === undefined) refuseTaken(id);
        const former = before === undefined ? null : await readSources(folder, [before.file]);
        const isAsSeen =
          before === undefined
            ? replaces === null
            : (await runs.look(before.file).catch(() => null))?.hash === replaces;
        if (before !== undefined && !isAsSeen && before.hash !== replaces) throw changed();
        const file = before?.file ?? `${id}.ts`;
        await write(file, source);
        try {
          return await accept(id, null, by);
        } catch (error) {
          // What cannot be used does not take the place of what can.
          const text = former?.[0]?.text;
          if (text !== undefined) await write(file, text);
          else {
            await rm(join(folder, file), { force: true });
            await lookAtAll();
          }
          throw error;
        }
      }),
    accept: (id, hash, by) => inTurn(() => accept(id, hash, by)),
    remove: (id) =>
      inTurn(async () => {
        const { file } = existing(id);
        const [source] = (await readSources(folder, [file])) ?? [];
        await rm(join(folder, file), { force: true });
        await state.update((all) => {
          const { [id]: _removed, ...modules } = all.modules;
          return { next: { ...all, modules }, result: undefined };
        });
        await lookAtAll();
        await runs.endThose((one) => one === id);
        return { file, kind: "module" as const, definition: null, problems: [], text: source?.text ?? "" };
      }),
    endThose: runs.endThose,
    async stop() {
      stopWatching();
      await turn;
      await runs.stop();
    },
  };
}

function changed(): AppError {
  return new AppError("conflict", "The program has changed since you looked at it", {
    hint: "Look at it again.",
  });
}
