import { join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import { type PromptReference, promptsFeed } from "../../../contract/features/prompts.ts";
import { AppError } from "../../../lib/app-error.ts";
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
  /** Why a prompt cannot be filled with these values, each below `path`; for what keeps a reference to one. */
  issuesOf(reference: PromptReference, path: string): Promise<{ path: string; message: string }[]>;
  has(id: string): boolean;
  /** Told after any prompt was changed, added or removed. */
  onChange(listener: () => void): () => void;
  /** Adds a place where prompts are used, for the question where one is. */
  addUses(finder: UseFinder): void;
}

/** Opens the folder of prompts, mounts endpoints and feed. */
export async function buildPrompts(context: AppContext): Promise<Prompts> {
  const finders: UseFinder[] = [];
  const listeners = new Set<() => void>();
  let catalog: PromptCatalog | null = null;
  const store = await openPromptStore({
    folder: join(context.env.dataDir, dataFiles.prompts.path),
    clock: context.clock,
    logger: context.logger.child("prompts"),
    onChange(ids) {
      catalog?.changed(ids);
      if (ids.length > 0) for (const listener of listeners) listener();
    },
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
    async issuesOf({ promptId, version, values }, path) {
      try {
        await renderer.render(promptId, version, values);
        return [];
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        const { issues = [], message } = error;
        if (issues.length === 0) return [{ path: `${path}.promptId`, message }];
        return issues.map((issue) => ({ ...issue, path: issue.path.replace(/^body\.prompt/, path) }));
      }
    },
    has: (id) => store.get(id) !== null,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    addUses: (finder) => {
      finders.push(finder);
    },
  };
}
