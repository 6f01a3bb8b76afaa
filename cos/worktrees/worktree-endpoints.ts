import { internalWorktreesEndpoints } from "../../contract/internal/worktrees.ts";
import { bind } from "../../lib/http-service.ts";
import type { WorktreeService } from "./worktree-service.ts";

/** Worktrees as portos-cos offers them to portos-server; loaded when somebody asks. */
export function bindWorktrees(worktrees: () => Promise<WorktreeService>) {
  return bind(
    "worktrees",
    internalWorktreesEndpoints,
  )({
    list: async () => (await worktrees()).list(),
    get: async ({ params }) => (await worktrees()).get(params.id),
    reclaim: async ({ params }) => (await worktrees()).reclaim(params.id),
    reclaimAll: async () => (await worktrees()).reclaimAll(),
    touch: async ({ params }) => (await worktrees()).touch(params.id),
    setFate: async ({ params, body }) => (await worktrees()).setFate(params.id, body.fate, body.tree),
    command: async ({ params, body }) => (await worktrees()).command(params.id, body),
  });
}
