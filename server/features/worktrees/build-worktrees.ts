import { worktreesFeed } from "../../../contract/features/worktrees.ts";
import { internalWorktreesEndpoints } from "../../../contract/internal/worktrees.ts";
import { createInternalClient } from "../../../lib/internal-client.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { RunsLink } from "../../runs-link.ts";
import { createKnownWorktrees } from "./known-worktrees.ts";
import { mountWorktrees } from "./routes.ts";
import {
  createWorktreeSetups,
  worktreeSetupsFile,
  type WorktreeSetups,
  type WorktreeSetupsFile,
} from "./worktree-setups.ts";

export interface BuildWorktreesOptions {
  nameOfApp: (appId: string) => string | undefined;
}

export interface BuiltWorktrees {
  setups: WorktreeSetups;
  /** Listens to portos-cos from now on. */
  follow(link: Pick<RunsLink, "onMessage" | "onState">): void;
}

/** Worktrees on the API and on the `worktrees` feed, and how those of each app are made. */
export async function buildWorktrees(
  context: AppContext,
  { nameOfApp }: BuildWorktreesOptions,
): Promise<BuiltWorktrees> {
  const { env, mount, realtime } = context;
  const cos = createInternalClient(internalWorktreesEndpoints, {
    baseUrl: `http://127.0.0.1:${env.ports.cos}`,
    name: "portos-cos",
  });
  const store = await context.openStore<WorktreeSetupsFile>("worktreeSetups", worktreeSetupsFile);
  const setups = createWorktreeSetups(store, (appId) => nameOfApp(appId) !== undefined);
  const feed = createFeed(realtime, worktreesFeed, { snapshot: () => known.list() });
  const known = createKnownWorktrees({
    cos,
    publish: feed.publish,
    isWatched: feed.isWatched,
    logger: context.logger.child("worktrees"),
  });
  mountWorktrees(mount, { cos, known, setups });
  context.names.add("worktrees", ({ id = "", app = "" }) => known.get(id)?.runTitle ?? nameOfApp(app));
  context.onStop(() => {
    known.stop();
  });
  return {
    setups,
    follow: known.start,
  };
}
