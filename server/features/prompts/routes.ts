import { promptsEndpoints } from "../../../contract/features/prompts.ts";
import type { Mount } from "../../http/mount.ts";
import type { PromptCatalog } from "./prompt-catalog.ts";
import { promptExamples } from "./prompt-examples.ts";
import { formatBundle, importPrompts } from "./prompt-import.ts";
import type { PromptRenderer } from "./prompt-renderer.ts";
import type { PromptService } from "./prompt-service.ts";
import type { PromptStore } from "./prompt-store.ts";

interface Dependencies {
  service: PromptService;
  catalog: PromptCatalog;
  store: PromptStore;
  renderer: PromptRenderer;
}

/** Mounts the endpoints of prompts. */
export function mountPrompts(mount: Mount, { service, catalog, store, renderer }: Dependencies): void {
  mount(
    "prompts",
    promptsEndpoints,
  )({
    list: () => catalog.list(),
    examples: () => [...promptExamples],
    create: ({ body }, { caller }) =>
      service.create(body.input, { id: body.id, author: caller.name, message: body.message }),
    preview: ({ body }) => renderer.preview(body.source, body.values),
    bundle: ({ query }) => {
      const wanted = query.ids?.split(",");
      const prompts = store.all().filter(({ id }) => wanted?.includes(id) ?? true);
      return {
        headers: attachment("prompts.json", "application/json; charset=utf-8"),
        body: formatBundle(prompts.map(({ id, text }) => ({ id, text }))),
      };
    },
    import: async ({ body }, { caller }) => ({
      results: await importPrompts(store, body.files, body.decisions, caller.name),
    }),
    get: ({ params }) => service.view(params.id),
    save: ({ params, body }, { caller }) =>
      service.save(params.id, body.input, { basedOn: body.basedOn, author: caller.name, message: body.message }),
    remove: ({ params }) => service.remove(params.id),
    restore: ({ params }) => service.restore(params.id),
    versions: async ({ params }) => ({ versions: await service.versions(params.id) }),
    version: ({ params }) => service.version(params.id, params.version),
    restoreVersion: ({ params }, { caller }) => service.restoreVersion(params.id, params.version, caller.name),
    uses: ({ params }) => service.uses(params.id),
    download: async ({ params }) => ({
      headers: attachment(`${params.id}.md`, "text/markdown; charset=utf-8"),
      body: (await service.view(params.id)).source,
    }),
  });
}

function attachment(name: string, type: string): Record<string, string> {
  return { "Content-Type": type, "Content-Disposition": `attachment; filename="${name}"` };
}
