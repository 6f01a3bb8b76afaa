import { worktreesEndpoints } from "../../../contract/features/worktrees.ts";
import type { Mount } from "../../http/mount.ts";
import type { CosWorktrees, KnownWorktrees } from "./known-worktrees.ts";
import type { WorktreeSetups } from "./worktree-setups.ts";

/** Moving a large folder aside and looking at it once more takes its time. */
const reclaimMs = 120_000;

/** Mounts the endpoints of worktrees. */
export function mountWorktrees(
  mount: Mount,
  parts: { cos: CosWorktrees; known: KnownWorktrees; setups: WorktreeSetups },
): void {
  const { cos, known, setups } = parts;
  mount(
    "worktrees",
    worktreesEndpoints,
  )({
    list: () => known.list(),
    reclaim: async ({ params, query }) => {
      const worktree = await cos.reclaim({ params, query }, { timeoutMs: reclaimMs });
      known.forget(params.id);
      return worktree;
    },
    reclaimAll: () => cos.reclaimAll({}, { timeoutMs: reclaimMs }),
    setup: ({ params }) => setups.read(params.app),
    putSetup: ({ params, body }) => setups.put(params.app, body),
  });
}
