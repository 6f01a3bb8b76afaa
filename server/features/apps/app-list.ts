import type { App, AppsEvent } from "../../../contract/features/apps.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { AppRecord, AppsFile } from "./app-record.ts";
import type { AppRunner } from "./app-runner.ts";
import { toApp, type ViewDependencies } from "./app-view.ts";
import type { FolderFactsKeeper } from "./folder-facts.ts";

export interface AppListOptions extends ViewDependencies {
  store: Pick<JsonStore<AppsFile>, "get">;
  runner: Pick<AppRunner, "live">;
  facts: Pick<FolderFactsKeeper, "of">;
}

/** The apps as shown, drawn once per change. */
export interface AppList {
  /** Records that are not deleted. */
  records(): AppRecord[];
  view(record: AppRecord): App;
  /** All apps by name; the same array as long as nothing changed. */
  all(): App[];
  /** Draws anew at the next question and tells followers what is different. */
  changed(): void;
  onEvent(listener: (event: AppsEvent) => void): () => void;
}

/** Creates the list; nothing is drawn while nobody asks. */
export function createAppList(options: AppListOptions): AppList {
  const { store, runner, facts } = options;
  const listeners = new Set<(event: AppsEvent) => void>();
  let shown: App[] | null = null;
  let isAnnouncing = false;
  let announced = new Map<string, string>();

  const records = (): AppRecord[] => store.get().apps.filter(({ deletedAt }) => deletedAt === null);
  const view = (record: AppRecord): App =>
    toApp(record, facts.of(record), (process) => runner.live(record, process), options);

  function all(): App[] {
    shown ??= records()
      .map(view)
      .toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
    return shown;
  }

  function stillForms(): Map<string, string> {
    return new Map(all().map((app) => [app.id, JSON.stringify(withoutSamples(app))]));
  }

  function emit(event: AppsEvent): void {
    for (const listener of listeners) listener(event);
  }

  function announce(): void {
    isAnnouncing = false;
    const before = announced;
    announced = stillForms();
    for (const app of all()) if (before.get(app.id) !== announced.get(app.id)) emit({ type: "changed", app });
    for (const id of before.keys()) if (!announced.has(id)) emit({ type: "removed", id });
  }

  return {
    records,
    view,
    all,
    changed() {
      shown = null;
      if (listeners.size === 0 || isAnnouncing) return;
      // Changes that come together, as many apps added at once, are compared and told once.
      isAnnouncing = true;
      setImmediate(announce);
    },
    onEvent(listener) {
      if (listeners.size === 0) announced = stillForms();
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What followers are told of at once; CPU and memory come with the processes. */
function withoutSamples(app: App): unknown {
  const still = { cpuPercent: 0, memoryBytes: 0 };
  const processes = app.processes.map((process) => ({
    ...process,
    live: process.live === null ? null : { ...process.live, ...still },
  }));
  return { ...app, ...still, processes };
}
