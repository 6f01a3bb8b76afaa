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
import type { ConnectorRegistry } from "../../connectors/framework/registry.ts";
import type { CustomState } from "./custom-state.ts";
import { createModuleBook } from "./module-book.ts";
import { isModuleFile, readSources } from "./module-folder.ts";
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
  /** Forgets what was configured and allowed under an id. */
  forget(id: string): Promise<void>;
  clock: Clock;
  logger: Logger;
  debounceMs?: number;
}

/** Reads the folder and follows it. */
export async function openModules(options: Options): Promise<ModuleService> {
  const { folder, state, refuseTaken, forget, clock, logger, debounceMs = 200 } = options;
  const runs = createModuleRuns({
    ...options,
    acceptedOf: (id) => book.acceptedOf(id),
    onFailure(id, message) {
      logger.warn("A program of a connector has ended by itself", { program: id, reason: message });
      book.fail(id, message);
    },
  });
  const book = createModuleBook({ ...options, use: runs.use });
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  }

  async function accept(id: string, hash: string | null, by: string): Promise<ConnectorModule> {
    const { file } = book.existing(id);
    const looked = await runs.look(file);
    if (hash !== null && looked.hash !== hash) throw changed();
    const { declared, files, hash: built } = await runs.declare(id, file);
    if (built !== looked.hash) throw changed();
    const accepted: AcceptedModule = { hash: built, files, at: new Date(clock.now()).toISOString(), by, declared };
    await state.update((all) => ({
      next: { ...all, modules: { ...all.modules, [id]: accepted } },
      result: undefined,
    }));
    book.fail(id, null);
    await book.lookAtAll();
    return book.view(id);
  }

  /** What cannot be used does not take the place of what can. */
  async function put(id: string, source: string, replaces: string | null, by: string): Promise<ConnectorModule> {
    await book.lookAtAll();
    const before = book.has(id) ? book.existing(id) : null;
    if (before === null) {
      refuseTaken(id);
      await forget(id); // of a file that was deleted by hand
    }
    const now = before === null ? null : await runs.look(before.file).catch(() => null);
    if (before !== null && now?.hash !== replaces && before.hash !== replaces) throw changed();
    const [former] = before === null ? [] : ((await readSources(folder, [before.file])) ?? []);
    const file = before?.file ?? `${id}.ts`;
    await writeSource(join(folder, file), source);
    await book.lookAtAll();
    try {
      return await accept(id, null, by);
    } catch (error) {
      if (former === undefined) await rm(join(folder, file), { force: true });
      else await writeSource(join(folder, file), former.text);
      await book.lookAtAll();
      throw error;
    }
  }

  async function get(id: string): ReturnType<ModuleService["get"]> {
    const { file } = book.existing(id);
    const built = await runs.look(file).catch((error: unknown) => {
      book.fail(id, error instanceof Error ? error.message : String(error));
      return null;
    });
    const one = await book.view(id);
    const files = built?.files ?? [file];
    return { ...one, files, hash: built?.hash ?? one.hash, sources: (await readSources(folder, files)) ?? [] };
  }

  async function remove(id: string): ReturnType<ModuleService["remove"]> {
    const { file } = book.existing(id);
    const [source] = (await readSources(folder, [file])) ?? [];
    await rm(join(folder, file), { force: true });
    await state.update((all) => {
      const { [id]: _removed, ...modules } = all.modules;
      return { next: { ...all, modules }, result: undefined };
    });
    await book.lookAtAll();
    await forget(id);
    await runs.endThose((one) => one === id);
    return { file, kind: "module", definition: null, problems: [], text: source?.text ?? "" };
  }

  await mkdir(folder, { recursive: true, mode: 0o700 });
  await book.lookAtAll();
  const stopWatching = watchFolder({
    folder,
    isWatched: isModuleFile,
    debounceMs,
    logger,
    onChange() {
      inTurn(book.lookAtAll).catch((error: unknown) => {
        logger.error("The folder of connectors could not be read", { folder }, error);
      });
    },
  });

  return {
    has: book.has,
    list: () => inTurn(book.list),
    get: (id) => inTurn(() => get(id)),
    template: async () => ({
      source: await readFile(join(options.rootDir, "scripts/templates/connector-module.ts.txt"), "utf8"),
    }),
    put: (id, { source, replaces }, by) => inTurn(() => put(id, source, replaces, by)),
    accept: (id, hash, by) => inTurn(() => accept(id, hash, by)),
    remove: (id) => inTurn(() => remove(id)),
    endThose: runs.endThose,
    async stop() {
      stopWatching();
      await turn;
      await runs.stop();
    },
  };
}

async function writeSource(path: string, text: string): Promise<void> {
  try {
    await replaceFile(systemDisk, path, text);
  } catch (error) {
    throw diskError(error, path);
  }
}

function changed(): AppError {
  return new AppError("conflict", "The program has changed since you looked at it", {
    hint: "Look at it again.",
  });
}
