import { join } from "node:path";

import { dataFiles } from "../contract/data-files.ts";
import { AppError } from "./app-error.ts";
import type { Env } from "./env.ts";
import { isWithin, realPlace } from "./touched-paths.ts";

/** Folders of PortOS itself. What is in them is out of reach of every agent, whatever it may do elsewhere. */
export interface OwnFolders {
  /** Which places, links followed, are out of reach of a run that works in `folder`: all but what PortOS made for it there. */
  closedTo(folder: string): Promise<(place: string) => boolean>;
  /** Throws `invalid_request` naming `field` and the rule for a folder that lies in one of them. */
  refuse(folder: string, field: string): Promise<void>;
}

/** None at all. */
export const noOwnFolders: OwnFolders = {
  closedTo: () => Promise.resolve(() => false),
  refuse: () => Promise.resolve(),
};

/** Data, state and configuration, wherever the environment puts them. */
export function createOwnFolders({ dataDir, stateDir, configDir }: Pick<Env, "dataDir" | "stateDir" | "configDir">) {
  /** Asked for each time: they may be made, or become links, later. */
  const kept = (): Promise<string[]> => Promise.all([dataDir, stateDir, configDir].map(realPlace));
  const rooms = (): Promise<string[]> =>
    Promise.all([join(dataDir, dataFiles.runs.path), join(stateDir, "worktrees")].map(realPlace));

  return {
    async closedTo(folder) {
      const [real, roots, made] = await Promise.all([realPlace(folder), kept(), rooms()]);
      const isMade = made.some((room) => room !== real && isWithin(room, real));
      return (place) => roots.some((root) => isWithin(root, place)) && !(isMade && isWithin(real, place));
    },
    async refuse(folder, field) {
      const real = await realPlace(folder);
      const root = (await kept()).find((one) => isWithin(one, real));
      if (root === undefined) return;
      throw new AppError("invalid_request", `${folder} lies in a folder of PortOS itself: agents do not work there`, {
        issues: [{ path: field, message: `must not lie in ${root}, which belongs to PortOS itself` }],
      });
    },
  } satisfies OwnFolders;
}

/** What an agent is told that asks for such a place. */
export function closedText(path: string): string {
  return `${path} belongs to PortOS itself: agents neither read nor change what is there`;
}
