import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

/** Signs that a file may have changed. One watcher of the system serves everybody interested in the same folder. */
export interface FolderWatch {
  /** Calls back, possibly often, when the file or one whose name begins like it changes. Returns how to stop. */
  follow(path: string, onChange: () => void): () => void;
  /** Folders watched now. */
  size(): number;
}

interface Watched {
  watcher: FSWatcher | null;
  followers: Set<{ name: string; onChange: () => void }>;
}

/** A watch that stays silent where the system refuses to watch: whoever follows a file looks at it now and then anyway. */
export function createFolderWatch(): FolderWatch {
  const folders = new Map<string, Watched>();

  function open(folder: string, watched: Watched): FSWatcher | null {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        for (const follower of watched.followers)
          if (name === null || name.startsWith(follower.name)) follower.onChange();
      });
      watcher.on("error", () => {
        watcher.close();
        watched.watcher = null;
      });
      return watcher;
    } catch {
      return null; // no such folder yet, or no watch left: the caller's own polling carries on
    }
  }

  return {
    follow(path, onChange) {
      const folder = dirname(path);
      const watched: Watched = folders.get(folder) ?? { watcher: null, followers: new Set() };
      folders.set(folder, watched);
      const follower = { name: basename(path), onChange };
      watched.followers.add(follower);
      watched.watcher ??= open(folder, watched);
      return () => {
        watched.followers.delete(follower);
        if (watched.followers.size > 0) return;
        watched.watcher?.close();
        folders.delete(folder);
      };
    },
    size: () => folders.size,
  };
}
