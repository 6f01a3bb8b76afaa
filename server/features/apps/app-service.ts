import type { App, AppChange, AppInput, AppsEvent } from "../../../contract/features/apps.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { resolveFolder } from "../../../lib/folder-reader.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { createAppList } from "./app-list.ts";
import { sealPlainSecrets, type AppRecord, type AppsFile } from "./app-record.ts";
import type { AppRunner } from "./app-runner.ts";
import { toStored } from "./app-secrets.ts";
import type { FolderFactsKeeper } from "./folder-facts.ts";
import type { Icon } from "./icon-finder.ts";
import { createUndoWindows } from "./undo-windows.ts";

export interface AppServiceOptions {
  store: JsonStore<AppsFile>;
  runner: AppRunner;
  /** Tells when the picture of the processes changed. */
  onProcesses: (listener: () => void) => () => void;
  facts: FolderFactsKeeper;
  secrets: SecretBox;
  /** The panel's editor link, for apps without one of their own. */
  editorTemplate: () => string;
  clock: Clock;
  logger: Logger;
  /** Proposes an id for a name. */
  slugOf: (name: string) => string;
  /** How long a deletion can be undone. */
  undoMs?: number;
}

export interface AppService {
  start(): Promise<void>;
  stop(): void;
  /** All apps that are not deleted, by name; the same array as long as nothing changed. */
  list(): App[];
  get(id: string): App;
  create(input: AppInput): Promise<App>;
  update(id: string, change: AppChange): Promise<App>;
  remove(id: string): Promise<{ undoUntil: string }>;
  restore(id: string): Promise<App>;
  run(id: string, deed: "start" | "stop" | "restart", processName?: string): Promise<App>;
  icon(id: string): Promise<Icon>;
  /** Changes of state, without CPU and memory. */
  onEvent(listener: (event: AppsEvent) => void): () => void;
  /** Looks at the folders now and then while somebody watches. */
  setWatched(isWatched: boolean): void;
}

const factsEveryMs = 10_000;

/** Registered apps: their records, their live state, and what can be done with them. */
export function createAppService(options: AppServiceOptions): AppService {
  const { store, runner, facts, secrets, clock, logger, undoMs = 20_000 } = options;
  const apps = createAppList(options);
  const windows = createUndoWindows({ store, clock, logger, undoMs });
  const stops: (() => void)[] = [];
  let factsTimer: NodeJS.Timeout | undefined;

  const now = (): string => new Date(clock.now()).toISOString();
  function find(id: string): AppRecord {
    const record = apps.records().find((app) => app.id === id);
    if (record) return record;
    throw new AppError("not_found", `There is no app ${id}`, { hint: "It may have been deleted meanwhile." });
  }

  async function lookAtFolders(): Promise<void> {
    if (await facts.look(apps.records())) apps.changed();
  }

  async function tend(): Promise<void> {
    try {
      const edit = await sealPlainSecrets(store.get(), secrets);
      if (edit) await store.update((file) => ({ next: edit(file), result: null }));
      await lookAtFolders();
    } catch (error) {
      logger.error("Apps could not be looked after", {}, error);
    }
  }

  return {
    list: apps.all,
    get: (id) => apps.view(find(id)),
    onEvent: apps.onEvent,
    async start() {
      await windows.start();
      stops.push(
        store.subscribe(() => {
          apps.changed();
          void tend();
        }),
        options.onProcesses(apps.changed),
      );
      void tend();
    },
    stop() {
      clearInterval(factsTimer);
      windows.stop();
      for (const stop of stops.splice(0)) stop();
    },
    async create(input) {
      const wished = input.id ?? options.slugOf(input.name);
      if (store.get().apps.some(({ id, deletedAt }) => id === wished && deletedAt !== null))
        await windows.close(wished);
      const record = await addRecord(store, { ...input, id: wished }, input.id === undefined, secrets, now());
      await lookAtFolders();
      return apps.view(record);
    },
    async update(id, input) {
      const before = find(id);
      const next = await changedRecord(before, input, secrets, now());
      const kept = new Set(next.processes.map(({ name }) => name));
      const dropped = before.processes.map(({ name }) => name).filter((name) => !kept.has(name));
      if (next.isArchived && !before.isArchived) await runner.remove(before);
      else if (dropped.length > 0) await runner.remove(before, dropped);
      const record = await changeRecord(store, id, (current) => ({ ...current, ...next }));
      await lookAtFolders();
      return apps.view(record);
    },
    async remove(id) {
      const wasOnline = await runner.remove(find(id));
      await changeRecord(store, id, (app) => ({ ...app, deletedAt: now(), wasOnline }));
      return { undoUntil: windows.open(id) };
    },
    async restore(id) {
      const { wasOnline } = store.get().apps.find((app) => app.id === id) ?? { wasOnline: [] };
      const record = await changeRecord(store, id, (app) => ({ ...app, deletedAt: null, wasOnline: [] }));
      windows.cancel(id);
      if (wasOnline.length > 0) await runner.start(record, wasOnline);
      return apps.view(record);
    },
    async run(id, deed, processName) {
      const record = find(id);
      if (processName !== undefined && !record.processes.some(({ name }) => name === processName))
        throw new AppError("not_found", `${record.name} has no process ${processName}`);
      if (record.isArchived && deed !== "stop")
        throw new AppError("conflict", `${record.name} is archived`, { hint: "Take it out of the archive first." });
      await runner[deed](record, processName === undefined ? undefined : [processName]);
      return apps.view(find(id));
    },
    async icon(id) {
      const icon = await facts.icon(find(id));
      if (icon) return icon;
      throw new AppError("not_found", "This app has no icon");
    },
    setWatched(isWatched) {
      clearInterval(factsTimer);
      if (!isWatched) return;
      void tend();
      factsTimer = setInterval(() => void tend(), factsEveryMs);
    },
  };
}

async function addRecord(
  store: JsonStore<AppsFile>,
  input: AppInput & { id: string },
  mayChangeId: boolean,
  secrets: SecretBox,
  at: string,
): Promise<AppRecord> {
  const folder = await resolveFolder(input.folder);
  const processes = await toStored(input.processes, [], secrets);
  return store.update((file) => {
    const id = mayChangeId ? freeId(input.id, file.apps) : input.id;
    if (file.apps.some((app) => app.id === id))
      throw new AppError("conflict", `There is an app with the id ${id} already`, { hint: "Choose another id." });
    const times = { createdAt: at, updatedAt: at, deletedAt: null };
    const record: AppRecord = { ...input, id, folder, processes, ...times, isArchived: false, wasOnline: [] };
    return { next: { apps: [...file.apps, record] }, result: record };
  });
}

/** Changes one record; the rest of the file stays as it is. */
function changeRecord(
  store: JsonStore<AppsFile>,
  id: string,
  edit: (record: AppRecord) => AppRecord,
): Promise<AppRecord> {
  return store.update((file) => {
    const before = file.apps.find((app) => app.id === id);
    if (!before)
      throw new AppError("not_found", `There is no app ${id}`, { hint: "It can no longer be brought back." });
    const next = edit(before);
    return { next: { apps: file.apps.map((app) => (app.id === id ? next : app)) }, result: next };
  });
}

async function changedRecord(before: AppRecord, input: AppChange, secrets: SecretBox, at: string): Promise<AppRecord> {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  return {
    ...before,
    ...given,
    folder: input.folder === undefined ? before.folder : await resolveFolder(input.folder),
    processes:
      input.processes === undefined ? before.processes : await toStored(input.processes, before.processes, secrets),
    updatedAt: at,
  };
}

function freeId(wished: string, apps: readonly AppRecord[]): string {
  const taken = new Set(apps.map(({ id }) => id));
  if (!taken.has(wished)) return wished;
  for (let number = 2; ; number++) {
    const candidate = `${wished.slice(0, 36).replace(/-+$/, "")}-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}
