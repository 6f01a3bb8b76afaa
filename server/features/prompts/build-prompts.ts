import { join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import { promptsFeed } from "../../../contract/features/prompts.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import { createPromptCatalog, type PromptCatalog } from "./prompt-catalog.ts";
import { createPromptRenderer, type PromptRenderer } from "./prompt-renderer.ts";
import { createPromptService, type UseFinder } from "./prompt-service.ts";
import { openPromptStore } from "./prompt-store.ts";
import { mountPrompts } from "./routes.ts";

export interface Prompts {
  /** What runs are given. */
  render: PromptRenderer["render"];
  /** Adds a place where prompts are used, for the question where one is. */
  addUses(finder: UseFinder): void;
}

/** Opens the folder of prompts, mounts endpoints and feed. */
export async function buildPrompts(context: AppContext): Promise<Prompts> {
  const finders: UseFinder[] = [];
  let catalog: PromptCatalog | null = null;
  const store = await openPromptStore({
    folder: join(context.env.dataDir, dataFiles.prompts.path),
    clock: context.clock,
    logger: context.logger.child("prompts"),
    onChange: (ids) => catalog?.changed(ids),
  });
  const feed = createFeed(context.realtime, promptsFeed, { snapshot: () => prompts.list() });
  const prompts = createPromptCatalog(store, (event) => {
    feed.publish(event);
  });
  catalog = prompts;
  const service = createPromptService({ store, catalog: prompts, finders });
  const renderer = createPromptRenderer(store);
  mountPrompts(context.mount, { service, catalog: prompts, store, renderer });
  context.names.add("prompts", ({ id = "" }) => store.get(id)?.input.title);
  context.onStop(() => {
    store.stop();
  });
  return {
    render: renderer.render,
    addUses: (finder) => {
      finders.push(finder);
    },
  };
}
