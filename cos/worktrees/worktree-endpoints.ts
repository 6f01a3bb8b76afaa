import { internalWorktreesEndpoints } from "../../contract/internal/worktrees.ts";
import { systemClock } from "../../lib/clock.ts";
import { bind } from "../../lib/http-service.ts";
import { childEnvironment } from "../../lib/processes/child-environment.ts";
import { createBubblewrap } from "../../lib/processes/bubblewrap.ts";
import type { WorktreeService } from "./worktree-service.ts";

interface Bound {
  service: () => Promise<WorktreeService>;
  /** There may be something to list. */
  hasAny: () => boolean;
}

/** Worktrees as portos-cos offers them to portos-server; what they need is loaded when there is one. */
export function bindWorktrees({ service, hasAny }: Bound) {
  const bubblewrap = createBubblewrap({
    searchPath: () => childEnvironment()["PATH"] ?? "",
    monotonic: () => systemClock.monotonic(),
  });
  return bind(
    "worktrees",
    internalWorktreesEndpoints,
  )({
    async list() {
      if (hasAny()) return (await service()).list();
      const { isAvailable, help } = await bubblewrap.state();
      return { worktrees: [], sandbox: { isAvailable, help } };
    },
    get: async ({ params }) => (await service()).get(params.id),
    reclaim: async ({ params, query }) => (await service()).reclaim(params.id, query.confirmed),
    reclaimAll: async () => (await service()).reclaimAll(),
    adopt: async ({ params, body }) => (await service()).adopt({ ...body, runId: params.id }),
    touch: async ({ params }) => (await service()).touch(params.id),
    setFate: async ({ params, body }) => (await service()).setFate(params.id, body.fate, body.tree),
    command: async ({ params, body }) => (await service()).command(params.id, body),
  });
}
