import type { App, AppChange, AppInput, AppsEvent } from "../../../contract/features/apps.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { resolveFolder } from "../../../lib/folder-reader.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { OwnFolders } from "../../../lib/own-folders.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { shareRuns } from "../../../lib/share-runs.ts";
import { createAppList } from "./app-list.ts";
import type { AppRecord, AppsFile } from "./app-record.ts";
import type { AppInTurn, AppRunner } from "./app-runner.ts";
import { sealPlainSecrets, toStored } from "./app-secrets.ts";
import type { FolderFactsKeeper } from "./folder-facts.ts";
import type { Icon } from "./icon-finder.ts";
import { createTurns } from "./turns.ts";
import { checkWorkingFolders } from "./working-folder.ts";
import { createUndoWindows } from "./undo-windows.ts";

export interface AppServiceOptions {
  store: JsonStore<AppsFile>;
  runner: AppRunner;
  /** Tells when the picture of the processes changed. */
  onProcesses: (listener: () => void) => () => void;
  facts: FolderFactsKeeper;
  secrets: SecretBox;
  /** Where no app lies. */
  own: Pick<OwnFolders, "refuse">;
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
  /** Each change begins with what the one before it made. */
  const changeInTurn = createTurns();
  const stops: (() => void)[] = [];
  let factsTimer: NodeJS.Timeout | undefined;

  const now = (): string => new Date(clock.now()).toISOString();
  function find(id: string): AppRecord {
    const record = apps.records().find((app) => app.id === id);
    if (record) return record;
    throw new AppError("not_found", `There is no app ${id}`, { hint: "It may have been deleted meanwhile." });
  }

  const inTurn = (id: string, mayBeArchived: boolean): AppInTurn => ({
    id,
    now: () => (mayBeArchived ? find(id) : notArchived(find(id))),
  });

  async function change(id: string, input: AppChange): Promise<AppRecord> {
    const before = find(id);
    const edit = await editOf(before, input, options, now());
    const next = edit(before);
    const save = (): Promise<AppRecord> => changeRecord(store, id, edit);
    const kept = new Set(next.isArchived ? [] : next.processes.map(({ name }) => name));
    const dropped = before.processes.map(({ name }) => name).filter((name) => !kept.has(name));
    if (dropped.length === 0) return save();
    await runner.remove(inTurn(id, true), save, dropped);
    return find(id);
  }

  async function lookAt(records: readonly AppRecord[]): Promise<void> {
    if (await facts.look(records)) apps.changed();
  }

  /** Many changes in a row are looked after together. */
  const tend = shareRuns(async () => {
    try {
      const edit = await sealPlainSecrets(store.get(), secrets);
      if (edit) await store.update((file) => ({ next: edit(file), result: null }));
      const records = apps.records();
      facts.keep(records);
      await lookAt(records);
    } catch (error) {
      logger.error("Apps could not be looked after", {}, error);
    }
  });

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
      const record = await addRecord({ ...input, id: wished }, input.id === undefined, options, now());
      windows.cancel(record.id);
      await lookAt([record]);
      return apps.view(record);
    },
    async update(id, input) {
      const record = await changeInTurn(id, () => change(id, input));
      await lookAt([record]);
      return apps.view(record);
    },
    remove: (id) =>
      changeInTurn(id, async () => {
        await runner.remove(inTurn(id, true), (wasOnline) =>
          changeRecord(store, id, (app) => ({ ...app, deletedAt: now(), wasOnline })),
        );
        return { undoUntil: windows.open(id) };
      }),
    restore: (id) =>
      changeInTurn(id, async () => {
        const { wasOnline } = store.get().apps.find((app) => app.id === id) ?? { wasOnline: [] };
        const record = await changeRecord(store, id, (app) => ({ ...app, deletedAt: null, wasOnline: [] }));
        windows.cancel(id);
        if (wasOnline.length > 0) await runner.start(inTurn(id, false), wasOnline);
        return apps.view(record);
      }),
    async run(id, deed, processName) {
      const record = find(id);
      if (processName !== undefined && !record.processes.some(({ name }) => name === processName))
        throw new AppError("not_found", `${record.name} has no process ${processName}`);
      await runner[deed](inTurn(id, deed === "stop"), processName === undefined ? undefined : [processName]);
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

function notArchived(record: AppRecord): AppRecord {
  if (!record.isArchived) return record;
  throw new AppError("conflict", `${record.name} is archived`, { hint: "Take it out of the archive first." });
}

type Parts = Pick<AppServiceOptions, "store" | "secrets" | "own">;

async function addRecord(
  input: AppInput & { id: string },
  mayChangeId: boolean,
  { store, secrets, own }: Parts,
  at: string,
): Promise<AppRecord> {
  const folder = await resolveFolder(input.folder);
  await own.refuse(folder, "body.folder");
  await checkWorkingFolders(folder, input.processes);
  const processes = await toStored(input.processes, [], secrets);
  return store.update((file) => {
    // A deleted app gives its id away, and with it the chance of being brought back.
    const others = file.apps.filter((app) => app.id !== input.id || app.deletedAt === null);
    const id = mayChangeId ? freeId(input.id, others) : input.id;
    if (others.some((app) => app.id === id))
      throw new AppError("conflict", `There is an app with the id ${id} already`, { hint: "Choose another id." });
    const times = { createdAt: at, updatedAt: at, deletedAt: null };
    const record: AppRecord = { ...input, id, folder, processes, ...times, isArchived: false, wasOnline: [] };
    return { next: { apps: [...others, record] }, result: record };
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

/** What `input` makes of a record; only the fields it names are touched. */
async function editOf(
  before: AppRecord,
  input: AppChange,
  { secrets, own }: Parts,
  at: string,
): Promise<(record: AppRecord) => AppRecord> {
  const { folder, processes, ...rest } = input;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const resolved = folder === undefined ? null : await resolveFolder(folder);
  if (resolved !== null && resolved !== before.folder) await own.refuse(resolved, "body.folder");
  if (processes !== undefined || resolved !== null)
    await checkWorkingFolders(resolved ?? before.folder, processes ?? before.processes);
  const stored = processes === undefined ? null : await toStored(processes, before.processes, secrets);
  return (record) => ({
    ...record,
    ...given,
    folder: resolved ?? record.folder,
    processes: stored ?? record.processes,
    updatedAt: at,
  });
}

function freeId(wished: string, apps: readonly AppRecord[]): string {
  const taken = new Set(apps.map(({ id }) => id));
  if (!taken.has(wished)) return wished;
  for (let number = 2; ; number++) {
    const candidate = `${wished.slice(0, 36).replace(/-+$/, "")}-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}
