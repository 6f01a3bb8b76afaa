import type { Clock } from "../../../lib/clock.ts";
import { openFolder } from "../../../lib/folder-reader.ts";
import type { AppRecord } from "./app-record.ts";
import type { FolderFacts } from "./app-view.ts";
import { findIcon, type Icon } from "./icon-finder.ts";

/** Looks at the folders of apps now and then: whether they are there, and which icon they have. */
export interface FolderFactsKeeper {
  /** What is known; nothing is wrong before the first look. */
  of(app: Pick<AppRecord, "id" | "folder">): FolderFacts;
  /** Looks at each folder whose last look is old; a look that is under way is shared. Resolves with whether anything changed. */
  look(apps: readonly Pick<AppRecord, "id" | "folder">[]): Promise<boolean>;
  /** Forgets all apps but these. */
  keep(apps: readonly Pick<AppRecord, "id">[]): void;
  /** The icon as it is now. */
  icon(app: Pick<AppRecord, "folder">): Promise<Icon | null>;
}

const unknown: FolderFacts = { problem: null, iconVersion: null };
const lookAgainMs = 10_000;
const iconAgainMs = 60_000;

interface Known {
  folder: string;
  facts: FolderFacts;
  lookedAt: number;
  iconAt: number;
}

/** Creates a keeper. Every folder is looked at by itself: a slow or missing one does not hold up the others. */
export function createFolderFacts(clock: Clock): FolderFactsKeeper {
  const known = new Map<string, Known>();
  const underWay = new Map<string, Promise<boolean>>();

  async function lookAt(app: Pick<AppRecord, "id" | "folder">): Promise<boolean> {
    const now = clock.monotonic();
    const before = known.get(app.id);
    const isSameFolder = before?.folder === app.folder;
    if (before && isSameFolder && now - before.lookedAt < lookAgainMs) return false;
    const needsIcon = !before || !isSameFolder || now - before.iconAt > iconAgainMs;
    const facts = await factsOf(app.folder, needsIcon ? undefined : before.facts.iconVersion);
    known.set(app.id, { folder: app.folder, facts, lookedAt: now, iconAt: needsIcon ? now : before.iconAt });
    return JSON.stringify(before?.facts ?? unknown) !== JSON.stringify(facts);
  }

  function lookShared(app: Pick<AppRecord, "id" | "folder">): Promise<boolean> {
    const key = `${app.id}\0${app.folder}`;
    const running = underWay.get(key);
    if (running) return running;
    const look = lookAt(app).finally(() => underWay.delete(key));
    underWay.set(key, look);
    return look;
  }

  return {
    of: (app) => {
      const entry = known.get(app.id);
      return entry?.folder === app.folder ? entry.facts : unknown;
    },
    async look(apps) {
      const changes = await Promise.all(apps.map(lookShared));
      return changes.includes(true);
    },
    keep(apps) {
      const kept = new Set(apps.map(({ id }) => id));
      for (const id of known.keys()) if (!kept.has(id)) known.delete(id);
    },
    icon: async (app) => findIcon(await openFolder(app.folder)),
  };
}

async function factsOf(path: string, iconVersion: string | null | undefined): Promise<FolderFacts> {
  try {
    const folder = await openFolder(path);
    const version = iconVersion === undefined ? ((await findIcon(folder))?.version ?? null) : iconVersion;
    return { problem: null, iconVersion: version };
  } catch {
    const hint = "Bring the folder back, or choose another one in the app's settings.";
    return {
      problem: { code: "folder_missing", message: `The folder ${path} is missing`, hint },
      iconVersion: iconVersion ?? null,
    };
  }
}
